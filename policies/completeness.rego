# Whether everything in scope could be judged at all: the advisories' state, and packages of which too little is known. What
# could not be seen inside the artifact is said by the gate itself, before any policy.
package fngate.completeness

# METADATA
# title: there are no advisories to judge by
# description: |
#   Neither a database nor the network nor a snapshot could be had, so no package was matched against anything. Build or fetch
#   a database (`fngate db build`) and name it with `--db`, or allow the network with `--advisories online`.
# custom:
#   rule: advisories-missing
findings contains finding if {
	input.advisories == null
	finding := object.union(about, {
		"rule": "advisories-missing",
		"level": "incomplete",
		"message": "no source of advisories could be reached, so no package was judged",
		"help": "make a database with `fngate db update`, or allow the network with `--advisories online`",
	})
}

# METADATA
# title: only the advisories inside fngate were at hand
# description: |
#   The snapshot that ships inside the binary holds some well-known advisories. What it finds is true and can deny; what it does
#   not find means nothing, so it can never let an artifact pass.
# custom:
#   rule: advisories-embedded
findings contains finding if {
	input.advisories.source == "embedded"
	finding := object.union(about, {
		"rule": "advisories-embedded",
		"level": "incomplete",
		"message": sprintf("only the snapshot inside fngate (%s) was at hand%s: it can deny and never pass", [day, why]),
		"help": "make a database with `fngate db update`, or allow the network with `--advisories online`",
	})
}

# METADATA
# title: the advisories are too old to judge by
# description: |
#   They are older than `[advisories] incomplete_days` (14 unless set). What was published since is not known, so nothing can
#   pass. Update the database.
# custom:
#   rule: advisories-stale
findings contains finding if {
	input.advisories.source != "embedded"
	most := data.settings.advisories.incomplete_days
	input.advisories.age_days > most
	finding := object.union(about, {
		"rule": "advisories-stale",
		"level": "incomplete",
		"message": sprintf("the advisories are %d days old (%s), more than the %d allowed", [input.advisories.age_days, day, most]),
		"help": "update the database",
	})
}

# METADATA
# title: the advisories are getting old
# description: |
#   They are older than `[advisories] warn_days` (3 unless set). Still judged by; update the database before they are too old.
# custom:
#   rule: advisories-old
findings contains finding if {
	input.advisories.source != "embedded"
	input.advisories.age_days > data.settings.advisories.warn_days
	input.advisories.age_days <= data.settings.advisories.incomplete_days
	finding := object.union(about, {
		"rule": "advisories-old",
		"level": "warn",
		"message": sprintf("the advisories are %d days old (%s)", [input.advisories.age_days, day]),
		"help": "update the database",
	})
}

# METADATA
# title: the advisories are from the future
# description: |
#   The database is dated after the day of judgement, so its age says nothing and it would stay fresh for as long. Either the date
#   of the database is wrong (`fngate db status`), or this machine's clock or `--today` is.
# custom:
#   rule: advisories-future
findings contains finding if {
	input.advisories.source == "db"
	day > input.today
	finding := object.union(about, {
		"rule": "advisories-future",
		"level": "warn",
		"message": sprintf("the advisories are of %s, after the day of judgement (%s), so their age is not known", [day, input.today]),
		"help": "look at the date of the database and at the clock",
	})
}

# METADATA
# title: a feed of what is exploited is getting old
# description: |
#   CISA's catalogue or the EPSS scores are older than `[advisories] warn_days` (3 unless set). What was found to be exploited since
#   is not in them. The catalogue is only published when something is added, so a few quiet days may make it look older than it
#   is. Download it again.
# custom:
#   rule: advisories-feed-old
findings contains finding if {
	some feed in input.advisories.feeds
	feed.age_days > data.settings.advisories.warn_days
	finding := object.union(about, {
		"rule": "advisories-feed-old",
		"level": "warn",
		"message": sprintf("the %s feed is %d days old (%s)", [feed_title[feed.name], feed.age_days, substring(feed.as_of, 0, 10)]),
		"help": "download it again",
	})
}

# METADATA
# title: a feed of what is exploited is from the future
# description: |
#   CISA's catalogue or the EPSS scores are dated after the day of judgement, so their age says nothing and they would stay fresh
#   for as long. Either the file is not what it says, or this machine's clock or `--today` is wrong.
# custom:
#   rule: advisories-feed-future
findings contains finding if {
	some feed in input.advisories.feeds
	dated := substring(feed.as_of, 0, 10)
	dated > input.today
	finding := object.union(about, {
		"rule": "advisories-feed-future",
		"level": "warn",
		"message": sprintf("the %s feed is of %s, after the day of judgement (%s)", [feed_title[feed.name], dated, input.today]),
		"help": "look at the file and at the clock",
	})
}

# METADATA
# title: a setting asks for a feed that was not given
# description: |
#   `[vulnerability] epss` denies what is likely to be exploited, and no EPSS scores were given, so it would deny nothing. Name
#   them with `--epss` or `[advisories] epss`, or take the threshold out. The same where `known_exploited` stands in fngate.toml
#   as `deny` or `incomplete`, and no catalogue was given (`--kev`, `[advisories] kev`).
# custom:
#   rule: advisories-feed-missing
findings contains finding if {
	is_number(data.settings.vulnerability.epss)
	input.advisories != null
	count([feed | some feed in object.get(input.advisories, "feeds", []); feed.name == "epss"]) == 0
	finding := object.union(about, {
		"rule": "advisories-feed-missing",
		"level": "incomplete",
		"message": "vulnerabilities are to be denied by their EPSS scores, and none were given",
		"help": "give the scores with `--epss`, or take `[vulnerability] epss` out of fngate.toml",
	})
}

findings contains finding if {
	data.settings.vulnerability.expects_kev
	data.settings.vulnerability.known_exploited in {"deny", "incomplete"}
	input.advisories != null
	count([feed | some feed in object.get(input.advisories, "feeds", []); feed.name == "kev"]) == 0
	finding := object.union(about, {
		"rule": "advisories-feed-missing",
		"level": "incomplete",
		"message": "what is known to be exploited is to be denied, and no catalogue of it was given",
		"help": "give CISA's catalogue with `--kev`, or take `[vulnerability] known_exploited` out of fngate.toml",
	})
}

# METADATA
# title: some advisories could not be read
# description: |
#   A few records of the advisory source are broken or of a form fngate does not know, so what they say was not judged. Above a
#   share of them building the database fails; below it the verdict says how many.
# custom:
#   rule: advisories-unreadable
findings contains finding if {
	input.advisories.unreadable > 0
	finding := object.union(about, {
		"rule": "advisories-unreadable",
		"level": "warn",
		"message": sprintf("%d records of the advisory source could not be read", [input.advisories.unreadable]),
		"help": "update the database, and fngate",
	})
}

# METADATA
# title: a package's version is not known
# description: |
#   The package is inside, or would be installed, and nothing says in which version; so it cannot be matched against advisories
#   that name versions. (Those that condemn every version are matched all the same.)
#
#   Pin the version where the package is declared, ship the lockfile beside it, or keep the package's own metadata
#   (`package.json`, `*.dist-info`) in the artifact.
# custom:
#   rule: package-version-unknown
findings contains finding if {
	some p in listed
	unknown(p)
	not moot(p)
	finding := object.union(place(p), {
		"rule": "package-version-unknown",
		"level": "incomplete",
		"subject": p.purl,
		"message": sprintf("the version of %s (%s, by %s) is not known, so it could not be judged", [p.name, p.relation, p.evidence]),
		"help": "pin the version, ship the lockfile, or keep the package's metadata in the artifact",
	})
}

# What is inside, and what may be.
listed contains p if some p in input.inventory.packages

listed contains p if some p in input.inventory.candidates

possible contains p if some p in input.inventory.candidates

# What was only used while building, and the function's own source, are in no advisory's scope. Of a bundle's packages the problem
# `bundle-versions-unknown` speaks, once for all of them.
unknown(p) if {
	p.version == null
	p in possible
	count(object.get(p, "candidates", [])) == 0
	p.origin != "first-party"
}

unknown(p) if {
	p.version == null
	count(object.get(p, "candidates", [])) == 0
	not p.relation in {"build", "bundled"}
	p.origin != "first-party"
}

# METADATA
# title: A package was not asked about
# description: |
#   The artifact says that the package is private, or comes from git or a URL, and only a public service was at hand: such names are
#   never sent, so nothing is known about it. It may be as it says, and it may be a known package under that pretext. Use an offline
#   database (`--db`), which is asked about everything, or say yourself that it is your own (`--private PATTERN`).
# custom:
#   rule: package-not-asked
findings contains finding if {
	input.advisories.source == "api"
	some p in listed
	elsewhere(p)
	p.relation != "build"
	not moot(p)
	finding := object.union(place(p), {
		"rule": "package-not-asked",
		"level": "incomplete",
		"subject": p.purl,
		"message": "the artifact says that this package is not from the registry, so the public service was not asked about it",
		"help": "use an offline database with `--db`, or name the package with `--private` if it is your own",
	})
}

# What the artifact itself says about where a package comes from, and only it says so.
elsewhere(p) if p.origin in {"private", "git", "url"}

# A lockfile's `file:` or `link: true` makes an installed package the project's own. What a build leaves in its source tree is that.
elsewhere(p) if {
	p.origin == "first-party"
	p.relation == "installed"
	p.evidence != "pypi/egg-info"
}

# A name in a manifest or lockfile says nothing more once what is installed speaks for itself.
moot(p) if {
	p.relation in {"declared", "locked"}
	p.purl in versioned
}

moot(p) if {
	p.relation in {"declared", "locked"}
	p.ecosystem in installed
}

moot(p) if {
	p.relation in {"declared", "locked"}
	p.dev
}

versioned contains split(p.purl, "@")[0] if {
	some p in input.inventory.packages
	p.version != null
}

installed contains p.ecosystem if {
	some p in input.inventory.packages
	p.relation in {"installed", "bundled", "embedded"}
}

place(p) := {"path": p.paths[0]} if count(p.paths) > 0

place(p) := {} if count(p.paths) == 0

feed_title := {"kev": "CISA KEV", "epss": "EPSS"}

about := {"subject": input.artifact.name}

# Why no better source was used, where the source says so.
why := sprintf(" (%s)", [input.advisories.note]) if input.advisories.note

why := "" if not input.advisories.note

day := substring(input.advisories.as_of, 0, 10)
