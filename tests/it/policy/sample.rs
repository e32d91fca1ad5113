//! Facts to judge and to report: fixed, and small enough to read.

use fngate::model::{
    Advisories, AdvisoryOrigin, Amount, ArtifactFacts, ArtifactKind, Confidence, Ecosystem, EntryPath, Facts, File, Holding, Inventory,
    KnownExploited, NotJudged, Ownership, Package, Party, Problem, ProblemClass, ProblemKind, Provenance, ProvenanceState, Relation,
    Secret, SecretLevel, Severity, Signer, Vulnerability,
};
use fngate::policy::{Policies, Settings};

pub const DUPLICATE: ProblemKind = ProblemKind { id: "duplicate-name", class: ProblemClass::Unseen, title: "Two entries", page: "Two." };
pub const BUNDLE: ProblemKind = ProblemKind { id: "bundle", class: ProblemClass::Unattributed, title: "A bundle", page: "A bundle." };
pub const GO: ProblemKind = ProblemKind { id: "go-binary", class: ProblemClass::OutOfScope, title: "A Go binary", page: "Go." };
pub const CRASH: ProblemKind = ProblemKind { id: "internal-error", class: ProblemClass::Unseen, title: "A crash", page: "A crash." };

pub fn path(path: &str) -> EntryPath {
    EntryPath::new(path).unwrap()
}

/// A package with node_modules intact and nothing wrong, signed.
pub fn clean() -> Facts {
    let mut package = Package::new(
        Ecosystem::Npm,
        "lodash",
        Some("4.17.15"),
        Relation::Installed,
        &path("node_modules/lodash/package.json"),
        "npm/package-json",
    );
    let (own, held) = (Amount { files: 1, bytes: 512 }, Amount { files: 1, bytes: 1_040 });
    package.holding = Some(Box::new(Holding { located: held, ..Holding::default() }));
    let file = |name: &str, size| File { path: path(name), size, sha256: "ab".repeat(32) };
    let inventory = Inventory {
        files: vec![file("index.js", 512), file("node_modules/lodash/package.json", 1_040)],
        packages: vec![package],
        ownership: Ownership { packages: held, first_party: own, ..Ownership::default() },
        ..Inventory::default()
    };
    Facts {
        artifact: ArtifactFacts {
            name: "fn.zip".to_owned(),
            kind: ArtifactKind::Zip,
            size: 1_552,
            sha256: "12".repeat(32),
            code_sha256: Some("EhISEhISEhISEhISEhISEhISEhISEhISEhISEhISEhI=".to_owned()),
            layers: Vec::new(),
        },
        inventory: inventory.sorted(),
        vulnerabilities: Vec::new(),
        advisories: Some(Advisories {
            source: AdvisoryOrigin::Db,
            as_of: "2026-11-21T06:00:00Z".to_owned(),
            digest: "cd".repeat(32),
            unreadable: 0,
            age_days: 1,
            note: String::new(),
            feeds: Vec::new(),
        }),
        provenance: Provenance {
            state: ProvenanceState::Verified,
            signers: vec![Signer {
                issuer: "https://token.actions.githubusercontent.com".to_owned(),
                subject: "https://github.com/acme/orders/.github/workflows/release.yml@refs/heads/main".to_owned(),
                ..Signer::default()
            }],
            ..Provenance::default()
        },
        today: "2026-11-22".to_owned(),
    }
}

pub fn vulnerability(id: &str, severity: Severity) -> Vulnerability {
    Vulnerability {
        id: id.to_owned(),
        ids: vec![id.to_owned()],
        aliases: vec!["CVE-2021-23337".to_owned()],
        severity,
        cvss: None,
        cvss_vector: None,
        malicious: false,
        informational: None,
        purl: "pkg:npm/lodash@4.17.15".to_owned(),
        relation: Relation::Installed,
        dev: false,
        possible: false,
        paths: vec![path("node_modules/lodash/package.json")],
        fixed: vec!["4.17.21".to_owned()],
        fixable: true,
        upgrade: Some("4.17.21".to_owned()),
        summary: "Command injection in template()".to_owned(),
        published: None,
        unevaluated: None,
        known_exploited: None,
        epss: None,
    }
}

/// What a catalogue of known exploited vulnerabilities says.
pub fn exploited() -> Option<KnownExploited> {
    Some(KnownExploited { added: "2026-11-01".to_owned(), due: "2026-11-22".to_owned(), ransomware: false })
}

pub fn secret(line: u32, level: SecretLevel) -> Secret {
    Secret {
        rule: "github-pat".to_owned(),
        path: path("src/config.js"),
        line,
        column: 15,
        confidence: Confidence::High,
        party: Party::First,
        level,
        fingerprint: "0f".repeat(32),
        preview: "ghp_…".to_owned(),
        decoded: Vec::new(),
    }
}

pub fn with_vulnerability(severity: Severity) -> Facts {
    Facts { vulnerabilities: vec![vulnerability("GHSA-35jh-r3h4-6jhm", severity)], ..clean() }
}

pub fn with_problem(problem: Problem) -> Facts {
    let mut facts = clean();
    facts.inventory.problems.push(problem);
    facts
}

pub fn bundle() -> Problem {
    let problem = Problem::at(
        &BUNDLE,
        &path("dist/index.js"),
        "a bundle made by esbuild whose packages are unknown: give its source map or metafile",
    )
    .bytes(734_003);
    Problem { sha256: Some("ef".repeat(32)), ..problem }
}

pub fn with_go_binary() -> Facts {
    let mut facts = clean();
    facts.inventory.not_judged.push(NotJudged {
        kind: "go-binary",
        path: path("bin/agent"),
        size: 8_388_608,
        packages: None,
        detail: String::new(),
    });
    facts.inventory.ownership.not_judged.add(8_388_608);
    facts
}

/// Everything at once: three vulnerabilities, a secret, a bundle, a Go binary, no signature.
pub fn grave() -> Facts {
    let mut facts = clean();
    facts.vulnerabilities = vec![
        Vulnerability { cvss: Some(9.8), ..vulnerability("GHSA-35jh-r3h4-6jhm", Severity::Critical) },
        Vulnerability { aliases: Vec::new(), fixed: Vec::new(), summary: "Regular expressions of lodash take very long on some inputs, which lets whoever sends them hold the function until its time is up".to_owned(), ..vulnerability("GHSA-29mw-wpgm-hmr9", Severity::High) },
        Vulnerability { aliases: Vec::new(), ..vulnerability("GHSA-p6mc-m468-83gw", Severity::Medium) },
    ];
    facts.inventory.secrets = vec![secret(3, SecretLevel::Deny)];
    facts.inventory.not_judged.push(NotJudged {
        kind: "go-binary",
        path: path("bin/agent"),
        size: 8_388_608,
        packages: None,
        detail: String::new(),
    });
    facts.inventory.ownership.not_judged.add(8_388_608);
    facts.provenance = Provenance { reason: "no-signature".to_owned(), ..Provenance::default() };
    facts
}

/// A bundle nobody knows, old advisories.
pub fn unseen() -> Facts {
    let mut facts = with_problem(bundle());
    facts.inventory.ownership.unattributed.add(734_003);
    if let Some(advisories) = &mut facts.advisories {
        advisories.age_days = 20;
        advisories.as_of = "2026-11-02T06:00:00Z".to_owned();
    }
    facts.provenance = Provenance { reason: "no-signature".to_owned(), ..Provenance::default() };
    facts
}

pub fn settings() -> Settings {
    Settings { kinds: vec![&DUPLICATE, &BUNDLE, &GO, &CRASH], ..Settings::default() }
}

pub fn policies(settings: Settings) -> Policies {
    Policies::load(settings, &[]).unwrap()
}
