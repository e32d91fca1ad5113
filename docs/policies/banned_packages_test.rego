package fngate.banned_packages_test

import data.fngate.banned_packages.findings

package_of(ecosystem, name) := {"purl": "pkg:x/y", "ecosystem": ecosystem, "name": name, "paths": []}

found(packages) := set if {
	set := findings with input as {"inventory": {"packages": packages, "candidates": []}}
}

test_others_are_silent if {
	count(found([package_of("npm", "lodash"), package_of("PyPI", "python-dateutil"), package_of("crates.io", "rust_decimal")])) == 0
}

test_a_banned_one_is_denied_with_its_reason if {
	some finding in found([package_of("npm", "request")])
	finding.level == "deny"
	contains(finding.message, "deprecated since 2020")
}

test_names_are_compared_as_the_registry_does if {
	count(found([package_of("PyPI", "PyCrypto")])) == 1
	count(found([package_of("npm", "Request")])) == 0
}

test_the_same_name_elsewhere_is_another_package if count(found([package_of("PyPI", "request")])) == 0

test_a_candidate_counts if {
	set := findings with input as {"inventory": {"packages": [], "candidates": [package_of("npm", "left-pad")]}}
	count(set) == 1
}
