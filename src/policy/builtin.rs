//! The policies that ship inside the binary, each with its tests. A new one is two files in `policies/` and one line here.

/// A policy inside the binary.
pub(super) struct Builtin {
    /// The file's name.
    pub(super) file: &'static str,
    /// Its Rego.
    pub(super) rego: &'static str,
    /// The name of the file of its tests.
    pub(super) test_file: &'static str,
    /// The Rego of its tests.
    pub(super) test_rego: &'static str,
}

macro_rules! builtin {
    ($name:literal) => {
        Builtin {
            file: concat!("policies/", $name, ".rego"),
            rego: include_str!(concat!("../../policies/", $name, ".rego")),
            test_file: concat!("policies/", $name, "_test.rego"),
            test_rego: include_str!(concat!("../../policies/", $name, "_test.rego")),
        }
    };
}

/// Every built-in policy.
pub(super) const BUILTIN: &[Builtin] = &[
    builtin!("completeness"),
    builtin!("drift"),
    builtin!("integrity"),
    builtin!("layer"),
    builtin!("secret"),
    builtin!("signature"),
    builtin!("vulnerability"),
    builtin!("vulnerability_age"),
    builtin!("vulnerability_exploit"),
    builtin!("vulnerability_level"),
    builtin!("vulnerability_words"),
];
