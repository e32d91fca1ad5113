package fngate.fix_within_test

import data.fngate.fix_within.findings

fault := {
	"id": "GHSA-1",
	"severity": "high",
	"fixable": true,
	"malicious": false,
	"relation": "installed",
	"purl": "pkg:npm/a@1.0.0",
	"summary": "A fault",
	"published": "2026-11-01T10:00:00Z",
	"upgrade": "1.0.1",
}

judged(today, change) := set if {
	set := findings with input as {"today": today, "vulnerabilities": [object.union(fault, change)]}
}

test_within_the_time_it_is_silent if count(judged("2026-11-15", {})) == 0

test_later_it_is_denied if {
	some finding in judged("2026-11-16", {})
	finding.level == "deny"
	finding.advisory == "GHSA-1"
	finding.message == "A fault: published 15 days ago (high), of 14 at most"
	finding.help == "update to 1.0.1"
}

test_the_time_goes_by_severity if {
	count(judged("2026-11-16", {"severity": "critical"})) == 1
	count(judged("2026-11-16", {"severity": "medium"})) == 0
	count(judged("2030-01-01", {"severity": "low"})) == 0
}

test_without_a_fix_it_waits if count(judged("2026-12-31", {"fixable": false})) == 0

test_without_a_date_it_is_old if {
	undated := object.remove(fault, ["published"])
	set := findings with input as {"today": "2026-11-02", "vulnerabilities": [undated]}
	count(set) == 1
}

test_what_is_not_inside_is_left_to_the_gate if count(judged("2026-12-31", {"relation": "locked"})) == 0
