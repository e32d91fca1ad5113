"""Zips as honest tools write them. A problem about one of these is a false alarm."""
import io
import struct
import zipfile

from forge import (DOS, FILE, MAX32, STORED, Zip, crc32, deflate, extra, gzip_member, tar_of, unicode_path, zip64_extra, zip_of)
from zip_entry_lies import GOOD, OK

UT_LOCAL, UT_CENTRAL = extra(0x5455, struct.pack("<BII", 3, 315532800, 315532800)), extra(0x5455, struct.pack("<BI", 3, 315532800))
UX = extra(0x7875, bytes((1, 4)) + struct.pack("<I", 0) + b"\x04" + struct.pack("<I", 0))
NTFS = extra(0x000A, struct.pack("<IHHQQQ", 0, 1, 24, 119600064000000000, 119600064000000000, 119600064000000000))
METADATA = b"Metadata-Version: 2.1\nName: %s\nVersion: 1.0.0\n"


def write(suite):
    def fine(file, why, archive, shown):
        suite.ordinary("ok-zip-" + file + ".zip", why, archive if isinstance(archive, bytes) else archive.finish(), shown)

    plain(fine)
    streams(fine)
    zip64(fine)
    names(fine)
    extras(fine)
    tools(fine)
    nested(fine)
    links(fine)


def plain(fine):
    fine("deflated", "two deflated files", zip_of(("index.js", GOOD), ("lib/a.js", OK)), ["index.js", "lib/a.js"])
    fine("stored", "a stored file", Zip().add("index.js", GOOD, method=STORED), ["index.js"])
    fine("empty-files", "empty files, stored and deflated", Zip().add("a.js", method=STORED).add("b.js", b""), ["a.js", "b.js"])
    fine("folders", "folder entries", Zip().folder("lib/").folder("lib/deep/").add("lib/deep/a.js", GOOD), ["lib/deep/a.js"])
    fine("folder-deflated", "a folder entry whose nothing is deflated to two bytes", Zip().add("lib/", b"", mode=0o040755).add("lib/a.js", GOOD),
         ["lib/a.js"])
    fine("no-folders", "files in folders that have no entries", zip_of(("a/b/c/d.js", GOOD)), ["a/b/c/d.js"])
    fine("no-mode", "made by UNIX, and no mode", Zip().add("index.js", GOOD, external=0), ["index.js"])
    fine("dos", "made by DOS with the archive attribute", Zip().add("index.js", GOOD, host=DOS, external=0x20), ["index.js"])
    fine("mode-without-type", "permissions without a file type", Zip().add("bootstrap", GOOD, mode=0o755), ["bootstrap"])
    fine("setuid", "a mode with the set-user-id bit", Zip().add("bootstrap", GOOD, mode=0o104755), ["bootstrap"])
    fine("order", "the directory lists the entries in another order than they lie", Zip().add("a.js", GOOD).add("b.js", OK).add("c.js", OK)
         .finish(order=[2, 0, 1]), ["a.js", "b.js", "c.js"])
    fine("comment", "an archive comment", zip_of(("index.js", GOOD), comment=b"built on a tuesday"), ["index.js"])
    fine("comment-long", "the longest archive comment there is", zip_of(("index.js", GOOD), comment=b"c" * 65535), ["index.js"])
    fine("comment-pk", "a comment that speaks of PK and nothing else", zip_of(("index.js", GOOD), comment=b"PKZIP, PK\x03, PK!"), ["index.js"])
    fine("entry-comment", "an entry with a comment", Zip().add("index.js", GOOD, central={"comment": b"the handler"}), ["index.js"])
    fine("date-1980", "the first of January 1980", Zip().add("index.js", GOOD, date=0x0021), ["index.js"])
    fine("date-zero", "month 0, day 0, as writers without a date leave it", Zip().add("index.js", GOOD, date=0), ["index.js"])
    fine("versions", "the version needed differs between the headers, as Info-ZIP and Go leave it",
         Zip().add("index.js", GOOD, local={"needed": 10}, central={"needed": 20}), ["index.js"])
    fine("compression-level-flags", "bits 1 and 2 say how hard it was compressed", Zip().add("index.js", GOOD, flags=6), ["index.js"])
    fine("magic-inside", "a stored file that contains every signature of a zip, as a test fixture does",
         Zip().add("fixture.bin", b"xPK\x01\x02PK\x05\x06PK\x07\x08PK\x06\x06PK\x06\x07PK\x03\x04" * 3, method=STORED), ["fixture.bin"])
    fine("text-attribute", "the internal attribute says text", Zip().add("index.js", GOOD, internal=1), ["index.js"])


def streams(fine):
    fine("descriptor", "data descriptors with signatures", Zip().add("a.js", GOOD, streamed="signed").add("b.js", OK, streamed="signed"), ["a.js", "b.js"])
    fine("descriptor-bare", "data descriptors without signatures", Zip().add("a.js", GOOD, streamed="bare").add("b.js", OK, streamed="bare"), ["a.js", "b.js"])
    fine("descriptor-stored", "a data descriptor behind a stored file", Zip().add("a.js", GOOD, method=STORED, streamed="signed"), ["a.js"])
    fine("descriptor-empty", "a data descriptor behind an empty file", Zip().add("a.js", b"", streamed="signed"), ["a.js"])
    fine("descriptor-and-sizes", "a data descriptor although the local header has the right sizes",
         Zip().add("a.js", GOOD, streamed="signed", local={"crc": crc32(GOOD), "csize": len(deflate(GOOD)), "usize": len(GOOD)}), ["a.js"])
    fine("descriptor-zip64", "a 24 byte data descriptor, as a zip64 field in the local header announces it",
         Zip().add("a.js", GOOD, streamed="wide", local={"csize": MAX32, "usize": MAX32, "extra": zip64_extra(0, 0)}).add("b.js", OK), ["a.js", "b.js"])
    fine("descriptor-like-content", "the checksum of the file is the descriptor's signature", descriptor_like(), ["a.bin"])


def descriptor_like():
    """Four bytes whose CRC-32 is `PK\\7\\8`, streamed without a signature: the first four bytes of the descriptor look like one."""
    want = 0x08074B50
    table = [crc32(bytes([n])) ^ crc32(b"\0") for n in range(256)]
    state, picks = want ^ MAX32, []
    base = [entry ^ table[0] for entry in table]
    for _ in range(4):
        pick = next(n for n in range(256) if base[n] >> 24 == state >> 24)
        picks.insert(0, pick)
        state = (state ^ base[pick]) << 8 & MAX32
    register, data = MAX32, bytearray()
    for pick in picks:
        data.append((register ^ pick) & 0xFF)
        register = register >> 8 ^ base[pick]
    assert crc32(bytes(data)) == want
    return Zip().add("a.bin", bytes(data), method=STORED, streamed="bare").add("b.js", OK)


def zip64(fine):
    packed = len(deflate(GOOD))
    wide = {"csize": MAX32, "usize": MAX32, "extra": zip64_extra(len(GOOD), packed)}
    fine("zip64-local", "zip64 sizes in the local header, plain ones in the directory, as Info-ZIP and Python write them",
         Zip().add("index.js", GOOD, local=wide), ["index.js"])
    fine("zip64-both", "zip64 sizes in both headers", Zip().add("index.js", GOOD, local=wide, central=wide), ["index.js"])
    fine("zip64-everything", "sizes and offset from zip64, as Go writes a large archive", Zip().add("ok.txt", OK).add(
        "index.js", GOOD, central=dict(wide, offset=MAX32, extra=zip64_extra(len(GOOD), packed, len(bytes(Zip().add("ok.txt", OK).out))))),
         ["index.js", "ok.txt"])
    fine("zip64-repeats", "a zip64 field that repeats what the header already says", Zip().add("index.js", GOOD, extra=zip64_extra(len(GOOD), packed)), ["index.js"])
    fine("zip64-end", "a zip64 end record that repeats the end record, as Info-ZIP's streams have it",
         Zip().add("index.js", GOOD, local=wide).finish(zip64="quiet"), ["index.js"])
    fine("zip64-end-full", "an end record that leaves everything to zip64", Zip().add("index.js", GOOD).finish(zip64="full"), ["index.js"])
    fine("zip64-end-count", "only the count is left to zip64", Zip().add("index.js", GOOD).finish(zip64="quiet", end={"here": 0xFFFF, "total": 0xFFFF}), ["index.js"])


def names(fine):
    fine("utf8", "a UTF-8 name with its flag", Zip().add("größe/日本.js", GOOD), ["größe/日本.js"])
    fine("utf8-unflagged", "a UTF-8 name without its flag, as many tools write it", Zip().add("größe.js", GOOD, flags=0), ["größe.js"])
    fine("decomposed", "a decomposed name, as a Mac writes it", Zip().add("cafe\u0301.js", GOOD), ["cafe\u0301.js"])
    fine("unicode-path", "0x7075 that repeats the name", Zip().add("größe.js", GOOD, flags=0, extra=unicode_path("größe.js".encode(), "größe.js".encode())), ["größe.js"])
    fine("unicode-path-cp437", "a CP437 name and 0x7075 that spells it in UTF-8, as Info-ZIP writes it",
         Zip().add(b"caf\x82.js", GOOD, flags=0, extra=unicode_path(b"caf\x82.js", "café.js".encode())), ["café.js"])
    fine("spaces", "spaces, a colon, quotes", Zip().add("my handler: \"v2\".js", GOOD), ["my handler: \"v2\".js"])
    fine("dots", "names of dots that are no parents", Zip().add("...", GOOD).add("..a/b..", GOOD).add(".env.example", OK), ["...", "..a/b..", ".env.example"])
    fine("leading-dot", "names that begin with ./", Zip().folder("./").add("./index.js", GOOD), ["index.js"])
    fine("bang", "a name that looks nested and is shown so that it does not", Zip().add("x.zip!/a.js", GOOD), ["x.zip%21/a.js"])
    fine("control", "a name that would move a terminal's cursor and turn its writing around", Zip().add("a\x1b[2K\u202egnp.js", GOOD), ["a\x1b[2K\u202egnp.js"])
    fine("path-max", "a path of exactly 4,096 bytes", Zip().add("p/" * 2044 + "index.js", GOOD), ["p/" * 2044 + "index.js"])


def extras(fine):
    fine("timestamps", "UT and ux fields: the directory has fewer times than the local header",
         Zip().add("index.js", GOOD, local={"extra": UT_LOCAL + UX}, central={"extra": UT_CENTRAL + UX}), ["index.js"])
    fine("ntfs", "NTFS times in the directory only", Zip().add("index.js", GOOD, central={"extra": NTFS}), ["index.js"])
    fine("unknown-extra", "a field that nobody knows", Zip().add("index.js", GOOD, extra=extra(0xBEEF, b"whatever")), ["index.js"])
    fine("aligned", "three zero bytes behind the extra fields, as zipalign leaves them", Zip().add("index.js", GOOD, local={"extra": bytes(3)}), ["index.js"])
    fine("unicode-comment", "0x6375, an entry's comment in UTF-8", Zip().add(
        "index.js", GOOD, central={"comment": b"caf\x82", "extra": extra(0x6375, struct.pack("<BI", 1, crc32(b"caf\x82")) + "café".encode())}), ["index.js"])


def python_zip(streamed=False, force=False):
    """A zip that Python's own module writes."""
    class Pipe(io.RawIOBase):
        def __init__(self):
            super().__init__()
            self.out = bytearray()

        def writable(self):
            return True

        def write(self, content):
            self.out += content
            return len(content)

    sink = Pipe() if streamed else io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in (("handler.py", b"def handler(event, context):\n    return 1\n"), ("lib/empty.py", b"")):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = FILE << 16
            with archive.open(entry, "w", force_zip64=force) as out:
                out.write(content)
    return bytes(sink.out) if streamed else sink.getvalue()


def tools(fine):
    shown = ["handler.py", "lib/empty.py"]
    fine("python", "Python's zipfile", python_zip(), shown)
    fine("python-zip64", "Python's zipfile, forced to zip64", python_zip(force=True), shown)
    fine("python-streamed", "Python's zipfile into a pipe", python_zip(streamed=True), shown)
    fine("python-streamed-zip64", "Python's zipfile into a pipe, forced to zip64", python_zip(streamed=True, force=True), shown)
    fine("go", "Go's archive/zip: descriptors everywhere, also behind folders it has none, version 20, UTF-8 where needed",
         Zip().add("lib/", method=STORED, external=0o20000000755 << 16 & MAX32, made_by=20).add("lib/a.js", GOOD, streamed="signed", made_by=20, external=0)
         .add("größe.js", OK, streamed="signed", made_by=20, external=0), ["lib/a.js", "größe.js"])
    jar = Zip().add("META-INF/", payload=b"\x03\0", host=DOS, external=0, extra=extra(0xCAFE, b""), streamed="signed", flags=0x808)
    fine("java", "a jar: 0xCAFE on the first entry, descriptors, the UTF-8 flag on plain names",
         jar.add("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n", streamed="signed", flags=0x808, host=DOS, external=0)
         .add("App.class", b"\xca\xfe\xba\xbe", streamed="signed", flags=0x808, host=DOS, external=0), ["META-INF/MANIFEST.MF", "App.class"])
    fine("info-zip", "Info-ZIP: UT and ux, version 10 for what is stored",
         Zip().add("ok.txt", OK, method=STORED, needed=10, made_by=0x031E, local={"extra": UT_LOCAL + UX}, central={"extra": UT_CENTRAL + UX}), ["ok.txt"])
    fine("info-zip-stream", "Info-ZIP from a pipe: zip64 in the local header and at the end, plain sizes in the directory",
         Zip().add("-", OK, method=STORED, needed=45, made_by=0x031E, mode=0o010600,
                   local={"csize": MAX32, "usize": MAX32, "extra": zip64_extra(len(OK), len(OK))}).finish(zip64="quiet"), ["-"])
    fine("node-archiver", "Node's archiver: descriptors, the UTF-8 flag and modes",
         Zip().add("index.js", GOOD, streamed="signed", flags=0x808, made_by=0x032D).add("bin/run", OK, streamed="signed", flags=0x808, mode=0o100755), ["index.js", "bin/run"])


def nested(fine):
    wheel = zip_of(("demo/__init__.py", b"x = 1\n"), ("demo-1.0.0.dist-info/METADATA", METADATA % b"demo"))
    fine("wheel", "a wheel within", Zip().add("demo-1.0.0-py3-none-any.whl", wheel, method=STORED).add("handler.py", b"import demo\n"),
         ["handler.py", "demo-1.0.0-py3-none-any.whl!/demo/__init__.py", "demo-1.0.0-py3-none-any.whl!/demo-1.0.0.dist-info/METADATA"])
    egg = zip_of(("demo.py", b"x = 1\n"), ("EGG-INFO/PKG-INFO", METADATA % b"demo"))
    fine("egg", "an egg within", zip_of(("demo-1.0.0.egg", egg)), ["demo-1.0.0.egg!/demo.py", "demo-1.0.0.egg!/EGG-INFO/PKG-INFO"])
    fine("tar-gz", "a tar.gz within", zip_of(("src.tar.gz", gzip_member(tar_of(("src/a.js", GOOD))))), ["src.tar.gz!/src/a.js"])
    fine("tar", "a tar within", zip_of(("src.tar", tar_of(("src/a.js", GOOD)))), ["src.tar!/src/a.js"])
    fine("gzip", "a gzipped file that is no archive", zip_of(("data.json.gz", gzip_member(b'{"a": 1}\n'))), [])
    shebang = b"#!/usr/bin/env python3\n"
    fine("pyz", "a zipapp within: a shebang line, offsets from the file's start", zip_of(
        ("app.pyz", Zip(shebang).add("__main__.py", b"print(1)\n").finish())), ["app.pyz!/__main__.py"])
    fine("pyz-prefixed", "the same with offsets from the archive's start, as `cat` makes it", zip_of(
        ("app.pyz", Zip(shebang, counted=False).add("__main__.py", b"print(1)\n").finish())), ["app.pyz!/__main__.py"])
    fine("three-deep", "a zip in a zip in a zip", zip_of(("a.zip", zip_of(("b.zip", zip_of(("c.js", GOOD)))))), ["a.zip!/b.zip!/c.js"])
    fine("same-names", "two nested archives with the same names", zip_of(("a.zip", zip_of(("x.js", GOOD))), ("b.zip", zip_of(("x.js", OK)))),
         ["a.zip!/x.js", "b.zip!/x.js"])
    fine("empty-inside", "a nested archive without entries", zip_of(("a.zip", Zip().finish()), ("ok.txt", OK)), ["ok.txt"])
    fine("requirements", "Python requirements as the Serverless plugin zips them", zip_of((".requirements.zip", wheel), ("unzip_requirements.py", OK)),
         ["unzip_requirements.py", ".requirements.zip!/demo/__init__.py"])


def links(fine):
    fine("npm-bin", "npm's .bin links", Zip().add("node_modules/tool/cli.js", GOOD, mode=0o100755).link("node_modules/.bin/tool", "../tool/cli.js"),
         ["node_modules/tool/cli.js"])
    fine("link-first", "a link before its target", Zip().link("a.js", "lib/a.js").add("lib/a.js", GOOD), ["lib/a.js"])
    fine("link-to-link", "a link to a link to a file", Zip().link("libx.so", "libx.so.1").link("libx.so.1", "libx.so.1.2").add("libx.so.1.2", GOOD), ["libx.so.1.2"])
    store = "node_modules/.pnpm/left@1.0.0/node_modules/left"
    fine("pnpm", "pnpm's links to folders", Zip().add(store + "/index.js", GOOD).link("node_modules/left", ".pnpm/left@1.0.0/node_modules/left"),
         [store + "/index.js"])
    fine("pnpm-cycle", "two workspace packages that depend on each other: folder links in a circle, and every one ends",
         Zip().add("a/index.js", GOOD).add("b/index.js", OK).link("a/node_modules/b", "../../b").link("b/node_modules/a", "../../a"),
         ["a/index.js", "b/index.js"])
    fine("link-to-parent", "a link to its own folder", Zip().add("lib/a.js", GOOD).link("lib/self", "."), ["lib/a.js"])
    fine("link-slash", "a link to a folder, written with a slash", Zip().add("lib/a.js", GOOD).link("current", "lib/"), ["lib/a.js"])
    fine("link-through-folder-link", "a link through a link", Zip().add("v2/a.js", GOOD).link("current", "v2").link("a.js", "current/a.js"), ["v2/a.js"])
    fine("link-inside-dots", "a target that goes up and stays inside", Zip().add("lib/a.js", GOOD).link("bin/x/a.js", "../../bin/../lib/a.js").add("bin/y", OK), ["lib/a.js"])
