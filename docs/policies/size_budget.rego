# A budget of bytes. A package that grows without anybody noticing is slower to start, and more code than anybody has looked at.
package fngate.size_budget

# What AWS Lambda takes as a direct upload of a zip.
most_packed := 50000000

# Unpacked, together. Lambda's own limit is 262,144,000.
most_unpacked := 100000000

# One package. Some are large by nature.
most_package := 20000000

large := {"PyPI": {"numpy", "pandas", "pyarrow"}, "npm": {"typescript"}, "crates.io": set()}

# METADATA
# title: the artifact is larger than its budget
# description: |
#   The packed or unpacked size is over the budget at the head of the policy. The JSON report has the bytes of each package; the
#   largest are the ones to look at.
# custom:
#   rule: size-artifact
findings contains finding if {
	input.artifact.kind in {"zip", "tar", "directory"}
	some [what, bytes, most] in [["packed", packed, most_packed], ["unpacked", input.inventory.bytes.total, most_unpacked]]
	bytes > most
	finding := {
		"rule": "size-artifact",
		"level": "deny",
		"subject": input.artifact.name,
		"message": sprintf("%s, it has %d bytes, and the budget is %d%s", [what, bytes, most, largest]),
		"help": "take out what is not needed, or raise the budget in size_budget.rego",
	}
}

# METADATA
# title: a package is larger than its budget
# description: |
#   The files of one package have more bytes than one package may have. Use a smaller package, install for production only, or add
#   the name to `large` at the head of the policy.
# custom:
#   rule: size-package
findings contains finding if {
	some p in input.inventory.packages
	p.bytes > most_package
	not p.name in large[p.ecosystem]
	finding := {
		"rule": "size-package",
		"level": "warn",
		"subject": p.purl,
		"message": sprintf("its files have %d bytes, and one package may have %d", [p.bytes, most_package]),
	}
}

# A directory is not packed.
packed := 0 if input.artifact.kind == "directory"

packed := input.artifact.size if input.artifact.kind != "directory"

heaviest := max([p.bytes | some p in input.inventory.packages; p.bytes])

largest := sprintf("; the largest package is %s with %d", [concat(" and ", {p.purl | some p in input.inventory.packages; p.bytes == heaviest}), heaviest]) if heaviest

largest := "" if not heaviest
