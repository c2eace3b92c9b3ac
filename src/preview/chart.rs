//! Bars for hits a day: their heights, and a drawing for terminals.

/// The height of each bar in steps, the highest `steps` high: nothing is 0, and anything is at least one step.
pub fn scaled(counts: &[usize], steps: usize) -> Vec<usize> {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    counts.iter().map(|count| (count * steps).div_ceil(most)).collect()
}

/// Rows of a drawing.
const ROWS: usize = 4;
/// Steps a character can show.
const STEPS: usize = 8;
const BLOCKS: [char; STEPS + 1] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws bars of `counts` with block characters, two columns each, between `first` and `last` as labels of the axis:
/// five lines, the largest count at the top left.
pub fn block_chart(counts: &[usize], first: &str, last: &str) -> String {
    let heights = scaled(counts, ROWS * STEPS);
    let most = counts.iter().copied().max().unwrap_or(0).to_string();
    let margin = " ".repeat(most.chars().count());
    let mut text = String::new();
    for row in (0..ROWS).rev() {
        let bars = heights.iter().flat_map(|height| [BLOCKS[height.saturating_sub(row * STEPS).min(STEPS)], ' ']);
        let label = if row == ROWS - 1 { &most } else { &margin };
        let line: String = bars.collect();
        text.push_str(format!("{label} │{line}").trim_end());
        text.push('\n');
    }
    let width = (counts.len() * 2).saturating_sub(1).max(1);
    let gap = width.saturating_sub(first.chars().count() + last.chars().count()).max(1);
    text.push_str(&format!("{margin} └{}\n{margin}  {first}{}{last}\n", "─".repeat(width), " ".repeat(gap)));
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_chart_is_drawn_in_blocks() {
        let expect = "\
16 │█\n   │█\n   │█   ▄\n   │█   █\n   └───────\n    1 Jan 9 Jan\n";
        assert_eq!(block_chart(&[16, 0, 6, 0], "1 Jan", "9 Jan"), expect);
        assert!(block_chart(&[], "", "").starts_with("0 │\n"));
    }

    proptest! {
        #[test]
        fn bars_keep_order_and_bounds(counts in proptest::collection::vec(0_usize..1_000, 0..60), steps in 1_usize..100) {
            let heights = scaled(&counts, steps);
            prop_assert_eq!(heights.len(), counts.len());
            for (a, height_a) in counts.iter().zip(&heights) {
                prop_assert!(*height_a <= steps && (*height_a == 0) == (*a == 0));
                for (b, height_b) in counts.iter().zip(&heights) {
                    prop_assert!(a >= b || height_a <= height_b);
                }
            }
            let most = counts.iter().max().copied().unwrap_or(0);
            prop_assert_eq!(heights.iter().max().copied().unwrap_or(0), if most == 0 { 0 } else { steps });
        }
    }
}
