# How much of an artifact may be code without a known owner. An `[[accept]]` lets one file stand; it does not say how many of them
# are too many. Policies see the inventory before any acceptance, so that this one holds whatever was accepted.
package fngate.unattributed_share

# Percent of all bytes.
most := 10

# METADATA
# title: too much of the artifact has no known owner
# description: |
#   Code in scope whose packages are unknown (minified bundles without a map, stripped packages) has a greater share of the bytes than
#   the policy allows. Where a lockfile or a bill of materials of the build bounds all of it (`--lock`, `--sbom`), each package that
#   may be inside was judged, and this says nothing.
# custom:
#   rule: unattributed-share
findings contains finding if {
	input.inventory.state == "incomplete"
	bytes := input.inventory.bytes
	bytes.total > 0
	share := floor((bytes.unattributed * 100) / bytes.total)
	share > most
	finding := {
		"rule": "unattributed-share",
		"level": "deny",
		"subject": input.artifact.name,
		"message": sprintf("%d %% of the bytes are code without a known owner, and %d %% may be", [share, most]),
		"help": "give the evidence of the build (`--lock`, `--modules`, `--sbom`), or ship source maps and package metadata",
	}
}
