#!/usr/bin/env python3
"""Has the real package managers install a handful of tiny packages, and writes what they leave behind as one JSON file a case.

Usage: python3 testdata/formats/npm/build.py MANAGERS_DIR [CASE...]

MANAGERS_DIR/<manager>-<major>/node_modules holds each manager (`npm install npm@6` in MANAGERS_DIR/npm-6, and so on). Needs no
network: `registry.py` serves the packages. Standard library only. README.md in the folder above says what the files hold.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import listing  # noqa: E402
import registry  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
COMMANDS = {
    "npm": ("node", "npm/bin/npm-cli.js"),
    "pnpm": ("node", "pnpm/bin/pnpm.cjs"),
    "yarn": ("node", "yarn/bin/yarn.js"),
    "berry": ("node", "@yarnpkg/cli-dist/bin/yarn.js"),
    "bun": ("bun/bin/bun.exe",),
}

ROOT = {
    "name": "fngate-function",
    "version": "1.0.0",
    "dependencies": {
        "fngate-leaf": "^1.0.0",
        "@fngate/scoped": "1.0.0",
        "fngate-alias": "npm:fngate-leaf@1.0.0",
        "fngate-parent": "1.0.0",
        "fngate-peer": "1.0.0",
        "fngate-traps": "1.0.0",
        "fngate-odd": "1.0.0",
    },
    "devDependencies": {"fngate-dev": "1.0.0"},
}
# What the registry does not know: a tarball in the project, and a repository.
LOCAL = {"fngate-tarball": "file:vendor/fngate-tarball-3.0.0.tgz", "fngate-git": "git+@registry@/fngate-git.git"}
BUNDLED = {"fngate-bundler": "1.0.0"}
MEMBERS = {
    "packages/api/package.json": {"name": "@fngate/api", "private": True, "dependencies": {"fngate-leaf": "1.0.0", "@fngate/shared": "*"}},
    "packages/shared/package.json": {"name": "@fngate/shared", "version": "0.3.0", "dependencies": {"fngate-leaf": "2.0.0-rc.1"}},
}


# What yarn keeps for itself, and its resolver, which is large.
DROPPED = {".yarn/install-state.gz", "node_modules/.yarn-state.yml.gz", ".pnp.cjs", ".pnp.loader.mjs"}


class Project:
    """A folder in which a manager installs."""

    def __init__(self, managers, address, manager, manifest, files=None):
        self.top = os.path.realpath(tempfile.mkdtemp(prefix="fngate-"))
        self.folder, self.managers, self.address, self.manager = self.top + "/function", managers, address, manager
        self.write({"package.json": manifest, "index.js": "exports.handler = async () => 1;\n", **(files or {})})
        if "fngate-tarball" in manifest.get("dependencies", {}):
            os.makedirs(self.folder + "/vendor")
            with open(self.folder + "/vendor/fngate-tarball-3.0.0.tgz", "wb") as out:
                out.write(registry.tarball(registry.package("fngate-tarball", "3.0.0")))

    def write(self, files):
        for path, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
            write(os.path.join(self.folder, path), text.replace("@registry@", self.address))

    def run(self, *arguments, check=True, **env):
        kind, major = self.manager.rsplit("-", 1)
        *runtime, script = COMMANDS[kind]
        if self.manager in ("pnpm-6", "pnpm-7"):  # They fail on later ones.
            runtime = [os.path.join(self.managers, "node-16/node_modules/node/bin/node")]
        command = [*runtime, os.path.join(self.managers, self.manager, "node_modules", script), *arguments]
        clean = {
            "PATH": os.environ["PATH"], "HOME": self.top + "/home", "npm_config_registry": self.address, "npm_config_audit": "false",
            "npm_config_store_dir": self.top + "/store", "YARN_REGISTRY": self.address, "YARN_NPM_REGISTRY_SERVER": self.address,
            "YARN_UNSAFE_HTTP_WHITELIST": "127.0.0.1", "YARN_ENABLE_TELEMETRY": "0", "YARN_ENABLE_IMMUTABLE_INSTALLS": "false",
            "YARN_GLOBAL_FOLDER": self.top + "/yarn", "YARN_NPM_MINIMAL_AGE_GATE": "0", "BUN_CONFIG_REGISTRY": self.address, "COREPACK_ENABLE_STRICT": "0",
            "npm_config_strict_peer_dependencies": "false",
        }
        if kind != "berry" or major == "3":
            clean.pop("YARN_NPM_MINIMAL_AGE_GATE")
        os.makedirs(clean["HOME"], exist_ok=True)
        done = subprocess.run(command, cwd=self.folder, env={**clean, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if check and done.returncode:
            raise SystemExit("%s %s: %s%s" % (self.manager, " ".join(arguments), done.stdout[-2000:], done.stderr[-2000:]))
        return done.stdout

    def public(self, text):
        """`text` as it would read with the public registry, and without a path of this machine."""
        host = self.address.split("//")[1]
        text = text.replace("git+" + self.address, "git+https://git.example.com")
        text = text.replace(self.address + "/fngate-git.git", "https://git.example.com/fngate-git.git")
        text = text.replace(self.address, registry.PUBLIC)
        # How pnpm and yarn write the host in names of folders and keys.
        for written in (host, host.replace(":", "+"), host.replace(":", "%3A")):
            text = text.replace(written, "git.example.com")
        text = text.replace(self.top.replace("/", "+"), "+build").replace(self.top.replace("/", "%2F"), "%2Fbuild")
        return text.replace(self.top + "/function", "/function").replace(self.top, "/build")

    def tree(self, folder):
        files, links, binary = {}, {}, {}
        for here, folders, names in os.walk(folder):
            for name in sorted(names + [name for name in folders if os.path.islink(os.path.join(here, name))]):
                path = os.path.join(here, name)
                key = self.public(os.path.relpath(path, folder))
                if os.path.islink(path):
                    target = os.readlink(path)
                    links[key] = self.public(os.path.relpath(target, os.path.dirname(path)) if os.path.isabs(target) else target)
                    continue
                with open(path, "rb") as file:
                    content = file.read()
                try:
                    files[key] = self.public(content.decode())
                except UnicodeDecodeError:
                    binary[key] = base64.b64encode(content).decode()
        return {"files": dict(sorted(files.items())), "links": dict(sorted(links.items())), "binary": dict(sorted(binary.items()))}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write(text)


def save(name, project, version, command, listing, folder=None):
    tree = project.tree(folder or project.folder)
    for part in tree:
        tree[part] = {path: content for path, content in tree[part].items() if path not in DROPPED}
    case = {"manager": version, "command": command, "listing": sorted(set(listing)), **{part: tree[part] for part in tree if tree[part]}}
    write(os.path.join(HERE, "trees", name + ".json"), json.dumps(case, indent=1, ensure_ascii=True) + "\n")
    print(name, len(case["listing"]), "packages", len(tree["files"]), "files")


def npm(major, make, strategy=None, **more):
    """npm: everything it knows of, in one project."""
    dependencies = {**ROOT["dependencies"], **LOCAL, **BUNDLED}
    project = make("npm-" + major, {**ROOT, "dependencies": dependencies}, **more)
    arguments = ["install", *(["--install-strategy=" + strategy] if strategy else [])]
    project.run(*arguments)
    return project, " ".join(arguments), listing.npm(project)


def workspaces(manifest, manager):
    """The same project as the root of two members."""
    return {**manifest, "private": True, "workspaces": ["packages/*"]}, {**MEMBERS, "packages/api/index.js": "exports.handler = 1;\n",
            "packages/shared/index.js": "exports.shared = 1;\n"}


def npm_cases(make):
    for major in ("6", "8", "10", "11"):
        yield "npm-" + major, npm(major, make)
    for strategy in ("nested", "linked"):
        yield "npm-10-" + strategy, npm("10", make, strategy)
    manifest, files = workspaces(ROOT, "npm")
    project = make("npm-10", manifest, files)
    project.run("install")
    yield "npm-10-workspaces", (project, "install", listing.npm(project))
    project = make("npm-10", ROOT)
    project.run("install")
    project.run("shrinkwrap")
    project.run("prune", "--omit=dev")
    yield "npm-10-shrinkwrap", (project, "install; shrinkwrap; prune --omit=dev", listing.npm(project))


def pnpm_cases(make):
    for major in ("6", "7", "8", "9", "10"):
        # Versions before 9 do not understand a repository at an address with a port.
        local = {name: spec for name, spec in LOCAL.items() if major in ("9", "10") or name != "fngate-git"}
        project = make("pnpm-" + major, {**ROOT, "dependencies": {**ROOT["dependencies"], **local, **BUNDLED}})
        project.run("install")
        yield "pnpm-" + major, (project, "install", listing.pnpm(project))
    project = make("pnpm-9", ROOT, {".npmrc": "node-linker=hoisted\n"})
    project.run("install", "--prod")
    yield "pnpm-9-hoisted", (project, "install --prod (node-linker=hoisted)", listing.pnpm(project, "--prod"))
    for major in ("8", "10"):
        space = "packages:\n  - packages/*\n"
        if major == "10":
            space += "catalog:\n  fngate-leaf: 1.0.0\noverrides:\n  fngate-leaf@^1.0.0: 1.1.0\ninjectWorkspacePackages: true\n"
        members = json.loads(json.dumps(MEMBERS).replace('"*"', '"workspace:*"'))
        if major == "10":
            members["packages/api/package.json"]["dependencies"]["fngate-leaf"] = "catalog:"
        project = make("pnpm-" + major, {"name": "fngate-function", "private": True}, {**members, "pnpm-workspace.yaml": space})
        project.run("install")
        yield "pnpm-%s-workspaces" % major, (project, "install", listing.pnpm(project, "-r"))
        project.run("--filter", "@fngate/api", "deploy", "--prod", project.folder + "/out")
        deployed = ["fngate-leaf@1.0.0", "fngate-leaf@2.0.0-rc.1"]
        yield "pnpm-%s-deploy" % major, (project, "--filter @fngate/api deploy --prod out", deployed, project.folder + "/out")


def yarn_cases(make):
    project = make("yarn-1", {**ROOT, "dependencies": {**ROOT["dependencies"], **LOCAL, **BUNDLED}})
    project.run("install")
    yield "yarn-1", (project, "install", listing.yarn(project))
    manifest, files = workspaces(ROOT, "yarn")
    files = json.loads(json.dumps(files).replace('"*"', '"0.3.0"'))
    project = make("yarn-1", manifest, files)
    project.run("install")
    yield "yarn-1-workspaces", (project, "install", listing.yarn(project))
    local = {"fngate-tarball": LOCAL["fngate-tarball"]}
    for major, linker in (("3", "node-modules"), ("4", "node-modules"), ("4", "pnpm"), ("4", "pnp")):
        settings = "nodeLinker: %s\nenableGlobalCache: %s\n" % (linker, "false" if linker == "pnp" else "true")
        manifest, files = workspaces({**ROOT, "dependencies": {**ROOT["dependencies"], **local, **BUNDLED}}, "berry")
        project = make("berry-" + major, manifest, {**files, ".yarnrc.yml": settings, "yarn.lock": ""})
        project.run("install")
        yield "berry-%s-%s" % (major, linker), (project, "install (nodeLinker: %s)" % linker, listing.berry(project))


def bun_cases(make):
    for major, linker in (("1.1", "hoisted"), ("1.2", "hoisted"), ("1.3", "isolated")):
        manifest, files = workspaces({**ROOT, "dependencies": {**ROOT["dependencies"], **BUNDLED, "fngate-tarball": LOCAL["fngate-tarball"]}}, "bun")
        files = json.loads(json.dumps(files).replace('"*"', '"workspace:*"'))
        project = make("bun-" + major, manifest, {**files, "bunfig.toml": '[install]\nlinker = "%s"\n' % linker})
        project.run("install", *(["--save-text-lockfile"] if major == "1.1" else []))
        yield "bun-%s-%s" % (major, linker), (project, "install (linker = %s)" % linker, listing.bun(project))


def main():
    managers, only, made = sys.argv[1], sys.argv[2:], set()
    address = registry.serve(tempfile.mkdtemp(prefix="fngate-"))

    def make(manager, manifest, files=None):
        return Project(os.path.realpath(managers), address, manager, manifest, files)

    for cases in (npm_cases, pnpm_cases, yarn_cases, bun_cases):
        if only and cases.__name__ not in only:
            continue
        for name, (project, command, found, *folder) in cases(make):
            version = "%s %s" % (project.manager.rsplit("-", 1)[0].replace("berry", "yarn"), project.run("--version").strip())
            save(name, project, version, command, found, *folder)
            made.add(project.top)
    for top in made:
        shutil.rmtree(top)


if __name__ == "__main__":
    main()
