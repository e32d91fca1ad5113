# Secrets that the artifact would leak, as the scanner rates them.
package fngate.secret

# METADATA
# title: the artifact holds a credential
# description: |
#   Whoever can read the package can use it: everyone with access to the bucket, the registry, the build log's cache, or a
#   laptop with a copy. The finding shows where, and at most the first four characters.
#
#   Revoke the credential first; taking it out of the file is not enough, because older artifacts and the history still hold it.
#   Then read it at run time from the platform's secret store. A value that is no credential is ignored by its fingerprint.
# custom:
#   rule: secret-exposed
findings contains finding if {
	some s in input.inventory.secrets
	s.level == "deny"
	finding := object.union(about(s), {
		"rule": "secret-exposed",
		"level": "deny",
		"help": "revoke it, then read it at run time from the platform's secret store",
	})
}

# METADATA
# title: the artifact probably holds a credential
# description: |
#   The value has the look of a credential, and nothing proves that it is one: a name that says so beside a random string, or a
#   format without a checksum. Look at it. If it is one, treat it as exposed; if it is none, ignore it by its fingerprint.
# custom:
#   rule: secret-suspected
findings contains finding if {
	some s in input.inventory.secrets
	s.level == "warn"
	finding := object.union(about(s), {
		"rule": "secret-suspected",
		"level": "warn",
		"help": "look at it: revoke it if it is a credential, ignore its fingerprint if it is none",
	})
}

# METADATA
# title: the artifact holds a key that is public by design, or an example
# description: |
#   A publishable key, a documented placeholder, or a test key that the whole world has. Shown so that nothing found is hidden.
# custom:
#   rule: secret-public
findings contains finding if {
	some s in input.inventory.secrets
	s.level == "info"
	finding := object.union(about(s), {"rule": "secret-public", "level": "info"})
}

about(s) := {
	"subject": s.path,
	"fingerprint": s.fingerprint,
	"message": sprintf("%s `%s` in %s (%s confidence)%s", [s.rule, s.preview, party[s.party], s.confidence, decoded(s)]),
	"path": s.path,
	"line": s.line,
	"tags": ["SAS-07", "CWE-798"],
}

party := {"first": "the function's own files", "third": "a dependency's files"}

decoded(s) := sprintf(", decoded from %s", [concat(", then ", s.decoded)]) if s.decoded

decoded(s) := "" if not s.decoded
