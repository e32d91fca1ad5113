//! `fngate man`: the manual, a page a command, in the form that `man` reads.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::CommandFactory;
use clap_mangen::Man;

/// Options of `fngate man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: `fngate man | man -l -`, `fngate man --output ~/.local/share/man/man1`.")]
pub(crate) struct Args {
    /// Write a page for every command into this folder, instead of the first page on standard output
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<u8> {
    let mut command = super::Cli::command();
    command.build();
    match &args.output {
        None => io::stdout().write_all(&page(command)?)?,
        Some(folder) => {
            fs::create_dir_all(folder).with_context(|| format!("cannot make the folder: {}", folder.display()))?;
            pages(command, folder)?;
        }
    }
    Ok(0)
}

/// Writes the pages of a command and of those below it.
fn pages(command: clap::Command, folder: &Path) -> anyhow::Result<()> {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        let name = format!("{}-{}", command.get_display_name().unwrap_or_else(|| command.get_name()), below.get_name());
        pages(below.clone().display_name(name), folder)?;
    }
    let path = folder.join(format!("{}.1", command.get_display_name().unwrap_or_else(|| command.get_name())));
    fs::write(&path, page(command)?).with_context(|| format!("cannot write the page: {}", path.display()))
}

fn page(command: clap::Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(page)
}
