# How long a known fix may wait, by severity. Beside it, set `[vulnerability] deny = "critical"` or `"never"`, or the gate denies what is
# high at once. `[vulnerability] overdue_days` is the same with one number for all.
package fngate.fix_within

# Days since the advisory was published.
most := {"critical": 3, "high": 14, "medium": 60, "unknown": 30}

# METADATA
# title: a fix has waited for too long
# description: |
#   The advisory was published more days ago than the policy allows for its severity, and a version that fixes it is known. One whose
#   advisory has no date counts as old. What is only named for development, or ran at build time, is left to the gate.
#
#   Update the package. An ignore needs the advisory, as for every rule that begins with `vulnerability-`; VEX is heard.
# custom:
#   rule: vulnerability-fix-late
findings contains finding if {
	some v in input.vulnerabilities
	v.fixable
	not v.malicious
	not v.informational
	v.relation in {"installed", "embedded", "bundled", "vendored"}
	age := floor((day(input.today) - day(object.get(v, "published", "1970-01-01"))) / 86400000000000)
	age > most[v.severity]
	finding := {
		"rule": "vulnerability-fix-late",
		"level": "deny",
		"subject": v.purl,
		"advisory": v.id,
		"message": sprintf("%s: published %d days ago (%s), of %d at most", [v.summary, age, v.severity, most[v.severity]]),
		"help": help(v),
	}
}

# Nanoseconds at the beginning of the day. A date that does not exist is an error of this policy, and leaves the artifact unjudged.
day(text) := time.parse_rfc3339_ns(sprintf("%sT00:00:00Z", [substring(text, 0, 10)]))

help(v) := sprintf("update to %s", [v.upgrade]) if v.upgrade

help(v) := "update the package" if not v.upgrade
