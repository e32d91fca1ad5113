# Tools of development and tests have no place in what is deployed: they are code that nobody runs there, and that an attacker may.
# The inventory does not say of an installed package why it was installed, so this goes by names.
package fngate.development_tools

tools := {
	"npm": {"eslint", "jest", "mocha", "nodemon", "nyc", "prettier", "ts-node", "typescript", "vitest", "webpack"},
	"PyPI": {"black", "coverage", "flake8", "mypy", "pytest", "ruff", "tox"},
	"crates.io": set(),
}

# METADATA
# title: a tool of development is in the artifact
# description: |
#   The package is a tool that a deployed function does not need, and its code is in the artifact. Install for production (`npm ci
#   --omit=dev`, `poetry install --only main`, `uv sync --no-dev`) and pack again. A tool that your function does need goes out of the
#   list at the head of the policy.
# custom:
#   rule: development-inside
findings contains finding if {
	some p in input.inventory.packages
	p.relation in {"installed", "bundled", "embedded", "vendored"}
	is_tool(p)
	finding := object.union(place(p), {
		"rule": "development-inside",
		"level": "deny",
		"subject": p.purl,
		"message": sprintf("%s is a tool of development and %s%s", [p.name, p.relation, weight(p)]),
		"help": "install for production only, and pack again",
	})
}

is_tool(p) if lower(p.name) in tools[p.ecosystem]

# Types are gone when the code runs.
is_tool(p) if {
	p.ecosystem == "npm"
	startswith(p.name, "@types/")
}

weight(p) := sprintf(" (%d bytes)", [p.bytes]) if p.bytes

weight(p) := "" if not p.bytes

place(p) := {"path": p.paths[0]} if count(p.paths) > 0

place(p) := {} if count(p.paths) == 0
