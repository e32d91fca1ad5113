# What goes to production says how it was built: SLSA provenance, by a builder that we trust, from a repository of ours.
# `[[signature.statement]]` in fngate.toml asks the same of every artifact; this policy asks it of those named prod-….
package fngate.build_provenance

types := {"https://slsa.dev/provenance/v1"}

builders := {"https://github.com/actions/runner/github-hosted"}

sources := "https://github.com/acme/"

# METADATA
# title: a production artifact has no provenance by a trusted builder
# description: |
#   The artifact is named prod-…, and no verified statement says that a builder of the list made it from a repository of ours. Only
#   statements of signers that fngate.toml names are verified, and SLSA provenance that its own certificate contradicts is refused
#   before it comes here.
#
#   Make it where it is built: `fngate attest ARTIFACT --provenance`, or what your builder offers.
# custom:
#   rule: build-provenance-missing
findings contains finding if {
	is_production
	not is_told
	finding := {
		"rule": "build-provenance-missing",
		"level": "deny",
		"subject": input.artifact.name,
		"message": sprintf("a production artifact needs SLSA provenance v1 by a trusted builder; %s", [found]),
		"help": "attest the provenance where it is built, and give the bundle with `--bundle` or beside the artifact",
	}
}

is_production if {
	parts := split(input.artifact.name, "/")
	startswith(parts[count(parts) - 1], "prod-")
}

is_told if {
	input.provenance.state == "verified"
	some statement in input.provenance.statements
	statement.predicate_type in types
	statement.predicate.runDetails.builder.id in builders
	some signer in input.provenance.signers
	signer.subject == statement.signer
	startswith(signer.claims.source_repository_uri, sources)
}

seen := {sprintf("%s by %s", [statement.predicate_type, object.get(statement.predicate, ["runDetails", "builder", "id"], "nobody")]) | some statement in input.provenance.statements}

found := "there is no statement" if count(seen) == 0

found := sprintf("there is %s", [concat(" and ", seen)]) if count(seen) > 0
