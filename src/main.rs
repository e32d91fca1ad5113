//! Arguments -> gate -> report -> exit code: the only `anyhow`, the only print.

mod cli;
mod config;

fn main() -> std::process::ExitCode {
    cli::run()
}
