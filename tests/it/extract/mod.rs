//! Extractors and attribution: formats, traps, what has no owner.

mod attribution;
mod corpus;
mod drift;
mod format;
mod hostile;
mod python_fixture;
mod python_lock;
mod registration;
mod requirements;
mod stripped;
mod walker;
