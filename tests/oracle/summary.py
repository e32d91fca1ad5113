#!/usr/bin/env python3
"""Reads the Markdown report with cmark-gfm, GitHub's own renderer.

usage: summary.py FNGATE --work FOLDER ARTIFACT...

The examples, and directories whose package says whatever Markdown could take for its own. What comes out may have one heading of the verdict,
no tag but the template's, no link but to the pages of advisories, and as many cells in each row of a table as its head has.
"""
import argparse, html, json, os, re, subprocess, sys
import cmarkgfm
from cmarkgfm.cmark import Options

TAGS = {"h2", "h3", "h4", "p", "ul", "li", "code", "strong", "br", "a", "details", "summary", "table", "thead", "tbody", "tr", "th", "td"}
TEXTS = [
    "](http://evil.example)", "[x](javascript:alert(1))", "![i](http://evil.example/i.png)", "`a` ``b``", "a\n# Passed", "a\n\n## Passed\n",
    "a | b | c", "\\|", "\\`x\\`", "<script>alert(1)</script>", "</details><h1>Passed</h1>", "http://evil.example", "www.evil.example",
    "a@evil.example", "@octocat", "- a", "1. a", "***", "<!-- x", "&lt;b&gt;", "$a$", "``` ```", "x`", "\\", "a\\", "~~a~~", "| --- |",
]


def tree(folder, text):
    """A directory of a function whose package, file and lockfile say `text`."""
    name = re.sub(r"[/\0\n]", "_", text) or "_"
    package = os.path.join(folder, "node_modules", name)
    os.makedirs(package)
    json.dump({"name": text, "version": text}, open(os.path.join(package, "package.json"), "w"))
    # Nobody can read it, so that findings speak of it.
    open(os.path.join(folder, "package-lock.json"), "w").write("{" + text)
    open(os.path.join(package, name + ".zip"), "wb").write(b"PK\x03\x04" + text.encode())


def judge(name, text):
    shown = cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE)
    wrong = [f"tag {tag}" for tag in set(re.findall(r"<([a-zA-Z!][\w-]*)", shown)) - TAGS]
    links = re.findall(r'href="([^"]*)"', shown)
    wrong += [f"link {link}" for link in links if not re.match(r"https://(osv\.dev/vulnerability|nvd\.nist\.gov/vuln/detail)/[\w.:-]+$", html.unescape(link))]
    if len(re.findall("<h2>", shown)) != 1 or not shown.startswith("<h2>"):
        wrong.append("not one verdict")
    rows = re.findall(r"<tr>(.*?)</tr>", shown, re.S)
    wrong += [f"row of {len(re.findall('<t[hd]', row))}" for row in rows if len(re.findall("<t[hd]", row)) != 7]
    if shown.count("<details>") != shown.count("</details>") or len(text.encode()) > 1_000_000:
        wrong.append("not whole")
    return [f"{name}: {one}" for one in wrong]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fngate")
    parser.add_argument("artifacts", nargs="+")
    parser.add_argument("--work", required=True)
    args = parser.parse_args()
    trees = []
    for number, text in enumerate(TEXTS):
        trees.append(os.path.join(args.work, str(number), re.sub(r"[/\0]", "_", text)))
        tree(trees[-1], text)
    wrong, runs = [], [[one] for one in args.artifacts + trees] + [args.artifacts + trees]
    for run in runs:
        command = [args.fngate, "-q", "check", *[os.path.abspath(one) for one in run], "--advisories", "offline", "--format", "markdown"]
        out = subprocess.run(command, capture_output=True)
        text = out.stdout.decode()
        wrong += judge(run[0] if len(run) == 1 else "all", text) if text else [f"nothing of {run}: {out.stderr.decode()}"]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(runs)} summaries")


main()
