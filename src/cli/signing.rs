//! What every command that signs shares: who signs, with which services, and how a bundle is written.

use std::fs;
use std::io::{self, BufRead as _, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use fngate::model::escaped;
use fngate::signature::TrustedRoot;
use fngate::signature::sign::{self, PrivateKey, Prompt, Services, SignError, Signatory, Signed, Subject, Token};
use zeroize::Zeroizing;

use super::Global;

/// Bytes of a token, a key or a password.
const LARGEST: u64 = 64 << 10;
/// Where a key's password is looked for: ours, then cosign's.
const PASSWORDS: [&str; 2] = ["FNGATE_KEY_PASSWORD", "COSIGN_PASSWORD"];
/// The instances that are built in.
const BUILT_IN: [&str; 2] = ["public-good", "staging"];

/// Options that say who signs and where.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct SigningArgs {
    /// Sign with this private key (PKCS#8, or encrypted as cosign does) instead of an identity
    #[arg(long = "signing-key", value_name = "FILE", conflicts_with = "identity_token")]
    signing_key: Option<PathBuf>,
    /// A file with the key's password [default: FNGATE_KEY_PASSWORD or COSIGN_PASSWORD, else asked for]
    #[arg(long, value_name = "FILE", requires = "signing_key")]
    password_file: Option<PathBuf>,
    /// A file with the identity token, `-` for standard input [default: the token of this CI job, or SIGSTORE_ID_TOKEN]
    #[arg(long, value_name = "FILE")]
    identity_token: Option<PathBuf>,
    /// Log in by a code that is pasted, without a browser here
    #[arg(long)]
    no_browser: bool,
    /// The signing services: public-good, staging, or a signing_config.json [default: public-good]
    #[arg(long, value_name = "FILE")]
    signing_config: Option<String>,
}

/// Options that say where bundles go, and under which root they must verify.
#[derive(Debug, clap::Args)]
pub(crate) struct DeliveryArgs {
    /// The Sigstore instance that a new bundle must verify under [default: that of --signing-config]
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<String>,
    /// Where to write the one bundle, `-` is standard output [default: beside the artifact]
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Write over what is there
    #[arg(long)]
    overwrite: bool,
}

/// Who signs, and where.
#[derive(Debug)]
pub(crate) struct Signing {
    services: Services,
    trust: TrustedRoot,
    who: Who,
}

#[derive(Debug)]
enum Who {
    Token(Box<Token>),
    Key(Box<PrivateKey>),
}

impl SigningArgs {
    fn services(&self) -> &str {
        self.signing_config.as_deref().unwrap_or(BUILT_IN[0])
    }

    /// Whether any of the options is there.
    pub(crate) fn is_given(&self) -> bool {
        self.signing_key.is_some() || self.identity_token.is_some() || self.signing_config.is_some() || self.no_browser
    }

    /// The trusted root under which the new signatures are verified, by name: the instance's own, unless another is given.
    fn root<'a>(&'a self, given: Option<&'a str>) -> anyhow::Result<&'a str> {
        match given {
            Some(given) => Ok(given),
            None if BUILT_IN.contains(&self.services()) => Ok(self.services()),
            None => bail!("a signing configuration of your own needs its trusted root too: give `--trusted-root FILE`"),
        }
    }

    /// Finds out who signs; asks on a terminal where nothing else says.
    pub(crate) fn prepare(&self, trusted_root: Option<&str>) -> anyhow::Result<Signing> {
        let trust = TrustedRoot::named(self.root(trusted_root)?)?;
        let services = Services::named(self.services())?;
        let who = match &self.signing_key {
            Some(path) => Who::Key(Box::new(self.key(path)?)),
            None => Who::Token(Box::new(self.token(&services)?)),
        };
        Ok(Signing { services, trust, who })
    }

    fn key(&self, path: &Path) -> anyhow::Result<PrivateKey> {
        let shown = || format!("cannot read the private key: {}", path.display());
        let pem = text(path).with_context(shown)?;
        PrivateKey::from_pem(&pem, || password(self.password_file.as_deref(), "Password of the key")).with_context(shown)
    }

    fn token(&self, services: &Services) -> anyhow::Result<Token> {
        if let Some(path) = &self.identity_token {
            let jwt = text(path).with_context(|| format!("cannot read the identity token: {}", path.display()))?;
            return Ok(Token::from_jwt(&jwt)?);
        }
        match Token::ambient()? {
            Some(token) => Ok(token),
            None if io::stdin().is_terminal() && io::stderr().is_terminal() => {
                Ok(Token::interactive(services, self.no_browser, &Terminal)?)
            }
            None => Err(SignError::Nobody.into()),
        }
    }
}

impl Signing {
    /// Signs, and verifies what was signed.
    pub(crate) fn sign(&self, digest: &[u8; 32], subject: Subject<'_>) -> Result<Signed, SignError> {
        let signatory = match &self.who {
            Who::Token(token) => Signatory::Token(token),
            Who::Key(key) => Signatory::Key(key),
        };
        sign::sign(digest, subject, signatory, &self.services, &self.trust)
    }
}

/// The password of a key: from the file given, the environment, or the terminal.
pub(super) fn password(file: Option<&Path>, prompt: &str) -> Result<Zeroizing<String>, SignError> {
    if let Some(path) = file {
        let read = text(path).map_err(|error| SignError::Key(format!("its password cannot be read ({error:#}): {}", path.display())))?;
        return Ok(Zeroizing::new(
            read.strip_suffix('\n').map_or(read.as_str(), |line| line.strip_suffix('\r').unwrap_or(line)).to_owned(),
        ));
    }
    // A variable that is empty is most often a secret that was not set; it counts only where no other is.
    let mut set = PASSWORDS.iter().filter_map(|name| std::env::var(name).ok()).map(Zeroizing::new).collect::<Vec<_>>();
    set.sort_by_key(|password| password.is_empty());
    if let Some(password) = set.into_iter().next() {
        return Ok(password);
    }
    if !io::stdin().is_terminal() {
        return Err(SignError::Key("it is encrypted, and there is no password: set FNGATE_KEY_PASSWORD or give a file of it".to_owned()));
    }
    rpassword::prompt_password(format!("{prompt}: ")).map(Zeroizing::new).map_err(|error| SignError::Key(error.to_string()))
}

/// Whether the password was asked for at the terminal.
pub(super) fn is_asked(file: Option<&Path>) -> bool {
    file.is_none() && PASSWORDS.iter().all(|name| std::env::var_os(name).is_none())
}

/// A small text, from a file or standard input. What it holds may be a secret.
pub(super) fn text(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let mut read = Zeroizing::new(String::new());
    let size = match path == Path::new("-") {
        true => io::stdin().take(LARGEST + 1).read_to_string(&mut read)?,
        false => fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut read)?,
    };
    if size as u64 > LARGEST {
        bail!("it is larger than {LARGEST} bytes");
    }
    Ok(read)
}

impl DeliveryArgs {
    pub(super) fn trusted_root(&self) -> Option<&str> {
        self.trusted_root.as_deref()
    }

    /// One place is not that of several bundles.
    pub(super) fn check(&self, count: usize, what: &str) -> anyhow::Result<()> {
        if self.output.is_some() && count > 1 {
            bail!("`--output` is the place of one bundle, and there are {count} {what}");
        }
        Ok(())
    }

    /// Where a bundle goes; `None` is standard output. A digest alone has nothing beside it.
    pub(super) fn place(&self, artifact: &str, ending: &str) -> anyhow::Result<Option<PathBuf>> {
        let path = match &self.output {
            Some(path) if path == Path::new("-") => return Ok(None),
            Some(path) => path.clone(),
            None if artifact.starts_with("sha256:") => {
                bail!("a digest has no place of its own: say with `--output` where the bundle goes")
            }
            None => beside(Path::new(artifact), ending),
        };
        // Looked at before anything is signed, and again when it is written.
        if !self.overwrite && path.symlink_metadata().is_ok() {
            return Err(there(&path));
        }
        Ok(Some(path))
    }

    /// Writes a bundle and says so.
    pub(super) fn deliver(&self, place: Option<&Path>, signed: &Signed, global: &Global) -> anyhow::Result<()> {
        let Some(path) = place else {
            writeln!(io::stdout(), "{}", signed.bundle)?;
            return Ok(());
        };
        write(path, format!("{}\n", signed.bundle).as_bytes(), self.overwrite)?;
        if !global.quiet {
            tell(&mut io::stdout(), path, signed)?;
        }
        Ok(())
    }
}

/// A login on this terminal. It speaks on standard error, so that standard output stays the result's.
struct Terminal;

impl Prompt for Terminal {
    fn visit(&self, url: &str, opened: bool) {
        let told = if opened {
            "A browser was opened to log in. If it shows nothing, visit"
        } else {
            "Log in here, and paste the code that you get"
        };
        let _ = writeln!(io::stderr(), "{told}:\n\n  {}\n", escaped(url));
    }

    fn code(&self) -> io::Result<String> {
        let _ = write!(io::stderr(), "Code: ");
        let mut line = String::new();
        io::stdin().lock().take(LARGEST).read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

fn there(path: &Path) -> anyhow::Error {
    anyhow!("there is a file already, and `--overwrite` was not given: {}", path.display())
}

/// Writes a file whole or not at all, and over another one only where that is wanted.
pub(super) fn write(path: &Path, content: &[u8], overwrite: bool) -> anyhow::Result<()> {
    let shown = || format!("cannot write: {}", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".fngate-");
    // A temporary file is the owner's alone; what is handed out is for all whom the umask lets.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).with_context(shown)?;
    file.write_all(content).and_then(|()| file.as_file().sync_all()).with_context(shown)?;
    let kept = if overwrite { file.persist(path) } else { file.persist_noclobber(path) };
    match kept {
        Err(error) if !overwrite && error.error.kind() == io::ErrorKind::AlreadyExists => Err(there(path)),
        other => other.map(drop).map_err(|error| error.error).with_context(shown),
    }
}

/// The path of a bundle beside its artifact.
pub(super) fn beside(artifact: &Path, ending: &str) -> PathBuf {
    // `layout/` is `layout`: what lies in the folder is the artifact's own.
    let mut name = artifact.components().collect::<PathBuf>().into_os_string();
    name.push(ending);
    PathBuf::from(name)
}

/// Tells what was signed.
pub(super) fn tell(out: &mut dyn Write, path: &Path, signed: &Signed) -> anyhow::Result<()> {
    let by = if signed.signer.issuer.is_empty() { String::new() } else { format!(" by {}", escaped(&signed.signer.issuer)) };
    writeln!(out, "{}", escaped(&path.display().to_string()))?;
    if let Some(statement) = &signed.statement {
        writeln!(out, "  statement  {}", escaped(&statement.predicate_type))?;
    }
    writeln!(out, "  signer     {}{by}", escaped(&signed.signer.subject))?;
    writeln!(out, "  time       {}", escaped(&signed.signer.time))?;
    Ok(())
}
