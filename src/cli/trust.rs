//! `fngate trust update|status`: the trusted roots that signatures rest on.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use fngate::model::escaped;
use fngate::signature::{
    Authority, AuthorityKind, Cache, INSTANCES, Patience, Source, TrustError, TrustLimits, TrustedRoot, TufRepository, Updated,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::progress::Progress;
use super::{Format, Global};

/// Options of `fngate trust`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fetch the current trusted root of an instance and keep it; the only command that asks a TUF repository
    Update(UpdateArgs),
    /// Say which trusted roots are in use, how fresh they are and whom they name
    Status(StatusArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Trust begins with the TUF root inside fngate, or the one you name, and never with the cache: what lies there is \
    verified each time it is used. Whatever fails, what was kept stays. Proxies are taken from HTTPS_PROXY and NO_PROXY.")]
struct UpdateArgs {
    /// The Sigstore instance
    #[arg(long, value_name = "NAME", default_value = "public-good", conflicts_with = "tuf_url", value_parser = PossibleValuesParser::new(INSTANCES))]
    instance: String,
    #[command(flatten)]
    private: PrivateArgs,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 each root is usable, 2 a cache does not verify.")]
struct StatusArgs {
    #[command(flatten)]
    private: PrivateArgs,
    #[command(flatten)]
    place: Place,
    /// The form of the output
    #[arg(long, value_name = "NAME", default_value = "text")]
    format: Format,
    /// Where to write it
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

/// A private TUF repository.
#[derive(Debug, clap::Args)]
pub(crate) struct PrivateArgs {
    /// A TUF repository of your own, by its address
    #[arg(long, value_name = "URL", requires = "tuf_root")]
    tuf_url: Option<String>,
    /// The root.json that trust in it begins with
    #[arg(long, value_name = "FILE", requires = "tuf_url")]
    tuf_root: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Place {
    /// Where caches of trusted roots lie [default: FNGATE_TRUST_CACHE, else fngate/trust in the user's cache folder]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

impl PrivateArgs {
    /// The repository that is named, with its cache below `folder`.
    pub(crate) fn repository(&self, folder: Option<&PathBuf>) -> Result<Option<TufRepository>, TrustError> {
        let both = self.tuf_url.as_ref().zip(self.tuf_root.as_ref());
        both.map(|(url, root)| TufRepository::private(url, root, folder.map(PathBuf::as_path))).transpose()
    }
}

/// Limits on the root itself.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct LimitArgs {
    /// The SHA-256 that the bytes of the trusted root must have
    #[arg(long, value_name = "HEX", value_parser = digest)]
    trusted_root_sha256: Option<String>,
    /// Days since the instance last vouched for the trusted root, at most; not for a file, which has no date
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    trusted_root_max_age: Option<u32>,
}

impl LimitArgs {
    pub(crate) fn limits(&self) -> TrustLimits {
        TrustLimits { sha256: self.trusted_root_sha256.clone(), max_age_days: self.trusted_root_max_age }
    }
}

/// Says that what was kept of a repository is past its day. It is used all the same, because nothing newer is at hand, and
/// whoever withholds what is newer can make it so: `--trusted-root-max-age` sets an end.
pub(crate) fn warn_of_expiry(root: &TrustedRoot, now: Timestamp, quiet: bool) {
    if let Source::Cached(fresh) = root.source()
        && fresh.expires < now
        && !quiet
    {
        let (name, when) = (escaped(root.name()), apart(fresh.expires, now));
        let told = format!("warning: the metadata of the cached trusted root expired {when}; it is used as it was then: {name}");
        let _ = writeln!(io::stderr(), "{told}\n  hint: `{}` fetches the current one", escaped(&root.update_command()));
    }
}

fn digest(text: &str) -> Result<String, String> {
    let is_one = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_one { Ok(text.to_ascii_lowercase()) } else { Err("64 hexadecimal digits are needed".to_owned()) }
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let now = Timestamp::now();
    match &args.command {
        Command::Update(args) => {
            let folder = args.place.cache.as_ref();
            let repository = match args.private.repository(folder)? {
                Some(private) => private,
                None => TufRepository::of_instance(&args.instance, folder.map(PathBuf::as_path))?,
            };
            let progress = Progress::begin(global, 1);
            progress.say(&format!("asking {}", repository.url()));
            let updated = repository.update(now, Patience::default());
            progress.end();
            let mut out = super::output(None)?;
            write_updated(&mut out, &repository, &updated?, now)?;
            out.flush()?;
            Ok(0)
        }
        Command::Status(args) => status(args, now),
    }
}

fn status(args: &StatusArgs, now: Timestamp) -> anyhow::Result<u8> {
    let folder = args.place.cache.as_ref();
    let instances = INSTANCES.iter().map(|name| TufRepository::of_instance(name, folder.map(PathBuf::as_path)));
    let repositories = instances.chain(args.private.repository(folder).transpose()).collect::<Result<Vec<_>, _>>()?;
    let found = repositories.iter().map(|repository| (repository, repository.standing(now))).collect::<Vec<_>>();
    let mut out = super::output(args.output.as_deref())?;
    match args.format {
        Format::Text => {
            for (at, (repository, standing)) in found.iter().enumerate() {
                if at > 0 {
                    writeln!(out)?;
                }
                match standing {
                    Ok((root, cache)) => write_root(&mut out, repository, root, *cache, now)?,
                    Err(error) => write_error(&mut out, repository, error)?,
                }
            }
        }
        Format::Json => {
            let roots = found.iter().map(|(repository, standing)| match standing {
                Ok((root, cache)) => as_json(repository, root, *cache, now),
                Err(error) => json!({"name": repository.name(), "repository": repository.url(),
                    "folder": repository.folder().map(|folder| folder.display().to_string()), "error": error.to_string()}),
            });
            writeln!(out, "{:#}", json!({"trusted_roots": roots.collect::<Vec<_>>()}))?;
        }
    }
    out.flush()?;
    Ok(if found.iter().all(|(_, standing)| standing.is_ok()) { 0 } else { 2 })
}

fn write_error(out: &mut dyn Write, repository: &TufRepository, error: &TrustError) -> io::Result<()> {
    writeln!(out, "{}: not usable", escaped(repository.name()))?;
    writeln!(out, "  error     {}", escaped(&error.to_string()))?;
    error.hint().map_or(Ok(()), |hint| writeln!(out, "  hint      {}", escaped(&hint)))
}

fn write_updated(out: &mut dyn Write, repository: &TufRepository, updated: &Updated, now: Timestamp) -> io::Result<()> {
    let Updated { before, after, cache } = updated;
    let name = escaped(repository.name());
    match before {
        _ if *cache == Cache::Older => writeln!(out, "{name}: what the repository has is older than what is inside fngate")?,
        Some(before) if before.sha256() == after.sha256() => writeln!(out, "{name}: the trusted root is unchanged")?,
        Some(before) => {
            writeln!(out, "{name}: the trusted root has changed")?;
            writeln!(out, "  before    sha256 {}", before.sha256())?;
        }
        None => writeln!(out, "{name}: a trusted root was fetched")?,
    }
    let (old, new) = (before.as_ref().map(TrustedRoot::authorities).unwrap_or_default(), after.authorities());
    let gone = old.iter().filter(|one| !new.contains(one)).map(|one| ("-", one));
    let come = new.iter().filter(|one| !old.contains(one)).map(|one| ("+", one));
    for (sign, one) in gone.chain(come).filter(|_| before.is_some()) {
        writeln!(out, "  {sign} {} {} ({})", kind(one.kind).0, escaped(&one.name), window(one))?;
    }
    write_root(out, repository, after, *cache, now)
}

fn write_root(out: &mut dyn Write, repository: &TufRepository, root: &TrustedRoot, cache: Cache, now: Timestamp) -> io::Result<()> {
    writeln!(out, "{}: {}", escaped(repository.name()), origin(root, now))?;
    writeln!(out, "  sha256    {}", root.sha256())?;
    if let Source::Cached(fresh) = root.source() {
        writeln!(out, "  as of     {} ({})", day(fresh.as_of), apart(fresh.as_of, now))?;
        let expiry = if fresh.expires < now { "expired  " } else { "expires  " };
        writeln!(out, "  {expiry} {} ({})", day(fresh.expires), apart(fresh.expires, now))?;
        writeln!(out, "  versions  root {}, timestamp {}", fresh.root_version, fresh.timestamp_version)?;
    }
    let folder = repository.folder().map(|folder| folder.display().to_string()).unwrap_or_default();
    let state = match cache {
        Cache::Absent => "none in ",
        Cache::Older => "older than what is inside fngate, so not used: ",
        Cache::Used => "",
    };
    writeln!(out, "  cache     {state}{}", escaped(&folder))?;
    table(out, &root.authorities())
}

/// Each kind under its heading: from when, until when, and who. A long name has a line of its own.
fn table(out: &mut dyn Write, authorities: &[Authority]) -> io::Result<()> {
    let room = super::columns().saturating_sub(28);
    let mut heading = None;
    for one in authorities {
        if heading.replace(one.kind) != Some(one.kind) {
            writeln!(out, "  {}", kind(one.kind).1)?;
        }
        let (start, end) = (one.start.map_or("any time".to_owned(), day), one.end.map_or("open".to_owned(), day));
        let name = escaped(&one.name);
        match name.chars().count() > room {
            true => writeln!(out, "    {start:<10} {end}\n      {name}")?,
            false => writeln!(out, "    {start:<10} {end:<10}  {name}")?,
        }
    }
    Ok(())
}

fn as_json(repository: &TufRepository, root: &TrustedRoot, cache: Cache, now: Timestamp) -> Value {
    let mut document = json!({
        "name": repository.name(), "repository": repository.url(), "folder": repository.folder().map(|folder| folder.display().to_string()),
        "cache": match cache { Cache::Absent => "absent", Cache::Older => "older", Cache::Used => "used" },
    });
    let authorities = root
        .authorities()
        .into_iter()
        .map(|one| json!({"kind": kind(one.kind).0.replace(' ', "-"), "name": one.name, "start": one.start, "end": one.end}));
    let authorities = authorities.collect::<Vec<_>>();
    if let (Value::Object(members), Value::Object(more)) = (&mut document, described(root, now)) {
        members.extend(more);
        members.insert("authorities".to_owned(), authorities.into());
    }
    document
}

/// Where a root comes from, as an object.
pub(crate) fn described(root: &TrustedRoot, now: Timestamp) -> Value {
    let mut document = json!({"name": root.name(), "sha256": root.sha256(), "as_of": root.as_of()});
    match root.source() {
        Source::Embedded { .. } => document["source"] = json!("embedded"),
        Source::File => document["source"] = json!("file"),
        Source::Cached(fresh) => {
            document["source"] = json!("cache");
            document["expires"] = json!(fresh.expires);
            document["expired"] = json!(fresh.expires < now);
            document["root_version"] = json!(fresh.root_version);
            document["timestamp_version"] = json!(fresh.timestamp_version);
        }
    }
    document
}

/// Where a root comes from, in words.
pub(crate) fn origin(root: &TrustedRoot, now: Timestamp) -> String {
    match root.source() {
        Source::Embedded { as_of } => format!("inside fngate, as of {}", day(as_of)),
        Source::Cached(fresh) if fresh.expires < now => format!("cached, its metadata expired {}", apart(fresh.expires, now)),
        Source::Cached(_) => "cached".to_owned(),
        Source::File => "a file".to_owned(),
    }
}

fn kind(kind: AuthorityKind) -> (&'static str, &'static str) {
    match kind {
        AuthorityKind::TransparencyLog => ("transparency log", "transparency logs"),
        AuthorityKind::CertificateLog => ("certificate log", "certificate logs"),
        AuthorityKind::CertificateAuthority => ("certificate authority", "certificate authorities"),
        AuthorityKind::TimestampAuthority => ("timestamp authority", "timestamp authorities"),
    }
}

fn window(one: &Authority) -> String {
    match (one.start, one.end) {
        (None, None) => "any time".to_owned(),
        (Some(start), None) => format!("from {}", day(start)),
        (None, Some(end)) => format!("until {}", day(end)),
        (Some(start), Some(end)) => format!("{} to {}", day(start), day(end)),
    }
}

fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

/// How far a time is from now.
fn apart(time: Timestamp, now: Timestamp) -> String {
    let hours = time.duration_since(now).as_hours();
    let (count, unit) = if hours.abs() < 48 { (hours.abs(), "hour") } else { (hours.abs() / 24, "day") };
    let plural = if count == 1 { "" } else { "s" };
    if time < now { format!("{count} {unit}{plural} ago") } else { format!("in {count} {unit}{plural}") }
}
