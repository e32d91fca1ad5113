# Where a lockfile in the artifact and what is installed beside it disagree. What is installed is judged whatever a lockfile says.
package fngate.drift

# METADATA
# title: a package is installed at another version than locked
# description: |
#   A lockfile in the artifact resolves this package to one version, and another one is installed below its folder. Either the
#   artifact was not built from that lockfile, or something was changed afterwards. The installed version is what was judged.
#
#   Install from the lockfile (`npm ci`, `pip install --require-hashes`, `uv sync --frozen`), or leave a lockfile that is not this
#   build's out of the artifact. A warning, unless `[drift] version` names another level.
# custom:
#   rule: drift-version
findings contains finding if {
	some d in input.inventory.drift
	d.kind == "version"
	finding := {
		"rule": "drift-version",
		"level": data.settings.drift.version,
		"subject": d.purl,
		"path": d.path,
		"message": sprintf("%s is installed, and %s has it at %s", [d.installed, d.lockfile, concat(" and ", d.locked)]),
		"help": "install from the lockfile, or leave out a lockfile that is not this build's",
		"tags": ["SAS-06"],
	}
}

# METADATA
# title: a package is installed that the lockfile does not name
# description: |
#   A lockfile in the artifact names other packages that are installed below its folder, and not this one. It may have been added
#   by hand, by a tool of the build, or by somebody else. It was judged like any other.
#
#   A warning, unless `[drift] extra` names another level.
# custom:
#   rule: drift-extra
findings contains finding if {
	some d in input.inventory.drift
	d.kind == "extra"
	finding := {
		"rule": "drift-extra",
		"level": data.settings.drift.extra,
		"subject": d.purl,
		"path": d.path,
		"message": sprintf("%s is installed, and %s does not name the package", [d.installed, d.lockfile]),
		"help": "add it where the lockfile is made, or find out who put it there",
		"tags": ["SAS-06"],
	}
}

# METADATA
# title: packages that the lockfile asks for are not installed
# description: |
#   A lockfile in the artifact resolves packages for production that are not installed below its folder, though others are. Packages
#   for development, optional ones and those for other platforms are not counted. The function may fail when it needs one, or the
#   lockfile is not this build's.
#
#   For information, unless `[drift] missing` names another level.
# custom:
#   rule: drift-missing
findings contains finding if {
	some lockfile, names in missing
	finding := {
		"rule": "drift-missing",
		"level": data.settings.drift.missing,
		"subject": lockfile,
		"path": lockfile,
		"message": sprintf("%s not installed: %s", [counted(count(names)), shown(names)]),
		"help": "install from the lockfile, or leave out a lockfile that is not this build's",
	}
}

# The names that each lockfile misses.
missing[lockfile] contains d.name if {
	some d in input.inventory.drift
	d.kind == "missing"
	lockfile := d.lockfile
}

most := 5

shown(names) := concat(", ", names) if count(names) <= most

shown(names) := sprintf("%s and %d more", [concat(", ", array.slice(sort(names), 0, most)), count(names) - most]) if count(names) > most

counted(1) := "1 locked package is"

counted(number) := sprintf("%d locked packages are", [number]) if number != 1
