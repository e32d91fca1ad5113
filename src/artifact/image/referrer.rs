//! Manifests that refer to an image (OCI image specification 1.1, manifest.md, `subject`) and claim to sign it: those of
//! Sigstore bundles (sigstore/cosign, `specs/BUNDLE_SPEC.md`), and those of cosign's signatures before bundles.

use serde_json::Value;

use super::digest::Digest;
use super::json;

/// How the media types of Sigstore bundles begin: `…bundle.v0.3+json`, `…bundle+json;version=0.2`.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// The layers of signatures and attestations of cosign's before bundles (`specs/SIGNATURE_SPEC.md`, `specs/ATTESTATION_SPEC.md`).
const LEGACY: [&str; 2] = ["application/vnd.dev.cosign.simplesigning.v1+json", "application/vnd.dsse.envelope.v1+json"];

/// What a manifest holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Referrer {
    /// The blobs of bundles.
    Bundles(Vec<Digest>),
    /// A signature from before bundles.
    Legacy,
}

/// Whether a descriptor of an index may lead to a manifest with a signature. Tools that write the index by hand leave the
/// artifact's type away; one that names another is another's.
pub(crate) fn may_sign(descriptor: &Value) -> bool {
    let kind = json::text(descriptor, "artifacttype");
    kind.is_empty()
        || kind.starts_with(BUNDLE)
        || kind.starts_with("application/vnd.dev.cosign.")
        || kind.starts_with("application/vnd.oci.")
}

/// Reads a manifest; `None` where it holds no signature.
pub(crate) fn read(manifest: &Value) -> Option<Referrer> {
    let layers = json::array(manifest, "layers");
    let of = |wanted: &dyn Fn(&str) -> bool| layers.iter().filter(|layer| wanted(json::text(layer, "mediatype"))).collect::<Vec<_>>();
    if !of(&|media| LEGACY.contains(&media)).is_empty() {
        return Some(Referrer::Legacy);
    }
    let declared = json::text(manifest, "artifacttype").starts_with(BUNDLE);
    let bundles = if declared { layers.iter().collect() } else { of(&|media| media.starts_with(BUNDLE)) };
    let digests = bundles.into_iter().filter_map(|layer| Digest::parse(json::text(layer, "digest"))).collect::<Vec<_>>();
    (declared || !digests.is_empty()).then_some(Referrer::Bundles(digests))
}

/// What a manifest refers to.
pub(crate) fn subject(manifest: &Value) -> Option<Digest> {
    Digest::parse(json::text(manifest.get("subject")?, "digest"))
}
