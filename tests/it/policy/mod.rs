//! Policies: every test in Rego, and every rule of the verdict.

mod accept;
mod baseline;
mod builtin;
mod command;
mod cookbook;
mod given;
mod ignore;
mod input;
pub mod sample;
mod verdict;
mod vex;
mod vex_form;
mod vex_reach;
mod vex_word;
