#!/usr/bin/env python3
"""The advisory engine as a whole process, on real or invented dumps of OSV's kind.

usage: scale.py DUMPS [--fngate BIN] [--runs N]

DUMPS holds folders npm, PyPI and crates.io with an `all.zip` each. Compiles them, and asks about one package, about 1,000 of which one in
ten is in the dump, and about 1,000 that all are. Prints the median wall and processor time and the greatest peak memory of N runs
(compiling: 3), and the size of the database as a share of the dumps.
"""
import argparse, glob, json, os, random, statistics, subprocess, sys, tempfile, time, zipfile


def run(command):
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        sys.exit(f"exit {child.returncode}: {' '.join(command)}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def row(name, runs):
    wall, processor, memory = zip(*runs)
    print(f"{name:<38} {statistics.median(wall) * 1000:>9.1f} {statistics.median(processor) * 1000:>9.1f} {max(memory):>9.0f}")


def drawn(dumps, count):
    """Packages that the records name, each at a version that the record lists or at one that any might have."""
    chance = random.Random(1)
    with zipfile.ZipFile(f"{dumps}/npm/all.zip") as dump:
        names = [name for name in dump.namelist() if name.endswith(".json")]
        for name in chance.sample(names, min(count * 2, len(names))):
            for entry in json.loads(dump.read(name)).get("affected", []):
                package = entry.get("package") or {}
                if package.get("ecosystem") == "npm":
                    yield {"ecosystem": "npm", "name": package["name"], "version": (entry.get("versions") or ["1.2.3"])[0]}
                    break


def batches(dumps, folder):
    """Writes what is asked, in a process of its own: a child's peak memory begins with its parent's."""
    if child := os.fork():
        return os.waitpid(child, 0)[1]
    packages = list(drawn(dumps, 1000))[:1000]
    unknown = [{"ecosystem": "npm", "name": f"nobody-knows-{at}", "version": "1.0.0"} for at in range(900)]
    for at, batch in enumerate([packages[:1], packages[:100] + unknown, packages]):
        with open(f"{folder}/{at}", "w") as lines:
            lines.writelines(json.dumps(package) + "\n" for package in batch)
    os._exit(0)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("dumps")
    arguments.add_argument("--fngate", default="target/release/fngate")
    arguments.add_argument("--runs", type=int, default=15)
    arguments = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = f"{folder}/advisories.db"
        build = [arguments.fngate, "-q", "db", "build", "--from", arguments.dumps, "--output", database]
        print(f"{'':<38} {'wall ms':>9} {'cpu ms':>9} {'peak MiB':>9}")
        row("compile", [run(build) for _ in range(3)])
        if batches(arguments.dumps, folder):
            sys.exit("the dumps cannot be read")
        for at, name in enumerate(["1 package", "1,000 packages, 100 in the dump", "1,000 packages, all in the dump"]):
            query = [arguments.fngate, "-q", "query", "--advisories", "offline", "--db", database, "--batch", f"{folder}/{at}", "--format", "json"]
            run(query)
            row(name, [run(query) for _ in range(arguments.runs)])
        zips = sum(os.path.getsize(path) for path in glob.glob(f"{arguments.dumps}/*/all.zip"))
        print(f"database: {os.path.getsize(database)} bytes, {os.path.getsize(database) / zips:.3f} of the dumps")


if __name__ == "__main__":
    main()
