# Where packages may come from. What comes from a git repository or an address of its own has no release that an advisory could
# name, and a scope that nobody decided on is a vendor that nobody decided on.
package fngate.allowed_origins

# The npm scopes that the team has agreed on.
scopes := {"@acme", "@aws-sdk", "@smithy", "@types"}

# METADATA
# title: a package does not come from the registry
# description: |
#   The artifact says that the package was installed from a git repository or from an address that is not the registry's. Advisories
#   name releases; such a package has none, and what stands behind the address may change.
#
#   Publish it, to the public registry or to your own, and depend on the release. Your own packages are named with `private` in
#   fngate.toml and are not meant here.
# custom:
#   rule: origin-not-registry
findings contains finding if {
	some p in named
	p.origin in {"git", "url"}
	finding := object.union(place(p), {
		"rule": "origin-not-registry",
		"level": "deny",
		"subject": p.purl,
		"message": sprintf("%s comes from %s, not from the registry (by %s)", [p.name, shown[p.origin], p.evidence]),
		"help": "depend on a release of the registry",
		"tags": ["SAS-06"],
	})
}

# METADATA
# title: a package is of a scope that nobody agreed on
# description: |
#   The npm scope of the package is not in the list of this policy. Look at who owns the scope; then add it to the list, or do
#   without the package.
# custom:
#   rule: scope-not-agreed
findings contains finding if {
	some p in named
	p.ecosystem == "npm"
	startswith(p.name, "@")
	p.origin != "first-party"
	scope := split(p.name, "/")[0]
	not scope in scopes
	finding := object.union(place(p), {
		"rule": "scope-not-agreed",
		"level": "warn",
		"subject": p.purl,
		"message": sprintf("nobody has agreed on packages of the scope %s", [scope]),
		"help": "look at who owns the scope, then add it to the list in allowed_origins.rego",
	})
}

# What is inside, and what may be.
named contains p if some p in input.inventory.packages

named contains p if some p in input.inventory.candidates

shown := {"git": "a git repository", "url": "an address of its own"}

place(p) := {"path": p.paths[0]} if count(p.paths) > 0

place(p) := {} if count(p.paths) == 0
