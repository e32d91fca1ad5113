//! Arguments -> gate -> report -> exit code: the only `anyhow`, the only print.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
