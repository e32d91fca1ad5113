package fngate.development_tools_test

import data.fngate.development_tools.findings

jest := {
	"purl": "pkg:npm/jest@29.0.0",
	"ecosystem": "npm",
	"name": "jest",
	"relation": "installed",
	"bytes": 512,
	"paths": ["node_modules/jest/package.json"],
}

found(change) := set if {
	set := findings with input as {"inventory": {"packages": [object.union(jest, change)]}}
}

test_what_is_installed_is_denied if {
	some finding in found({})
	finding.level == "deny"
	finding.message == "jest is a tool of development and installed (512 bytes)"
}

test_types_are_tools if count(found({"name": "@types/node"})) == 1

test_names_of_python_go_without_case if count(found({"name": "PyTest", "ecosystem": "PyPI"})) == 1

test_what_is_only_named_is_silent if {
	every relation in ["locked", "declared", "build"] {
		count(found({"relation": relation})) == 0
	}
}

test_others_are_silent if count(found({"name": "lodash"})) == 0
