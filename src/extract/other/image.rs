//! Container images lying in an artifact (OCI image-layout.md; the `docker save` archive).

use crate::extract::problem::IMAGE_UNREAD;
use crate::extract::{Extractor, Malformed};
use crate::model::{Entry, EntryPath, Inventory, Problem};

/// Tells an image by its own marker file. Its layers are archives like any other, and looked at as such; what they say of
/// each other (a file deleted, a file replaced) is not taken into account, hence the problem.
pub(crate) struct Image;

impl Extractor for Image {
    fn name(&self) -> &'static str {
        "other/image"
    }

    fn wants(&self, path: &EntryPath, head: &[u8]) -> bool {
        // The layout of an artifact that is an image itself is read by the stage that opens it.
        if path.as_str().starts_with("image-layout!/") && path.as_str().matches("!/").count() == 1 {
            return false;
        }
        match path.innermost() {
            "oci-layout" => true,
            "manifest.json" => {
                let start = head.trim_ascii_start();
                start.starts_with(b"[") && memchr::memmem::find(head, b"\"Layers\"").is_some()
            }
            _ => false,
        }
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let message = "a container image; its layers were looked at one by one and not laid over each other";
        found.problems.push(Problem::at(&IMAGE_UNREAD, entry.path, message));
        Ok(())
    }
}
