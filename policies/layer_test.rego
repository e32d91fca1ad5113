package fngate.layer_test

import data.fngate.layer

found(layers, bytes) := findings if {
	document := {"artifact": {"name": "fn.zip", "layers": layers}, "inventory": {"bytes": {"total": bytes}}}
	findings := layer.findings with input as document
}

one := {"name": "a.zip", "sha256": ""}

test_what_fits_is_silent if count(found([one], 262144000)) == 0

test_what_is_too_large_is_denied if {
	some f in found([one], 262144001)
	f.rule == "layers-too-large"
	f.level == "deny"
}

test_a_function_alone_may_run_elsewhere if count(found([], 262144001)) == 0

test_a_sixth_layer_is_denied if {
	some f in found([one, one, one, one, one, one], 10)
	f.rule == "layers-too-many"
}
