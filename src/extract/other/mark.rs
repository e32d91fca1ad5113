//! Marks that other programs bear, kept so that fngate itself does not bear them: it judges its own releases, and must not take
//! itself for one of those programs.

use std::hint::black_box;

use memchr::memmem;

/// A mark as it is kept: every bit turned round, when this is compiled.
pub(super) const fn kept<const N: usize>(mark: &[u8; N]) -> [u8; N] {
    let mut kept = [0; N];
    let mut at = 0;
    while at < N {
        kept[at] = !mark[at];
        at += 1;
    }
    kept
}

/// Where the mark that is kept so stands first.
pub(super) fn find(content: &[u8], kept: &[u8]) -> Option<usize> {
    // Unknown to the compiler, which would otherwise put the mark itself into the binary.
    let mark: Vec<u8> = black_box(kept).iter().map(|byte| !byte).collect();
    memmem::find(content, &mark)
}

#[cfg(test)]
mod tests {
    use super::{find, kept};

    #[test]
    fn a_mark_is_found_where_it_stands() {
        const MARK: [u8; 4] = kept(b"mark");
        assert_eq!(find(b"a mark, a mark", &MARK), Some(2));
        assert_eq!(find(b"none", &MARK), None);
        assert_eq!(find(&MARK, &MARK), None);
    }
}
