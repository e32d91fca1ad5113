# Tests of secret.rego.
package fngate.secret_test

import data.fngate.secret.findings

found := {
	"rule": "github-pat",
	"path": "a.zip!/b.js",
	"line": 3,
	"column": 9,
	"confidence": "high",
	"party": "first",
	"level": "deny",
	"fingerprint": "f1",
	"preview": "ghp_…",
}

document(change) := {"inventory": {"secrets": [object.union(found, change)]}}

test_none_is_none if {
	count(findings) == 0 with input as {"inventory": {"secrets": []}}
}

test_a_credential_denies if {
	set := findings with input as document({})
	set == {{
		"rule": "secret-exposed",
		"level": "deny",
		"subject": "a.zip!/b.js",
		"fingerprint": "f1",
		"message": "github-pat `ghp_…` in the function's own files (high confidence)",
		"help": "revoke it, then read it at run time from the platform's secret store",
		"path": "a.zip!/b.js",
		"line": 3,
		"tags": ["SAS-07", "CWE-798"],
	}}
}

test_a_probable_one_warns if {
	set := findings with input as document({"level": "warn"})
	[finding.rule | some finding in set] == ["secret-suspected"]
	[finding.level | some finding in set] == ["warn"]
}

test_a_public_one_is_shown if {
	set := findings with input as document({"level": "info", "party": "third"})
	[finding.rule | some finding in set] == ["secret-public"]
	[finding.level | some finding in set] == ["info"]
}

test_each_place_is_found if {
	doc := {"inventory": {"secrets": [found, object.union(found, {"line": 9}), object.union(found, {"path": "c.js"})]}}
	count(findings) == 3 with input as doc
}

test_the_encoding_is_said if {
	set := findings with input as document({"decoded": ["base64", "hex"]})
	some finding in set
	endswith(finding.message, ", decoded from base64, then hex")
}
