"""Zips that want more than a gate should give: bombs, flat and nested, and small ones for limits set small.

`limits` of a case replaces single limits: `entry_bytes`, `total_bytes`, `entries`, `depth`, `ratio`.
"""
from forge import DEFLATED, STORED, Zip, crc32_of_zeros, deflate_zeros, gzip_member, tar_of, zip_of
from zip_entry_lies import GOOD, OK, start

MEGABYTE = 1 << 20


def zeros(archive, name, count):
    """An honest entry of `count` zero bytes that is never held in memory."""
    return archive.add(name, b"", payload=deflate_zeros(count), crc=crc32_of_zeros(count), usize=count)


def nested(depth, innermost):
    """`innermost` in a zip in a zip ..., `depth` zips in all."""
    for _ in range(depth):
        innermost = Zip().add("inner.zip", innermost, method=STORED).finish()
    return innermost


def write(suite):
    def lie(file, kinds, why, archive, shown=(), **more):
        suite.add("zip-" + file + ".zip", kinds, why, archive if isinstance(archive, bytes) else archive.finish(), shown=shown, **more)

    flat(lie)
    deep(lie)
    small(lie)


def flat(lie):
    lie("bomb-flat", ["@limit"], "1 GiB of zeros in 1 MB, honestly declared", zeros(start(), "zeros.bin", 1 << 30), not_shown=["zeros.bin"])
    many = start()
    packed, crc = deflate_zeros(8 * MEGABYTE), crc32_of_zeros(8 * MEGABYTE)
    for number in range(100):
        many.add("zeros-%02d.bin" % number, b"", payload=packed, crc=crc, usize=8 * MEGABYTE)
    lie("bomb-many", ["@limit"], "a hundred entries of 8 MiB, each of them harmless", many)


def deep(lie):
    leaf = zeros(Zip(), "zeros.bin", 64 * MEGABYTE).finish()
    for level, copies in enumerate((16, 16, 4)):
        folder = Zip()
        for number in range(copies):
            folder.add("%d-%02d.zip" % (level, number), leaf, method=STORED if level else DEFLATED)
        leaf = folder.finish()
    lie("bomb-forty-two", ["@limit"], "zips of zips of zips: 64 GiB in all", leaf)
    lie("bomb-nested-zip", ["@limit"], "1 GiB of zeros, packed twice", Zip().add("inner.zip", zeros(Zip(), "zeros.bin", 1 << 30).finish()))
    lie("bomb-nested-gzip", ["@limit"], "1 GiB of zeros behind the end of a tar, gzipped, in a zip", gzip_in_zip())
    lie("depth-default", ["limit-depth"], "200 zips in one another", nested(200, zip_of(("index.js", GOOD))))
    lie("depth-lying", ["size-mismatch"], "a nested archive that declares 10 bytes",
        start().add("inner.zip", nested(3, zip_of(("index.js", GOOD))), usize=10), shown=["ok.txt"])


def gzip_in_zip():
    count = 1 << 30
    stream = gzip_member(b"", payload=deflate_zeros(count), crc=crc32_of_zeros(count), size=count)
    return start().add("layer.tar.gz", gzip_member(tar_of(("a.txt", OK))) + stream)


def small(lie):
    """The same limits set small, so that each can be seen alone."""
    lie("limit-entry-bytes", ["limit-entry-bytes"], "an entry of 2,000 bytes where 1,000 are allowed",
        start().add("index.js", bytes(range(250)) * 8), shown=["ok.txt"], not_shown=["index.js"], limits={"entry_bytes": 1000})
    lie("limit-entry-bytes-equal", [], "an entry of exactly the allowed size", start().add("index.js", bytes(range(250)) * 4),
        shown=["ok.txt", "index.js"], limits={"entry_bytes": 1000})
    total = start()
    for number in range(12):
        total.add("%02d.js" % number, bytes(range(100)))
    lie("limit-total-bytes", ["limit-total-bytes"], "12 entries of 100 bytes where 1,000 are allowed in all", total, limits={"total_bytes": 1000})
    inner = Zip()
    for number in range(12):
        inner.add("%02d.bin" % number, bytes(4000))
    lie("limit-total-bytes-nested", ["limit-total-bytes"], "12 entries of 4,000 zeros in a nested archive of 2 kB count as well",
        start().add("a.zip", inner.finish()), limits={"total_bytes": 20000})
    entries = start()
    for number in range(1000):
        entries.add("%04d" % number, method=STORED)
    lie("limit-entries", ["limit-entries"], "1,001 entries where 1,000 are allowed", entries, limits={"entries": 1000})
    entries = start()
    for number in range(999):
        entries.add("%04d" % number, method=STORED)
    lie("limit-entries-equal", [], "exactly as many entries as allowed", entries, shown=["ok.txt"], limits={"entries": 1000})
    half = Zip()
    for number in range(600):
        half.add("%04d" % number, method=STORED)
    lie("limit-entries-nested", ["limit-entries"], "two nested archives of 600 entries where 1,000 are allowed in all",
        Zip().add("a.zip", half.finish()).add("b.zip", half.finish()), limits={"entries": 1000})
    lie("limit-depth", ["limit-depth"], "eight archives in one another where three are allowed", nested(7, zip_of(("index.js", GOOD))),
        not_shown=["inner.zip!/" * 7 + "index.js"], limits={"depth": 3})
    lie("limit-depth-tar", ["limit-depth"], "a tar in a gzip in a zip in a zip where one is allowed",
        Zip().add("a.zip", zip_of(("a.tar.gz", gzip_member(tar_of(("index.js", GOOD))))), method=STORED), limits={"depth": 1})
    lie("limit-ratio", ["limit-ratio"], "4 MiB of zeros where 100 : 1 is allowed", zeros(start(), "zeros.bin", 4 * MEGABYTE),
        shown=["ok.txt"], limits={"ratio": 100})
    lie("limit-ratio-nested", ["limit-ratio"], "the same within a nested archive",
        start().add("a.zip", zeros(Zip(), "zeros.bin", 4 * MEGABYTE).finish()), shown=["ok.txt"], limits={"ratio": 100})
