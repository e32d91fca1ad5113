"""A registry of a few tiny packages, in memory: packuments and tarballs over HTTP, and the same bytes every run."""
import base64
import gzip
import hashlib
import http.server
import io
import json
import os
import subprocess
import tarfile
import threading
import urllib.parse

PUBLIC = "https://registry.npmjs.org"


def package(name, version, files=None, **fields):
    """The files of one package. Every one has code, so that a package that loses its manifest is noticed."""
    manifest = {"name": name, "version": version, "main": "index.js", **fields}
    return {"package.json": json.dumps(manifest, indent=2), "index.js": "module.exports = %r;\n" % name, **(files or {})}


def manifest(name, version, **fields):
    return json.dumps({"name": name, "version": version, **fields})


LEAF_1 = package("fngate-leaf", "1.0.0")

# What lies in real packages and is no package: fixtures, examples, templates of `create-` packages, lockfiles of the author's
# machine, markers of a module format, and a broken manifest in test data.
TRAPS = package("fngate-traps", "1.0.0", {
    "dist/esm/package.json": '{"type": "module"}',
    "dist/esm/index.js": "export default 1;\n",
    "dist/next.config/package.json": manifest("fngate-trap-subpath", "6.6.6", main="../../index.js"),
    "template/package.json": manifest("fngate-trap-template", "6.6.6"),
    "template/_package.json": manifest("fngate-trap-template", "6.6.6"),
    "template-react/package.json": manifest("fngate-trap-template", "6.6.6", dependencies={"fngate-trap": "6.6.6"}),
    "test/fixtures/package.json": manifest("fngate-trap-fixture", "6.6.6"),
    "test/broken/package.json": "{",
    "test/node_modules/fngate-trap/package.json": manifest("fngate-trap", "6.6.6"),
    "test/node_modules/fngate-trap/index.js": "module.exports = 1;\n",
    "examples/node_modules/fngate-trap/package.json": manifest("fngate-trap", "6.6.6"),
    "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": {"node_modules/fngate-trap": {"version": "6.6.6"}}}),
    "npm-shrinkwrap.json.bak": "{}",
    "yarn.lock": '# yarn lockfile v1\n\n\nfngate-trap@^6.0.0:\n  version "6.6.6"\n',
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\npackages:\n  fngate-trap@6.6.6:\n    resolution: {integrity: sha512-x}\n",
    "bun.lock": '{"lockfileVersion": 1, "packages": {"fngate-trap": ["fngate-trap@6.6.6", "", {}, "sha512-x"]}}',
    "requirements.txt": "trap==6.6.6\n",
})

# A byte order mark, equal keys, and fields of wrong types: what npm reads, the gate reads.
ODD = package("fngate-odd", "1.0.0")
ODD["package.json"] = '\ufeff{"name": "fngate-other", "version": "0.0.1", "license": ["MIT"], "private": "no",\r\n"name": "fngate-odd", "version": "1.0.0", "main": "index.js"}'

PACKAGES = [
    LEAF_1,
    package("fngate-leaf", "1.1.0"),
    package("fngate-leaf", "2.0.0-rc.1"),
    package("@fngate/scoped", "1.0.0", dependencies={"fngate-leaf": "1.1.0"}),
    package("fngate-parent", "1.0.0", dependencies={"fngate-leaf": "2.0.0-rc.1", "fngate-renamed": "npm:fngate-leaf@1.0.0"},
            optionalDependencies={"fngate-elsewhere": "1.0.0"}),
    package("fngate-elsewhere", "1.0.0", os=["sunos"]),
    package("fngate-peer", "1.0.0", peerDependencies={"fngate-leaf": ">=1"}),
    package("fngate-bundler", "1.0.0", {
        "node_modules/fngate-inner/package.json": manifest("fngate-inner", "0.1.0"),
        "node_modules/fngate-inner/index.js": "module.exports = 1;\n",
    }, dependencies={"fngate-inner": "0.1.0"}, bundleDependencies=["fngate-inner"]),
    package("fngate-inner", "0.1.0"),
    package("fngate-dev", "1.0.0"),
    TRAPS,
    ODD,
]


def tarball(files):
    """`npm pack` without its opinions: what is listed is packed, `node_modules` and lockfiles too."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, content in files.items():
            content = content.encode()
            info = tarfile.TarInfo("package/" + path)
            info.size, info.mode, info.mtime = len(content), 0o644, 499162500
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(out.getvalue(), mtime=0)


def fields(files):
    return json.loads(files["package.json"].lstrip("\ufeff"))


class Registry(http.server.BaseHTTPRequestHandler):
    """`GET /name`, `GET /name/-/name-version.tgz`, and a git repository as plain files."""
    tarballs, packuments, folder = {}, {}, ""

    def do_GET(self):
        path = urllib.parse.unquote(self.path.split("?")[0]).strip("/")
        if path.startswith("fngate-git.git/") and os.path.isfile(os.path.join(self.folder, path)):
            with open(os.path.join(self.folder, path), "rb") as file:
                return self.answer(file.read(), "application/octet-stream")
        if path in self.tarballs:
            return self.answer(self.tarballs[path], "application/octet-stream")
        if path in self.packuments:
            return self.answer(json.dumps(self.packuments[path]).encode(), "application/json")
        return self.send_error(404)

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def repository(folder):
    """A repository that is served as plain files; the same commit every time."""
    os.makedirs(folder + "/work")
    for path, content in package("fngate-git", "4.0.0").items():
        with open(os.path.join(folder, "work", path), "w", encoding="utf-8") as out:
            out.write(content)
    stamp = {"GIT_%s_%s" % (who, what): value for who in ("AUTHOR", "COMMITTER")
             for what, value in (("NAME", "a"), ("EMAIL", "a@example.com"), ("DATE", "2020-01-01T00:00:00Z"))}
    for where, command in (("work", "init -q"), ("work", "add ."), ("work", "commit -qm x"), (".", "clone -q --bare work fngate-git.git"),
                           ("fngate-git.git", "update-server-info")):
        subprocess.run(["git", *command.split()], cwd=os.path.join(folder, where), env={**os.environ, **stamp}, check=True)


def serve(folder):
    """Starts the registry on a free port of loopback and returns its address. `folder` is for its repository."""
    repository(folder)
    Registry.folder = folder
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    address = "http://127.0.0.1:%d" % server.server_port
    for files in PACKAGES:
        read, packed = fields(files), tarball(files)
        name, version = read["name"], read["version"]
        path = "%s/-/%s-%s.tgz" % (name, name.split("/")[-1], version)
        Registry.tarballs[path] = packed
        dist = {
            "tarball": "%s/%s" % (address, path),
            "shasum": hashlib.sha1(packed).hexdigest(),
            "integrity": "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode(),
        }
        packument = Registry.packuments.setdefault(name, {"name": name, "dist-tags": {}, "versions": {}, "time": {}})
        packument["versions"][version] = dict(read, dist=dist)
        packument["time"][version] = "2020-01-01T00:00:00.000Z"
        packument["dist-tags"].setdefault("latest", version)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return address
