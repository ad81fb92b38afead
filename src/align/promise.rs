//! Whether pieces may still become a passage: an upper bound, before anything is weighed or judged.
//!
//! The bounds of aligned chains -> no, or perhaps. Most of what shares a few words ends here, at the
//! cost of sorting a handful of numbers.

use super::merge::PIECE_GAP_MAX_WORDS;

/// First and one past the last word on both sides: (a start, a end, b start, b end).
type Bounds = (u32, u32, u32, u32);

/// Whether a cluster of pieces that lie near one another on both sides is `enough`.
///
/// `merge` joins pieces only where they lie near one another on both sides; that some are trimmed or
/// left out before parts clusters and never joins them. So where `enough` grows with its pieces, and no
/// cluster is enough, no passage comes of any of them.
pub fn promising<T>(pieces: &[T], bounds: impl Fn(&T) -> Bounds, enough: impl Fn(&[&T]) -> bool) -> bool {
    if let [piece] = pieces {
        return enough(&[piece]);
    }
    let first = |piece: &T| (bounds(piece).0, bounds(piece).1);
    let second = |piece: &T| (bounds(piece).2, bounds(piece).3);
    let clusters = near(pieces.iter().collect(), first).into_iter().flat_map(|some| near(some, second));
    clusters.into_iter().any(|cluster| enough(&cluster))
}

/// Divides pieces where one side has a gap.
fn near<T>(mut pieces: Vec<&T>, side: impl Fn(&T) -> (u32, u32)) -> Vec<Vec<&T>> {
    pieces.sort_unstable_by_key(|&piece| side(piece));
    let mut parts: Vec<Vec<&T>> = Vec::new();
    let mut end = 0;
    for piece in pieces {
        let (from, to) = side(piece);
        match parts.last_mut() {
            Some(part) if from <= end + PIECE_GAP_MAX_WORDS => part.push(piece),
            _ => parts.push(vec![piece]),
        }
        end = end.max(to);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(pieces: &[Bounds]) -> usize {
        (1..=pieces.len()).take_while(|&len| promising(pieces, |&p| p, |cluster| cluster.len() >= len)).count()
    }

    #[test]
    fn pieces_near_on_both_sides_are_a_cluster() {
        assert_eq!(longest(&[]), 0);
        assert_eq!(longest(&[(0, 5, 100, 105)]), 1);
        assert_eq!(longest(&[(0, 5, 100, 105), (20, 25, 90, 95)]), 2);
        assert_eq!(longest(&[(0, 5, 100, 105), (20, 25, 200, 205)]), 1);
        assert_eq!(longest(&[(0, 5, 100, 105), (80, 85, 100, 105)]), 1);
        assert_eq!(longest(&[(0, 90, 100, 190), (10, 15, 120, 125), (120, 130, 230, 240)]), 3);
    }
}
