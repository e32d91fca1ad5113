#!/usr/bin/env python3
"""Writes the hostile suite: archives and folders that lie, ordinary ones that must stay clean, and `expected.json`.

Usage: python3 testdata/hostile/build.py OUT_DIR

Standard library only, Python 3.9 or newer. The same bytes every run. README.md beside this file says what
`expected.json` holds and how to add a case.
"""
import json
import os
import shutil
import stat
import sys

sys.dont_write_bytecode = True

import folder_lies  # noqa: E402
import folder_ordinary  # noqa: E402
import image_cases  # noqa: E402
import tar_lies  # noqa: E402
import tar_ordinary  # noqa: E402
import zip_directory_lies  # noqa: E402
import zip_entry_lies  # noqa: E402
import zip_link_lies  # noqa: E402
import zip_limit_lies  # noqa: E402
import zip_name_lies  # noqa: E402
import zip_ordinary  # noqa: E402

MODULES = (zip_entry_lies, zip_directory_lies, zip_name_lies, zip_link_lies, zip_limit_lies, zip_ordinary,
           tar_lies, tar_ordinary, folder_lies, folder_ordinary, image_cases)


class Suite:
    """The folder being written and what is expected of each case in it."""

    def __init__(self, folder):
        self.folder, self.expected = folder, []

    def add(self, file, kinds, why, content, shown=(), not_shown=(), **more):
        """One case. `content` is bytes, or a function that fills a folder of that name and may return False to say that
        this machine cannot make it. `more`: `limits`, `oci`, `needs`."""
        path = os.path.join(self.folder, file)
        if any(case["file"] == file for case in self.expected):
            raise ValueError("two cases of one name: " + file)
        if callable(content):
            os.mkdir(path)
            if content(path) is False:
                remove(path)
                return
        else:
            with open(path, "wb") as out:
                out.write(content)
        case = {"file": file, "kinds": sorted(kinds), "shown": sorted(shown), "not_shown": sorted(not_shown), "why": why}
        self.expected.append(dict(case, **more))

    def ordinary(self, file, why, content, shown=(), not_shown=(), **more):
        """A case in which any problem is a false alarm."""
        self.add(file, [], why, content, shown, not_shown, **more)


def remove(path):
    """Removes what an earlier run wrote, unreadable folders included."""
    if os.path.islink(path) or not os.path.isdir(path):
        os.remove(path)
        return
    for _, folders, _, here in os.fwalk(path):      # by descriptor: one case's path is longer than a path may be
        for name in folders:
            if stat.S_ISDIR(os.lstat(name, dir_fd=here).st_mode):
                os.chmod(name, stat.S_IRWXU, dir_fd=here)
    shutil.rmtree(path)


def clear(folder):
    """Removes the cases of an earlier run, and only those: they are the ones its expected.json names."""
    listing = os.path.join(folder, "expected.json")
    if os.path.exists(listing):
        with open(listing, encoding="utf-8") as old:
            names = [case["file"] for case in json.load(old)]
        for name in names:
            if os.path.lexists(os.path.join(folder, name)):
                remove(os.path.join(folder, name))


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    folder = os.path.abspath(arguments[0])
    os.makedirs(folder, exist_ok=True)
    os.umask(0o022)
    clear(folder)
    suite = Suite(folder)
    for module in MODULES:
        module.write(suite)
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8", newline="\n") as out:
        json.dump(suite.expected, out, indent=1, ensure_ascii=True)
        out.write("\n")
    ordinary = sum(not case["kinds"] for case in suite.expected)
    print("%d cases: %d that lie, %d ordinary" % (len(suite.expected), len(suite.expected) - ordinary, ordinary))


if __name__ == "__main__":
    main(sys.argv[1:])
