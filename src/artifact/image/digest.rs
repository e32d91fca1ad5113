//! Digests (OCI image specification, descriptor.md, "Digests"): what a blob is called, and what it must hash to.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256, Sha512};

use crate::model::hex;

/// A digest whose text is what the specification allows: no path hides in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Digest(String);

impl Digest {
    /// Reads `sha256:<64 hex>` or `sha512:<128 hex>`, the registered algorithms.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (algorithm, digits) = text.split_once(':')?;
        let length = match algorithm {
            "sha256" => 64,
            "sha512" => 128,
            _ => return None,
        };
        let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (digits.len() == length && digits.bytes().all(lower)).then(|| Self(text.to_owned()))
    }

    /// The SHA-256 of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(format!("sha256:{}", hex(&Sha256::digest(bytes))))
    }

    /// `sha256:..`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits alone.
    pub(crate) fn digits(&self) -> &str {
        self.0.get(7..).unwrap_or_default()
    }

    /// The first twelve digits, as `docker images` shows them.
    pub(crate) fn short(&self) -> &str {
        self.digits().get(..12).unwrap_or_default()
    }

    /// The blob's file in a layout (image-layout.md, "Blobs").
    pub(crate) fn file(&self) -> String {
        format!("blobs/{}", self.0.replace(':', "/"))
    }

    /// A hasher of this algorithm.
    pub(crate) fn hasher(&self) -> Hasher {
        if self.0.starts_with("sha512:") { Hasher::Sha512(Sha512::new()) } else { Hasher::Sha256(Sha256::new()) }
    }
}

/// Hashes what is fed to it.
#[derive(Clone, Debug)]
pub(crate) enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Digest {
        match self {
            Self::Sha256(hasher) => Digest(format!("sha256:{}", hex(&hasher.finalize()))),
            Self::Sha512(hasher) => Digest(format!("sha512:{}", hex(&hasher.finalize()))),
        }
    }

    /// Hashes all that a reader gives.
    pub(crate) fn drain(mut self, mut from: impl Read) -> io::Result<Digest> {
        let mut piece = vec![0; 256 * 1024];
        loop {
            match from.read(&mut piece)? {
                0 => return Ok(self.finish()),
                got => self.update(&piece[..got]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_digest_is_one() {
        let good = Digest::of(b"");
        assert_eq!(Digest::parse(good.as_str()), Some(good.clone()));
        assert_eq!(good.file(), "blobs/sha256/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(good.short(), "e3b0c44298fc");
        for bad in
            ["sha256:../../x", "sha256:", "md5:d41d8cd98f00b204e9800998ecf8427e", &good.as_str().to_uppercase(), &good.as_str()[..70]]
        {
            assert_eq!(Digest::parse(bad), None, "{bad}");
        }
    }
}
