//! The one integration binary: a module a capability.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

mod artifact;
mod bound;
mod docs;
mod document;
mod evasion;
mod exploit;
mod extract;
mod gate;
mod image;
mod init;
mod layer;
mod many;
mod mutation;
mod osv;
mod pipeline;
mod policy;
mod report;
mod secret;
mod signature;
