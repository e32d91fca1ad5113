package fngate.build_provenance_test

import data.fngate.build_provenance.findings

signer := {"issuer": "", "subject": "https://github.com/acme/orders/w", "claims": {"source_repository_uri": "https://github.com/acme/orders"}}

statement(kind, builder) := {
	"predicate_type": kind,
	"signer": signer.subject,
	"predicate": {"runDetails": {"builder": {"id": builder}}},
}

slsa := "https://slsa.dev/provenance/v1"

hosted := "https://github.com/actions/runner/github-hosted"

judged(name, signers, statements) := set if {
	provenance := {"state": "verified", "signers": signers, "statements": statements}
	set := findings with input as {"artifact": {"name": name}, "provenance": provenance}
}

test_a_trusted_builder_is_enough if count(judged("prod-a.zip", [signer], [statement(slsa, hosted)])) == 0

test_others_need_none if count(judged("a.zip", [], [])) == 0

test_without_a_statement_it_is_denied if {
	some finding in judged("prod-a.zip", [signer], [])
	finding.level == "deny"
	endswith(finding.message, "there is no statement")
}

test_another_builder_type_or_source_is_denied if {
	count(judged("prod-a.zip", [signer], [statement(slsa, "https://github.com/actions/runner/self-hosted")])) == 1
	count(judged("prod-a.zip", [signer], [statement("https://cyclonedx.org/bom", hosted)])) == 1
	other := object.union(signer, {"claims": {"source_repository_uri": "https://github.com/else/orders"}})
	count(judged("prod-a.zip", [other], [statement(slsa, hosted)])) == 1
}

test_a_statement_of_somebody_else_is_denied if {
	foreign := object.union(statement(slsa, hosted), {"signer": "https://github.com/else/w"})
	count(judged("prod-a.zip", [signer], [foreign])) == 1
}

test_a_predicate_of_another_shape_is_denied if {
	odd := {"predicate_type": slsa, "signer": signer.subject, "predicate": {"runDetails": "none"}}
	count(judged("prod-a.zip", [signer], [odd])) == 1
}
