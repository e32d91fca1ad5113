# Who signed the artifact. `[signature] required` of fngate.toml decides whether somebody must have.
package fngate.signature

# METADATA
# title: the artifact is not signed
# description: |
#   No signature was given and none lies beside the artifact (`ARTIFACT.sigstore.json`). Denied where `[signature] required`
#   is set, otherwise shown.
# custom:
#   rule: signature-missing
findings contains finding if {
	input.provenance.state == "unsigned"
	finding := object.union(about, {
		"rule": "signature-missing",
		"level": unless_required("info"),
		"message": "the artifact is not signed",
		"help": "sign it where it is built, and give the bundle with `--bundle` or as ARTIFACT.sigstore.json",
	})
}

# METADATA
# title: the signature was refused
# description: |
#   There is a signature and it does not stand: other bytes were signed, somebody else signed them, or the proof is broken. That
#   is worse than no signature, and is denied whether one is required or not. The message says which check failed and what was
#   expected; `fngate verify --explain` shows every step.
# custom:
#   rule: signature-refused
findings contains finding if {
	input.provenance.state == "refused"
	input.provenance.reason != "no-identity-expected"
	finding := object.union(about, {
		"rule": "signature-refused",
		"level": "deny",
		"message": sprintf("the signature was refused (%s): %s", [input.provenance.reason, input.provenance.message]),
		"help": "find out who made these bytes before anything else; then build and sign again",
	})
}

# METADATA
# title: there is a signature, and nothing says whose it should be
# description: |
#   A signature by anybody proves nothing. Say whose it must be: `[[signature.identity]]` with issuer and subject, or
#   `[[signature.key]]`, in fngate.toml. Denied where a signature is required, otherwise a warning.
# custom:
#   rule: signature-unexpected
findings contains finding if {
	input.provenance.state == "refused"
	input.provenance.reason == "no-identity-expected"
	finding := object.union(about, {
		"rule": "signature-unexpected",
		"level": unless_required("warn"),
		"message": "there is a signature, and nothing says whose it should be",
		"help": "name the signer in `[[signature.identity]]` or `[[signature.key]]` of fngate.toml",
	})
}

about := {"subject": input.artifact.name}

unless_required(_) := "deny" if data.settings.signature.required

unless_required(level) := level if not data.settings.signature.required
