#!/usr/bin/env python3
"""Holds fngate's reading of rule files against gitleaks, whose format they have.

usage: secret_rules.py FNGATE GITLEAKS [--seed N] [--cases N] [--jobs N]

Random rule files over random texts: every field of the format and what the fields make of each other. GITLEAKS is a release of gitleaks
8.30, which is built with RE2. Both programs search the same tree with the same rules. Either both refuse the rules, or they find the same:
a rule, a file, and a secret of the same bytes at the same place. A case is one rule file over one text.

gitleaks gives the place of the match, in bytes: lines from 1, columns from 1 on the first line and from 2 on others, because there it counts
from the newline; a match that begins with newlines is on the line behind the first of them. fngate gives the place of the secret, lines
and columns from 1. Here both become offsets.

KNOWN lists where fngate differs on purpose; each entry is run, and that the two differ as it says is part of the test. Beyond these, `[extend]
useDefault` stands for the rules that ship with fngate, a file has no more than 1,000 findings, and what stands in a text in another encoding
is not compared: each program has its own ideas of that. Exits 1 on any other difference.
"""
import argparse, concurrent.futures, copy, json, os, random, subprocess, sys, tempfile

A = "[[rules]]\nid = 'a'\nregex = '''key=(\\w+)'''\n"
# Name, reason, rule file, tree, what fngate finds, what gitleaks finds: (rule, file) or None where the rules are refused.
KNOWN = [
    ("no rules", "a gate that searches for nothing must not pass", "title = 'x'\n", {"f": b"key=abc\n"}, None, []),
    ("a value of another type", "gitleaks turns numbers into texts and texts into numbers; that is a mistake in the file",
     "[[rules]]\nid = 'a'\nregex = 7\n", {"f": b"7\n"}, None, [("a", "f")]),
    ("paths skip whatever else is asked", "gitleaks skips a file over a path of a global allowlist before it reads `condition`",
     A + "[[allowlists]]\ncondition = 'AND'\npaths = ['''f''']\nregexes = ['''zzz''']\n", {"f": b"key=abc\n"}, [("a", "f")], []),
    ("paths skip folders", "gitleaks holds paths of a global allowlist against folders too, but only where it walks them itself",
     A + "[[allowlists]]\npaths = ['''^d$''']\n", {"d/f": b"key=abc\n"}, [("a", "d/f")], []),
    ("the last line", "to gitleaks the last line, if no newline ends it, is all that is before it too: anything there would let it pass",
     A + "[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['''ok''']\n", {"f": b"ok\nkey=abc"}, [("a", "f")], []),
    ("a match of nothing", "a finding without a character says nothing", "[[rules]]\nid = 'a'\nregex = '''x*'''\n", {"f": b"y\n"}, [], [("a", "f")] * 3),
    ("inline markers", "what is searched does not decide what is found", A, {"f": b"key=abc gitleaks:allow\n"}, [("a", "f")], []),
    ("an ignore file in the tree", "what is searched does not decide what is found", A,
     {"f": b"key=abc\n", ".gitleaksignore": b"f:a:1\n"}, [("a", "f")], []),
    ("programs", "gitleaks skips what it takes for a program or a document", A, {"f": b"\x7fELF\x02\x01\x01 key=abc\n" + 300 * b"x"}, [("a", "f")], []),
    ("names of archives", "gitleaks goes by the name alone and opens no archive unless it is asked to", A, {"f.gz": b"key=abc\n"}, [("a", "f.gz")], []),
    ("fragments", "gitleaks looks for keywords in about 100 kB at a time", A + "keywords = ['zzz']\n",
     {"f": b"key=abc\n" + 30000 * b"0123456789\n" + b"zzz\n"}, [("a", "f")], []),
    ("bytes that are no UTF-8", "RE2 takes overlong sequences for characters", "[[rules]]\nid = 'a'\nregex = '''key=.;'''\n",
     {"f": b"key=\xe0\x80\x80;\n"}, [], [("a", "f")]),
]

WORDS = ["key", "Key", "KEY", "tok", "abc", "ab c", "zz9", "k", "K", "s", "\u017f", "\u212a", "\u0130", "i", "\u00e9", "\u00c9t\u00e9", "\u03b1\u03b2",
         "\U0001f511", "=", "=", ":", " ", " ", "\t", "\x0b", "\r", "'", '"', "a_b", "{", "}", "$", "]", "-", "&&", "1", "42", "abab", "aabbccdd", "\u00e9\u00e8\u00ea\u00eb",
         "k.e", "generic", "<", "a-b"]
LITERALS = ["a", "b", "k", "K", "s", "z", "9", "e", "_", "=", ":", "-", "\u00e9", "\u03b2", " ", "'", "<", "&", "~", "#", "key", "tok", "abc", "(?:ab)", "]", "}", "{",
            "{,2}", "a{01}", r"\.", r"\$", r"\{", r"\_", r"\-", r"\<", r"\/", r"\x6b", r"\x{6B}", r"\153", r"\x{E9}", r"\n", r"\t", r"\x0b", r"\xe9", r"\Qk.e\E", r"\Q=\E"]
CLASSES = [".", ".", r"\w", r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", "[a-z]", "[A-Z0-9_]", "[^a]", "[^\\s=]", "[\\w-]", "[\\d-z]", "[[:alpha:]]", "[[:^digit:]]",
           "[[:space:]]", "[[:word:].]", "[]a]", "[^]a]", "[a&&b]", "[[a]", "[--9]", "[a~~b]", "[\u00e8-\u00ea]", "[\\x{e9}k]", r"[\pL]", r"[^\PL]", r"\pN", r"\pL", r"\p{Greek}",
           r"\PL", r"\p{^Lu}", r"[\p{Lu}\d]", r"[^\W]", r"[\D]", r"\C", "[^\n]", r"[\n=]", r"\p{Any}", r"[\x{D7FF}-\x{E000}a]", r"\p{C}", r"\p{So}", "[ -~]", r"[\s\S]"]
ANCHORS = ["^", "$", r"\b", r"\b", r"\B", r"\A", r"\z", "(?m:^)", "(?m:$)", "(?m)", "(?i)", "(?s)", "(?U)", "(?-i)", "(?i-s)"]
MARKS = ["*", "+", "?", "+", "*?", "+?", "??", "{2}", "{1,3}", "{2,}", "{1,2}?", "{0}", "{0,2}"]
OPENINGS = ["(", "(", "(", "(?:", "(?P<n%d>", "(?<n%d>", "(?i:", "(?s:", "(?U:", "(?m-i:"]
ODD = ["()", "(|a)+", "(a|)*", "(a*)*", "(a*)+", "^*", r"a*\Q\E*", "a(?i)*", "(?)", r"\x{D800}", r"[^\x{0}-\x{10FFFF}]", r"(?P<n>a)(?P<n>b)", r"(?P<\u00e9>a)", r"\777", r"\p{Cs}", "(?:)",
       "((a)|b)+", "(?i)\u017f", "(a{0}|b)", "[[:alpha:]-z]", "[a-]", "[-a]", r"\pZ", "x{2,3", r"\08", r"\0", "[[.a.]]", "a{1000}", "(?:a{0,1000}){1}", "(?i:\u212a|\u03b2)",
       "(?:a|b|ab)(?:c|bcd)?", "(a|ab)(c|bcd)?", "(a+|b+)*", "(?:(?:a?)+b?)+", r"(?:\b)+k", r"\Q\E", "[[a-z]&&[k]]", "(?-i:k)", "(?i:(?-i:k)s)", "(?s-U:.+)", "(?U:k+)", "[\u00e9]"]
REFUSED = ["(", ")", "[", "[z-a]", "*", "|*", "a**", "a*?+", "a{2}{3}", "a{1001}", "(a{100}){11}", "x{2,1}", "(?x)a", "(?=a)", "(?<!a)", "(?i-)", "(?P<>a)", "(?#c)", "[[:foo:]]",
           r"[a-\d]", r"[\b]", r"\8", r"\1", r"\Z", r"\E", r"\h", r"\p{greek}", r"\p{Letter}", r"\p{L", r"\x{}", r"\x{110000}", r"\xg1", "\\", r"\cA", r"\Qab", "[a",
           r"\R", r"[\Q]", r"(?P<n", "[[=a=]", "(?P=n)", "(?>a)", "a++", r"\G", r"\X", r"\K", r"\u00e9", r"\i", "(?i", "[[:alpha]", "[[:^alpha:]", r"\pX", r"\p{^}", r"\p{}", "(?n)a"]
# What people write.
USUAL = [r"key=(\w+)", r"(?i)key\s*[:=]\s*['\"]?([^\s'\"]+)", r"\b(ab\w*)\b", r"(k)|(s)|(a)", r"tok(?:en)?[=:](?P<v>\S+)", r"\n*key.*\n*", r"(?m)^.*abc.*$", r"(?s)key.*?tok", r"[a-z]{3,5}", r"\w+",
         r"(?i)\b(key|tok)\b", r"\d{2}", r"[\w.-]+=(\w)?(\S*)", r"(?:^|[^a-z])(abc)(?:$|[^a-z])", r"key(?:[^\n]*\n){1,2}", "\u00e9+", r"\$\{?\w*", r"(a)(b)?(c)?", r"(?i)k", r"[^\x00-\x7F]+", r"(\w+)$"]
KEYWORDS = ["key", "KEY", "tok", "\u00e9", "\u00c9", "k", "\u212a", "i", "\u0130", "", "zzz", "abc", "ab", "b c", "\u03b2", "=", "generic"]
PATHS = [r"\.txt$", "^a/", "b", r"\.env", "(?i)TXT", "^f", "/", r"\w/", r"[^.]\.md", ""]
# No folder of the tree matches these.
FILES = [r"\.txt$", r"^f\d*\.", r"b/c\d", "(?i)ENV$", r"\d\.md"]
IDS = ["a", "b", "c", "my-generic", "Generic", "d"]


class Made:
    """A random expression."""

    def __init__(self, chance, refused=0.0):
        self.chance, self.groups, self.names = chance, 0, 0
        if chance.random() < 0.3:
            self.text = chance.choice(USUAL)
            self.groups = self.text.count("(") - sum(map(self.text.count, ["(?:", "(?i)", "(?m)", "(?s)"]))
        else:
            self.text = self.alternation(2)
        if chance.random() < refused:
            at = chance.randint(0, len(self.text))
            self.text = self.text[:at] + chance.choice(REFUSED) + self.text[at:]

    def alternation(self, depth):
        return "|".join(self.sequence(depth) for _ in range(self.chance.choice([1, 1, 1, 1, 1, 2])))

    def sequence(self, depth):
        return "".join(self.item(depth) for _ in range(self.chance.choice([1, 1, 1, 2, 2, 3])))

    def item(self, depth):
        chance = self.chance
        if chance.random() < 0.02:
            return chance.choice(ODD)
        if chance.random() < 0.12:
            return chance.choice(ANCHORS)
        if depth and chance.random() < 0.35:
            opening = chance.choice(OPENINGS)
            if "%d" in opening:
                self.names += 1
                opening %= self.names
            if opening == "(" or "n" in opening:
                self.groups += 1
            atom = opening + self.alternation(depth - 1) + ")"
        else:
            atom = chance.choice(LITERALS if chance.random() < 0.5 else CLASSES)
        return atom + chance.choice(MARKS) if chance.random() < 0.35 else atom


def sample(chance, of, most):
    return [chance.choice(of) for _ in range(chance.randint(1, most))]


def allowlist(chance, paths=PATHS):
    entry = {}
    if chance.random() < 0.3:
        entry["description"] = "why"
    if chance.random() < 0.5:
        entry["condition"] = chance.choice(["OR", "AND", "and", "or", "||", "&&", "AND", ""])
    if chance.random() < 0.5:
        entry["regexTarget"] = chance.choice(["secret", "match", "line", "line", "match", ""])
    if chance.random() < 0.55:
        entry["regexes"] = [Made(chance, chance.spoilt and 0.02).text for _ in range(chance.randint(1, 3))]
    if chance.random() < 0.5:
        entry["stopwords"] = sample(chance, KEYWORDS, 2)
    if paths and chance.random() < 0.3:
        entry["paths"] = sample(chance, paths, 2)
    if chance.random() < 0.08:
        entry["commits"] = ["0123456789abcdef"]
    if not set(entry) & {"regexes", "stopwords", "paths", "commits"}:
        entry["stopwords"] = ["abc"]
    return entry


def with_allowlists(chance, table, chances, make):
    if chance.random() < chances:
        if chance.random() < 0.2:
            table["allowlist"] = make()
        else:
            table["allowlists"] = [make() for _ in range(chance.randint(1, 2))]


def rule(chance, id, ids):
    made = Made(chance, chance.spoilt and 0.1)
    out = {"id": id}
    kind = chance.random()
    if kind < 0.9:
        out["regex"] = made.text
        if chance.random() < 0.25:
            out["path"] = chance.choice(PATHS)
    else:
        out["path"] = chance.choice(PATHS[:-1])
    if chance.random() < 0.3:
        out["secretGroup"] = chance.choice([0, 1, made.groups, made.groups, -1]) if made.groups else chance.choice([0, 0, -2])
    if chance.random() < 0.3:
        out["entropy"] = chance.choice([0, 0.5, 1, 1.0, 1.5, 2.0, 2.5, 0.9, 1.58, -1])
    if chance.random() < 0.45:
        out["keywords"] = sample(chance, KEYWORDS, 3) if chance.random() < 0.9 else chance.choice(["key", "key,tok", ""])
    if chance.random() < 0.2:
        out["tags"] = ["t"]
    if chance.random() < 0.2:
        out["description"] = "what"
    if chance.random() < 0.1:
        out["skipReport"] = chance.choice([True, True, False])
    with_allowlists(chance, out, 0.4, lambda: allowlist(chance))
    if chance.random() < 0.25:
        out["required"] = []
        for _ in range(chance.choice([1, 1, 2])):
            part = {"id": chance.choice(ids)}
            if chance.random() < 0.5:
                part["withinLines"] = chance.choice([0, 0, 1, 2, 3, -1])
            if chance.random() < 0.5:
                part["withinColumns"] = chance.choice([0, 1, 2, 3, 5, 8, -1])
            out["required"].append(part)
    return out


def config(chance, extends=None):
    ids = sample(chance, IDS, 4)
    if chance.random() < 0.93:
        ids = list(dict.fromkeys(ids))
    out = {"rules": [rule(chance, id, ids) for id in ids]}
    if chance.random() < 0.1:
        out["title"] = "t"
    if chance.random() < 0.06:
        out["minVersion"] = chance.choice(["v8.25.0", "8.30", "99.0.0-rc.1", "1.2.3+b", "8.25-rc1", "8.25.0--1"])

    def entry():
        # gitleaks skips files over `paths` whatever the condition is: KNOWN.
        out = allowlist(chance, FILES)
        if str(out.get("condition")).upper() in ("AND", "&&"):
            out.pop("paths", None)
            out.setdefault("stopwords", ["b"])
        if chance.random() < 0.4:
            out["targetRules"] = sample(chance, ids, 2)
        return out

    with_allowlists(chance, out, 0.35, entry)
    if extends:
        out["extend"] = {"path": extends}
        if chance.random() < 0.4:
            out["extend"]["disabledRules"] = sample(chance, IDS, 2)
    spoil(chance, out)
    return out


def spoil(chance, out):
    """One fault, so that the whole is refused, or would be if anybody looked there."""
    if not chance.spoilt or chance.random() < 0.3:
        return
    one = chance.choice(out["rules"])
    fault = chance.choice(["version", "default", "unknown", "id", "blank", "find", "condition", "target", "both", "empty", "top", "required", "group", "path"])
    if fault == "id":
        one.pop("id")
    elif fault == "blank":
        one["id"] = " "
    elif fault == "find":
        one.pop("regex", None), one.pop("path", None)
    elif fault in ("condition", "target"):
        entry = allowlist(chance)
        entry |= {"condition": chance.choice(["XOR", "ANd", "|"])} if fault == "condition" else {"regexTarget": chance.choice(["LINE", "Match", "path"])}
        one.pop("allowlist", None)
        one["allowlists"] = [entry]
    elif fault == "both":
        one["allowlist"], one["allowlists"] = {"stopwords": ["q"]}, [{"stopwords": ["r"]}]
    elif fault == "empty":
        one.pop("allowlists", None)
        one["allowlist"] = chance.choice([{}, {"description": "x"}])
    elif fault == "top":
        out.pop("allowlists", None)
        out["allowlist"] = chance.choice([{}, {"description": "x"}, {"regexes": []}])
    elif fault == "version":
        out["minVersion"] = chance.choice(["latest", "8.x", "8.", "v", "8_1", "8.25rc1", "8.1-_"])
    elif fault == "default":
        out["extend"] = out.get("extend", {"path": ""}) | {"useDefault": True}
        if not out["extend"]["path"]:
            out["extend"]["path"] = "../0.toml"
    elif fault == "unknown":
        out.pop("allowlist", None)
        out["allowlists"] = [{"targetRules": ["nobody"], "stopwords": ["a"]}]
    elif fault == "required":
        one["required"] = [chance.choice([{}, {"id": "nobody"}])]
    elif fault == "group":
        one["secretGroup"] = 9
    else:
        one["path"] = chance.choice(REFUSED)


def toml(table):
    """As TOML; keys of any case are the same to gitleaks."""
    def value(of):
        if isinstance(of, bool):
            return "true" if of else "false"
        if isinstance(of, str):
            return json.dumps(of, ensure_ascii=False).replace("\x7f", "\\u007f")
        return "[" + ", ".join(map(value, of)) + "]" if isinstance(of, list) else repr(of)

    lines = []

    def write(table, at):
        inner = []
        for key, of in table.items():
            if isinstance(of, dict) or isinstance(of, list) and of and isinstance(of[0], dict):
                inner.append((key, of))
            else:
                lines.append(f"{key} = {value(of)}")
        for key, of in inner:
            for one in of if isinstance(of, list) else [of]:
                lines.append(("[[%s]]" if isinstance(of, list) else "[%s]") % ".".join([*at, key]))
                write(one, [*at, key])

    write(table, [])
    return "\n".join(lines) + "\n"


def text(chance, ended):
    lines = ["".join(chance.choice(WORDS) for _ in range(chance.choice([0, 1, 2, 4, 8]))) for _ in range(chance.choice([1, 1, 2, 3, 5]))]
    out = "\n".join(lines).encode()
    if chance.random() < 0.08:
        at = chance.randint(0, len(out))
        out = out[:at] + chance.choice([b"\xff", b"\xe9", b"\xe2\x82", b"\x80"]) + out[at:]
    return out + b"\n" if ended or chance.random() < 0.6 else out or b"\n"


def case(chance, texts):
    """Rule files by name, the first is the one to load, and a tree."""
    chance.spoilt = chance.random() < 0.2
    depth = chance.choice([0, 0, 0, 0, 1, 1, 2, 3])
    files = {f"{at}.toml": config(chance, f"../{at + 1}.toml" if at < depth else None) for at in range(depth + 1)}
    # Rules that only add to those of a base.
    for at in range(depth):
        based = {one.get("id") for other in range(at + 1, min(depth, 2) + 1) for one in files[f"{other}.toml"]["rules"]}
        for one in files[f"{at}.toml"]["rules"]:
            if one.get("id") in based and chance.random() < 0.6:
                for field in chance.sample(["regex", "path", "keywords", "secretGroup", "allowlists", "required", "entropy"], 3):
                    one.pop(field, None)
    # To gitleaks a match of nothing is a finding, and with that a part of others: KNOWN.
    parts = {part.get("id") for table in files.values() for one in table["rules"] for part in one.get("required", [])}
    for one in (one for table in files.values() for one in table["rules"] if one.get("id") in parts and one.get("regex")):
        one["regex"] = f"(?:{one['regex']})[a-z=]"
    ended = '"line"' in json.dumps(files)
    tree = {}
    for at in range(texts):
        tree[chance.choice(["f%d.txt", "a/g%d.TXT", "a/b/c%d.env", "h%d.md", "a/x%d"]) % at] = text(chance, ended)
    return files, tree


def write(folder, files, tree):
    for name, content in files.items():
        with open(os.path.join(folder, name), "w") as out:
            out.write(content if isinstance(content, str) else toml(content))
    for name, content in tree.items():
        path = os.path.join(folder, "tree", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(content)


def lossy(data):
    """As gitleaks' report has it: a replacement for each byte that is no UTF-8."""
    out, at = [], 0
    while at < len(data):
        try:
            out.append(data[at:].decode())
            break
        except UnicodeDecodeError as fault:
            out.append(data[at:at + fault.start].decode() + "\ufffd")
            at += fault.start + 1
    return "".join(out)


def occurrences(data, low, high, wanted):
    """Where in data[low:high] something stands that the report writes as `wanted`."""
    if "\ufffd" not in wanted:
        sought = wanted.encode()
        return {at for at in range(low, high - len(sought) + 1) if data.startswith(sought, at)}
    return {at for at in range(low, high) for end in range(at + 1, high + 1) if lossy(data[at:end]) == wanted}


def theirs(program, folder, full=False):
    """What gitleaks finds: (rule, file, places the secret may have, words); `None` where it refuses the rules."""
    report = os.path.join(folder, "report.json")
    if os.path.exists(report):
        os.remove(report)
    command = [program, "dir", ".", "--no-banner", "-f", "json", "-r", report, "--exit-code", "0", "--max-decode-depth", "0", "-c", "../0.toml"]
    run = subprocess.run(command + ([] if full else ["--ignore-gitleaks-allow"]), cwd=os.path.join(folder, "tree"), capture_output=True)
    if run.returncode != 0:
        return None
    out, trees = [], {}
    with open(report) as file:
        findings = json.load(file)
    for one in findings:
        data = trees.get(one["File"])
        if data is None:
            with open(os.path.join(folder, "tree", one["File"]), "rb") as file:
                data = trees[one["File"]] = file.read()
        if one["StartLine"] == 0:
            out.append((one["RuleID"], one["File"], {0}, "the file"))
            continue
        if not one["Match"]:
            out.append((one["RuleID"], one["File"], None, "nothing"))
            continue
        newlines = [at for at, byte in enumerate(data) if byte == 10]
        line = one["StartLine"] - 1
        begin = (newlines[line - 1] if line else 0) + one["StartColumn"] - 1
        while begin < len(data) and data[begin] == 10:
            begin += 1
        ends = [end for end in range(begin, min(len(data), begin + 4 * len(one["Match"])) + 1) if lossy(data[begin:end]) == one["Match"]]
        places = occurrences(data, begin, ends[-1], one["Secret"]) if ends else set()
        out.append((one["RuleID"], one["File"], places if one["Secret"] else set(range(begin, ends[-1] + 1 if ends else begin)), f"{one['Secret']!r} of {one['Match']!r} at {begin}"))
    return out


def ours(program, folder, full=False):
    """What fngate finds: (rule, file, place)."""
    command = [program, "-q", "secrets", ".", "--format", "json", "--jobs", "1", "--secret-rules", "../0.toml"]
    run = subprocess.run(command, cwd=os.path.join(folder, "tree"), capture_output=True)
    if run.returncode not in (0, 1, 2) or b"panicked" in run.stderr:
        raise RuntimeError(run.stderr.decode())
    if not run.stdout:
        return None, run.stderr.decode().strip()
    document = json.loads(run.stdout)
    out = [("a problem", problem["kind"], -1) for problem in document["problems"]]
    for one in document["secrets"]:
        if one.get("decoded") and not full:
            continue
        with open(os.path.join(folder, "tree", one["path"]), "rb") as file:
            lines = file.read().split(b"\n")
        out.append((one["rule"], one["path"], sum(len(line) + 1 for line in lines[:one["line"] - 1]) + one["column"] - 1))
    return out, ""


def differences(programs, files, tree):
    """What one finds and the other does not, a line each, with the file."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, files, tree)
        want = theirs(programs[1], folder)
        have, said = ours(programs[0], folder)
    if want == [] and "no rule to search with" in said:
        return []  # KNOWN
    if want is None or have is None:
        return [] if want is None and have is None else [(None, f"gitleaks {'refuses' if want is None else 'takes'} the rules, fngate does not" + (f": {said}" if said else ""))]
    rest, out = list(have), []
    # A match of nothing is no finding here (KNOWN); in gitleaks a generic finding without a secret is silent beside one.
    nothing = {file for _, file, places, _ in want if places is None}
    for rule, file, places, words in sorted((one for one in want if one[2] is not None), key=lambda one: len(one[2])):
        found = next((one for one in rest if one[:2] == (rule, file) and one[2] in places), None)
        if found:
            rest.remove(found)
        else:
            out.append((file, f"missed: {rule}, {file}: {words}"))
    rest = [one for one in rest if one[1] not in nothing or "generic" not in one[0].lower()]
    return out + [(file, f"too much: {rule}, {file}, at {place}") for rule, file, place in rest]


def smaller(files, tree):
    """The case with one thing less, in every way."""
    for name in tree:
        if len(tree) > 1:
            yield files, {other: content for other, content in tree.items() if other != name}
    for name, table in files.items():
        paths = []

        def walk(of, at):
            for key in list(of) if isinstance(of, dict) else range(len(of)):
                paths.append([*at, key])
                if isinstance(of[key], (dict, list)):
                    walk(of[key], [*at, key])

        walk(table, [])
        for path in paths:
            less = copy.deepcopy(files)
            at = less[name]
            for key in path[:-1]:
                at = at[key]
            del at[path[-1]]
            yield less, tree
    for name, content in tree.items():
        lines = content.split(b"\n")
        for at in range(len(lines)):
            yield files, tree | {name: b"\n".join(lines[:at] + lines[at + 1:])}


def minimal(programs, files, tree, most=150):
    """The case without what does not matter, as far as `most` trials go."""
    found = differences(programs, files, tree)
    if found and found[0][0] in tree:
        tree = {found[0][0]: tree[found[0][0]]}
    # Refused or not is another difference than found or not.
    kind = lambda found: {(file is None, line.split(":")[0]) for file, line in found}
    wanted, again = kind(differences(programs, files, tree)), True
    while again and most > 0:
        again = False
        for less in smaller(files, tree):
            most -= 1
            if most <= 0:
                break
            if wanted & kind(differences(programs, *less)):
                (files, tree), again = less, True
                break
    return files, tree


def known(programs):
    wrong = 0
    for name, reason, rules, tree, mine, other in KNOWN:
        with tempfile.TemporaryDirectory() as folder:
            write(folder, {"0.toml": rules}, tree)
            want, (have, _) = theirs(programs[1], folder, True), ours(programs[0], folder, True)
        plain = lambda found: found if found is None else sorted(one[:2] for one in found)
        if plain(have) != mine or plain(want) != other:
            wrong += 1
            print(f"not as known: {name} ({reason}): fngate {plain(have)}, gitleaks {plain(want)}")
    return wrong


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("fngate")
    arguments.add_argument("gitleaks")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--cases", type=int, default=4000)
    arguments.add_argument("--texts", type=int, default=40, help="how many texts a rule file is tried on")
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = arguments.parse_args()
    programs = (os.path.abspath(arguments.fngate), os.path.abspath(arguments.gitleaks))
    wrong = known(programs)
    chance = random.Random(arguments.seed)
    cases = [case(chance, arguments.texts) for _ in range(arguments.cases // arguments.texts)]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda one: differences(programs, *one), cases))
    apart = 0
    for one, found in zip(cases, results):
        if not found:
            continue
        wrong += 1
        apart += len({file for file, _ in found}) if found[0][0] else arguments.texts
        if wrong <= 5:
            files, tree = minimal(programs, *one)
            for name, table in files.items():
                print(f"-- {name}\n{toml(table)}", end="")
            for name, content in tree.items():
                print(f"-- {name}: {content!r}")
            for _, line in differences(programs, files, tree)[:5]:
                print(line)
            print()
    total = len(cases) * arguments.texts
    print(f"{total - apart} of {total} cases as gitleaks finds, {len(cases)} rule files; {len(KNOWN)} differences on purpose")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
