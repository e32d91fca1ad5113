//! What the example workflows promise, read from them.
