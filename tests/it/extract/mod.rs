//! Extractors and attribution: formats, traps, what has no owner.

mod attribution;
mod bundle;
mod corpus;
mod drift;
mod edge;
mod format;
mod hostile;
pub mod ownership;
mod python_lock;
mod registration;
mod requirements;
mod stripped;
mod walker;
