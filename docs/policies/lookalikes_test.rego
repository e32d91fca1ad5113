package fngate.lookalikes_test

import data.fngate.lookalikes.findings

package_of(ecosystem, name) := {"purl": "pkg:x/y", "ecosystem": ecosystem, "name": name, "origin": "registry", "paths": []}

near(ecosystem, name) := count(set) > 0 if {
	set := findings with input as {"inventory": {"packages": [package_of(ecosystem, name)], "candidates": []}}
}

test_slips_are_denied if {
	every name in ["1odash", "lodahs", "lodashs", "lodas", "lodesh", "lo-dash", "crossenv", "expres"] {
		near("npm", name)
	}
	near("PyPI", "reqeusts")
	near("crates.io", "rustdecimal")
}

test_the_names_themselves_and_known_neighbours_are_silent if {
	every name in ["lodash", "cross-env", "lodash-es", "LODASH"] {
		not near("npm", name)
	}
}

test_others_are_silent if {
	every name in ["uuid", "minimist", "@acme/lodash", "lodash.merge"] {
		not near("npm", name)
	}
}
