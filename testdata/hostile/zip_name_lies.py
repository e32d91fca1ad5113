"""Zips whose names lie: paths that leave the archive, names that readers decode differently, names that collide."""
from forge import UTF8
from zip_entry_lies import EVIL, GOOD, OK, start

UNSAFE = {
    "absolute": "/etc/passwd", "absolute-double": "//etc/passwd", "parent": "../../index.js", "parent-inside": "lib/../index.js",
    "parent-deep": "a/b/../../../index.js", "parent-only": "..", "parent-last": "lib/..", "root": "/", "dot": ".",
    "backslash": "lib\\index.js", "backslash-parent": "..\\..\\index.js", "backslash-mixed": "lib/..\\index.js",
    "drive": "C:/index.js", "drive-relative": "C:index.js", "drive-backslash": "c:\\windows\\index.js", "share": "\\\\host\\share\\index.js",
    "nul": "index.js\0.txt", "nul-first": "\0index.js", "nul-last": "index.js\0", "empty": "", "slashes": "///",
    "deep": "d/" * 10000 + "index.js", "long": "n" * 65535, "over-path-max": "p/" * 2045 + "index.js",
}


def write(suite):
    def lie(file, kinds, why, archive, **more):
        suite.add("zip-" + file + ".zip", kinds, why, archive.finish(), shown=more.pop("shown", ["ok.txt"]), **more)

    for what, name in UNSAFE.items():
        lie("name-" + what, ["unsafe-name"], "an entry is called %s" % (ascii(name) if len(name) < 40 else "by %d bytes" % len(name)),
            start().add(name, EVIL))
    encodings(lie)
    collisions(lie)
    conflicts(lie)


def encodings(lie):
    wrong = ["unsafe-name"]
    lie("name-not-utf8", wrong, "the UTF-8 flag and a name that is not UTF-8: some readers refuse the whole archive",
        start().add(b"caf\xe9.js", EVIL, flags=UTF8))
    lie("name-not-utf8-unflagged", wrong, "a name that is neither UTF-8 nor ASCII: every reader shows another one",
        start().add(b"caf\xe9.js", EVIL, flags=0))
    lie("name-overlong-slash", wrong, "`..` and an overlong `/`: lenient decoders see ../index.js",
        start().add(b"..\xc0\xafindex.js", EVIL, flags=UTF8))
    lie("name-surrogate", wrong, "a surrogate in UTF-8's clothing", start().add(b"\xed\xa0\x80.js", EVIL, flags=UTF8))
    lie("name-nul-shadow", wrong, "cut at the NUL, the name is another entry's", start().add("index.js", GOOD).add("index.js\0x", EVIL))
    lie("name-nested-parent", wrong, "a name that leaves the nested archive", shown=["ok.txt", "inner.zip!/ok.txt"],
        archive=start().add("inner.zip", start().add("../../evil.js", EVIL).finish()))


def collisions(lie):
    wrong = ["name-collision"]

    def both(one, other):
        return start().add(one, GOOD).add(other, EVIL)

    lie("collision-case", wrong, "names that differ in case only", both("index.js", "Index.js"))
    lie("collision-case-folder", wrong, "files whose folders differ in case only", both("lib/a.js", "LIB/a.js"))
    lie("collision-case-unicode", wrong, "É and é", both("É.js", "é.js"))
    lie("collision-kelvin", wrong, "the Kelvin sign folds to k", both("\u212a.js", "k.js"))
    lie("collision-form", wrong, "one name composed and decomposed (NFC, NFD)", both("caf\u00e9.js", "cafe\u0301.js"))
    lie("collision-form-case", wrong, "composed upper case against decomposed lower case", both("CAF\u00c9.js", "cafe\u0301.js"))
    lie("collision-hangul", wrong, "a Hangul syllable and its letters", both("\ud55c.js", "\u1112\u1161\u11ab.js"))


def conflicts(lie):
    wrong = ["name-conflict"]
    lie("conflict", wrong, "lib is a file and a folder", start().add("lib", GOOD).add("lib/index.js", EVIL))
    lie("conflict-reversed", wrong, "lib is a folder first and a file later", start().add("lib/index.js", GOOD).add("lib", EVIL))
    lie("conflict-folder-entry", wrong, "lib and lib/", start().add("lib", GOOD).folder("lib/"))
    lie("conflict-deep", wrong, "a file stands where a folder far above an entry should be",
        start().add("a/b", GOOD).add("a/b/c/d/e/f.js", EVIL))
    lie("conflict-sorted-apart", wrong, "names that sort between the two do not hide it",
        start().add("lib", GOOD).add("lib-b", OK).add("lib.c", OK).add("lib/index.js", EVIL))
