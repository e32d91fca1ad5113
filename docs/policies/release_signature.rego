# What goes to production is signed by the release workflow, from a tag. `[signature] required` in fngate.toml asks the same of every
# artifact; this policy asks it only of those that the operator names prod-….
package fngate.release_signature

issuer := "https://token.actions.githubusercontent.com"

# The workflow of any repository of ours, at a tag. Anchored at both ends, with the dots written out.
workflow := `^https://github\.com/acme/[A-Za-z0-9._-]+/\.github/workflows/release\.yml@refs/tags/v[0-9][A-Za-z0-9.-]*$`

# METADATA
# title: a production artifact is not signed by the release workflow
# description: |
#   The artifact is named prod-…, and none of the signers that were verified is the release workflow at a tag. Signers are only verified
#   if fngate.toml names them (`[[signature.identity]]`); a `pattern` there that is wider than the one here does no harm.
#
#   Build and sign it by the release workflow. A signature by hand is none of these.
# custom:
#   rule: release-signature-missing
findings contains finding if {
	is_production
	not by_release
	finding := {
		"rule": "release-signature-missing",
		"level": "deny",
		"subject": input.artifact.name,
		"message": sprintf("a production artifact must be signed by the release workflow at a tag; %s", [found]),
		"help": "release it by the workflow, and give the bundle with `--bundle` or as ARTIFACT.sigstore.json",
	}
}

is_production if {
	parts := split(input.artifact.name, "/")
	startswith(parts[count(parts) - 1], "prod-")
}

by_release if {
	input.provenance.state == "verified"
	some signer in input.provenance.signers
	signer.issuer == issuer
	regex.match(workflow, signer.subject)
	signer.claims.runner_environment == "github-hosted"
}

found := sprintf("it is signed by %s", [concat(" and ", {signer.subject | some signer in input.provenance.signers})]) if {
	count(input.provenance.signers) > 0
}

found := sprintf("its signature is %s", [input.provenance.state]) if count(input.provenance.signers) == 0
