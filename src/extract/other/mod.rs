//! What is recognised and not read: images, other languages, native code, and lockfiles in formats without a reader.

mod bytecode;
mod go;
mod image;
mod mark;
mod native;
mod neighbour;
mod packed;
mod unread;

pub(super) use bytecode::Bytecode;
pub(super) use image::Image;
pub(super) use native::Native;
pub(super) use neighbour::Neighbour;
pub(super) use packed::Packed;
pub(super) use unread::Unread;
