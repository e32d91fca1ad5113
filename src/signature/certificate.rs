//! What a signing certificate says: its one subject, its issuer and its claims.
//!
//! Read by us and not taken from the verifying crate, because the crate takes the first of several subjects, the last of
//! several equal claims and silently drops what it cannot decode. All of these are refused here: a certificate that two
//! readers can understand differently identifies nobody. Only called on certificates whose chain has been verified.

use std::collections::{BTreeMap, BTreeSet};

use x509_cert::Certificate;
use x509_cert::der::asn1::{ObjectIdentifier, Utf8StringRef};
use x509_cert::der::{Decode, Tagged};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::claim::{CLAIMS, Encoding, ISSUER_DER, ISSUER_RAW};
use super::examination::Refusal;
use super::reason;

/// The arc of Fulcio's extensions.
const FULCIO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1");
/// Subject alternative name, RFC 5280 section 4.2.1.6.
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// A Sigstore instance that signs in its own name, with certificates that nobody asked for with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instance {
    /// The subject of these certificates.
    pub(super) subject: &'static str,
    /// What stands for their issuer.
    pub(super) issuer: &'static str,
}

/// What kind of name a subject is. A URI and an e-mail address of the same spelling are different subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// A `uniformResourceIdentifier`: a workload.
    Uri,
    /// An `rfc822Name`: a person or a service account.
    Email,
}

impl SubjectKind {
    /// The word in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uri => "URI",
            Self::Email => "e-mail address",
        }
    }
}

/// The parts of a Fulcio certificate that say who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claimant {
    /// The one subject alternative name.
    pub(super) subject: String,
    /// Its kind.
    pub(super) kind: SubjectKind,
    /// The OIDC issuer, or the instance where it vouches for itself.
    pub(super) issuer: String,
    /// Whether the instance vouches for itself.
    pub(super) is_instance: bool,
    /// The other claims, by name.
    pub(super) claims: BTreeMap<String, String>,
}

impl Claimant {
    /// Reads a DER certificate. `instance` is who may vouch for itself, without an issuer.
    pub(super) fn read(der: &[u8], instance: Option<&Instance>) -> Result<Self, Refusal> {
        let certificate = Certificate::from_der(der)
            .map_err(|error| Refusal::new(&reason::CERTIFICATE_MALFORMED, "a DER certificate", error.to_string()))?;
        let extensions = certificate.tbs_certificate.extensions.unwrap_or_default();
        no_duplicates(&extensions)?;
        let (kind, subject) = subject(&extensions)?;
        // Only where nothing in it comes from Fulcio: a certificate that was asked for with a token always says by whose.
        let has_fulcio = extensions.iter().any(|extension| extension.extn_id.parent() == Some(FULCIO));
        let own = instance.filter(|instance| !has_fulcio && kind == SubjectKind::Uri && subject == instance.subject);
        let issuer = own.map_or_else(|| issuer(&extensions), |instance| Ok(instance.issuer.to_owned()))?;
        let claims = claims(&extensions)?;
        Ok(Self { subject, kind, issuer, is_instance: own.is_some(), claims })
    }
}

fn no_duplicates(extensions: &[Extension]) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for extension in extensions {
        if !seen.insert(extension.extn_id) {
            let found = format!("extension {} twice", extension.extn_id);
            return Err(Refusal::new(&reason::DUPLICATE_EXTENSION, "each extension once", found));
        }
    }
    Ok(())
}

fn subject(extensions: &[Extension]) -> Result<(SubjectKind, String), Refusal> {
    let Some(extension) = extensions.iter().find(|extension| extension.extn_id == SUBJECT_ALT_NAME) else {
        return Err(Refusal::new(&reason::SUBJECT_NAME_COUNT, "exactly one subject alternative name", "none"));
    };
    let names = SubjectAltName::from_der(extension.extn_value.as_bytes())
        .map_err(|error| Refusal::new(&reason::CERTIFICATE_MALFORMED, "a readable subject alternative name", error.to_string()))?;
    let [name] = names.0.as_slice() else {
        return Err(Refusal::new(&reason::SUBJECT_NAME_COUNT, "exactly one subject alternative name", names.0.len().to_string()));
    };
    match name {
        GeneralName::UniformResourceIdentifier(uri) => Ok((SubjectKind::Uri, uri.to_string())),
        GeneralName::Rfc822Name(email) => Ok((SubjectKind::Email, email.to_string())),
        other => Err(Refusal::new(&reason::SUBJECT_NAME_KIND, "a URI or an e-mail address", format!("a name with tag {}", other.tag()))),
    }
}

fn issuer(extensions: &[Extension]) -> Result<String, Refusal> {
    let raw = claim(extensions, ISSUER_RAW, Encoding::Raw)?;
    let der = claim(extensions, ISSUER_DER, Encoding::Der)?;
    match (raw, der) {
        (None, None) => Err(Refusal::new(&reason::ISSUER_MISSING, "an issuer extension", "none")),
        (Some(raw), Some(der)) if raw != der => {
            Err(Refusal::new(&reason::ISSUER_AMBIGUOUS, "one issuer", format!("{der} in extension .8 and {raw} in extension .1")))
        }
        (_, Some(issuer)) | (Some(issuer), None) => Ok(issuer),
    }
}

fn claims(extensions: &[Extension]) -> Result<BTreeMap<String, String>, Refusal> {
    let mut claims = BTreeMap::new();
    for (number, name, encoding) in CLAIMS {
        if let Some(value) = claim(extensions, *number, *encoding)? {
            claims.insert((*name).to_owned(), value);
        }
    }
    Ok(claims)
}

/// The text of one Fulcio extension; `None` where it is absent, a refusal where it is not the text it should be.
fn claim(extensions: &[Extension], number: u32, encoding: Encoding) -> Result<Option<String>, Refusal> {
    let Some(extension) = extensions.iter().find(|extension| is_fulcio(extension.extn_id, number)) else {
        return Ok(None);
    };
    let bytes = extension.extn_value.as_bytes();
    let text = match encoding {
        Encoding::Raw => std::str::from_utf8(bytes).ok().map(str::to_owned),
        Encoding::Der => Utf8StringRef::from_der(bytes).ok().map(|text| text.as_str().to_owned()),
    };
    text.map(Some).ok_or_else(|| {
        Refusal::new(&reason::MALFORMED_CLAIM, "text in Fulcio's encoding", format!("something else in extension .{number}"))
    })
}

fn is_fulcio(oid: ObjectIdentifier, number: u32) -> bool {
    FULCIO.push_arc(number).is_ok_and(|expected| expected == oid)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::super::trust::GITHUB_RELEASES;
    use super::*;

    /// The certificate of the release attestations of GitHub's instance, from March 2025 to March 2026.
    const ATTESTER: &str = "MIICKjCCAbCgAwIBAgIUaa62dj98DUB+TpyvKtVaR4vGSM0wCgYIKoZIzj0EAwMwODEVMBMGA1UEChMMR2l0SHViLCBJbmMuMR8wHQYDVQQDExZGdWxjaW8gSW50ZXJtZWRpYXRlIGwxMB4XDTI1MDMxMDE1MDMwMloXDTI2MDMxMDE1MDMwMlowKjEVMBMGA1UEChMMR2l0SHViLCBJbmMuMREwDwYDVQQDEwhBdHRlc3RlcjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIMB7plPnZvBRlC2lvAocKTAqAPMJqstEqYk26e9vDJDC1yqoiHxZfPV4W/1RqUMZD1dFKm9t4RiSmm73/QnQKajgaUwgaIwDgYDVR0PAQH/BAQDAgeAMBMGA1UdJQQMMAoGCCsGAQUFBwMDMAwGA1UdEwEB/wQCMAAwHQYDVR0OBBYEFOqaGpr5SbdYk5CQXsmmDZCBHR+XMB8GA1UdIwQYMBaAFMDhuFKkS08+3no4EQbPSY6hRZszMC0GA1UdEQQmMCSGImh0dHBzOi8vZG90Y29tLnJlbGVhc2VzLmdpdGh1Yi5jb20wCgYIKoZIzj0EAwMDaAAwZQIwWFdF6xcXazHVPHEAtd1SeaizLdY1erRl5hK+XlwhfpnasQHHZ9bdu4Zj8ARhW/AhAjEArujhmJGo7Fi4/Ek1RN8bufs6UhIQneQd/pxE8QdorwZkj2C8nf2EzrUYzlxKfktC";

    #[test]
    fn an_instance_vouches_for_its_own_name_alone() {
        let der = base64::engine::general_purpose::STANDARD.decode(ATTESTER).unwrap();
        let claimant = Claimant::read(&der, Some(&GITHUB_RELEASES)).unwrap();
        assert!(claimant.is_instance && claimant.claims.is_empty());
        assert_eq!(
            (claimant.subject.as_str(), claimant.issuer.as_str()),
            ("https://dotcom.releases.github.com", "https://fulcio.githubapp.com")
        );
        let refused = |instance: Option<&Instance>| Claimant::read(&der, instance).map_err(|refusal| refusal.reason.code);
        assert_eq!(refused(None), Err("issuer-missing"), "on any other instance");
        let other = Instance { subject: "https://other.releases.github.com", ..GITHUB_RELEASES };
        assert_eq!(refused(Some(&other)), Err("issuer-missing"), "under another name");
    }
}
