# Names one slip away from those that the team means: a letter too many, too few, wrong or swapped, another divider, a digit for a
# letter. Most typosquats are.
package fngate.lookalikes

# The names that are meant. Short ones have honest neighbours (react, preact) and are better left out.
meant := {
	"npm": {"lodash", "express", "cross-env", "commander", "dotenv", "mongoose", "node-fetch"},
	"PyPI": {"requests", "urllib3", "python-dateutil", "cryptography", "pydantic", "sqlalchemy"},
	"crates.io": {"rust_decimal", "serde_json", "reqwest"},
}

# Neighbours that the team knows and means.
known := {"npm": {"lodash-es"}, "PyPI": set(), "crates.io": set()}

# METADATA
# title: a package has nearly the name of one that the team uses
# description: |
#   The name is one slip away from a name in the list at the head of the policy. Look at who publishes it. If it is what it should
#   be, add it to `known`; if not, remove it, and rotate every credential that the machines which installed it could read.
# custom:
#   rule: package-lookalike
findings contains finding if {
	some p in named
	p.origin != "first-party"
	name := lower(p.name)
	not name in meant[p.ecosystem]
	not name in known[p.ecosystem]
	near := {other | some other, forms in shortened[p.ecosystem]; count(forms & slips(plain(name))) > 0}
	count(near) > 0
	finding := object.union(place(p), {
		"rule": "package-lookalike",
		"level": "deny",
		"subject": p.purl,
		"message": sprintf("%s is nearly the name of %s", [p.name, concat(" and ", near)]),
		"help": "look at who publishes it; add it to `known` in lookalikes.rego if it is what it should be",
		"tags": ["SAS-06"],
	})
}

named contains p if some p in input.inventory.packages

named contains p if some p in input.inventory.candidates

# Each name that is meant with everything that is left when one letter is taken out of it, worked out once.
shortened := {ecosystem: {name: slips(plain(name)) | some name in names} | some ecosystem, names in meant}

slips(name) := {name} | {sprintf("%s%s", [substring(name, 0, at), substring(name, at + 1, -1)]) | some at in numbers.range(0, count(name) - 1)}

# Without dividers, and with the letters that digits stand for.
plain(name) := replace(replace(regex.replace(name, `[-_.]`, ""), "0", "o"), "1", "l")

place(p) := {"path": p.paths[0]} if count(p.paths) > 0

place(p) := {} if count(p.paths) == 0
