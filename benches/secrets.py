#!/usr/bin/env python3
"""What the secret scanner finds where there is nothing to find: two trees of packages that functions really carry.

usage: secrets.py [--fngate BIN] [--gitleaks BIN] [--keep DIR] [--most N]

Makes node/node_modules with npm and python/ with pip, 30 popular packages each at pinned versions (npm's dependencies as of a date; pip's
whatever fits), and searches each. Prints a row a tree and tool (files, megabytes, seconds, megabytes a second, findings by level), the
findings by rule, and every finding of level deny. --keep makes the trees in DIR and uses them again; --gitleaks prints a row of gitleaks
beside, and one of gitleaks within node_modules, a folder that its configuration skips; --most exits 1 where more than N findings of level
deny are left over all trees.
"""
import argparse, collections, contextlib, json, os, shutil, subprocess, sys, tempfile, time

NPM_AS_OF = "2026-11-26"
NPM = """
aws-sdk@2.1693.0 @aws-sdk/client-s3@3.1175.0 @aws-sdk/client-dynamodb@3.1169.0 @azure/identity@4.13.1 @azure/storage-blob@12.32.0
@sendgrid/mail@8.1.6 @slack/web-api@8.2.0 axios@1.21.1 esbuild@0.28.2 express@5.3.0 firebase-admin@13.10.0 googleapis@178.0.0
jose@6.2.18 jsonwebtoken@9.0.3 jsrsasign@11.1.5 lodash@4.18.1 mongodb@7.9.0 node-forge@1.4.3 nodemailer@10.6.1 openai@6.49.0
pg@8.23.1 playwright-core@1.65.1 puppeteer-core@24.43.1 redis@6.3.1 ssh2@1.17.0 stripe@23.1.0 twilio@6.3.1 typescript@7.0.2
undici@8.13.1 webpack@5.113.0
"""
PYPI = """
ansible-core==2.19.14 anthropic==2.14.0 azure-identity==1.27.0 azure-storage-blob==12.31.1 boto3==1.44.8 botocore==1.44.8
cryptography==50.0.2 django==5.2.19 djangorestframework==3.18.3 fastapi==0.165.0 flask==3.1.3 google-cloud-storage==3.17.1
kubernetes==37.0.1 numpy==2.4.6 oauthlib==4.0.1 openai==3.57.0 pandas==3.1.1 paramiko==5.1.0 pip==26.3 pydantic==2.14.4
pyjwt==2.15.1 pymongo==4.20.1 requests==2.34.2 sendgrid==6.12.5 setuptools==84.2.1 slack-sdk==3.48.0 sqlalchemy==2.1.9
stripe==16.1.0 twilio==9.13.0 twisted==26.10.0
"""


def made(folder, wanted, commands):
    """Makes a tree once: a file beside it says what it was made of."""
    stamp = f"{folder}.made"
    if os.path.exists(stamp) and open(stamp).read() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for command in commands:
        print("  " + " ".join(command)[:118], file=sys.stderr)
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
    with open(stamp, "w") as out:
        out.write(wanted)


def trees(root):
    node, python = os.path.join(root, "node"), os.path.join(root, "python")
    install = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", f"--before={NPM_AS_OF}"]
    made(node, NPM, [["npm", "init", "--yes"], install + NPM.split()])
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--target", "."]
    made(python, PYPI, [pip + PYPI.split()])
    return [("node", node), ("python", python)]


def size(folder):
    files = total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            if os.path.isfile(path) and not os.path.islink(path):
                files, total = files + 1, total + os.path.getsize(path)
    return files, total / 1e6


def timed(command, good, folder=None):
    """Wall and processor seconds, and peak memory in MB."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in good:
        sys.exit(f"exit {child.returncode}: {' '.join(command)}\n{said.decode(errors='replace')[-2000:]}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def row(tree, tool, files, mb, cost, levels):
    wall, processor, memory = cost
    print(f"{tree:<8}{tool:<18}{files:>7}{mb:>7.0f}{wall:>8.1f}{processor:>8.1f}{mb / wall:>8.1f}{mb / processor:>8.1f}{memory:>7.0f}   {levels}")


def fngate(binary, name, folder, files, mb, out):
    report = os.path.join(out, f"{name}.json")
    cost = timed([binary, "secrets", folder, "--format", "json", "--output", report], (0, 1))
    with open(report) as lines:
        report = json.load(lines)
    found, problems = report["secrets"], report["problems"]
    levels = collections.Counter(secret["level"] for secret in found)
    row(name, "fngate", files, mb, cost, " ".join(f"{level} {levels[level]}" for level in ("deny", "warn", "info")))
    return found, problems


def gitleaks(binary, name, tool, folder, files, mb, out):
    """Searches from within `folder`: its configuration goes by the path as it is given."""
    report = os.path.join(out, f"{name}.gitleaks.json")
    command = [os.path.abspath(binary), "dir", ".", "--no-banner", "-f", "json", "-r", report, "--exit-code", "0"]
    cost = timed(command, (0,), folder)
    with open(report) as lines:
        rules = collections.Counter(leak["RuleID"] for leak in json.load(lines) or [])
    row(name, tool, files, mb, cost, f"all {sum(rules.values())}: " + ", ".join(f"{rule} {count}" for rule, count in rules.most_common(4)))


def main():
    arguments = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    arguments.add_argument("--fngate", default="target/release/fngate")
    arguments.add_argument("--gitleaks")
    arguments.add_argument("--keep", metavar="DIR")
    arguments.add_argument("--most", type=int, metavar="N")
    arguments = arguments.parse_args()
    with contextlib.ExitStack() as stack:
        root = arguments.keep or stack.enter_context(tempfile.TemporaryDirectory())
        out = stack.enter_context(tempfile.TemporaryDirectory())
        os.makedirs(root, exist_ok=True)
        made_trees = trees(os.path.abspath(root))
        print(f"{'tree':<8}{'tool':<18}{'files':>7}{'MB':>7}{'wall s':>8}{'CPU s':>8}{'MB/s':>8}{'MB/CPU':>8}{'RSS':>7}   findings")
        findings, problems = [], []
        for name, folder in made_trees:
            files, mb = size(folder)
            found, unseen = fngate(arguments.fngate, name, folder, files, mb, out)
            findings += [(name, secret) for secret in found]
            problems += [(name, problem) for problem in unseen]
            if arguments.gitleaks:
                gitleaks(arguments.gitleaks, name, "gitleaks", folder, files, mb, out)
                inner = os.path.join(folder, "node_modules")
                if os.path.isdir(inner):
                    gitleaks(arguments.gitleaks, name, "gitleaks, inside", inner, files, mb, out)
        rules = collections.Counter((secret["rule"], name, secret["level"]) for name, secret in findings)
        print(f"\n{'rule':<44}" + "".join(f"{tree + ' ' + level:>13}" for tree, _ in made_trees for level in ("deny", "warn", "info")))
        for rule in sorted({rule for rule, _, _ in rules}):
            counts = (rules[rule, tree, level] for tree, _ in made_trees for level in ("deny", "warn", "info"))
            print(f"{rule:<44}" + "".join(f"{count or '':>13}" for count in counts))
        denied = [(name, secret) for name, secret in findings if secret["level"] == "deny"]
        print(f"\ndeny: {len(denied)}")
        for name, secret in denied:
            print(f"  {secret['rule']:<30} {name}/{secret['path']}:{secret['line']}:{secret['column']}")
        for name, problem in problems:
            print(f"\nproblem: {name}: {problem['kind']}: {problem['message']}")
        if arguments.most is not None and len(denied) > arguments.most:
            sys.exit(1)


if __name__ == "__main__":
    main()
