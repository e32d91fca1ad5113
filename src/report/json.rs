//! `json`: everything, for programs. The schema is `fngate-report/1`; a change that a reader could notice changes its number.

use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use super::case::{unread, unread_kind};
use super::spool::{List, Member, write_document};
use super::{Call, Closing, Examined, Judged, Report, Reporter};
use crate::model::{
    ArtifactFacts, BoundFacts, BundleFacts, Drift, Finding, Ignored, InventoryState, Known, NotJudged, Outcome, Ownership, Package,
    Problem, ProblemClass, Provenance, ProvenanceState, SCOPE, Secret, Signer, Statement, Vulnerability,
};

/// The JSON report.
pub(super) struct Json;

impl Reporter for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report> {
        Box::new(Document { call: Arc::clone(call), artifacts: List::new() })
    }
}

/// A report under construction.
struct Document {
    call: Arc<Call>,
    artifacts: List,
}

impl Report for Document {
    fn add(&mut self, examined: &Examined) -> io::Result<()> {
        self.artifacts.push(&Artifact::of(examined))
    }

    fn finish(self: Box<Self>, closing: &Closing, out: &mut dyn Write) -> io::Result<()> {
        let call = &self.call;
        let mut members = vec![
            ("schema", Member::value(&"fngate-report/1")?),
            ("fngate", Member::value(&env!("CARGO_PKG_VERSION"))?),
            ("outcome", Member::value(&closing.tally.outcome())?),
            ("scope", Member::value(&SCOPE)?),
            ("advisories", Member::value(&closing.advisories)?),
            ("policy", Member::value(&json!({"digest": call.policy_digest}))?),
            ("config", Member::value(&json!({"digest": call.config_digest}))?),
        ];
        if !call.vex.is_empty() {
            members.push(("vex", Member::value(&call.vex)?));
        }
        if let Some(baseline) = &call.baseline {
            members.push(("baseline", Member::value(baseline)?));
        }
        members.push(("artifacts", Member::List(self.artifacts)));
        write_document(members, out)
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Artifact<'a> {
    Judged(Box<JudgedArtifact<'a>>),
    Unread(Box<Unread<'a>>),
}

/// An artifact of which nothing could be read: the same lists as of any other, so that scripts need no second way.
#[derive(Serialize)]
struct Unread<'a> {
    name: &'a str,
    outcome: Outcome,
    error: &'a str,
    findings: [Finding; 1],
    ignored: [Ignored; 0],
    problems: [Problem; 1],
    packages: [Row<'a>; 0],
    vulnerabilities: [&'a Vulnerability; 0],
    secrets: [&'a Secret; 0],
}

impl<'a> Unread<'a> {
    fn of(examined: &'a Examined, error: &'a str) -> Self {
        let problem = Problem {
            class: ProblemClass::Unseen,
            kind: unread_kind(error),
            path: None,
            message: error.to_owned(),
            bytes: 0,
            sha256: None,
            bounded: Vec::new(),
            accepted: None,
        };
        Self {
            name: &examined.name,
            outcome: examined.outcome(),
            error,
            findings: [unread(examined, error)],
            ignored: [],
            problems: [problem],
            packages: [],
            vulnerabilities: [],
            secrets: [],
        }
    }
}

impl<'a> Artifact<'a> {
    fn of(examined: &'a Examined) -> Self {
        match &examined.result {
            Ok(judged) => Self::Judged(Box::new(JudgedArtifact::of(judged))),
            Err(error) => Self::Unread(Box::new(Unread::of(examined, error))),
        }
    }
}

#[derive(Serialize)]
struct JudgedArtifact<'a> {
    #[serde(flatten)]
    artifact: &'a ArtifactFacts,
    outcome: Outcome,
    inventory: Coverage<'a>,
    findings: &'a [Finding],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    known: &'a [Known],
    ignored: &'a [Ignored],
    problems: &'a [Problem],
    packages: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    drift: &'a [Drift],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    bundles: &'a [BundleFacts],
    vulnerabilities: &'a [Vulnerability],
    secrets: &'a [Secret],
    provenance: Signed<'a>,
}

/// The provenance without what the statements say: that is the signer's text, and no report's.
#[derive(Serialize)]
struct Signed<'a> {
    state: ProvenanceState,
    reason: &'a str,
    message: &'a str,
    signers: &'a [Signer],
    statements: Vec<Stated<'a>>,
}

#[derive(Serialize)]
struct Stated<'a> {
    predicate_type: &'a str,
    signer: &'a str,
}

impl<'a> From<&'a Provenance> for Signed<'a> {
    fn from(provenance: &'a Provenance) -> Self {
        let stated = |statement: &'a Statement| Stated { predicate_type: &statement.predicate_type, signer: &statement.signer };
        Self {
            state: provenance.state,
            reason: &provenance.reason,
            message: &provenance.message,
            signers: &provenance.signers,
            statements: provenance.statements.iter().map(stated).collect(),
        }
    }
}

#[derive(Serialize)]
struct Coverage<'a> {
    state: InventoryState,
    unattributed_bytes: u64,
    bytes: &'a Ownership,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    bounded_by: &'a [BoundFacts],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<String>,
    not_judged: &'a [NotJudged],
}

#[derive(Serialize)]
struct Row<'a> {
    purl: String,
    #[serde(flatten)]
    package: &'a Package,
}

impl<'a> JudgedArtifact<'a> {
    fn of(judged: &'a Judged) -> Self {
        let Judged { facts, verdict } = judged;
        let inventory = &facts.inventory;
        Self {
            artifact: &facts.artifact,
            outcome: verdict.outcome,
            inventory: Coverage {
                state: judged.state(),
                unattributed_bytes: inventory.unattributed_bytes(),
                bytes: &inventory.ownership,
                bounded_by: &inventory.bounds,
                candidates: inventory.candidates.iter().map(Package::purl).collect(),
                not_judged: &inventory.not_judged,
            },
            findings: &verdict.findings,
            known: &verdict.known,
            ignored: &verdict.ignored,
            problems: &verdict.problems,
            packages: inventory.components().map(|package| Row { purl: package.purl(), package }).collect(),
            drift: &inventory.drift,
            bundles: &inventory.bundles,
            vulnerabilities: &facts.vulnerabilities,
            secrets: &inventory.secrets,
            provenance: Signed::from(&facts.provenance),
        }
    }
}
