//! A squarified treemap: rectangles whose areas are as their weights and whose sides are as equal as they come (Bruls, Huizing and
//! van Wijk, "Squarified Treemaps", 2000).

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    pub(super) fn size(self) -> f64 {
        self.width * self.height
    }
}

/// One area for each weight, all of them together `within`. Weights come with the greatest first; one that is not above zero gets
/// an empty area.
pub(super) fn squarified(weights: &[f64], within: Area) -> Vec<Area> {
    let sum: f64 = weights.iter().copied().filter(|weight| *weight > 0.0).sum();
    let scale = if sum > 0.0 { within.size() / sum } else { 0.0 };
    let sizes: Vec<f64> = weights.iter().map(|weight| if *weight > 0.0 { weight * scale } else { 0.0 }).collect();
    let mut areas = Vec::with_capacity(sizes.len());
    let mut free = within;
    let mut rest = sizes.as_slice();
    while !rest.is_empty() {
        let (row, after) = rest.split_at_checked(row_length(rest, free.width.min(free.height))).unwrap_or((rest, &[]));
        let (row_areas, left) = laid(row, free, after.is_empty());
        areas.extend(row_areas);
        free = left;
        rest = after;
    }
    areas
}

/// How many of the next sizes stand best in one row along a side.
fn row_length(sizes: &[f64], side: f64) -> usize {
    let mut sum = 0.0;
    let mut greatest: f64 = 0.0;
    let mut worst = f64::INFINITY;
    for (number, size) in sizes.iter().enumerate() {
        greatest = greatest.max(*size);
        let with = sum + size;
        // How much longer than wide the longest of the row would be.
        let ratio = (side * side * greatest / (with * with)).max(with * with / (side * side * size));
        if number > 0 && (ratio > worst || ratio.is_nan()) {
            return number;
        }
        (sum, worst) = (with, ratio);
    }
    sizes.len().max(1)
}

/// The areas of a row along the shorter side, and what it leaves free. The last row takes all that there is, so that no rounding
/// leaves a seam.
fn laid(row: &[f64], free: Area, is_last: bool) -> (Vec<Area>, Area) {
    let sum: f64 = row.iter().sum();
    let is_upright = free.width >= free.height;
    let (side, across) = if is_upright { (free.height, free.width) } else { (free.width, free.height) };
    let depth = if is_last || side <= 0.0 { across } else { (sum / side).min(across) };
    let mut areas = Vec::with_capacity(row.len());
    let mut before = 0.0;
    for size in row {
        // By what came before rather than by adding lengths up: neighbours share their edge exactly.
        let (from, to) = if sum > 0.0 { (before / sum * side, ((before + size) / sum * side).min(side)) } else { (0.0, 0.0) };
        before += size;
        areas.push(if is_upright {
            Area { x: free.x, y: free.y + from, width: depth, height: to - from }
        } else {
            Area { x: free.x + from, y: free.y, width: to - from, height: depth }
        });
    }
    let left = if is_upright {
        Area { x: free.x + depth, width: (free.width - depth).max(0.0), ..free }
    } else {
        Area { y: free.y + depth, height: (free.height - depth).max(0.0), ..free }
    };
    (areas, left)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WITHIN: Area = Area { x: 2.0, y: 3.0, width: 960.0, height: 320.0 };

    #[test]
    fn the_example_of_the_paper() {
        let areas = squarified(&[6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], Area { x: 0.0, y: 0.0, width: 6.0, height: 4.0 });
        let told: Vec<String> = areas.iter().map(|a| format!("{:.2} {:.2} {:.2} {:.2}", a.x, a.y, a.width, a.height)).collect();
        assert_eq!(
            told,
            [
                "0.00 0.00 3.00 2.00",
                "0.00 2.00 3.00 2.00",
                "3.00 0.00 1.71 2.33",
                "4.71 0.00 1.29 2.33",
                "3.00 2.33 1.20 1.67",
                "4.20 2.33 1.20 1.67",
                "5.40 2.33 0.60 1.67"
            ]
        );
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(squarified(&[], WITHIN), []);
        assert!(squarified(&[0.0, 0.0], WITHIN).iter().all(|area| area.size() == 0.0));
        assert!(squarified(&[1.0], Area::default()).iter().all(|area| area.size() == 0.0));
        let one = squarified(&[1e19, 0.0], WITHIN);
        assert_eq!((one[0], one[1].size()), (WITHIN, 0.0));
    }

    proptest! {
        #[test]
        fn areas_are_as_the_weights_fill_the_whole_and_do_not_overlap(
            weights in proptest::collection::vec(1_u64..1 << 40, 1..70),
            width in 1.0..2000.0,
            height in 1.0..2000.0,
        ) {
            let mut weights: Vec<f64> = weights.into_iter().map(|weight| weight as f64).collect();
            weights.sort_by(|a, b| b.total_cmp(a));
            let within = Area { x: 10.0, y: 20.0, width, height };
            let areas = squarified(&weights, within);
            prop_assert_eq!(areas.len(), weights.len());
            let sum: f64 = weights.iter().sum();
            let near = 1e-6 * within.size();
            for (weight, area) in weights.iter().zip(&areas) {
                prop_assert!((area.size() - weight / sum * within.size()).abs() <= near, "{area:?} for {weight} of {sum}");
                prop_assert!(area.x >= 10.0 - 1e-9 && area.y >= 20.0 - 1e-9);
                prop_assert!(area.x + area.width <= 10.0 + width + 1e-6 && area.y + area.height <= 20.0 + height + 1e-6);
            }
            prop_assert!((areas.iter().map(|area| area.size()).sum::<f64>() - within.size()).abs() <= near);
            for (number, a) in areas.iter().enumerate() {
                for b in areas.iter().skip(number + 1) {
                    let shared = |from: f64, length: f64, other: f64, other_length: f64| {
                        ((from + length).min(other + other_length) - from.max(other)).max(0.0)
                    };
                    let overlap = shared(a.x, a.width, b.x, b.width) * shared(a.y, a.height, b.y, b.height);
                    prop_assert!(overlap <= near, "{a:?} {b:?}");
                }
            }
        }
    }
}
