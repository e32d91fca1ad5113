//! Extractors and attribution: formats, traps, what has no owner.

mod attribution;
mod bundle;
mod corpus;
mod drift;
mod edge;
mod format;
mod hostile;
mod registration;
mod walker;
