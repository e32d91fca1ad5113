"""Container images as OCI layouts: whiteouts of something, and of nothing. Marked `oci`, for only in an image they mean anything."""
import hashlib
import json
import os

from forge import Tar, gzip_member
from zip_entry_lies import GOOD, OK

TYPE = "application/vnd.oci.image."


def image(*layers):
    """A function that fills a folder with the OCI layout of an image whose layers are these tars, the lowest first."""
    def fill(folder):
        blobs = os.path.join(folder, "blobs", "sha256")
        os.makedirs(blobs)

        def blob(content, kind):
            digest = hashlib.sha256(content).hexdigest()
            put(os.path.join(blobs, digest), content)
            return {"mediaType": TYPE + kind, "digest": "sha256:" + digest, "size": len(content)}

        def document(value):
            return json.dumps(value, sort_keys=True).encode()

        tars = [layer.finish() for layer in layers]
        listed = [blob(gzip_member(tar), "layer.v1.tar+gzip") for tar in tars]
        config = {"architecture": "amd64", "os": "linux", "rootfs": {
            "type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest() for tar in tars]}}
        manifest = {"schemaVersion": 2, "mediaType": TYPE + "manifest.v1+json",
                    "config": blob(document(config), "config.v1+json"), "layers": listed}
        index = {"schemaVersion": 2, "manifests": [blob(document(manifest), "manifest.v1+json")]}
        put(os.path.join(folder, "index.json"), document(index))
        put(os.path.join(folder, "oci-layout"), b'{"imageLayoutVersion":"1.0.0"}')
    return fill


def put(path, content):
    with open(path, "wb") as out:
        out.write(content)


def write(suite):
    def lie(name, why, *layers):
        suite.add("oci-" + name, ["whiteout-dangling"], why, image(*layers), shown=["ok.txt"], oci=True)

    def fine(name, why, shown, *layers):
        suite.ordinary("ok-oci-" + name, why, image(*layers), shown=shown, oci=True)

    base = Tar().add("ok.txt", OK).folder("lib/").add("lib/a.js", GOOD).add("b.js", GOOD)
    lie("whiteout-dangling", "a whiteout of nothing", base, Tar().add(".wh.missing.js"))
    lie("whiteout-dangling-folder", "a whiteout in a folder that is not there", base, Tar().add("gone/.wh.a.js"))
    lie("whiteout-dangling-first", "a whiteout in the lowest layer", Tar().add("ok.txt", OK).add(".wh.b.js"), base)
    lie("whiteout-dangling-same-layer", "a whiteout reaches lower layers only: the file of its own layer stays", base,
        Tar().add("new.js", GOOD).add(".wh.new.js"))
    lie("whiteout-dangling-opaque", "an opaque whiteout of a folder that is not there", base, Tar().add("gone/.wh..wh..opq"))
    lie("whiteout-dangling-twice", "the file was removed one layer below already", base, Tar().add(".wh.b.js"), Tar().add(".wh.b.js"))
    fine("whiteout", "a whiteout of a file below", ["ok.txt", "lib/a.js"], base, Tar().add(".wh.b.js"))
    fine("whiteout-folder", "a whiteout of a folder below", ["ok.txt", "b.js"], base, Tar().add(".wh.lib"))
    fine("whiteout-opaque", "an opaque whiteout, and a new file in the folder", ["ok.txt", "lib/c.js"], base,
         Tar().folder("lib/").add("lib/.wh..wh..opq").add("lib/c.js", OK))
    fine("replaced", "the upper layer replaces a file of the lower one: the same name twice, in two layers", ["ok.txt", "b.js"],
         base, Tar().add("b.js", OK))
