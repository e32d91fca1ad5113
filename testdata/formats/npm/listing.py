"""What each manager itself says is installed: `name@version` of everything but the project's own packages."""
import json
import os
import re

# Some list a package under the name it was given.
ALIASES = {"fngate-alias": "fngate-leaf", "fngate-renamed": "fngate-leaf"}
OURS = {"fngate-function", "@fngate/api", "@fngate/shared"}


def named(name, version):
    return "%s@%s" % (ALIASES.get(name, name), version)


def npm(project, *arguments):
    found = set()

    def walk(node, key):
        if node.get("version") and not node.get("missing") and node.get("name", key) not in OURS and key:
            found.add(named(node.get("name") or key, node["version"]))
        for child, below in (node.get("dependencies") or {}).items():
            walk(below, child)
    walk(json.loads(project.run("ls", "--all", "--json", "--long", *arguments, check=False)), "")
    return found


def installed(node):
    with open(os.path.join(node["path"], "package.json"), encoding="utf-8-sig") as file:
        return json.load(file)["version"]


def pnpm(project, *arguments):
    found = set()

    def walk(node):
        for kind in ("dependencies", "devDependencies", "optionalDependencies"):
            for key, below in (node.get(kind) or {}).items():
                # A tarball and a repository are listed by address; what is meant for another platform is listed and not there.
                version = re.search(r"^\d.*|(?<=-)\d[^/]*(?=\.tgz$)", below["version"])
                if key not in OURS | {"fngate-elsewhere"}:
                    found.add(named(below.get("from") or key, version[0] if version else installed(below)))
                walk(below)
    for root in json.loads(project.run("ls", "--json", "--depth", "Infinity", *arguments)):
        walk(root)
    return found


def yarn(project):
    found = set()
    for line in project.run("list", "--json").splitlines():
        read = json.loads(line)
        todo = list(read["data"]["trees"]) if read["type"] == "tree" else []
        while todo:
            node = todo.pop()
            todo += node.get("children") or []
            name, version = node["name"].rsplit("@", 1)
            # What is meant for another platform is listed and not there.
            if not node.get("shadow") and name not in OURS | {"fngate-elsewhere"} and re.match(r"\d", version):
                found.add(named(name, version))
    return found


def berry(project):
    found = set()
    for line in project.run("info", "-AR", "--json").splitlines():
        read = json.loads(line)
        name = re.match(r"@?[^@]+", read["value"])[0]
        # What is meant for another platform is listed and not there.
        if name not in OURS | {"fngate-elsewhere"}:
            found.add(named(name, read["children"]["Version"]))
    return found


def bun(project):
    found = set()
    for line in project.run("pm", "ls", "--all").splitlines():
        entry = re.match(r"[^@\w]*(@?[^@\s]+)@(.+)$", line)
        if entry and entry[1] not in OURS and "workspace:" not in entry[2]:
            # A tarball is listed by its path, and what is meant for another platform is listed and not there.
            version = re.match(r".*-(\d[^/]*)\.tgz$", entry[2])
            if entry[1] != "fngate-elsewhere":
                found.add(named(entry[1], version[1] if version else entry[2]))
    return found
