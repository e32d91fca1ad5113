"""Folders with links that lead out, special files, names that are no names, and what may not be read."""
import os
import socket

from forge import zip_of
from zip_entry_lies import EVIL, GOOD, OK, start


def put(folder, name, content=GOOD):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(content)


def with_files(*steps):
    """A function that fills a folder with ok.txt and then takes the steps, (function, arguments...) each relative to it."""
    def fill(folder):
        put(folder, "ok.txt", OK)
        here = os.getcwd()
        os.chdir(folder)        # a socket's path must be short, and a deep folder's parts are made one by one
        try:
            for function, *arguments in steps:
                function(*arguments)
        except OSError:         # another system's file system: the case does not exist there
            return False
        finally:
            os.chdir(here)
        return True
    return fill


def file(name, content=GOOD):
    put(".", name, content)


def raw_file(name):
    with open(name, "wb") as out:
        out.write(EVIL)


def unix_socket(name):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)


def deep(depth):
    for _ in range(depth):
        os.mkdir("d" * 250)
        os.chdir("d" * 250)
    raw_file("index.js")


def write(suite):
    def lie(name, kinds, why, *steps, **more):
        suite.add("dir-" + name, kinds, why, with_files(*steps), shown=["ok.txt"], **more)

    link, outside = os.symlink, ["link-outside"]
    lie("link-absolute", outside, "a link to /etc/passwd", (link, "/etc/passwd", "a"))
    lie("link-parent", outside, "a link above the folder", (link, "../../etc/passwd", "a"))
    lie("link-sibling", outside, "a link to the file beside the folder", (link, "../expected.json", "a"))
    lie("link-folder", outside, "a link to a folder outside: a walk that follows it never ends", (link, "/", "root"))
    lie("link-device", outside, "a link to /dev/zero: whoever opens it reads for ever", (link, "/dev/zero", "zero"))
    lie("link-standard-input", outside, "a link to /dev/stdin: whoever opens it waits for ever", (link, "/dev/stdin", "in"))
    lie("link-through-link", outside, "spelled out it stays inside, but lib/up leads to the top and one more `..` out of it",
        (file, "lib/a.js"), (file, "secret"), (link, "..", "lib/up"), (link, "up/../secret", "lib/x"))
    lie("link-and-back", outside, "outside and back in by the folder's own name", (link, "../dir-link-and-back/ok.txt", "a"))
    lie("link-dangling", ["link-dangling"], "a link to nothing", (link, "missing", "a"))
    lie("link-below-file", ["link-dangling"], "a link to below a file", (link, "ok.txt/b", "a"))
    lie("link-loop", ["link-loop"], "two links to each other", (link, "b", "a"), (link, "a", "b"))
    lie("link-to-itself", ["link-loop"], "a link to itself", (link, "a", "a"))
    lie("fifo", ["special-file"], "a fifo: whoever opens it waits for ever", (os.mkfifo, "pipe"))
    lie("fifo-called-zip", ["special-file"], "a fifo with a promising name", (os.mkfifo, "function.zip"))
    lie("socket", ["special-file"], "a socket", (unix_socket, "sock"))
    lie("unreadable-file", ["unreadable-file"], "a file that may not be read", (file, "secret.js"), (os.chmod, "secret.js", 0),
        not_shown=["secret.js"], needs="unprivileged")
    lie("unreadable-folder", ["unreadable-file"], "a folder that may not be read", (file, "lib/secret.js"), (os.chmod, "lib", 0),
        not_shown=["lib/secret.js"], needs="unprivileged")
    lie("name-backslash", ["unsafe-name"], "a backslash in a name", (file, "lib\\index.js"))
    lie("name-not-utf8", ["unsafe-name"], "a name that is not UTF-8", (raw_file, b"caf\xe9.js"))
    lie("name-drive", ["unsafe-name"], "a name like a drive", (file, "C:index.js"))
    lie("deep", ["unsafe-name"], "a path longer than PATH_MAX", (deep, 20))
    lie("collision", ["name-collision"], "names that differ in case only", (file, "index.js"), (file, "Index.js"), needs="case-sensitive")
    lie("collision-form", ["name-collision"], "one name composed and decomposed", (file, "caf\u00e9.js"), (file, "cafe\u0301.js"), needs="case-sensitive")
    lie("nested-duplicate", ["duplicate-name"], "a zip with duplicate names in the folder",
        (file, "inner.zip", start().add("index.js", GOOD).add("index.js", EVIL).finish()))
    lie("nested-truncated", ["truncated-archive"], "a zip that ends too early in the folder", (file, "inner.zip", zip_of(("a.js", GOOD))[:-30]))
    lie("limit-entries", ["limit-entries"], "101 files where 100 are allowed", *[(file, "z%03d" % n, b"") for n in range(100)], limits={"entries": 100})
    lie("limit-entry-bytes", ["limit-entry-bytes"], "a file of 2,000 bytes where 1,000 are allowed", (file, "a.bin", bytes(range(250)) * 8),
        not_shown=["a.bin"], limits={"entry_bytes": 1000})
    lie("limit-sparse", ["@limit"], "a sparse file of 64 GiB that takes no room on disk", (sparse, "hole.bin", 1 << 36), not_shown=["hole.bin"])


def sparse(name, size):
    with open(name, "wb") as out:
        out.truncate(size)
