//! `fngate policy list` and `fngate policy test`: which policies judge, by which rules, and whether they hold.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fngate::model::hex;
use fngate::policy::{Policies, Settings, prove};

use sha2::{Digest as _, Sha256};

use crate::config::Config;

/// Options of `fngate policy`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List every policy and its rules
    List {
        /// A policy of your own: a file, or a folder with everything below
        #[arg(long, value_name = "PATH")]
        policy: Vec<PathBuf>,
    },
    /// Print the digest of policies and configuration together, which a verification summary states
    Digest {
        /// The configuration [default: fngate.toml in the working directory]
        #[arg(long, value_name = "PATH")]
        config: Option<PathBuf>,
        /// A policy of your own: a file, or a folder with everything below (repeatable)
        #[arg(long, value_name = "PATH")]
        policy: Vec<PathBuf>,
    },
    /// Run every `test_` rule of the built-in policies and of your own
    Test {
        /// Policies and their tests (`NAME_test.rego`): files, or folders with everything below
        paths: Vec<PathBuf>,
    },
}

pub(crate) fn run(args: &Args) -> anyhow::Result<u8> {
    match &args.command {
        Command::List { policy } => list(policy),
        Command::Digest { config, policy } => {
            writeln!(io::stdout(), "{}", digest(config.as_deref(), policy)?)?;
            Ok(0)
        }
        Command::Test { paths } => test(paths),
    }
}

fn list(paths: &[PathBuf]) -> anyhow::Result<u8> {
    let policies = load(paths)?;
    let mut text = String::new();
    let mut policy = "";
    for rule in policies.rules() {
        if rule.policy != policy {
            policy = &rule.policy;
            text.push_str(&format!("{policy}\n"));
        }
        text.push_str(format!("  {:30} {}", rule.id, rule.title).trim_end());
        text.push('\n');
    }
    text.push_str(&format!("digest {}\n", policies.digest()));
    io::stdout().write_all(text.as_bytes())?;
    Ok(0)
}

fn test(paths: &[PathBuf]) -> anyhow::Result<u8> {
    let proofs = prove(&given(paths)?)?;
    let failed = proofs.iter().filter(|proof| proof.failure.is_some());
    let mut text = String::new();
    for proof in failed.clone() {
        let failure = proof.failure.as_deref().unwrap_or_default().replace('\n', "\n    ");
        text.push_str(&format!("FAILED {} {}\n    {failure}\n", proof.file, proof.test));
    }
    let failed = failed.count();
    text.push_str(&format!("{} tests, {failed} failed\n", proofs.len()));
    io::stdout().write_all(text.as_bytes())?;
    Ok(u8::from(failed > 0))
}

/// The digest of policies and configuration together, as `check --attest` states it.
pub(super) fn digest(config: Option<&Path>, paths: &[PathBuf]) -> anyhow::Result<String> {
    let config = Config::load(config, &env::current_dir()?, &[])?;
    let all = config.policy_paths.iter().chain(paths).cloned().collect::<Vec<_>>();
    Ok(combined(Policies::load(Settings::default(), &all)?.digest(), &config.digest))
}

/// One digest over those of the policies and of the configuration (empty where there is none): SHA-256 of the line
/// `fngate-policy/1` and one line for each.
pub(super) fn combined(policies: &str, config: &str) -> String {
    hex(&Sha256::digest(format!("fngate-policy/1\n{policies}\n{config}\n")))
}

/// The built-in policies, those of fngate.toml, and those at `paths`.
pub(super) fn load(paths: &[PathBuf]) -> anyhow::Result<Policies> {
    Ok(Policies::load(Settings::default(), &given(paths)?)?)
}

fn given(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut given = Config::load(None, &env::current_dir()?, &[])?.policy_paths;
    given.extend_from_slice(paths);
    Ok(given)
}
