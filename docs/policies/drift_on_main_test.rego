package fngate.drift_on_main_test

import data.fngate.drift_on_main.findings

drift(kind) := {
	"lockfile": "package-lock.json",
	"kind": kind,
	"name": "a",
	"locked": ["1.1.0"],
	"installed": "1.0.0",
	"purl": "pkg:npm/a@1.0.0",
	"path": "node_modules/a/package.json",
}

judged(ref, kind) := set if {
	signer := {"subject": "s", "claims": {"source_repository_ref": ref}}
	set := findings with input as {"inventory": {"drift": [drift(kind)]}, "provenance": {"signers": [signer]}}
}

test_main_and_tags_are_denied if {
	some finding in judged("refs/heads/main", "version")
	finding.level == "deny"
	finding.message == "1.0.0 is installed, and package-lock.json has it at 1.1.0"
	count(judged("refs/tags/v1", "extra")) == 1
}

test_a_branch_is_left_to_the_gate if {
	count(judged("refs/heads/fix", "version")) == 0
	count(judged("refs/heads/main-2", "version")) == 0
}

test_what_is_missing_is_left_to_the_gate if count(judged("refs/heads/main", "missing")) == 0

test_without_a_signer_it_is_silent if {
	set := findings with input as {"inventory": {"drift": [drift("version")]}, "provenance": {"signers": []}}
	count(set) == 0
}
