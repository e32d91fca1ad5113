package fngate.release_signature_test

import data.fngate.release_signature.findings

release := "https://github.com/acme/orders/.github/workflows/release.yml@refs/tags/v1.4.0"

signer(subject) := {
	"issuer": "https://token.actions.githubusercontent.com",
	"subject": subject,
	"claims": {"runner_environment": "github-hosted"},
	"time": "",
}

judged(name, state, signers) := count(set) if {
	set := findings with input as {"artifact": {"name": name}, "provenance": {"state": state, "signers": signers}}
}

test_the_release_workflow_is_enough if judged("dist/prod-orders.zip", "verified", [signer(release)]) == 0

test_others_need_no_signature if judged("dist/orders.zip", "unsigned", []) == 0

test_production_without_a_signature_is_denied if judged("prod-orders.zip", "unsigned", []) == 1

test_another_workflow_branch_owner_or_host_is_denied if {
	every subject in [
		"https://github.com/acme/orders/.github/workflows/test.yml@refs/tags/v1.4.0",
		"https://github.com/acme/orders/.github/workflows/release.yml@refs/heads/main",
		"https://github.com/acme-evil/orders/.github/workflows/release.yml@refs/tags/v1.4.0",
		"https://github.com.evil.example/acme/orders/.github/workflows/release.yml@refs/tags/v1.4.0",
	] {
		judged("prod-orders.zip", "verified", [signer(subject)]) == 1
	}
}

test_another_issuer_or_runner_is_denied if {
	judged("prod-orders.zip", "verified", [object.union(signer(release), {"issuer": "https://gitlab.com"})]) == 1
	judged("prod-orders.zip", "verified", [object.union(signer(release), {"claims": {"runner_environment": "self-hosted"}})]) == 1
}
