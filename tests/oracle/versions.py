#!/usr/bin/env python3
"""Holds fngate's matcher against the reference implementations of version order: PyPA's `packaging` and npm's `semver`.

usage: versions.py FNGATE [--semver DIR] [--seed N]

Random records over awkward versions are compiled with `fngate db build` and asked about with `fngate query`; what they affect is worked
out here by the algorithm of the OSV schema ("Evaluation"), which leaves the order of versions to the reference. `packaging` must be
importable; `--semver DIR` is a directory in which Node finds the module `semver` (`npm install semver`). Without it npm and crates.io are
not compared, and the last line says so. Exits 1 on any difference.
"""
import argparse, functools, json, os, random, subprocess, sys, tempfile, zipfile
from packaging.version import Version

PYPI = ["0", "0.0", "0.dev0", "0.5", "1.0", "1.0.0", "1", "1.0rc1", "1.0-RC.1", "1.0.dev1", "1.0a1.dev1", "1.0.post1", "1.0-1", "1.0+cu1",
        "1.0+CU.1", "1.0+1", "1!0.1", "1!1.0", "0!1.0", "v1.0", "1.0.1", "1.10", "1.9", "2.0", "2.0b2", "2.0.post1.dev3", "2018.1.1",
        "1.0c2", "1.0.preview-2", "1.0.rev", "1.0a.post1", "99999999999999999999"]
NPM = ["0.0.0", "0.0.0-0", "0.5.0", "1.0.0", "1.0.0-rc.1", "1.0.0-rc.2+x", "1.0.0+b", "v1.0.0", "1.0.1-0", "1.0.1", "1.10.0", "1.9.0", "2.0.0",
       "2.0.0-alpha", "2.0.0-alpha.beta", "1.0.0-rc", "1.0.0-rc.1.1", "1.0.0-1", "1.0.0-RC.1", "1.0.0-beta.11", "1.0.0-beta.2", "1.0.0-x-y-z.-",
       "1.0.0--", "9007199254740991.0.0"]
NODE = "const s=require('semver');const v=JSON.parse(require('fs').readFileSync(0));console.log(JSON.stringify(v.map(a=>v.map(b=>s.compare(a,b)))))"


def semver_order(folder):
    table = json.loads(subprocess.run(["node", "-e", NODE], input=json.dumps(NPM), cwd=folder, capture_output=True, text=True, check=True).stdout)
    place = {version: at for at, version in enumerate(NPM)}
    return functools.cmp_to_key(lambda a, b: table[place[a]][place[b]])


def affected(key, version, entry):
    """The schema's algorithm; `key` makes versions comparable."""
    if any(key(listed) == key(version) for listed in entry["versions"]):
        return True
    for events in (window["events"] for window in entry["ranges"] if window["type"] != "GIT"):
        limits = [event["limit"] for event in events if "limit" in event]
        if limits and not any(limit == "*" or key(version) < key(limit) for limit in limits):
            continue
        inside = False
        order = lambda event: (0,) if event.get("introduced") == "0" else (1, key(next(iter(event.values()))))
        for event in sorted((event for event in events if "limit" not in event), key=order):
            kind, bound = next(iter(event.items()))
            if kind == "introduced" and (bound == "0" or key(version) >= key(bound)):
                inside = True
            elif kind == "fixed" and key(version) >= key(bound) or kind == "last_affected" and key(version) > key(bound):
                inside = False
        if inside:
            return True
    return False


def invented(chance, versions, key):
    """Ranges without ties, which the specification leaves open, and listed versions."""
    ranges = []
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        events, seen = [], []
        for _ in range(chance.choice([1, 2, 2, 3, 4, 6])):
            kind = chance.choice(["introduced", "introduced", "fixed", "fixed", "last_affected", "limit"])
            bound = "*" if kind == "limit" and chance.random() < 0.2 else chance.choice(versions)
            if kind != "limit" and bound != "*":
                if any(key(bound) == key(other) for other in seen):
                    continue
                seen.append(bound)
            events.append({kind: bound})
        if not any("introduced" in event for event in events):
            events.append({"introduced": "0"})
        ranges.append({"type": chance.choice(["SEMVER", "ECOSYSTEM", "ECOSYSTEM", "GIT"]), "events": events})
    return {"ranges": ranges, "versions": chance.sample(versions, chance.randint(0, 3)) if chance.random() < 0.4 else []}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("fngate")
    arguments.add_argument("--semver")
    arguments.add_argument("--seed", type=int, default=1)
    arguments = arguments.parse_args()
    chance = random.Random(arguments.seed)
    orders = {"PyPI": (PYPI, Version)}
    if arguments.semver:
        orders |= {"npm": (NPM, semver_order(arguments.semver)), "crates.io": (NPM, semver_order(arguments.semver))}
    questions, expected = [], []
    with tempfile.TemporaryDirectory() as folder:
        for ecosystem, (versions, key) in orders.items():
            os.makedirs(f"{folder}/{ecosystem}")
            with zipfile.ZipFile(f"{folder}/{ecosystem}/all.zip", "w", zipfile.ZIP_DEFLATED) as dump:
                for at in range(2000):
                    entry = {"package": {"ecosystem": ecosystem, "name": f"p{at}"}} | invented(chance, versions, key)
                    dump.writestr(f"T-{at}.json", json.dumps({"id": f"T-{at}", "modified": "2026-01-01T00:00:00Z", "affected": [entry]}))
                    for version in versions:
                        questions.append({"ecosystem": ecosystem, "name": f"p{at}", "version": version})
                        expected.append((affected(key, version, entry), entry))
        database, batch = f"{folder}/a.db", f"{folder}/batch"
        subprocess.run([arguments.fngate, "db", "build", "--from", folder, "--output", database], check=True, stdout=subprocess.DEVNULL)
        with open(batch, "w") as lines:
            lines.writelines(json.dumps(question) + "\n" for question in questions)
        command = [arguments.fngate, "-q", "query", "--advisories", "offline", "--db", database, "--batch", batch, "--format", "json"]
        answers = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    wrong = 0
    for question, (want, entry), line in zip(questions, expected, answers, strict=True):
        answer = json.loads(line)
        if bool(answer.get("vulnerabilities")) != want or "error" in answer:
            wrong += 1
            if wrong <= 10:
                print(json.dumps({"question": question, "affected": want, "entry": entry, "error": answer.get("error")}))
    print(f"{len(questions) - wrong} of {len(questions)} as {', '.join(orders)} say" + ("" if arguments.semver else "; npm and crates.io not compared"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
