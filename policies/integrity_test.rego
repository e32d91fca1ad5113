package fngate.integrity_test

import data.fngate.integrity

settings := {"integrity": {"altered": "info", "extra": "warn"}}

found(facts) := findings if {
	package_ := {"purl": "pkg:pypi/a@1.0", "ecosystem": "PyPI", "name": "a", "version": "1.0", "integrity": facts}
	document := {"inventory": {"packages": [package_, {"purl": "pkg:npm/b@1.0.0", "ecosystem": "npm", "name": "b"}]}}
	findings := integrity.findings with data.settings as settings with input as document
}

counts := {"listed": 9, "altered": 0, "altered_code": 0, "missing": 0, "extra": 0, "extra_code": 0}

test_what_is_as_it_was_installed_says_nothing if count(found(counts)) == 0

test_a_stripped_library_says_nothing if {
	count(found(object.union(counts, {"altered": 3, "missing": 5, "extra": 2}))) == 0
}

test_edited_code_is_named if {
	examples := [{"kind": "altered", "path": "a/lib.so"}, {"kind": "altered", "path": "a/x.py"}]
	some f in found(object.union(counts, {"altered": 2, "altered_code": 1, "examples": examples}))
	f.rule == "package-altered"
	f.level == "info"
	f.subject == "pkg:pypi/a@1.0"
	f.path == "a/x.py"
	f.message == "1 file of its code changed since it was installed"
}

test_added_code_is_named if {
	some f in found(object.union(counts, {"extra": 20, "extra_code": 2, "examples": [{"kind": "missing", "path": "a/x.py"}]}))
	f.rule == "package-extra-code"
	f.level == "warn"
	not f.path
	f.message == "2 files of code in its folder that its record does not list"
}
