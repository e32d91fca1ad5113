"""Zips with links that leave the archive, dangle, loop or stand before another entry, and with special files."""
from forge import DOS, LINK
from zip_entry_lies import EVIL, GOOD, start


def write(suite):
    def lie(file, kinds, why, archive, **more):
        suite.add("zip-" + file + ".zip", kinds, why, archive.finish(), shown=["ok.txt"], **more)

    outside(lie)
    nowhere(lie)
    shadows(lie)
    for mode, what in ((0o010644, "fifo"), (0o020666, "character device"), (0o060666, "block device"), (0o140644, "socket")):
        lie("special-" + what.split()[0], ["special-file"], "an entry whose mode says " + what, start().add("index.js", GOOD, mode=mode))


def outside(lie):
    wrong = ["link-outside"]
    lie("link-absolute", wrong, "a link to /etc/passwd", start().link("a", "/etc/passwd"))
    lie("link-parent", wrong, "a link above the archive", start().link("a", "../../etc/passwd"))
    lie("link-parent-folder", wrong, "a folder link above the archive", start().link("lib/up", "../.."))
    lie("link-proc", wrong, "a link into /proc", start().link("env", "/proc/self/environ"))
    lie("link-through-link", wrong, "spelled out it stays inside, but lib/up leads to the top and one more `..` out of it",
        start().link("lib/up", "..").add("secret", GOOD).link("lib/x", "up/../secret"))
    lie("link-through-own-name", wrong, "outside and back in by guessing the folder's name",
        start().add("var/index.js", GOOD).link("lib/x", "../../task/var/index.js"))
    lie("link-made-by-dos", wrong, "made by DOS: to some readers a link, to others a file that holds ../../etc/passwd",
        start().link("a", "../../etc/passwd", host=DOS))
    lie("link-made-by-unknown", wrong, "made by an unknown system", start().link("a", "../../etc/passwd", host=77))
    lie("link-deflated", wrong, "the target is deflated", start().add("a", b"../../etc/passwd", mode=LINK))
    lie("link-parent-then-write", wrong + ["link-shadow"], "a link out of the archive, and an entry below it: written through the link",
        start().link("out", "../../tmp").add("out/evil.js", EVIL))


def nowhere(lie):
    dangling, loop = ["link-dangling"], ["link-loop"]
    lie("link-dangling", dangling, "a link to nothing", start().link("a", "missing.js"))
    lie("link-dangling-case", dangling, "the target differs in case", start().link("a", "OK.TXT"))
    lie("link-empty", dangling, "a link without a target", start().link("a", ""))
    lie("link-long", dangling, "a target longer than PATH_MAX: for readers that ignore modes it is a script",
        start().link("a.js", b"/*" + b"x" * 5000 + b"*/" + EVIL))
    lie("link-script", dangling, "the target is a script for readers that ignore modes", start().link("a.js", EVIL))
    lie("link-nul", dangling, "a NUL cuts the target to ok.txt for some readers", start().link("a", b"ok.txt\0evil"))
    lie("link-below-file", dangling, "the target lies below a file", start().link("a", "ok.txt/b"))
    lie("link-to-itself", loop, "a link to itself", start().link("a", "a"))
    lie("link-two", loop, "two links to each other", start().link("a", "b").link("b", "a"))
    lie("link-through-itself", loop, "a link through itself", start().link("a", "a/b"))
    lie("link-folders", loop, "two folder links through each other", start().link("x/a", "../y/b/c").link("y/b", "../x/a/c"))
    chain = start()
    for number in range(64):
        chain.link("l%02d" % number, "l%02d" % (number + 1))
    lie("link-chain", loop, "64 links in a row: a kernel gives up after 40", chain.add("l64", GOOD))


def shadows(lie):
    wrong = ["link-shadow"]
    lie("link-shadow", wrong, "lib is a link to other, and lib/index.js an entry",
        start().add("other/index.js", GOOD).link("lib", "other").add("lib/index.js", EVIL))
    lie("link-shadow-later", wrong, "the same, the link comes last",
        start().add("other/index.js", GOOD).add("lib/index.js", EVIL).link("lib", "other"))
    lie("link-shadow-file", wrong + ["duplicate-name"], "a link and a file of one name",
        start().add("other.js", EVIL).add("index.js", GOOD).link("index.js", "other.js"))
    lie("link-shadow-folder", wrong, "a link to a folder, and a folder entry of its name",
        start().add("other/index.js", GOOD).link("lib", "other").folder("lib/"))
