//! Policies: every test in Rego, and every rule of the verdict.

mod builtin;
mod given;
mod ignore;
pub mod sample;
mod verdict;
