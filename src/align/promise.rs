//! Whether pieces may still become a passage: an upper bound, before anything is weighed or judged.
//!
//! The bounds of aligned chains -> no, or perhaps. Most of what shares a few words ends here, at the
//! cost of sorting a handful of numbers.

use super::merge::PIECE_GAP_MAX_WORDS;

/// First and one past the last word on both sides: (a start, a end, b start, b end).
type Bounds = (u32, u32, u32, u32);

/// In larger clusters not every stretch is looked at.
const STRETCHES_OF_MAX: usize = 64;

/// Whether some of the pieces that lie near one another on both sides are `enough` together.
///
/// `merge` joins pieces only where they lie near one another on both sides, and where they fill at least
/// half of the stretch from the first to the last on each; that some are trimmed or left out before parts
/// clusters, thins stretches, and never joins them. So where `enough` grows with its pieces, and is
/// reached nowhere, no passage comes of any of them.
pub fn promising<T>(pieces: &[T], bounds: impl Fn(&T) -> Bounds, enough: impl Fn(&[&T]) -> bool) -> bool {
    if let [piece] = pieces {
        return enough(&[piece]);
    }
    let first = |piece: &T| (bounds(piece).0, bounds(piece).1);
    let second = |piece: &T| (bounds(piece).2, bounds(piece).3);
    let clusters = near(pieces.iter().collect(), first).into_iter().flat_map(|some| near(some, second));
    clusters.into_iter().any(|mut cluster| {
        enough(&cluster) && filled(&mut cluster, second, &enough) && filled(&mut cluster, first, &enough)
    })
}

/// Whether a stretch of one side that its pieces may fill by half holds enough of them.
fn filled<T>(cluster: &mut [&T], side: impl Fn(&T) -> (u32, u32), enough: impl Fn(&[&T]) -> bool) -> bool {
    if cluster.len() > STRETCHES_OF_MAX {
        return true;
    }
    cluster.sort_unstable_by_key(|&piece| side(piece));
    (0..cluster.len()).any(|from| {
        let start = side(cluster[from]).0;
        let mut words = 0;
        (from..cluster.len()).any(|to| {
            // Pieces that reach beyond the last one count too: a bound.
            let (first, end) = side(cluster[to]);
            words += end - first;
            2 * words >= end - start && enough(&cluster[from..=to])
        })
    })
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
    use proptest::prelude::*;

    use super::*;

    /// How many pieces may be joined at most.
    fn most(pieces: &[Bounds]) -> usize {
        (1..=pieces.len()).take_while(|&len| promising(pieces, |&p| p, |some| some.len() >= len)).count()
    }

    #[test]
    fn pieces_that_fill_a_stretch_on_both_sides_may_be_joined() {
        assert_eq!(most(&[]), 0);
        assert_eq!(most(&[(0, 5, 100, 105)]), 1);
        assert_eq!(most(&[(0, 5, 100, 105), (15, 20, 90, 95)]), 2);
        assert_eq!(most(&[(0, 5, 100, 105), (15, 20, 200, 205)]), 1);
        assert_eq!(most(&[(0, 5, 100, 105), (80, 85, 100, 105)]), 1);
        assert_eq!(most(&[(0, 90, 100, 190), (10, 15, 120, 125), (120, 130, 230, 240)]), 3);
    }

    #[test]
    fn phrases_with_more_between_them_than_they_have_are_not_joined() {
        assert_eq!(most(&[(0, 4, 100, 104), (8, 12, 112, 116)]), 2);
        assert_eq!(most(&[(0, 4, 100, 104), (13, 17, 112, 116)]), 1);
        assert_eq!(most(&[(0, 4, 100, 104), (8, 12, 113, 117)]), 1);
        assert_eq!(most(&[(0, 40, 100, 140), (60, 64, 160, 164), (95, 99, 195, 199)]), 2);
    }

    proptest! {
        #[test]
        fn what_is_joined_was_promised(places in prop::collection::vec((0u32..48, 0u32..48, 1u32..9), 2..7), least in 2usize..4) {
            let pieces: Vec<Bounds> = places.iter().map(|&(a, b, len)| (a, a + len, b + 100, b + 100 + len)).collect();
            let fills = |some: &[Bounds], side: fn(&Bounds) -> (u32, u32)| {
                let words: u32 = some.iter().map(|p| side(p).1 - side(p).0).sum();
                let start = some.iter().map(|p| side(p).0).min().unwrap_or(0);
                let end = some.iter().map(|p| side(p).1).max().unwrap_or(0);
                2 * words >= end - start
            };
            let some = |bits: u32| -> Vec<Bounds> {
                pieces.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, &p)| p).collect()
            };
            let joined = (0..1u32 << pieces.len())
                .map(some)
                .any(|some| some.len() >= least && fills(&some, |p| (p.0, p.1)) && fills(&some, |p| (p.2, p.3)));
            // They all lie near one another.
            prop_assert!(!joined || promising(&pieces, |&p| p, |some| some.len() >= least));
        }
    }
}
