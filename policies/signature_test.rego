# Tests of signature.rego.
package fngate.signature_test

import data.fngate.signature.findings

free := {"signature": {"required": false}}

required := {"signature": {"required": true}}

document(state, reason) := {
	"artifact": {"name": "fn.zip"},
	"provenance": {"state": state, "reason": reason, "message": "expected a, found b"},
}

only(set, rule, level) if {
	count(set) == 1
	some finding in set
	finding.rule == rule
	finding.level == level
	finding.subject == "fn.zip"
}

test_verified_is_silent if {
	count(findings) == 0 with input as document("verified", "") with data.settings as required
}

test_unsigned_is_shown if {
	set := findings with input as document("unsigned", "no-signature") with data.settings as free
	only(set, "signature-missing", "info")
}

test_unsigned_denies_where_one_is_required if {
	set := findings with input as document("unsigned", "no-signature") with data.settings as required
	only(set, "signature-missing", "deny")
}

test_refused_denies_either_way if {
	lenient := findings with input as document("refused", "digest-mismatch") with data.settings as free
	strict := findings with input as document("refused", "digest-mismatch") with data.settings as required
	only(lenient, "signature-refused", "deny")
	only(strict, "signature-refused", "deny")
	some finding in lenient
	finding.message == "the signature was refused (digest-mismatch): expected a, found b"
}

test_an_unexpected_signer_warns_where_none_is_required if {
	set := findings with input as document("refused", "no-identity-expected") with data.settings as free
	only(set, "signature-unexpected", "warn")
}

test_an_unexpected_signer_denies_where_one_is_required if {
	set := findings with input as document("refused", "no-identity-expected") with data.settings as required
	only(set, "signature-unexpected", "deny")
}
