# Tests of completeness.rego.
package fngate.completeness_test

import data.fngate.completeness.findings

defaults := {"advisories": {"warn_days": 3, "incomplete_days": 14}}

fresh := {"source": "db", "as_of": "2026-11-22T00:00:00Z", "digest": "", "unreadable": 0, "age_days": 0}

document(advisories, packages) := {
	"artifact": {"name": "fn.zip"},
	"advisories": advisories,
	"inventory": {"packages": packages},
}

aged(days) := document(object.union(fresh, {"age_days": days}), [])

package_without_version := {
	"purl": "pkg:pypi/requests",
	"ecosystem": "PyPI",
	"name": "requests",
	"version": null,
	"relation": "declared",
	"origin": "registry",
	"paths": ["requirements.txt"],
	"evidence": "pypi/requirements",
}

with_package(change) := document(fresh, [object.union(package_without_version, change)])

only(set, rule, level) if {
	count(set) == 1
	some finding in set
	finding.rule == rule
	finding.level == level
}

test_fresh_advisories_are_silent if {
	count(findings) == 0 with input as document(fresh, []) with data.settings as defaults
}

test_none_is_incomplete if {
	set := findings with input as document(null, []) with data.settings as defaults
	only(set, "advisories-missing", "incomplete")
}

test_embedded_is_incomplete_at_any_age if {
	every days in [0, 5, 400] {
		snapshot := object.union(fresh, {"source": "embedded", "age_days": days, "note": "no database"})
		set := findings with input as document(snapshot, []) with data.settings as defaults
		only(set, "advisories-embedded", "incomplete")
	}
}

test_three_days_are_silent if {
	count(findings) == 0 with input as aged(3) with data.settings as defaults
}

test_four_days_warn if {
	set := findings with input as aged(4) with data.settings as defaults
	only(set, "advisories-old", "warn")
}

test_fourteen_days_warn if {
	set := findings with input as aged(14) with data.settings as defaults
	only(set, "advisories-old", "warn")
}

test_fifteen_days_are_incomplete if {
	set := findings with input as aged(15) with data.settings as defaults
	only(set, "advisories-stale", "incomplete")
}

test_days_as_set if {
	strict := {"advisories": {"warn_days": 0, "incomplete_days": 1}}
	old := findings with input as aged(1) with data.settings as strict
	stale := findings with input as aged(2) with data.settings as strict
	only(old, "advisories-old", "warn")
	only(stale, "advisories-stale", "incomplete")
}

test_unreadable_records_warn if {
	set := findings with input as document(object.union(fresh, {"unreadable": 7}), []) with data.settings as defaults
	only(set, "advisories-unreadable", "warn")
}

test_a_package_without_version_is_incomplete if {
	set := findings with input as with_package({}) with data.settings as defaults
	only(set, "package-version-unknown", "incomplete")
}

test_an_installed_one_without_version_is_incomplete_beside_another_copy if {
	copy := object.union(package_without_version, {"purl": "pkg:pypi/requests@2.0", "version": "2.0", "relation": "installed"})
	bare := object.union(package_without_version, {"relation": "installed"})
	set := findings with input as document(fresh, [bare, copy]) with data.settings as defaults
	only(set, "package-version-unknown", "incomplete")
}

test_candidates_bound_it if {
	count(findings) == 0 with input as with_package({"candidates": ["2.0"]}) with data.settings as defaults
}

test_build_first_party_and_development_are_out_of_it if {
	every change in [{"relation": "build"}, {"origin": "first-party"}, {"dev": true}] {
		set := findings with input as with_package(change) with data.settings as defaults
		count(set) == 0
	}
}

test_development_that_is_inside_is_incomplete if {
	set := findings with input as with_package({"dev": true, "relation": "installed"}) with data.settings as defaults
	only(set, "package-version-unknown", "incomplete")
}

test_a_declaration_is_moot_where_the_lockfile_resolves_it if {
	locked := object.union(package_without_version, {"purl": "pkg:pypi/requests@2.0", "version": "2.0", "relation": "locked"})
	count(findings) == 0 with input as document(fresh, [package_without_version, locked]) with data.settings as defaults
}

test_a_declaration_is_moot_where_packages_are_installed if {
	other := object.union(package_without_version, {"purl": "pkg:pypi/urllib3@2.0", "name": "urllib3", "version": "2.0", "relation": "installed"})
	count(findings) == 0 with input as document(fresh, [package_without_version, other]) with data.settings as defaults
}

test_packages_of_another_ecosystem_make_nothing_moot if {
	other := object.union(package_without_version, {"purl": "pkg:npm/x@2.0", "ecosystem": "npm", "version": "2.0", "relation": "installed"})
	set := findings with input as document(fresh, [package_without_version, other]) with data.settings as defaults
	only(set, "package-version-unknown", "incomplete")
}

private_package := {"purl": "pkg:npm/inner@1.0.0", "ecosystem": "npm", "name": "inner", "version": "1.0.0", "relation": "installed", "origin": "private", "paths": ["node_modules/inner/package.json"], "evidence": "npm/package-json"}

asked_online(p) := {finding |
	some finding in findings with input as {
		"artifact": {"name": "fn.zip"},
		"advisories": {"source": "api", "as_of": "2026-11-20T00:00:00Z", "age_days": 0, "unreadable": 0, "digest": ""},
		"inventory": {"packages": [p], "problems": [], "secrets": [], "not_judged": []},
	}
		with data.settings as {"advisories": {"warn_days": 3, "incomplete_days": 14}}
	finding.rule == "package-not-asked"
}

test_a_package_that_calls_itself_private_was_not_asked_about if {
	count(asked_online(private_package)) == 1
	some finding in asked_online(private_package)
	finding.level == "incomplete"
}

test_a_package_that_a_lockfile_calls_the_projects_own_was_not_asked_about if {
	count(asked_online(object.union(private_package, {"origin": "first-party"}))) == 1
	count(asked_online(object.union(private_package, {"origin": "first-party", "relation": "locked"}))) == 0
	count(asked_online(object.union(private_package, {"origin": "first-party", "evidence": "pypi/egg-info"}))) == 0
}

test_what_the_operator_calls_his_own_is_his_word if {
	count(asked_online(object.union(private_package, {"origin": "own"}))) == 0
	count(asked_online(object.union(private_package, {"origin": "registry"}))) == 0
}

feed(name, change) := object.union({"name": name, "as_of": "2026-11-22T00:00:00Z", "digest": "", "entries": 9, "age_days": 0}, change)

with_feeds(feeds) := object.union(document(object.union(fresh, {"feeds": feeds}), []), {"today": "2026-11-22"})

test_fresh_feeds_say_nothing if {
	count(findings) == 0 with input as with_feeds([feed("kev", {}), feed("epss", {"age_days": 3})]) with data.settings as defaults
}

test_an_old_feed_warns if {
	every name in ["kev", "epss"] {
		set := findings with input as with_feeds([feed(name, {"age_days": 400})]) with data.settings as defaults
		only(set, "advisories-feed-old", "warn")
	}
}

test_a_feed_from_the_future_warns if {
	set := findings with input as with_feeds([feed("kev", {"as_of": "2026-11-23T00:00:00Z"})]) with data.settings as defaults
	only(set, "advisories-feed-future", "warn")
}

by_score := object.union(defaults, {"vulnerability": {"epss": 0.5}})

test_a_threshold_without_scores_is_incomplete if {
	none := findings with input as document(fresh, []) with data.settings as by_score
	only(none, "advisories-feed-missing", "incomplete")
	kev := findings with input as with_feeds([feed("kev", {})]) with data.settings as by_score
	only(kev, "advisories-feed-missing", "incomplete")
	count(findings) == 0 with input as with_feeds([feed("epss", {})]) with data.settings as by_score
}

test_a_catalogue_that_is_counted_on_and_missing_is_incomplete if {
	some level in ["deny", "incomplete"]
	counted := object.union(defaults, {"vulnerability": {"known_exploited": level, "expects_kev": true}})
	none := findings with input as document(fresh, []) with data.settings as counted
	only(none, "advisories-feed-missing", "incomplete")
	count(findings) == 0 with input as with_feeds([feed("kev", {})]) with data.settings as counted
}

test_no_catalogue_is_asked_for_by_default_or_by_a_lesser_level if {
	unsaid := object.union(defaults, {"vulnerability": {"known_exploited": "deny", "expects_kev": false}})
	count(findings) == 0 with input as document(fresh, []) with data.settings as unsaid
	lesser := object.union(defaults, {"vulnerability": {"known_exploited": "warn", "expects_kev": true}})
	count(findings) == 0 with input as document(fresh, []) with data.settings as lesser
}

test_no_threshold_asks_for_no_scores if {
	off := object.union(defaults, {"vulnerability": {"epss": null}})
	count(findings) == 0 with input as document(fresh, []) with data.settings as off
}
