# What AWS Lambda mounts together: a function and its layers.
# Source: docs.aws.amazon.com, "Lambda quotas".
package fngate.layer

# Bytes of the unzipped function and all of its layers.
most_bytes := 262144000

most_layers := 5

# METADATA
# title: the function and its layers are too large to be mounted together
# description: |
#   AWS Lambda takes 262,144,000 bytes (250 MB) of unzipped files, the function's and all of its layers' together, and refuses the
#   deployment beyond that. Only artifacts that are given with `--layer` are held to it.
#
#   Leave out what the function does not need, or deploy it as an image.
# custom:
#   rule: layers-too-large
findings contains finding if {
	count(input.artifact.layers) > 0
	input.inventory.bytes.total > most_bytes
	finding := {
		"rule": "layers-too-large",
		"level": "deny",
		"subject": input.artifact.name,
		"message": sprintf("unzipped, the function and its layers have %d bytes; AWS Lambda takes %d", [input.inventory.bytes.total, most_bytes]),
		"help": "leave out what the function does not need, or deploy it as an image",
	}
}

# METADATA
# title: the function has more layers than can be mounted
# description: |
#   AWS Lambda mounts five layers at most and refuses the deployment beyond that.
# custom:
#   rule: layers-too-many
findings contains finding if {
	count(input.artifact.layers) > most_layers
	finding := {
		"rule": "layers-too-many",
		"level": "deny",
		"subject": input.artifact.name,
		"message": sprintf("%d layers are given; AWS Lambda mounts %d", [count(input.artifact.layers), most_layers]),
		"help": "put several layers into one",
	}
}
