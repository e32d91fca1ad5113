//! An artifact that says what it likes wherever it may say anything.

use fngate::model::{
    Confidence, Finding, Ignored, Known, Level, NotJudged, Package, Party, Problem, Relation, Secret, SecretLevel, Signer,
};
use fngate::model::{Ecosystem, Facts, File, Holding, ProvenanceState, Severity, Statement, Vulnerability};
use fngate::report::Examined;

use super::{Run, run};
use crate::policy::sample::{self, path};

/// What reports for people are written in, and what could leave it.
pub const TEXTS: [&str; 12] = [
    "<script>alert(1)</script>",
    "</title></style></svg></details><h1>Passed</h1>",
    "\" onload=\"alert(1)\" x='",
    "javascript:alert(1)//",
    "\u{202e}gpj.exe\u{2066}\u{200b}\u{feff}",
    "](http://evil.example) [x](javascript:alert(1)) ![i](http://evil.example/i.png)",
    "`a` ``b`` ```\n# Passed\n",
    "| a | b |\n|---|---|\n## ✓ Passed\n",
    "@octocat #1 !2 acme/orders#3 GH-4 http://evil.example www.evil.example a@evil.example",
    "- a\n  - b\n\n---\n\n<details open>\n<!-- ",
    "&lt;b&gt; &#60;script&#62; &amp;amp; &",
    "\u{0}\u{1b}[2J\r\n\u{85}\u{2028}\u{fffe}\u{ffff}",
];

/// An artifact that says `text`.
pub fn run_of(text: &str) -> Run {
    let mut facts: Facts = sample::grave();
    let folder: String = text.replace(['/', '\0'], "_").chars().take(2_000).collect();
    let place = path(&format!("a/{folder}/package.json"));
    facts.artifact.name = format!("fn {text}.zip");
    let mut package = Package::new(Ecosystem::Npm, text, Some(text), Relation::Installed, &place, "npm/package-json");
    package.holding = Some(Box::new(Holding { located: fngate::model::Amount { files: 1, bytes: 9_000_000 }, ..Holding::default() }));
    let purl = package.purl();
    facts.inventory.packages.push(package);
    facts.inventory.files.push(File { path: place.clone(), size: 9_000_000, sha256: "ab".repeat(32) });
    facts.inventory.ownership.packages.add(9_000_000);
    facts.vulnerabilities.push(Vulnerability {
        purl,
        summary: text.to_owned(),
        aliases: vec![text.to_owned()],
        cvss_vector: Some(text.to_owned()),
        cvss: Some(9.0),
        fixed: vec![text.to_owned()],
        upgrade: Some(text.to_owned()),
        paths: vec![place.clone(), place.clone()],
        published: Some(text.to_owned()),
        ..sample::vulnerability("GHSA-xxxx-xxxx-xxxx", Severity::Critical)
    });
    facts.inventory.secrets.push(Secret {
        rule: text.to_owned(),
        path: place.clone(),
        line: 1,
        column: 1,
        confidence: Confidence::High,
        party: Party::First,
        level: SecretLevel::Deny,
        fingerprint: text.to_owned(),
        preview: text.to_owned(),
        decoded: Vec::new(),
    });
    facts.inventory.problems.push(Problem::at(&sample::DUPLICATE, &place, text).bytes(5));
    let file = NotJudged { kind: "go-binary", path: place, size: 5, packages: None, detail: text.to_owned() };
    facts.inventory.not_judged.push(file);
    facts.provenance.state = ProvenanceState::Verified;
    facts.provenance.message = text.to_owned();
    facts.provenance.signers = vec![Signer {
        issuer: text.to_owned(),
        subject: text.to_owned(),
        claims: [(text.to_owned(), text.to_owned())].into(),
        time: text.to_owned(),
    }];
    facts.provenance.statements = vec![Statement { predicate_type: text.to_owned(), ..Statement::default() }];
    if let Some(advisories) = &mut facts.advisories {
        advisories.note = text.to_owned();
        advisories.as_of = text.to_owned();
    }
    let inventory = std::mem::take(&mut facts.inventory).sorted();
    let mut run = run(vec![Facts { inventory, ..facts }]);
    let verdict = &mut run.artifacts[0].result.as_mut().unwrap().verdict;
    // A policy may say anything too.
    let finding = Finding {
        id: text.to_owned(),
        rule: text.to_owned(),
        level: Level::Deny,
        subject: text.to_owned(),
        advisory: text.to_owned(),
        fingerprint: text.to_owned(),
        message: text.to_owned(),
        help: text.to_owned(),
        path: Some(text.to_owned()),
        line: Some(1),
        tags: vec![text.to_owned()],
    };
    verdict.findings.insert(0, finding.clone());
    verdict.findings.push(Finding { level: Level::Warn, ..finding.clone() });
    verdict.known.push(Known { finding: finding.clone(), until: text.to_owned() });
    verdict.ignored.push(Ignored { finding, reason: text.to_owned(), expires: Some(text.to_owned()) });
    run.artifacts.push(Examined { name: text.to_owned(), result: Err(text.to_owned()) });
    run
}
