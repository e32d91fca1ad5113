//! Why a bundle is refused: every reason with its stable code, its one-line title and its page for `fngate explain`.

/// A reason for which a bundle is refused, or an artifact counts as unsigned.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason {
    /// Kebab-case and stable: scripts and policies name it.
    pub code: &'static str,
    /// One line: what is wrong.
    pub title: &'static str,
    /// Why it matters and what to do.
    pub page: &'static str,
}

/// The reason with this code.
#[must_use]
pub fn reason(code: &str) -> Option<&'static Reason> {
    REASONS.iter().copied().find(|reason| reason.code == code)
}

/// Declares the reasons and the list of all of them from one table, so that none can be missing from it.
macro_rules! reasons {
    ($($name:ident $code:literal $title:literal $page:literal)*) => {
        $(pub(super) static $name: Reason = Reason { code: $code, title: $title, page: $page };)*

        /// Every reason, in the order in which verification would meet them.
        pub static REASONS: &[&Reason] = &[$(&$name),*];
    };
}

reasons! {
    NO_BUNDLE "no-bundle"
        "no signature bundle was given or found beside the artifact"
        "The artifact carries no signature. Sign it in the pipeline that built it, and keep the bundle as `FILE.sigstore.json` \
        beside the artifact or name it with `--bundle`."
    NO_IDENTITY_EXPECTED "no-identity-expected"
        "nobody is named as the expected signer"
        "A signature by anybody proves nothing: every user of a public Sigstore instance can make one. Name who must have \
        signed, by issuer and subject together (`--issuer`, `--identity`) or by public key (`--key`)."
    BUNDLE_TOO_LARGE "bundle-too-large"
        "the bundle is larger than allowed"
        "A bundle holds one signature with its evidence and at most one statement; 8 MiB hold any real one. What is larger is \
        not read."
    TOO_MANY_BUNDLES "too-many-bundles"
        "there are more bundles than allowed"
        "At most 64 bundles are looked at for one artifact. Leave out the ones that are not needed for the decision."
    MALFORMED_JSON "malformed-json"
        "the bundle is not JSON"
        "The file is empty, truncated, begins with a byte order mark, is nested too deep, or is something else. A bundle is one \
        JSON object, or one a line."
    DUPLICATE_MEMBER "duplicate-member"
        "a JSON object names a member twice"
        "One reader takes the first, another the last, so the signature would be verified over one thing and the policy applied \
        to another. No signer writes this."
    UNKNOWN_MEMBER "unknown-member"
        "the bundle has a member that the format does not know"
        "The strict profile reads exactly the members of the bundle format 0.3; what else stands there is covered by no \
        signature. `--profile compatible` ignores it."
    LEGACY_COSIGN "legacy-cosign-bundle"
        "the signature is in a form of cosign's from before Sigstore's common format"
        "A file with `base64Signature` and `rekorBundle` instead of `verificationMaterial`, or a signature of an image under \
        `sha256-….sig` or `sha256-….att` in its repository. Its parts are signed separately and do not prove the time. Sign again \
        with cosign 3, or with `--new-bundle-format` (cosign 2.4 and later)."
    RAW_DSSE "raw-dsse"
        "the file is a bare DSSE envelope"
        "An envelope without verification material carries no certificate, no log entry and no time, so who signed it and when \
        cannot be known. Give the Sigstore bundle that holds it."
    UNKNOWN_FORMAT "unknown-format"
        "the JSON is not a Sigstore bundle"
        "It has neither `mediaType` nor `verificationMaterial`. Expected is a Sigstore bundle, one a line, or the \
        `attestations` answer of a registry."
    MALFORMED_BUNDLE "malformed-bundle"
        "the bundle does not have the shape of its format"
        "A required member is missing, has the wrong type, or is not base64. The message names it."
    UNSUPPORTED_BUNDLE "unsupported-bundle"
        "the bundle uses a key, entry or content that cannot be verified"
        "The bundle is well-formed, but this version does not know its algorithm or log entry kind."
    MEDIA_TYPE "media-type"
        "the bundle's format version is older than 0.3"
        "The media type is signed by nothing, and older versions ask for less evidence, so an attacker may relabel a bundle. \
        The strict profile reads 0.3 only; `--profile compatible` reads 0.1 and 0.2 too."
    LOG_ENTRY_COUNT "log-entry-count"
        "the bundle does not have the expected number of transparency log entries"
        "Exactly one entry proves that exactly this signature was published. None is no proof; several let a foreign or \
        repeated entry ride along."
    UNKNOWN_LOG "unknown-log"
        "the entry names a transparency log that the trusted root does not list"
        "Only the logs of the trusted root are monitored by those who run it. If the signature was made on another instance, \
        give its trusted root with `--trusted-root`."
    INCLUSION_PROOF_MISSING "inclusion-proof-missing"
        "the log entry has no inclusion proof with a checkpoint"
        "A promise to include an entry is weaker than the proof that it is included. The proof and the signed checkpoint are \
        required in every profile."
    LOG_POSITION "log-position-mismatch"
        "the entry, its proof and its checkpoint disagree on index, size or root"
        "The numbers outside the checkpoint are signed by nothing. Where they differ from what was proved, somebody changed \
        them."
    CHECKPOINT_SIGNER "checkpoint-signer"
        "the checkpoint is not signed in the name of the log"
        "Origin and signer of the checkpoint must be the host of the log that the entry names, as the trusted root gives it."
    UNSIGNED_TIME "unsigned-time"
        "the log entry carries a time that nothing signs"
        "A Rekor v2 entry has no integrated time, and that of a v1 entry counts only under a signed promise. The strict profile \
        refuses what only looks like evidence."
    DUPLICATE_TIMESTAMP "duplicate-timestamp"
        "the bundle holds the same timestamp twice"
        "Two copies of one timestamp are one witness, not two."
    TOO_MANY_TIMESTAMPS "too-many-timestamps"
        "the bundle holds more timestamps than allowed"
        "At most 16 timestamps are verified for one signature."
    MESSAGE_DIGEST_MISSING "message-digest-missing"
        "the bundle does not say which digest was signed"
        "The signature still binds, but verifiers differ on such bundles; the strict profile refuses what any of them refuses."
    DIGEST_MISMATCH "digest-mismatch"
        "the signature is for other bytes than the artifact's"
        "The artifact was changed or re-packed after it was signed, or the bundle belongs to another file. Two packings of the \
        same sources have different digests: sign the file that is deployed."
    PAYLOAD_TYPE "payload-type"
        "the envelope does not hold an in-toto statement"
        "Only `application/vnd.in-toto+json` says which artifact it speaks about; any other payload cannot be bound to this \
        one."
    MALFORMED_STATEMENT "malformed-statement"
        "the in-toto statement cannot be read"
        "It is not JSON, names a member twice, or lacks a required member or a well-formed digest."
    STATEMENT_TYPE "statement-type"
        "the statement is of an unknown version"
        "Known are in-toto statements v1 and v0.1. What another type means is not defined."
    STATEMENT_SUBJECTS "statement-subjects"
        "the statement names no artifact, or too many"
        "A statement has 1 to 1024 subjects."
    SUBJECT_MISMATCH "subject-mismatch"
        "the statement is about other artifacts"
        "None of the statement's subjects has the artifact's digest. The artifact was changed after the statement was made, or \
        the bundle belongs to another file."
    SUBJECT_NAME "subject-name-mismatch"
        "the attestation is for a distribution of another name"
        "An attestation of PEP 740 binds a distribution's file name as well as its bytes: the project, version, build and tags in \
        the artifact's file name must be those of the statement's subject. Give the file under the name that it was published with."
    UNBOUND "artifact-unbound"
        "no digest stands for the whole artifact, so no signature can be about it"
        "A saved image in a directory whose `manifest.json` names files by something else than their digests, or an image whose \
        blobs are missing, changed or described in two ways. Save the image as an OCI layout (`skopeo copy`, `crane pull \
        --format=oci`), or give the archive as one file and sign that."
    SUBJECT_DIGESTS "subject-digests-disagree"
        "one subject's digests name different files"
        "The subject has the artifact's digest in one algorithm and another file's in a second; whoever wrote it is wrong or \
        lying about one of them."
    SUBJECT_UNSUPPORTED "subject-digest-unsupported"
        "the statement has no SHA-256 or SHA-512 of its subjects"
        "Weaker digests (SHA-1, MD5) can be forged and are not compared."
    KEY_EXPECTED "key-expected"
        "the bundle is signed with a certificate, and a public key was expected"
        "Only keys are configured. If signatures by a workload identity should be accepted, configure issuer and subject."
    CERTIFICATE_EXPECTED "certificate-expected"
        "the bundle is signed with a bare key, and an identity was expected"
        "Only identities are configured. If this key should be accepted, configure it with `--key`."
    SIGNATURE_INVALID "signature-invalid"
        "the signature does not verify"
        "The signature was not made over this artifact with this key, or it was changed."
    CERTIFICATE_MALFORMED "certificate-malformed"
        "the signing certificate cannot be read"
        "It is not a DER X.509 certificate, or one of the parts that name the signer is malformed."
    CERTIFICATE_UNTRUSTED "certificate-untrusted"
        "the signing certificate was not issued by a trusted authority"
        "It does not chain to an authority of the trusted root that was in force at the signing time, or it is not for code \
        signing. If the signature was made on another Sigstore instance, give its trusted root."
    CERTIFICATE_EXPIRED "certificate-outside-validity"
        "the signing certificate was not valid at the signing time"
        "Fulcio's certificates live for ten minutes; an authenticated timestamp must lie within them. A signature after that \
        may be by whoever found the key."
    SCT_INVALID "sct-invalid"
        "the certificate has no valid proof that its issuance was logged"
        "The signed certificate timestamp is missing or not by a certificate transparency log of the trusted root, so a wrongly \
        issued certificate would go unseen."
    INCLUSION_INVALID "inclusion-proof-invalid"
        "the inclusion proof does not prove the entry"
        "Hashing the entry up the tree does not give the root that the log signed."
    CHECKPOINT_INVALID "checkpoint-invalid"
        "the checkpoint is not signed by the log"
        "The signed tree head is malformed or not by the key of the log that the entry names."
    PROMISE_INVALID "inclusion-promise-invalid"
        "the log's signed promise does not verify"
        "The signed entry timestamp is not by the log, or covers other values than the entry's."
    ENTRY_MISMATCH "log-entry-mismatch"
        "the log entry is about another signature"
        "The entry's digest, signature or verifier is not the bundle's: an entry of another signing was put in its place."
    ENTRY_MALFORMED "log-entry-malformed"
        "the log entry cannot be read"
        "Its body is not of the kind and version that the bundle says."
    INTEGRATED_TIME "integrated-time-invalid"
        "the time at which the log took the entry is not acceptable"
        "It lies in the future or outside the certificate's validity."
    TIMESTAMP_INVALID "timestamp-invalid"
        "a timestamp does not verify"
        "It is malformed, over another signature, or not by a timestamp authority of the trusted root. Every timestamp in a \
        bundle must verify."
    TIMESTAMP_OUTSIDE "timestamp-outside-authority-validity"
        "a timestamp was made outside its authority's validity"
        "The trusted root says when the authority was in force; the timestamp is from another time."
    NO_SIGNING_TIME "no-signing-time"
        "there is no authenticated signing time"
        "Neither a timestamp authority nor a log's signed promise says when the signature was made, so neither a certificate \
        nor a key can be held against its validity."
    FUTURE_TIME "future-time"
        "the signing time lies in the future"
        "It is more than five minutes after this machine's clock. Either the clock is wrong or the authority is."
    LOG_KEY_OUTSIDE "log-key-outside-validity"
        "the log's key was not in force at the signing time"
        "The trusted root says when the log used this key. An entry from another time may be by whoever got hold of a retired \
        key."
    SUBJECT_NAME_COUNT "subject-name-count"
        "the certificate does not name exactly one subject"
        "With several names, one verifier matches the first and another any of them."
    SUBJECT_NAME_KIND "subject-name-kind"
        "the certificate's subject is neither a URI nor an e-mail address"
        "Only these two kinds can be matched against an identity."
    DUPLICATE_EXTENSION "duplicate-extension"
        "the certificate has an extension twice"
        "One reader takes the first, another the last. RFC 5280 section 4.2 forbids it."
    ISSUER_MISSING "issuer-missing"
        "the certificate does not say who vouched for its subject"
        "Without the issuer, a subject is only a name: any provider may hand it to anybody."
    ISSUER_AMBIGUOUS "issuer-ambiguous"
        "the certificate names two different issuers"
        "The deprecated and the current extension disagree, so different verifiers see different issuers."
    MALFORMED_CLAIM "malformed-claim"
        "a claim of the certificate cannot be read"
        "A claim that a verifier cannot decode would count as absent for it and not for another."
    ISSUER_MISMATCH "issuer-mismatch"
        "the signer was vouched for by another issuer"
        "Issuers are compared exactly, to the last slash."
    IDENTITY_MISMATCH "identity-mismatch"
        "somebody else signed"
        "The certificate's subject is not one of the expected ones. Subjects are compared exactly, with case; a pattern must \
        match from end to end."
    IDENTITY_KIND "identity-kind-mismatch"
        "the signer's name is of another kind than expected"
        "A URI and an e-mail address with the same spelling are different subjects."
    REPOSITORY_UNNAMED "repository-unnamed"
        "the signer signs every repository's releases, and no repository is required"
        "GitHub signs the attestation of every release in its own name, whoever published it. Say whose release it must be: \
        `--claim source_repository_uri=https://github.com/OWNER/NAME`, or the repository's or owner's number."
    CLAIM_MISMATCH "claim-mismatch"
        "a claim of the certificate is not as required"
        "The signer is the expected one, but something about the build (repository, ref, trigger, runner) is not. An absent \
        claim never satisfies a requirement."
    KEY_OUTSIDE "key-outside-validity"
        "the key was not in force at the signing time"
        "The configuration gives the key a window, and the authenticated signing time is not in it."
    PROVENANCE_CONTRADICTED "provenance-contradicted"
        "the provenance says something else than the certificate it was signed with"
        "Source, ref, commit or builder of the SLSA provenance are not those that the identity provider certified. The provenance \
        is the build's own word, the certificate is not: somebody wrote a provenance that is not of this build."
    SIGNERS_MISSING "signers-missing"
        "fewer of the expected signers have signed than are required"
        "Signers are counted by the entry of the configuration that names them: one who signs twice is one, and two who satisfy \
        the same pattern are one."
    PREDICATE_MISSING "predicate-missing"
        "a statement of a required type is missing"
        "The signature stands, but nobody who is expected has said what is required: provenance, a bill of materials, the gate's \
        verdict. Statements of other types do not count."
    BUILDER_MISMATCH "builder-mismatch"
        "the provenance names another builder than required"
        "The builder's id is compared exactly."
    BUILD_TYPE_MISMATCH "build-type-mismatch"
        "the provenance is of another kind of build than required"
        "The build type says how the parameters of the build are to be read, and is compared exactly."
    SOURCE_MISMATCH "source-mismatch"
        "the provenance names another source than required"
        "The artifact was built from another repository, or the provenance does not say from which."
    SUMMARY_VERIFIER "summary-verifier"
        "the verification summary is by another verifier"
        "The verifier's id is compared exactly; `--verifier-id` says which is expected."
    SUMMARY_FAILED "summary-failed"
        "the verification summary does not say PASSED"
        "The gate has judged these bytes and did not pass them."
    SUMMARY_RESOURCE "summary-resource"
        "the verification summary is about another resource"
        "The summary names where the artifact is fetched from, and that is not where you deploy from."
    SUMMARY_POLICY "summary-policy"
        "the verification summary was made under another policy"
        "Policies or configuration were different when these bytes passed. Let the gate judge them again; \
        `fngate policy digest` prints the digest that is in force."
    SUMMARY_LEVEL "summary-level"
        "the verification summary does not state a required level"
        "The gate did not find out, or did not find, what is required."
    SUMMARY_TIME "summary-time"
        "the verification summary has no acceptable time"
        "It gives none, or one after its own signature."
    SUMMARY_TOO_OLD "summary-too-old"
        "the verification summary is older than allowed"
        "What was unknown then may be known now. Let the gate judge the artifact again."
    TRUST_ROOT_UNUSABLE "trusted-root-unusable"
        "the trusted root cannot verify this bundle"
        "It lacks the kind of authority or log that the bundle needs."
    INTERNAL_ERROR "internal-error"
        "verification itself failed"
        "The verifier broke on this bundle, so nothing about it is known and it does not count. Please report it with the \
        bundle."
}
