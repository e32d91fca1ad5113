//! The kinds of problems that opening an artifact raises, each with its page of `fngate explain`.

use crate::model::{ProblemClass, ProblemKind};

const fn unseen(id: &'static str, title: &'static str, page: &'static str) -> ProblemKind {
    ProblemKind { id, class: ProblemClass::Unseen, title, page }
}

pub(crate) const DUPLICATE_NAME: ProblemKind = unseen(
    "duplicate-name",
    "two entries have one name",
    "One reader takes the first, another the last, a third both: what was judged is then not what runs. Both were looked at, and neither can be called the one that counts. Rebuild the archive from a clean folder.",
);
pub(crate) const HEADER_MISMATCH: ProblemKind = unseen(
    "header-mismatch",
    "a local header contradicts the central directory",
    "A zip describes each entry twice. Readers that walk the directory and readers that stream the file see different names, sizes or methods here. No packager writes such a file; rebuild it, and ask where it came from.",
);
pub(crate) const UNLISTED_ENTRY: ProblemKind = unseen(
    "unlisted-entry",
    "an entry lies outside the central directory",
    "Between the listed entries lies a local header that the directory does not name. A streaming reader extracts it, a reader that walks the directory never sees it. Rebuild the archive.",
);
pub(crate) const UNLISTED_BYTES: ProblemKind = unseen(
    "unlisted-data",
    "bytes that nothing in the archive accounts for",
    "Bytes before the first entry, after the end, between entries or inside the comment belong to no entry. They may be a second archive for another reader. Rebuild the archive without them.",
);
pub(crate) const EXTRA_FIELD_OVERRIDE: ProblemKind = unseen(
    "extra-field-override",
    "an extra field renames, moves or resizes an entry",
    "An extra field (Info-ZIP Unicode Path, zip64) contradicts the header it belongs to; readers differ in which of the two they believe. Rebuild the archive.",
);
pub(crate) const SPLIT_ARCHIVE: ProblemKind = unseen(
    "split-archive",
    "the archive is split over several files",
    "Only one part is here, so the rest cannot be judged. Join the parts first.",
);
pub(crate) const OVERLAPPING_ENTRIES: ProblemKind = unseen(
    "overlapping-entries",
    "entries share bytes",
    "Two entries claim the same bytes of the archive, as zip bombs and smuggled files do. Rebuild the archive.",
);
pub(crate) const LIMIT_ENTRY_BYTES: ProblemKind = unseen(
    "limit-entry-bytes",
    "an entry is larger than the limit",
    "The entry was not looked at beyond the limit. If it is rightly that large, raise `limits.entry_bytes` in fngate.toml.",
);
pub(crate) const LIMIT_TOTAL_BYTES: ProblemKind = unseen(
    "limit-total-bytes",
    "the artifact unpacks to more than the limit",
    "What lies beyond the limit was not looked at. Function platforms take less than the default; if yours takes more, raise `limits.total_bytes` in fngate.toml.",
);
pub(crate) const LIMIT_ENTRIES: ProblemKind = unseen(
    "limit-entries",
    "the artifact has more entries than the limit",
    "What lies beyond the limit was not looked at. Raise `limits.entries` in fngate.toml if the artifact rightly has that many.",
);
pub(crate) const LIMIT_DEPTH: ProblemKind = unseen(
    "limit-depth",
    "archives are nested deeper than the limit",
    "The innermost archives were not opened. Raise `limits.depth` in fngate.toml if they are rightly there.",
);
pub(crate) const LIMIT_RATIO: ProblemKind = unseen(
    "limit-ratio",
    "an entry is compressed like a bomb",
    "The entry inflates to many times its size, as decompression bombs do, and was not inflated. Raise `limits.ratio` in fngate.toml if the content is rightly that uniform.",
);
pub(crate) const SIZE_MISMATCH: ProblemKind = unseen(
    "size-mismatch",
    "an entry inflates to another size than declared",
    "The archive declares one size and holds another; readers cut or refuse such entries differently. Rebuild the archive.",
);
pub(crate) const CHECKSUM_MISMATCH: ProblemKind = unseen(
    "checksum-mismatch",
    "an entry's checksum is wrong",
    "The bytes are not those that were packed: the archive is damaged or was edited. Rebuild it.",
);
pub(crate) const ENCRYPTED_ENTRY: ProblemKind = unseen(
    "encrypted-entry",
    "an entry is encrypted",
    "What is encrypted cannot be judged, and no function platform can run it without a key that would have to be shipped with it. Pack it unencrypted, or leave it out.",
);
pub(crate) const UNSUPPORTED_METHOD: ProblemKind = unseen(
    "unsupported-method",
    "an entry's compression is not supported",
    "Function platforms read stored and deflated entries. Repack the archive with one of the two.",
);
pub(crate) const UNSAFE_NAME: ProblemKind = unseen(
    "unsafe-name",
    "an entry's name is not a relative path",
    "Absolute names, `..`, NUL bytes, backslashes, drive letters and bytes that are not UTF-8 mean different files to different readers, or files outside the function. Rebuild the archive on a system that writes plain names.",
);
pub(crate) const NAME_COLLISION: ProblemKind = ProblemKind {
    id: "name-collision",
    class: ProblemClass::OutOfScope,
    title: "two names differ only by case or Unicode form",
    page: "On the Linux file systems that functions run on these are two files; on the machine that packed or unpacks them they may be one. Both were judged. Rename one.",
};
pub(crate) const NAME_CONFLICT: ProblemKind = unseen(
    "name-conflict",
    "a file and a folder have one name",
    "`a` is a file and `a/b` lies in it; readers keep the one or the other. Rebuild the archive.",
);
pub(crate) const COUNT_MISMATCH: ProblemKind = unseen(
    "count-mismatch",
    "the archive's own counts are wrong",
    "The end record speaks of another number of entries, or of a directory of another size, than there is. Rebuild the archive.",
);
pub(crate) const TRUNCATED_ARCHIVE: ProblemKind = unseen(
    "truncated-archive",
    "the archive ends too early",
    "The end of the archive is missing, so what it held cannot be known. Copy or build it again.",
);
pub(crate) const UNREADABLE_ARCHIVE: ProblemKind =
    unseen("unreadable-archive", "the archive cannot be read", "It begins like an archive and does not go on like one. Build it again.");
pub(crate) const LINK_OUTSIDE: ProblemKind = unseen(
    "link-outside",
    "a link leaves the artifact",
    "Where it points, something will be found at run time that was never judged. Pack the target instead of the link.",
);
pub(crate) const LINK_DANGLING: ProblemKind = unseen(
    "link-dangling",
    "a link points to nothing",
    "Its target is not in the artifact; what will be there at run time was not judged. Remove the link or pack its target.",
);
pub(crate) const LINK_LOOP: ProblemKind =
    unseen("link-loop", "links point to each other", "No reader ever reaches a file through them. Remove them.");
pub(crate) const LINK_SHADOW: ProblemKind = unseen(
    "link-shadow",
    "a link stands in the way of an entry",
    "Entries lie below, or at, the path of a link: an unpacker writes them wherever the link points. Rebuild the archive.",
);
pub(crate) const SPECIAL_FILE: ProblemKind = unseen(
    "special-file",
    "an entry is neither file, folder nor link",
    "Devices, pipes and sockets have no place in a function. Remove it.",
);
pub(crate) const UNREADABLE_FILE: ProblemKind = unseen(
    "unreadable-file",
    "a file cannot be read",
    "The system refused to read it, so it was not judged. Give the user that runs fngate the right to read it.",
);
pub(crate) const HARD_LINK_DANGLING: ProblemKind = unseen(
    "hard-link-dangling",
    "a hard link to nothing",
    "The tar names a file to share that does not come before it. Rebuild the archive.",
);
pub(crate) const PAX_MISMATCH: ProblemKind = unseen(
    "pax-mismatch",
    "a PAX header contradicts its entry",
    "The extended header gives the entry another path or size in a way that readers do not agree on. Rebuild the archive.",
);

pub(crate) const DIGEST_MISMATCH: ProblemKind = unseen(
    "digest-mismatch",
    "a blob is not what its digest or size says",
    "An image names each of its parts by digest and size. This part has another one: it is damaged, was exchanged, or a registry lied. No runtime would run it. Pull or build the image again.",
);
pub(crate) const BLOB_MISSING: ProblemKind = unseen(
    "blob-missing",
    "a part of the image is not there",
    "The image names a blob that the layout does not hold; what it would add to the file system was not judged. Layers that are fetched from elsewhere (`urls`) are of this kind. Save the image with all of its layers.",
);
pub(crate) const UNSUPPORTED_MEDIA_TYPE: ProblemKind = unseen(
    "unsupported-media-type",
    "a part of the image is of a type that cannot be judged",
    "Images of the OCI and Docker v2 schema 2 formats are judged, their layers plain, gzip or zstd. Encrypted layers, other compressions, schema 1 manifests and artifacts that only use a registry as their store are not. Build the image in one of the two formats.",
);
pub(crate) const MALFORMED_IMAGE: ProblemKind = unseen(
    "malformed-image",
    "the image's own description cannot be read in one way",
    "Its index, manifest or configuration is no JSON, gives a key twice (container runtimes compare keys without regard to case and take the last), contradicts itself, or names a blob by something that is no digest. Build the image again.",
);
pub(crate) const WHITEOUT_DANGLING: ProblemKind = ProblemKind {
    id: "whiteout-dangling",
    class: ProblemClass::OutOfScope,
    title: "a whiteout of nothing",
    page: "A layer deletes a file that no layer below it has. Builders leave such whiteouts behind where a file was made and removed again; they change nothing, unless the layer was cut out of another image. Every file of every layer was judged or searched for secrets.",
};

/// Raised by no walk: the report's word for an artifact that could not be opened at all.
pub(crate) const ARTIFACT_UNREADABLE: ProblemKind = unseen(
    "artifact-unreadable",
    "the artifact cannot be opened",
    "It is not there, is empty, is no archive, or may not be read; nothing of it was judged. The message says which.",
);

/// Every kind this stage raises.
pub const PROBLEMS: &[&ProblemKind] = &[
    &ARTIFACT_UNREADABLE,
    &DUPLICATE_NAME,
    &HEADER_MISMATCH,
    &UNLISTED_ENTRY,
    &UNLISTED_BYTES,
    &EXTRA_FIELD_OVERRIDE,
    &SPLIT_ARCHIVE,
    &OVERLAPPING_ENTRIES,
    &LIMIT_ENTRY_BYTES,
    &LIMIT_TOTAL_BYTES,
    &LIMIT_ENTRIES,
    &LIMIT_DEPTH,
    &LIMIT_RATIO,
    &SIZE_MISMATCH,
    &CHECKSUM_MISMATCH,
    &ENCRYPTED_ENTRY,
    &UNSUPPORTED_METHOD,
    &UNSAFE_NAME,
    &NAME_COLLISION,
    &NAME_CONFLICT,
    &COUNT_MISMATCH,
    &TRUNCATED_ARCHIVE,
    &UNREADABLE_ARCHIVE,
    &LINK_OUTSIDE,
    &LINK_DANGLING,
    &LINK_LOOP,
    &LINK_SHADOW,
    &SPECIAL_FILE,
    &UNREADABLE_FILE,
    &HARD_LINK_DANGLING,
    &PAX_MISMATCH,
    &DIGEST_MISMATCH,
    &BLOB_MISSING,
    &UNSUPPORTED_MEDIA_TYPE,
    &MALFORMED_IMAGE,
    &WHITEOUT_DANGLING,
];
