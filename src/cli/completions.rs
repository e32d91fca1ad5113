//! `fngate completions SHELL`: a completion script on standard output.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;

/// Options of `fngate completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> u8 {
    clap_complete::generate(args.shell, &mut super::Cli::command(), "fngate", &mut io::stdout());
    0
}
