"""Folders as package managers leave them. A problem about one of these is a false alarm."""
import os

from folder_lies import file, with_files
from forge import Zip, gzip_member, tar_of, zip_of
from zip_entry_lies import GOOD, OK


def write(suite):
    def fine(name, why, shown, *steps):
        suite.ordinary("ok-dir-" + name, why, with_files(*steps), shown=["ok.txt"] + shown)

    link = os.symlink
    store = "node_modules/.pnpm/left@1.0.0/node_modules/left"
    fine("plain", "files in folders, one of them empty", ["lib/a.js"], (file, "lib/a.js"), (os.mkdir, "empty"))
    fine("npm-bin", "npm's .bin links", ["node_modules/tool/cli.js"], (file, "node_modules/tool/cli.js"), (os.mkdir, "node_modules/.bin"),
         (link, "../tool/cli.js", "node_modules/.bin/tool"))
    fine("pnpm", "pnpm's links to folders", [store + "/index.js"], (file, store + "/index.js"),
         (link, ".pnpm/left@1.0.0/node_modules/left", "node_modules/left"))
    fine("pnpm-cycle", "two workspace packages that depend on each other: folder links in a circle, and every one ends",
         ["a/index.js", "b/index.js"], (file, "a/index.js"), (file, "b/index.js"), (os.mkdir, "a/node_modules"), (os.mkdir, "b/node_modules"),
         (link, "../../b", "a/node_modules/b"), (link, "../../a", "b/node_modules/a"))
    fine("link-to-parent", "a link to its own folder", ["lib/a.js"], (file, "lib/a.js"), (link, ".", "lib/self"))
    fine("library-links", "a shared library and its links", ["libx.so.1.2"], (file, "libx.so.1.2"), (link, "libx.so.1.2", "libx.so.1"), (link, "libx.so.1", "libx.so"))
    fine("hard-link", "two names of one file", ["a.js", "b.js"], (file, "a.js"), (os.link, "a.js", "b.js"))
    fine("names", "names with spaces, accents, quotes and a newline", ["my \"handler\".js", "größe.js", "a\nb.js"],
         (file, "my \"handler\".js"), (file, "größe.js"), (file, "a\nb.js"))
    fine("nested", "archives in a folder", ["a.zip!/x.js", "b.tar.gz!/y.js", "app.pyz!/__main__.py"], (file, "a.zip", zip_of(("x.js", GOOD))),
         (file, "b.tar.gz", gzip_member(tar_of(("y.js", OK)))), (file, "app.pyz", Zip(b"#!/usr/bin/env python3\n").add("__main__.py", b"print(1)\n").finish()))
    fine("zip-by-name-only", "a text file that is called a zip is a text file", ["readme.zip"], (file, "readme.zip", b"this is no archive\n"))
