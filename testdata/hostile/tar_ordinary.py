"""Tars and gzips as honest tools write them. A problem about one of these is a false alarm."""
import struct

from forge import BLOCK, Tar, base256, gzip_member, tar_of, zip_of
from zip_entry_lies import GOOD, OK

GNU = b"ustar  \0"
LONG = "packages/" + "deep/" * 30 + "index.js"


def write(suite):
    def fine(file, why, archive, shown):
        suite.ordinary("ok-tar-" + file, why, archive if isinstance(archive, bytes) else archive.finish(), shown)

    plain(fine)
    long_names(fine)
    links(fine)
    gzips(fine)


def plain(fine):
    fine("ustar.tar", "a ustar archive", tar_of(("a.txt", OK), ("lib/b.js", GOOD)), ["a.txt", "lib/b.js"])
    fine("v7.tar", "a tar from before ustar", Tar().add("a.txt", OK, magic=b"\0" * 8, kind=b"\0"), ["a.txt"])
    fine("v7-folder.tar", "a folder from before ustar: a file's kind and a name with a slash",
         Tar().add("lib/", magic=b"\0" * 8, kind=b"\0").add("lib/a.js", OK, magic=b"\0" * 8, kind=b"\0"), ["lib/a.js"])
    fine("root-folder.tar", "`tar -C folder .`: an entry for the folder itself, and names that begin with ./",
         Tar().folder("./").folder("./lib/").add("./lib/a.js", GOOD), ["lib/a.js"])
    fine("padded.tar", "zeros up to 10,240 bytes, as tar writes its records", Tar().add("a.txt", OK).finish(end=bytes(10240 - 2 * BLOCK)), ["a.txt"])
    fine("empty-file.tar", "an empty file", Tar().add("a.txt"), ["a.txt"])
    fine("block-sized.tar", "a file of exactly one block", Tar().add("a.bin", b"x" * BLOCK), ["a.bin"])
    fine("binary-size.tar", "a size in GNU's binary form", Tar().add("a.js", GOOD, magic=GNU, size_field=base256(len(GOOD), 12)), ["a.js"])
    fine("space-size.tar", "a size that ends in a space, as old tars wrote it", Tar().add("a.js", GOOD, size_field=b"%010o \0" % len(GOOD)), ["a.js"])
    fine("contiguous.tar", "a contiguous file, which is a file", Tar().add("a.js", GOOD, kind=b"7"), ["a.js"])
    fine("utf8.tar", "a UTF-8 name", Tar().add("größe.js", GOOD), ["größe.js"])
    fine("whiteout-name.tar", "`.wh.` outside an image is a name like others", tar_of((".wh.notes", OK), ("a.js", GOOD)), [".wh.notes", "a.js"])
    fine("nested-zip.tar", "a zip in a tar", tar_of(("a.zip", zip_of(("b.js", GOOD)))), ["a.zip!/b.js"])


def long_names(fine):
    fine("pax-path.tar", "a path too long for a header: the header has its first 100 bytes", Tar().pax(("path", LONG)).add(LONG[:100], GOOD), [LONG])
    fine("pax-path-go.tar", "the same as Go and node-tar write it, with times", Tar().pax(("atime", "315532800.5"), ("mtime", "315532800.123456789"), ("path", LONG)).add(LONG[:100], GOOD), [LONG])
    slash = "a" * 99 + "/index.js"
    fine("pax-path-slash.tar", "the same cut behind a slash, as Python writes it", Tar().pax(("path", slash)).add(slash[:100], GOOD), [slash])
    fine("pax-path-utf8.tar", "a path that is not ASCII: the header has question marks, as Python writes it", Tar().pax(("path", "größe.js")).add("gr??e.js", GOOD), ["größe.js"])
    fine("pax-path-stripped.tar", "the same with the letters left out, as Go writes it", Tar().pax(("path", "größe.js")).add("gre.js", GOOD), ["größe.js"])
    fine("pax-path-bytes.tar", "the same with the header in UTF-8 too, as GNU tar writes it", Tar().pax(("path", "größe.js")).add("größe.js", GOOD), ["größe.js"])
    fine("pax-mtime.tar", "a time with fractions", Tar().pax(("mtime", "315532800.123456789")).add("a.js", GOOD), ["a.js"])
    fine("pax-negative-mtime.tar", "a time before 1970", Tar().pax(("mtime", "-1.5")).add("a.js", GOOD), ["a.js"])
    fine("pax-size.tar", "a size in the extended header that the header agrees with", Tar().pax(("size", str(len(GOOD)))).add("a.js", GOOD), ["a.js"])
    fine("pax-vendor.tar", "vendor records: SCHILY, LIBARCHIVE, binary values", Tar().pax(
        ("SCHILY.xattr.user.x", b"\0\xff\n="), ("LIBARCHIVE.creationtime", "1"), ("SCHILY.dev", "1")).add("a.js", GOOD), ["a.js"])
    fine("pax-newline.tar", "a comment whose second line reads as a record to who splits at lines",
         Tar().pax(("comment", "x\n17 path=evil.js\n")).add("index.js", GOOD), ["index.js"])
    fine("pax-uid.tar", "ids and names too large for a header", Tar().pax(("uid", "4294967294"), ("gid", "4294967294"), ("uname", "größe")).add("a.js", GOOD), ["a.js"])
    fine("pax-global-comment.tar", "a global header with a comment, as git archive writes it", Tar().pax(("comment", "0" * 40), kind=b"g").add("a.js", GOOD), ["a.js"])
    fine("pax-linkpath.tar", "a link's target too long for a header", Tar().pax(("path", LONG)).add(LONG[:100], GOOD)
         .pax(("linkpath", LONG)).link("a.js", LONG[:100]), [LONG])
    fine("pax-times-only-link.tar", "an extended header for a link", Tar().add("b.js", GOOD).pax(("mtime", "1.5")).link("a.js", "b.js"), ["b.js"])
    fine("gnu-long-name.tar", "a GNU long name", Tar().gnu_long(LONG.encode()).add(LONG[:100], GOOD, magic=GNU), [LONG])
    fine("gnu-long-link.tar", "a GNU long target", Tar().gnu_long(LONG.encode()).add(LONG[:100], GOOD, magic=GNU)
         .gnu_long(LONG.encode(), kind=b"K").link("a.js", LONG[:100], magic=GNU), [LONG])
    fine("ustar-prefix.tar", "a ustar name in two pieces", Tar().add("deep/" * 10 + "index.js", GOOD, prefix=b"packages/" + b"deep/" * 9 + b"deep"),
         ["packages/" + "deep/" * 20 + "index.js"])


def links(fine):
    fine("hard-link.tar", "a hard link to an earlier entry", Tar().add("a.js", GOOD).hard_link("b.js", "a.js"), ["a.js"])
    fine("hard-link-dot.tar", "the same with ./ before one name only", Tar().add("./a.js", GOOD).hard_link("b.js", "a.js"), ["a.js"])
    fine("hard-link-twice.tar", "a hard link to a hard link", Tar().add("a.js", GOOD).hard_link("b.js", "a.js").hard_link("c.js", "b.js"), ["a.js"])
    fine("hard-link-to-link.tar", "a hard link to a link that stays inside", Tar().add("a.js", GOOD).link("b.js", "a.js").hard_link("c.js", "b.js"), ["a.js"])
    fine("link.tar", "a link before its target", Tar().link("a.js", "lib/a.js").add("lib/a.js", GOOD), ["lib/a.js"])
    fine("npm-bin.tar", "npm's .bin links", Tar().add("node_modules/tool/cli.js", GOOD).link("node_modules/.bin/tool", "../tool/cli.js"), ["node_modules/tool/cli.js"])
    fine("link-to-folder.tar", "a link to a folder", Tar().folder("v2/").add("v2/a.js", GOOD).link("current", "v2"), ["v2/a.js"])


def gzips(fine):
    inside = tar_of(("a.txt", OK), ("b.js", GOOD))
    shown = ["a.txt", "b.js"]
    fine("gzip.tar.gz", "a tar.gz", gzip_member(inside), shown)
    fine("gzip-members.tar.gz", "a tar in three gzip members, cut where it happens to be", gzip_member(inside[:100]) + gzip_member(inside[100:1500]) + gzip_member(inside[1500:]), shown)
    fine("gzip-empty-member.tar.gz", "an empty member at the end, as bgzip writes it", gzip_member(inside) + gzip_member(b""), shown)
    fine("gzip-header.tgz", "a gzip header with a name, a comment and an extra field",
         gzip_member(inside, flags=4 | 8 | 16, header=struct.pack("<H", 6) + b"XX\x02\0ab" + b"a.tar\0" + b"hello\0"), shown)
    fine("npm-pack.tgz", "what npm pack writes", gzip_member(Tar().pax(("mtime", "499162500")).add(
        "package/package.json", b'{"name":"demo","version":"1.0.0"}\n').finish()), ["package/package.json"])

