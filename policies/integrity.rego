# Whether installed packages are as the record has them that their installer wrote. Only code is spoken of: stripping a library and
# compiling a module change files of any ordinary build, and the counts of those are in the facts.
package fngate.integrity

# METADATA
# title: the code of an installed package is not as it was installed
# description: |
#   The package's `RECORD` has the SHA-256 of every file that the installer wrote, and source code in the artifact has another one. It
#   was edited after the installation: by a patch of yours, by a tool of the build, or by somebody else. The package is judged as what
#   it says it is, which the edited code need not be.
#
#   Install the package anew; keep a patch as a version of your own. For information, unless `[integrity] altered` names another
#   level. Secrets in such files are rated like those in the function's own.
# custom:
#   rule: package-altered
findings contains finding if {
	some p in input.inventory.packages
	p.integrity.altered_code > 0
	finding := object.union(place(p, "altered"), {
		"rule": "package-altered",
		"level": data.settings.integrity.altered,
		"subject": p.purl,
		"message": sprintf("%s of its code changed since it was installed", [files(p.integrity.altered_code)]),
		"help": "install the package anew; keep a patch as a version of your own",
		"tags": ["SAS-06"],
	})
}

# METADATA
# title: code lies in an installed package that was not installed with it
# description: |
#   Source code lies in the package's own folder, and the `RECORD` that the installer wrote does not list it. It was put there after
#   the installation, and is imported as if it were the package's.
#
#   Install the package anew. For information, unless `[integrity] extra` names another level. Secrets in such files are rated like
#   those in the function's own.
# custom:
#   rule: package-extra-code
findings contains finding if {
	some p in input.inventory.packages
	p.integrity.extra_code > 0
	finding := object.union(place(p, "extra"), {
		"rule": "package-extra-code",
		"level": data.settings.integrity.extra,
		"subject": p.purl,
		"message": sprintf("%s of code in its folder that its record does not list", [files(p.integrity.extra_code)]),
		"help": "install the package anew",
		"tags": ["SAS-06"],
	})
}

# The first file of a kind that is named, the code before the rest.
place(p, kind) := {"path": named(p, kind)[0]} if count(named(p, kind)) > 0

place(p, kind) := {} if count(named(p, kind)) == 0

named(p, kind) := [e.path |
	some e in object.get(p.integrity, "examples", [])
	e.kind == kind
	regex.match(`\.(py|pyw|pth|js|cjs|mjs)$`, e.path)
]

files(1) := "1 file"

files(n) := sprintf("%d files", [n]) if n != 1
