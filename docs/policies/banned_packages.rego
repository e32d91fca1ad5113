# Packages that the team does not want, each with the reason and what to use instead. Names are compared as the registry compares
# them: PyPI without regard to case and to `-`, `_` and `.`, crates.io without regard to case and to `-` and `_`.
package fngate.banned_packages

banned := {
	"npm": {
		"request": "deprecated since 2020; use the built-in fetch",
		"event-stream": "its release 3.3.6 depended on malware; use the built-in streams",
		"left-pad": "use String.prototype.padStart",
	},
	"PyPI": {
		"pycrypto": "no release since 2013; use cryptography",
		"python3-dateutil": "was malware under python-dateutil's name",
	},
	"crates.io": {"rustdecimal": "was malware under a name like rust_decimal's"},
}

# METADATA
# title: a package inside is on the team's list of banned packages
# description: |
#   The list stands at the head of the policy, with a reason for each name. Whatever the version, and however the package is known
#   to be there, the artifact is denied. Packages that only ran at build time count too.
# custom:
#   rule: package-banned
findings contains finding if {
	some p in named
	some name, reason in banned[p.ecosystem]
	folded(p.ecosystem, p.name) == folded(p.ecosystem, name)
	finding := object.union(place(p), {
		"rule": "package-banned",
		"level": "deny",
		"subject": p.purl,
		"message": sprintf("%s is not wanted: %s", [p.name, reason]),
	})
}

named contains p if some p in input.inventory.packages

named contains p if some p in input.inventory.candidates

folded("npm", name) := name

folded("PyPI", name) := regex.replace(lower(name), `[-_.]+`, "-")

folded("crates.io", name) := replace(lower(name), "_", "-")

place(p) := {"path": p.paths[0]} if count(p.paths) > 0

place(p) := {} if count(p.paths) == 0
