package fngate.drift_test

import data.fngate.drift

settings := {"drift": {"version": "warn", "extra": "warn", "missing": "info"}}

fact(kind, name, locked, installed) := {
	"lockfile": "package-lock.json",
	"kind": kind,
	"ecosystem": "npm",
	"name": name,
	"locked": locked,
	"installed": installed,
	"purl": purl(installed, name),
	"path": path(installed, name),
}

purl(null, _) := null

purl(installed, name) := sprintf("pkg:npm/%s@%s", [name, installed]) if installed != null

path(null, _) := null

path(installed, name) := sprintf("node_modules/%s/package.json", [name]) if installed != null

found(facts) := findings if {
	packages := [{"purl": "pkg:npm/a@1.0.0", "ecosystem": "npm", "name": "a", "version": "1.0.0"}]
	document := {"inventory": {"drift": facts, "packages": packages}}
	findings := drift.findings with data.settings as settings with input as document
}

test_another_version_warns if {
	some f in found([fact("version", "a", ["1.1.0"], "1.0.0")])
	f.rule == "drift-version"
	f.level == "warn"
	f.subject == "pkg:npm/a@1.0.0"
	f.message == "1.0.0 is installed, and package-lock.json has it at 1.1.0"
}

test_an_extra_package_warns if {
	some f in found([fact("extra", "a", [], "1.0.0")])
	f.rule == "drift-extra"
	f.subject == "pkg:npm/a@1.0.0"
}

test_missing_packages_are_one_finding if {
	names := ["b", "c", "d", "e", "f", "g", "h"]
	findings := found([fact("missing", name, ["1.0.0"], null) | some name in names])
	count(findings) == 1
	some f in findings
	f.level == "info"
	f.message == "7 locked packages are not installed: b, c, d, e, f and 2 more"
}

test_agreement_is_silent if {
	count(found([])) == 0
}

test_the_operator_may_deny if {
	strict := {"drift": {"version": "deny", "extra": "deny", "missing": "deny"}}
	document := {"inventory": {"drift": [fact("missing", "b", ["1.0.0"], null)], "packages": []}}
	findings := drift.findings with data.settings as strict with input as document
	some f in findings
	f.level == "deny"
}
