package fngate.size_budget_test

import data.fngate.size_budget.findings

document(kind, size, total, packages) := {
	"artifact": {"name": "fn.zip", "kind": kind, "size": size},
	"inventory": {"bytes": {"total": total}, "packages": packages},
}

numbered(bytes) := {"purl": "pkg:npm/big@1.0.0", "name": "big", "ecosystem": "npm", "bytes": bytes}

found(document) := set if {
	set := findings with input as document
}

test_within_the_budget_is_silent if count(found(document("zip", 50000000, 100000000, [numbered(20000000)]))) == 0

test_without_packages_it_speaks_too if {
	some finding in found(document("zip", 50000001, 1, []))
	finding.message == "packed, it has 50000001 bytes, and the budget is 50000000"
}

test_the_largest_package_is_named if {
	some finding in found(document("directory", 200000000, 100000001, [numbered(5), object.union(numbered(9), {"purl": "pkg:npm/c@2.0.0"})]))
	finding.level == "deny"
	endswith(finding.message, "the largest package is pkg:npm/c@2.0.0 with 9")
}

test_a_directory_is_not_packed if count(found(document("directory", 60000000, 60000000, []))) == 0

test_a_large_package_warns if {
	some finding in found(document("zip", 1, 1, [numbered(20000001)]))
	finding.rule == "size-package"
	finding.level == "warn"
	count(found(document("zip", 1, 1, [object.union(numbered(20000001), {"name": "typescript"})]))) == 0
}
