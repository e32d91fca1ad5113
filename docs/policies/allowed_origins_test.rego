package fngate.allowed_origins_test

import data.fngate.allowed_origins.findings

package_of(name, origin) := {
	"purl": sprintf("pkg:npm/%s@1.0.0", [name]),
	"ecosystem": "npm",
	"name": name,
	"version": "1.0.0",
	"relation": "installed",
	"origin": origin,
	"paths": ["node_modules/a/package.json"],
	"evidence": "npm/package-json",
}

found(packages) := rules if {
	set := findings with input as {"inventory": {"packages": packages, "candidates": []}}
	rules := {finding.rule | some finding in set}
}

test_the_registry_is_silent if found([package_of("lodash", "registry"), package_of("@acme/money", "own")]) == set()

test_git_and_addresses_are_denied if {
	found([package_of("left", "git")]) == {"origin-not-registry"}
	found([package_of("right", "url")]) == {"origin-not-registry"}
}

test_a_candidate_counts if {
	set := findings with input as {"inventory": {"packages": [], "candidates": [package_of("left", "git")]}}
	count(set) == 1
}

test_an_unknown_scope_warns if {
	found([package_of("@new/thing", "registry")]) == {"scope-not-agreed"}
	found([package_of("@new/own", "first-party")]) == set()
}
