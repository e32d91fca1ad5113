# A lockfile that does not say what is installed is a warning while somebody works on a branch, and a denial for what was built from
# main or a tag. Which it was, the certificate of a verified signature says; a name of a file could say anything.
package fngate.drift_on_main

# METADATA
# title: what was built from main is not what its lockfile says
# description: |
#   A verified signature says that the artifact was built from main or from a tag, and a lockfile in it resolves a package to another
#   version, or does not name one that is installed. Install from the lockfile (`npm ci`, `pip install --require-hashes`,
#   `uv sync --frozen`). For every artifact alike, set `[drift] version` and `extra` to `deny` instead.
# custom:
#   rule: drift-released
findings contains finding if {
	is_released
	some d in input.inventory.drift
	d.kind in {"version", "extra"}
	finding := {
		"rule": "drift-released",
		"level": "deny",
		"subject": d.purl,
		"path": d.path,
		"message": sprintf("%s is installed, and %s has %s", [d.installed, d.lockfile, locked(d)]),
		"help": "install from the lockfile",
		"tags": ["SAS-06"],
	}
}

is_released if {
	some signer in input.provenance.signers
	regex.match(`^refs/(heads/main|tags/.+)$`, signer.claims.source_repository_ref)
}

locked(d) := "it not at all" if d.kind == "extra"

locked(d) := sprintf("it at %s", [concat(" and ", d.locked)]) if d.kind == "version"
