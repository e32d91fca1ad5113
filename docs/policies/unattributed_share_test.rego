package fngate.unattributed_share_test

import data.fngate.unattributed_share.findings

found(state, unattributed, total) := count(set) if {
	document := {"artifact": {"name": "fn.zip"}, "inventory": {"state": state, "bytes": {"unattributed": unattributed, "total": total}}}
	set := findings with input as document
}

test_little_is_silent if found("incomplete", 10, 100) == 0

test_much_is_denied if found("incomplete", 11, 100) == 1

test_what_is_bounded_is_silent if found("bounded", 90, 100) == 0

test_an_empty_artifact_is_silent if found("incomplete", 0, 0) == 0
