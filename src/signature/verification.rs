//! The verification itself: each bundle examined on its own, then one conclusion over all of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::model::{Provenance, Signer, Statement};

use super::bundle::{self, BundleFile, Document, MOST_BUNDLES};
use super::certificate::Claimant;
use super::conclusion::conclude;
use super::examination::{Examination, Proof, Refusal, Trace, quoted};
use super::identity::Identity;
use super::provenance::Build;
use super::reason;
use super::requirement::{Key, Requirement};
use super::sigstore_adapter::{self, Content, Demand, Digest, Log, Material, Parsed, Verified};
use super::summary::SummaryRequirement;
use super::target::Target;
use super::trust::{Anchor, TrustedRoot};
use super::{VSA, release, shape, statement, summary};

/// How far an authenticated time may be ahead of this machine's clock.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The artifact's digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// SHA-512, where it was computed: some statements name their subjects by nothing else, see [`names_sha512`].
    pub sha512: Option<[u8; 64]>,
}

impl From<&[u8; 32]> for Digests {
    fn from(sha256: &[u8; 32]) -> Self {
        Self { sha256: *sha256, sha512: None }
    }
}

/// Whether any statement in the bundles names its subjects by SHA-512.
#[must_use]
pub fn names_sha512(bundles: &[BundleFile]) -> bool {
    let payload = |document: Document| {
        let (text, _) = document.content.ok()?;
        match Parsed::from_json(&text).ok()?.shape()?.content {
            Content::Envelope { payload, .. } => Some(payload),
            Content::Message(_) => None,
        }
    };
    // One that cannot be looked at may name it.
    let names = |document| {
        let named = || payload(document).is_some_and(|payload| statement::names_sha512(&payload));
        catch_unwind(AssertUnwindSafe(named)).unwrap_or(true)
    };
    bundles.iter().flat_map(bundle::documents).any(names)
}

/// Verifies the bundles of one artifact: at least one must satisfy the requirement.
///
/// `now` is the time against which signing times may not lie in the future.
#[must_use]
pub fn verify(
    artifact: impl Into<Target>,
    bundles: &[BundleFile],
    trust: &TrustedRoot,
    requirement: &Requirement,
    now: Timestamp,
) -> Provenance {
    conclude(&examine(artifact, bundles, trust, requirement, now), requirement)
}

/// Examines every bundle, in the order given. Where several digests stand for the artifact, a bundle must be about one of them.
#[must_use]
pub fn examine(
    artifact: impl Into<Target>,
    bundles: &[BundleFile],
    trust: &TrustedRoot,
    requirement: &Requirement,
    now: Timestamp,
) -> Vec<Examination> {
    let target = artifact.into();
    let numbered = |(at, file)| bundle::documents(file).into_iter().map(move |document| (at, document));
    let documents = bundles.iter().enumerate().flat_map(numbered).take(MOST_BUNDLES + 1).collect::<Vec<_>>();
    if documents.len() > MOST_BUNDLES {
        let refusal = Refusal::new(&reason::TOO_MANY_BUNDLES, format!("at most {MOST_BUNDLES}"), "more");
        return vec![refused_whole("all bundles".to_owned(), "bundles", refusal)];
    }
    let question = |digests| Question { target: &target, digests, trust, requirement, now };
    let examined = |(at, document): (usize, Document)| {
        let mut attempts = target.digests().iter().map(|digests| question(Some(digests)).guarded(&document));
        let first = attempts.next().unwrap_or_else(|| question(None).guarded(&document));
        Examination { file: Some(at), ..attempts.fold(first, further) }
    };
    documents.into_iter().map(examined).collect()
}

/// The one of two examinations of the same bundle that stands, or else came further.
fn further(one: Examination, other: Examination) -> Examination {
    let reached = |examination: &Examination| (examination.result.is_ok(), examination.steps.len());
    if reached(&other) > reached(&one) { other } else { one }
}

fn refused_whole(name: String, step: &'static str, refusal: Refusal) -> Examination {
    let mut trace = Trace::default();
    let refusal = trace.fail(step, refusal);
    Examination { name, file: None, steps: trace.into_steps(), result: Err(refusal) }
}

/// Runs one examination; a panic in it is a refusal of this bundle and of no other.
fn caught(name: String, examination: impl FnOnce(&mut Trace) -> Result<Proof, Refusal>) -> Examination {
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        let mut trace = Trace::default();
        let result = examination(&mut trace);
        (trace.into_steps(), result)
    }));
    match attempt {
        Ok((steps, result)) => Examination { name, file: None, steps, result },
        Err(_) => refused_whole(name, "verification", Refusal::new(&reason::INTERNAL_ERROR, "a verification", "a panic in it")),
    }
}

/// What is asked of every bundle.
struct Question<'a> {
    target: &'a Target,
    /// One of the target's digests; `None` where nothing stands for it.
    digests: Option<&'a Digests>,
    trust: &'a TrustedRoot,
    requirement: &'a Requirement,
    now: Timestamp,
}

/// The root under which a bundle is examined, and the log of it that the bundle names.
#[derive(Clone, Copy)]
struct Under<'a> {
    anchor: &'a Anchor,
    log: Option<&'a Log>,
}

impl<'a> Under<'a> {
    fn log_id(&self) -> Option<&'a [u8]> {
        self.log.map(|log| log.id.as_slice())
    }
}

impl<'a> Question<'a> {
    fn guarded(&self, document: &Document) -> Examination {
        let name = quoted(&document.name);
        let (text, value) = match &document.content {
            Ok(content) => content,
            Err(_) if self.accepts_nobody() => {
                let refusal = Refusal::new(&reason::NO_IDENTITY_EXPECTED, "an identity or a key", "neither");
                return refused_whole(name, "requirement", refusal);
            }
            Err(refusal) => return refused_whole(name, "JSON", refusal.clone()),
        };
        self.under_any(&name, |anchor, trace| {
            if let Some(distribution) = &document.distribution {
                distribution.known_members(self.requirement.profile, trace)?;
            }
            let proof = self.examined(text, value, anchor, trace)?;
            if let Some(distribution) = &document.distribution {
                distribution.check(self.target.name(), trace)?;
            }
            Ok(proof)
        })
    }

    /// One examination under each root in turn, each with what that root asks for: one under which the bundle stands is enough.
    /// Where it stands under none, the refusal is of the root under which it came furthest.
    fn under_any(&self, name: &str, examined: impl Fn(&'a Anchor, &mut Trace) -> Result<Proof, Refusal>) -> Examination {
        let mut furthest: Option<Examination> = None;
        for anchor in self.trust.anchors() {
            let examination = caught(name.to_owned(), |trace| examined(anchor, trace));
            if examination.result.is_ok() {
                return examination;
            }
            if furthest.as_ref().is_none_or(|other| examination.steps.len() > other.steps.len()) {
                furthest = Some(examination);
            }
        }
        let none = || Refusal::new(&reason::TRUST_ROOT_UNUSABLE, "a trusted root", "none");
        furthest.unwrap_or_else(|| refused_whole(name.to_owned(), "trusted root", none()))
    }

    fn accepts_nobody(&self) -> bool {
        self.requirement.identities.is_empty() && self.requirement.keys.is_empty()
    }

    fn examined(&self, text: &str, value: &Value, anchor: &'a Anchor, trace: &mut Trace) -> Result<Proof, Refusal> {
        let Requirement { identities, keys, profile, .. } = self.requirement;
        let found = format!("{} identities and {} keys", identities.len(), keys.len());
        trace.hold("requirement", &reason::NO_IDENTITY_EXPECTED, "an identity or a key", found, !self.accepts_nobody())?;
        shape::recognise(value, trace)?;
        let Some(digests) = self.digests else {
            let refusal = Refusal::new(&reason::UNBOUND, "an artifact that a digest stands for", self.target.why_unbound());
            return Err(trace.fail("artifact", refusal));
        };
        shape::known_members(value, *profile, trace)?;
        shape::plain_numbers(value, trace)?;
        let malformed = |error: String| Refusal::new(&reason::MALFORMED_BUNDLE, "the members of a bundle", error);
        let parsed = trace.record("bundle", Parsed::from_json(text).map_err(malformed))?;
        let unknown = || Refusal::new(&reason::UNSUPPORTED_BUNDLE, "a message signature or an envelope", "another kind of content");
        let shape = trace.record("bundle", parsed.shape().ok_or_else(unknown))?;
        let log = shape::check(&shape, anchor, *profile, trace)?;
        let (statement, digest) = content(&shape.content, digests, trace)?;
        let (signer, matched) = match &shape.material {
            Material::Certificate(der) => self.by_certificate(&parsed, der, (digest, statement.as_ref()), Under { anchor, log }, trace)?,
            Material::Key => self.by_key(&parsed, digest, Under { anchor, log }, trace)?,
        };
        let statement = statement.map(|statement| Statement { signer: signer.subject.clone(), ..statement });
        if let Some(statement) = &statement {
            self.meaning(statement, &signer, trace)?;
        }
        Ok(Proof { signer, matched, statement })
    }

    /// Refuses a statement that says something which cannot be, or must not be.
    fn meaning(&self, statement: &Statement, signer: &Signer, trace: &mut Trace) -> Result<(), Refusal> {
        let required = self.requirement.statements.iter().any(|one| one.predicate_type == statement.predicate_type);
        if let Some(build) = Build::read(&statement.predicate_type, &statement.predicate)
            && (required || self.requirement.profile == super::Profile::Strict)
        {
            trace.record("provenance", build.agrees(&signer.claims))?;
            trace.hold("provenance", &reason::PROVENANCE_CONTRADICTED, "what the certificate says", "nothing else", true)?;
        }
        if statement.predicate_type == VSA {
            let Ok(signed) = signer.time.parse() else {
                return Err(trace.fail("summary", Refusal::new(&reason::NO_SIGNING_TIME, "an authenticated time", "none")));
            };
            // Whoever asks for a summary by its type alone asks for a whole one.
            let whole = SummaryRequirement::default();
            let accepted = match self.requirement.summary.as_ref().or(required.then_some(&whole)) {
                Some(summary) => summary.accepts(&statement.predicate, signed, self.now),
                None => summary::passed(&statement.predicate),
            };
            trace.record("summary", accepted)?;
            trace.hold("summary", &reason::SUMMARY_FAILED, "PASSED, as required", "PASSED", true)?;
        }
        Ok(())
    }

    fn by_certificate(
        &self,
        parsed: &Parsed,
        der: &[u8],
        (digest, statement): (Digest<'_>, Option<&Statement>),
        under: Under<'_>,
        trace: &mut Trace,
    ) -> Result<(Signer, Vec<usize>), Refusal> {
        let identities = &self.requirement.identities;
        let expected = self.kinds();
        trace.hold("kind of signer", &reason::KEY_EXPECTED, expected, "a certificate", !identities.is_empty())?;
        let demand = Demand { log: under.log_id(), key: None };
        let verified = self.cryptography(parsed, digest, under.anchor, demand, trace)?;
        let time = self.time(&verified, under.log, trace)?;
        let mut claimant = trace.record("certificate", Claimant::read(der, under.anchor.instance()))?;
        if claimant.is_instance {
            claimant.claims = trace.record("release", release::claims(statement))?;
        }
        // The instance's own certificates name no issuer, and the crate then sees none.
        let issuer = verified.issuer.as_ref();
        let same_issuer = issuer == Some(&claimant.issuer) || (issuer.is_none() && claimant.is_instance);
        let same = verified.subject.as_ref() == Some(&claimant.subject) && same_issuer;
        let seen = format!("{} by {}", verified.subject.unwrap_or_default(), verified.issuer.unwrap_or_default());
        trace.hold("certificate", &reason::CERTIFICATE_MALFORMED, format!("{} by {}", claimant.subject, claimant.issuer), seen, same)?;
        let matched = authorised(identities, &claimant, trace)?;
        Ok((Signer { issuer: claimant.issuer, subject: claimant.subject, claims: claimant.claims, time: time.to_string() }, matched))
    }

    fn by_key(&self, parsed: &Parsed, digest: Digest<'_>, under: Under<'_>, trace: &mut Trace) -> Result<(Signer, Vec<usize>), Refusal> {
        let keys = &self.requirement.keys;
        let expected = self.kinds();
        trace.hold("kind of signer", &reason::CERTIFICATE_EXPECTED, expected, "a bare key", !keys.is_empty())?;
        let mut refusal = None;
        for (at, key) in keys.iter().enumerate() {
            let demand = Demand { log: under.log_id(), key: Some(key.spki()) };
            let mut attempt = Trace::default();
            let outcome = self.cryptography(parsed, digest, under.anchor, demand, &mut attempt).and_then(|verified| {
                let time = self.key_time(&verified, key, under.log, &mut attempt)?;
                attempt.hold("key", &reason::KEY_OUTSIDE, "a configured key", key.fingerprint(), true)?;
                Ok(Signer { subject: key.fingerprint().to_owned(), time, ..Signer::default() })
            });
            trace.append(attempt);
            match outcome {
                Ok(signer) => return Ok((signer, vec![self.requirement.identities.len() + at])),
                Err(refused) => refusal = Some(refused),
            }
        }
        Err(refusal.unwrap_or_else(|| Refusal::new(&reason::CERTIFICATE_EXPECTED, expected, "a bare key")))
    }

    /// What may have made the signature, in words.
    fn kinds(&self) -> &'static str {
        match (self.requirement.identities.is_empty(), self.requirement.keys.is_empty()) {
            (false, true) => "a certificate",
            (true, _) => "a bare key",
            (false, false) => "a certificate or a bare key",
        }
    }

    /// Signature, chain, certificate transparency, log inclusion and timestamps, by the crate.
    fn cryptography(
        &self,
        parsed: &Parsed,
        digest: Digest<'_>,
        anchor: &Anchor,
        demand: Demand<'_>,
        trace: &mut Trace,
    ) -> Result<Verified, Refusal> {
        let logged = if demand.log.is_some() { ", inclusion in the log" } else { "" };
        let signed = match (demand.key, demand.log) {
            (Some(_), _) => "signature by the key",
            (None, Some(_)) => "signature, certificate chain, certificate transparency",
            (None, None) => "signature, certificate chain",
        };
        let expected = format!("{signed}{logged}, timestamps");
        match sigstore_adapter::verify(parsed, anchor.root(), digest, demand) {
            Ok(verified) => {
                trace.hold("cryptography", &reason::SIGNATURE_INVALID, expected, "all valid", true)?;
                Ok(verified)
            }
            Err(rejection) => Err(trace.fail("cryptography", Refusal::new(rejection.reason, expected, rejection.found))),
        }
    }

    /// The earliest authenticated time, when all of them are acceptable.
    fn time(&self, verified: &Verified, log: Option<&Log>, trace: &mut Trace) -> Result<Timestamp, Refusal> {
        let Some(earliest) = verified.times.iter().min().copied() else {
            return Err(trace.fail("signing time", Refusal::new(&reason::NO_SIGNING_TIME, "an authenticated time", "none")));
        };
        let latest = verified.times.iter().max().copied().unwrap_or(earliest);
        let allowed = self.now.checked_add(CLOCK_SKEW).unwrap_or(Timestamp::MAX);
        trace.hold("signing time", &reason::FUTURE_TIME, format!("not after {}", self.now), latest.to_string(), latest <= allowed)?;
        if let Some(log) = log {
            let outside = verified.times.iter().find(|time| !log.in_force(**time));
            let found = outside.unwrap_or(&earliest).to_string();
            trace.hold("log key", &reason::LOG_KEY_OUTSIDE, log.window_text(), found, outside.is_none())?;
        }
        Ok(earliest)
    }

    /// The time of a signature by a bare key, which needs one where anything depends on it.
    fn key_time(&self, verified: &Verified, key: &Key, log: Option<&Log>, trace: &mut Trace) -> Result<String, Refusal> {
        let needed = key.is_bounded() || self.requirement.profile == super::Profile::Strict;
        if verified.times.is_empty() && !needed {
            return Ok(String::new());
        }
        let time = self.time(verified, log, trace)?;
        let outside = verified.times.iter().find(|time| !key.in_force(**time));
        let found = outside.unwrap_or(&time).to_string();
        trace.hold("key validity", &reason::KEY_OUTSIDE, key.window(), found, outside.is_none())?;
        Ok(time.to_string())
    }
}

/// What was signed: the artifact itself, or a statement about it.
fn content<'a>(content: &Content, digests: &'a Digests, trace: &mut Trace) -> Result<(Option<Statement>, Digest<'a>), Refusal> {
    let own = super::hex(&digests.sha256);
    match content {
        Content::Message(None) => {}
        Content::Message(Some(Ok(signed))) => {
            let signed = super::hex(signed);
            trace.hold("artifact", &reason::DIGEST_MISMATCH, format!("sha256 {own}"), format!("sha256 {signed}"), signed == own)?;
        }
        Content::Message(Some(Err(algorithm))) => {
            trace.hold("artifact", &reason::UNSUPPORTED_BUNDLE, "a signature over a SHA-256", algorithm, false)?;
        }
        Content::Envelope { payload_type, payload } => {
            let (statement, digest) = statement::read(payload_type, payload, digests, trace)?;
            return Ok((Some(statement), digest));
        }
    }
    Ok((None, Digest::Sha256(&digests.sha256)))
}

/// Which of the identities are the claimant. Where none is, the refusal speaks about the one that comes closest.
fn authorised(identities: &[Identity], claimant: &Claimant, trace: &mut Trace) -> Result<Vec<usize>, Refusal> {
    let by_issuer = identities.iter().filter(|identity| identity.issuer() == claimant.issuer).collect::<Vec<_>>();
    let list = |of: &mut dyn Iterator<Item = &str>| of.collect::<Vec<_>>().join(" or ");
    let issuers = list(&mut identities.iter().map(Identity::issuer));
    trace.hold("issuer", &reason::ISSUER_MISMATCH, issuers, &claimant.issuer, !by_issuer.is_empty())?;
    let by_kind = by_issuer.iter().filter(|identity| identity.kind() == claimant.kind).collect::<Vec<_>>();
    let kinds = list(&mut by_issuer.iter().map(|identity| identity.kind().as_str()));
    let found = format!("{} {}", claimant.kind.as_str(), claimant.subject);
    trace.hold("kind of subject", &reason::IDENTITY_KIND, kinds, found, !by_kind.is_empty())?;
    let by_subject = by_kind.iter().filter(|identity| identity.accepts_subject(&claimant.subject)).collect::<Vec<_>>();
    let subjects = list(&mut by_kind.iter().map(|identity| identity.subject()));
    trace.hold("subject", &reason::IDENTITY_MISMATCH, subjects, &claimant.subject, !by_subject.is_empty())?;
    if claimant.is_instance {
        let expected = format!("an identity that requires one of {}", release::REPOSITORY.join(", "));
        let named = by_subject.iter().any(|identity| identity.requires_one_of(&release::REPOSITORY));
        let found = if named { "one" } else { "an identity that any repository's releases have" };
        trace.hold("repository", &reason::REPOSITORY_UNNAMED, expected, found, named)?;
    }
    let by_subject = by_subject.into_iter().filter(|one| !claimant.is_instance || one.requires_one_of(&release::REPOSITORY));
    let unmet = by_subject.map(|identity| identity.unmet_claim(claimant)).collect::<Vec<_>>();
    match unmet.into_iter().reduce(|first, next| if next.is_none() { next } else { first }) {
        Some(Some((name, wanted, found))) => {
            let found = format!("{name} = {}", found.unwrap_or("(absent)"));
            trace.hold("claims", &reason::CLAIM_MISMATCH, format!("{name} = {wanted}"), found, false)?;
        }
        _ => trace.hold("claims", &reason::CLAIM_MISMATCH, "the claims required", "all as required", true)?,
    }
    let is_claimant = |identity: &Identity| {
        let named = identity.issuer() == claimant.issuer && identity.kind() == claimant.kind;
        let says_whose = !claimant.is_instance || identity.requires_one_of(&release::REPOSITORY);
        named && says_whose && identity.accepts_subject(&claimant.subject) && identity.unmet_claim(claimant).is_none()
    };
    Ok(identities.iter().enumerate().filter(|(_, identity)| is_claimant(identity)).map(|(at, _)| at).collect())
}

#[cfg(test)]
mod tests {
    use crate::model::ProvenanceState;

    use super::*;

    #[test]
    fn a_panic_refuses_one_bundle_and_no_other() {
        let broken = caught("a".to_owned(), |_| panic!("a parser fell over"));
        assert_eq!(broken.result.as_ref().map_err(|refusal| refusal.reason.code), Err("internal-error"));
        let proof = Proof { signer: Signer { subject: "somebody".to_owned(), ..Signer::default() }, matched: vec![0], statement: None };
        let good = caught("b".to_owned(), |_| Ok(proof));
        assert_eq!(conclude(std::slice::from_ref(&broken), &Requirement::default()).reason, "internal-error");
        let both = conclude(&[broken, good], &Requirement::default());
        assert_eq!(both.state, ProvenanceState::Verified);
        assert!(both.message.starts_with("a: internal-error: "), "{}", both.message);
    }
}
