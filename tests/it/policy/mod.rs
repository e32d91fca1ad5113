//! Policies: every test in Rego, and every rule of the verdict.

mod builtin;
