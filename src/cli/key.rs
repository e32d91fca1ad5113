//! `fngate key`: a key pair for those who sign without an identity provider.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use fngate::signature::sign::{KEY_ENDING, PUBLIC_ENDING, PrivateKey};

use super::Global;
use super::signing;

/// Options of `fngate key`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make an ECDSA P-256 key pair: NAME.key, encrypted under a password, and NAME.pub
    Generate {
        /// Where: two files begin with this
        #[arg(long, value_name = "NAME", default_value = "fngate")]
        output: PathBuf,
        /// A file with the password [default: FNGATE_KEY_PASSWORD or COSIGN_PASSWORD, else asked for]
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Print the public key of a private key
    Public {
        /// The private key
        key: PathBuf,
        /// A file with the password [default: FNGATE_KEY_PASSWORD or COSIGN_PASSWORD, else asked for]
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    match &args.command {
        Command::Generate { output, password_file } => generate(output, password_file.as_deref(), global),
        Command::Public { key, password_file } => {
            let shown = || format!("cannot read the private key: {}", key.display());
            let pem = signing::text(key).with_context(shown)?;
            let password = || signing::password(password_file.as_deref(), "Password of the key");
            let key = PrivateKey::from_pem(&pem, password).with_context(shown)?;
            write!(io::stdout(), "{}", key.public_pem())?;
            Ok(0)
        }
    }
}

fn generate(output: &Path, password_file: Option<&Path>, global: &Global) -> anyhow::Result<u8> {
    let (private, public) = (signing::beside(output, KEY_ENDING), signing::beside(output, PUBLIC_ENDING));
    for path in [&private, &public] {
        if path.symlink_metadata().is_ok() {
            bail!("a key may be in use, so no file of one is written over: {}", path.display());
        }
    }
    let password = signing::password(password_file, "Password for the new key")?;
    if password.is_empty() {
        bail!("the password is empty, and a key under no password is anybody's: set FNGATE_KEY_PASSWORD, or give `--password-file FILE`");
    }
    if signing::is_asked(password_file) && *signing::password(None, "The same again")? != *password {
        bail!("the two passwords are not the same");
    }
    let (key, public_pem) = PrivateKey::generate(&password)?;
    new(&private, key.as_bytes(), 0o600)?;
    new(&public, public_pem.as_bytes(), 0o644)?;
    if !global.quiet {
        writeln!(io::stdout(), "{}  private, encrypted\n{}  public", private.display(), public.display())?;
    }
    Ok(0)
}

/// Makes a file that was not there, for its owner alone from its first moment where it is private.
fn new(path: &Path, content: &[u8], mode: u32) -> anyhow::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(mode);
    }
    #[cfg(not(unix))]
    let _ = mode;
    let write = || -> io::Result<()> {
        let mut file = options.open(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write the key: {}", path.display()))
}
