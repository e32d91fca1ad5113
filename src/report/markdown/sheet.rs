//! What a report has room for. It consists of blocks, each of them whole by itself; where not all of them fit, the graver stay, and
//! nothing is cut in the middle.

/// How grave what a block says is, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Deny,
    Incomplete,
    Warn,
    Beside,
}

impl Rank {
    pub(super) const ALL: [Self; 4] = [Self::Deny, Self::Incomplete, Self::Warn, Self::Beside];

    /// What is left out, in words.
    fn word(self) -> &'static str {
        match self {
            Self::Deny => "denied",
            Self::Incomplete => "that could not be judged",
            Self::Warn => "with warnings",
            Self::Beside => "that decide nothing",
        }
    }
}

/// A piece of a report.
struct Block {
    /// How grave the artifact is that it tells of.
    artifact: Rank,
    rank: Rank,
    /// How many findings or artifacts it tells of.
    weight: usize,
    text: String,
}

/// Blocks in their order, those of the gravest artifacts first.
pub(super) struct Sheet {
    /// How grave the artifact is whose blocks are being added.
    artifact: Rank,
    blocks: Vec<Block>,
    /// Bytes by rank.
    kept: [usize; 4],
    /// What was left out already, by rank.
    left_out: [usize; 4],
    /// Bytes of each rank that are kept until the end is known.
    most: usize,
}

impl Sheet {
    pub(super) fn new(most: usize) -> Self {
        Self { artifact: Rank::Beside, blocks: Vec::new(), kept: [0; 4], left_out: [0; 4], most }
    }

    /// What follows tells of an artifact that is as grave.
    pub(super) fn begin(&mut self, artifact: Rank) {
        self.artifact = artifact;
    }

    /// Adds a block. No more of one rank is kept than could ever be written.
    pub(super) fn push(&mut self, rank: Rank, weight: usize, text: String) {
        let (Some(kept), Some(left_out)) = (self.kept.get_mut(rank as usize), self.left_out.get_mut(rank as usize)) else { return };
        // After the first that has no room none has: what is left out is the end.
        if *left_out > 0 || *kept + text.len() > self.most {
            *left_out += weight.max(1);
            return;
        }
        *kept += text.len();
        self.blocks.push(Block { artifact: self.artifact, rank, weight, text });
    }

    /// Takes what there is room for, the gravest first, and gives it in its order, with the room that is left.
    pub(super) fn fitted(&mut self, mut room: usize) -> (String, usize) {
        self.blocks.sort_by_key(|block| block.artifact);
        let mut fits: Vec<bool> = vec![false; self.blocks.len()];
        for rank in Rank::ALL {
            let left_out = self.left_out.get(rank as usize).copied().unwrap_or_default();
            let mut is_full = left_out > 0;
            for (block, fits) in self.blocks.iter().zip(&mut fits).filter(|(block, _)| block.rank == rank) {
                if block.text.len() <= room {
                    room -= block.text.len();
                    *fits = true;
                } else {
                    // Neither what follows nor what is less grave takes the room that a graver block did not find.
                    is_full = true;
                    room = 0;
                    if let Some(left_out) = self.left_out.get_mut(rank as usize) {
                        *left_out += block.weight;
                    }
                }
            }
            if is_full {
                room = 0;
            }
        }
        let text = self.blocks.iter().zip(fits).filter(|(_, fits)| *fits).map(|(block, _)| block.text.as_str()).collect();
        (text, room)
    }

    /// `14000 denied, 12 with warnings`: what is left out, empty where nothing is.
    pub(super) fn left_out(&self) -> String {
        let parts = Rank::ALL.iter().zip(self.left_out).filter(|(_, number)| *number > 0);
        parts.map(|(rank, number)| format!("{number} {}", rank.word())).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(most: usize, blocks: &[(Rank, &str)]) -> Sheet {
        let mut sheet = Sheet::new(most);
        blocks.iter().for_each(|(rank, text)| sheet.push(*rank, 1, (*text).to_owned()));
        sheet
    }

    #[test]
    fn the_graver_stay_and_the_order_too() {
        let blocks = [(Rank::Warn, "w1 "), (Rank::Deny, "d1 "), (Rank::Beside, "b "), (Rank::Deny, "d2 "), (Rank::Warn, "w2 ")];
        for (room, text, left_out) in [
            (20, "w1 d1 b d2 w2 ", ""),
            (13, "w1 d1 d2 w2 ", "1 that decide nothing"),
            (11, "w1 d1 d2 ", "1 with warnings, 1 that decide nothing"),
            (5, "d1 ", "1 denied, 2 with warnings, 1 that decide nothing"),
            (2, "", "2 denied, 2 with warnings, 1 that decide nothing"),
        ] {
            let mut sheet = sheet(100, &blocks);
            assert_eq!((sheet.fitted(room).0.as_str(), sheet.left_out().as_str()), (text, left_out), "{room}");
        }
    }

    #[test]
    fn the_gravest_artifact_is_first() {
        let mut sheet = Sheet::new(100);
        for (artifact, texts) in [(Rank::Beside, ["a", "b"]), (Rank::Deny, ["c", "d"]), (Rank::Incomplete, ["e", "f"])] {
            sheet.begin(artifact);
            texts.into_iter().for_each(|text| sheet.push(Rank::Beside, 1, text.to_owned()));
        }
        assert_eq!(sheet.fitted(100).0, "cdefab");
    }

    #[test]
    fn what_could_never_be_written_is_not_kept() {
        let mut sheet = sheet(6, &[(Rank::Deny, "d1 "), (Rank::Deny, "d2 "), (Rank::Deny, "d3 "), (Rank::Warn, "w ")]);
        assert_eq!(sheet.blocks.len(), 3);
        assert_eq!((sheet.fitted(100).0.as_str(), sheet.left_out().as_str()), ("d1 d2 ", "1 denied, 1 with warnings"));
    }
}
