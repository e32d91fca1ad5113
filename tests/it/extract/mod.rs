//! Extractors and attribution: formats, traps, what has no owner.

mod attribution;
mod binary;
mod cargo;
mod corpus;
mod drift;
mod format;
mod hostile;
mod registration;
mod walker;
