//! `fngate sbom ARTIFACT`: the inventory alone, as CycloneDX or SPDX.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::ValueEnum;
use fngate::artifact::Artifact;
use fngate::model::{Facts, Inventory, InventoryState, ProblemClass, Provenance, escaped};
use fngate::report::{timestamp, write_sbom, write_spdx};
use jiff::Zoned;
use jiff::tz::TimeZone;

use super::evidence::{EvidenceArgs, Given};
use super::{Global, check, setup};

/// Options of `fngate sbom`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 the list is complete, 2 something could not be seen or attributed (the list says so), or failed.")]
pub(crate) struct Args {
    /// A zip, a tar, a directory or an image (`oci:REF`, a layout, a saved archive); `-` reads standard input
    #[arg(value_name = "ARTIFACT")]
    artifact: String,
    /// A layer that is mounted beside it: listed together, later ones over earlier ones (repeatable)
    #[arg(long, value_name = "ZIP")]
    layer: Vec<PathBuf>,
    #[command(flatten)]
    evidence: EvidenceArgs,
    /// The form of the output
    #[arg(long, value_name = "NAME", default_value = "cyclonedx")]
    format: Format,
    /// Where to write it
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// How many workers [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// CycloneDX 1.6 JSON
    Cyclonedx,
    /// SPDX 2.3 JSON
    Spdx,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let artifact = check::open(&args.artifact)?.with_layers(check::layers(&args.layer)?)?;
    let evidence = args.evidence.read(&Given::default())?;
    let pool = setup::pool(args.jobs)?;
    let inventory =
        pool.install(|| fngate::scan::scan_with(&artifact, &artifact.default_limits(), None, &evidence.bounds, &evidence.trees));
    let today = Zoned::now().with_time_zone(TimeZone::UTC).date().to_string();
    let time = timestamp(std::env::var("SOURCE_DATE_EPOCH").ok().as_deref(), &today);
    let facts = facts(&artifact, inventory, &today);
    let mut out = super::output(args.output.as_deref())?;
    match args.format {
        Format::Cyclonedx => write_sbom(&facts, &time, &mut out),
        Format::Spdx => write_spdx(&facts, &time, &mut out),
    }
    .and_then(|()| out.flush())
    .context("cannot write the list")?;
    let inventory = facts.inventory;
    if inventory.state() == InventoryState::Complete {
        return Ok(0);
    }
    if !global.quiet {
        let open: Vec<_> = inventory.problems.iter().filter(|problem| problem.class != ProblemClass::OutOfScope).collect();
        let mut stderr = io::stderr();
        let state = if inventory.state() == InventoryState::Bounded { "bounded" } else { "incomplete" };
        let _ = writeln!(stderr, "{state}: {} problem(s) in {}", open.len(), escaped(&args.artifact));
        for problem in open.iter().take(10) {
            let place = problem.path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default();
            let _ = writeln!(stderr, "  {}: {place}{}", problem.kind, escaped(&problem.message));
        }
        if open.len() > 10 {
            let _ = writeln!(stderr, "  and {} more", open.len() - 10);
        }
    }
    Ok(2)
}

/// The facts of an inventory alone.
pub(super) fn facts(artifact: &Artifact, inventory: Inventory, today: &str) -> Facts {
    Facts {
        artifact: artifact.facts(&inventory),
        inventory,
        vulnerabilities: Vec::new(),
        advisories: None,
        provenance: Provenance::default(),
        today: today.to_owned(),
    }
}
