# Only layers that somebody has looked at are mounted beside a function. A layer runs with the function's rights, and its extensions
# run before the function does.
package fngate.approved_layers

# SHA-256 of the layers' zips, with what they are. `sha256sum layer.zip` prints it.
approved := {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855": "an example: the digest of no bytes"}

# METADATA
# title: a layer is not one of those that were approved
# description: |
#   The layer that was given with `--layer` has a digest that is not in the list at the head of the policy. Look at the layer, then add
#   its digest. A layer is known by its bytes and not by its name.
# custom:
#   rule: layer-not-approved
findings contains finding if {
	some layer in input.artifact.layers
	not approved[layer.sha256]
	finding := {
		"rule": "layer-not-approved",
		"level": "deny",
		"subject": layer.name,
		"message": sprintf("the layer %s (sha256 %s) is not approved", [layer.name, layer.sha256]),
		"help": "look at the layer, then add its digest to approved_layers.rego",
	}
}
