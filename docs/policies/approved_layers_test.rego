package fngate.approved_layers_test

import data.fngate.approved_layers

found(artifact) := set if {
	set := approved_layers.findings with input as {"artifact": artifact}
}

some_approved := [digest | some digest, _ in approved_layers.approved][0]

test_without_layers_it_is_silent if count(found({"name": "fn.zip"})) == 0

test_an_approved_layer_is_silent if count(found({"layers": [{"name": "base.zip", "sha256": some_approved}]})) == 0

test_another_layer_is_denied_whatever_its_name if {
	some finding in found({"layers": [{"name": "base.zip", "sha256": "00"}]})
	finding.level == "deny"
}
