//! A file in parts gives what it gives whole.

use proptest::prelude::*;

use super::{builtin, github, path};

fn streamed(content: &[u8], part: usize, cuts: &[usize]) -> fngate::secret::Found {
    let mut stream = builtin().stream_in_parts(&path("big.log"), part);
    let mut rest = content;
    for &cut in cuts {
        let (now, later) = rest.split_at(cut.min(rest.len()));
        stream.feed(now);
        rest = later;
    }
    stream.feed(rest);
    stream.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn parts_give_what_the_whole_gives(
        gaps in prop::collection::vec(0usize..70_000, 12..24),
        cuts in prop::collection::vec(1usize..300_000, 0..6),
        kinds in prop::collection::vec(0usize..4, 24),
    ) {
        let token = github();
        let mut content = String::new();
        for (gap, kind) in gaps.iter().zip(kinds) {
            while content.len() % 70_001 != 0 && content.len() < gap + content.len() / 2 { content.push_str("plain words of a log\n"); }
            content.push_str(&"some other line here\n".repeat(gap / 21));
            match kind {
                0 => content.push_str(&format!("t = \"{token}\"\n")),
                1 => content.push_str("DB_PASSWORD=q9Tv2Lm4Xc7P\n"),
                2 => content.push_str("postgres://svc:q9Tv2Lm4Xc7P@db.acme.io/app\n"),
                _ => content.push_str("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n"),
            }
        }
        let whole = builtin().scan(&path("big.log"), content.as_bytes());
        prop_assert!(whole.secrets.len() >= 6);
        prop_assert_eq!(streamed(content.as_bytes(), 0, &cuts), whole);
    }
}

#[test]
fn a_small_entry_is_searched_whole() {
    let text = format!("a\nt = \"{}\"\n", github());
    assert_eq!(streamed(text.as_bytes(), 8 << 20, &[3, 7]), builtin().scan(&path("big.log"), text.as_bytes()));
}

#[test]
fn zeros_without_end_take_a_part_of_memory() {
    let mut stream = builtin().stream(&path("core"));
    let zeros = vec![0u8; 1 << 20];
    for _ in 0..64 {
        stream.feed(&zeros);
    }
    stream.feed(github().as_bytes());
    let found = stream.finish();
    assert_eq!(found.secrets.len(), 1);
    assert_eq!((found.secrets[0].line, found.secrets[0].column as usize), (1, (64 << 20) + 1));
}
