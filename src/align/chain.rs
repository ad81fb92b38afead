//! Chains: runs that lie near one another on both sides belong to one passage.
//!
//! [`Run`]s -> [`Chain`]s. Runs are first grouped by nearness alone, whatever their order, so that
//! a passage whose sentences were reordered stays one group; within a group the best sequence that
//! ascends on both sides is the chain. Runs of the group that lie outside the chain start over.

use smallvec::{SmallVec, smallvec};

use super::seed::Run;

/// Words that may lie between two runs of one chain, on either side: a clause. What lies further
/// apart may still be one passage; `merge` decides when all pieces are known.
pub const GAP_MAX_WORDS: u32 = 16;

/// What a word of a gap costs. A run of three rare words (worth 3) pays for a gap of ten, one of
/// three stop words (worth .6) for a gap of two.
const GAP_COST: f32 = 0.3;

/// What a matched word is worth that stands everywhere; a rare one is worth 1.
pub const WORD_WORTH_MIN: f32 = 0.2;

/// Runs looked back at when a chain is continued. Nearness bounds how many can matter.
const LOOK_BACK: usize = 64;

/// Runs that form one passage.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// They ascend and do not overlap on either side. Nearly always it is one.
    pub runs: SmallVec<[Run; 1]>,
    /// The rest of the group, when it lies around the chain: reordered pieces.
    pub others: Vec<Run>,
}

/// The words of a chain on its earlier side, those of reordered pieces last.
pub fn matched(chain: &Chain) -> impl Iterator<Item = u32> {
    chain.runs.iter().chain(&chain.others).flat_map(|r| r.a..r.a_end())
}

/// Groups `runs` and takes the chains out of each group.
///
/// `worth` is what the words of a run are worth together; `apart` asks that the two sides of one
/// group do not overlap, as inside a document.
pub fn chains(mut runs: Vec<Run>, worth: impl Fn(&Run) -> f32, apart: bool) -> Vec<Chain> {
    runs.sort_unstable();
    runs.dedup();
    let mut chains = Vec::with_capacity(runs.len());
    // Those of several runs.
    let mut groups: Vec<Vec<Run>> = Vec::new();
    let add = |group: &[Run], chains: &mut Vec<Chain>, groups: &mut Vec<Vec<Run>>| match *group {
        [run] => chains.push(Chain { runs: smallvec![run], others: Vec::new() }),
        _ => groups.push(group.to_vec()),
    };
    each_group(&runs, apart, |group| add(group, &mut chains, &mut groups));
    while let Some(group) = groups.pop() {
        let (chain, rest) = split(&group, &worth);
        if rest.is_empty() {
            chains.push(Chain { runs: chain, others: rest });
            continue;
        }
        // Pieces that lie around the chain may be the same passage in another order, chance
        // meetings of common words, or further copies of one side. Only the first add matched
        // words on both sides; the passage stays whole where most of it matches.
        let whole = cover(&group);
        let len = u64::from((whole.1 - whole.0).max(whole.3 - whole.2));
        let (all, gained) = (coverage(&group), coverage(&group) - coverage(&chain).min(coverage(&group)));
        if all * 2 >= len && gained * 4 >= all {
            chains.push(Chain { runs: chain, others: rest });
            continue;
        }
        let around = cover(&chain);
        let outside = rest.into_iter().filter(|r| {
            let meets_a = r.a < around.1 && around.0 < r.a_end();
            let meets_b = r.b < around.3 && around.2 < r.b_end();
            !(meets_a && meets_b)
        });
        each_group(&outside.collect::<Vec<_>>(), apart, |group| add(group, &mut chains, &mut groups));
        chains.push(Chain { runs: chain, others: Vec::new() });
    }
    chains.sort_unstable_by_key(|c| c.runs.first().map(|r| (r.a, r.b, r.len)));
    chains
}

/// The smallest box around runs: (a start, a end, b start, b end).
pub fn cover(runs: &[Run]) -> (u32, u32, u32, u32) {
    runs.iter()
        .fold((u32::MAX, 0, u32::MAX, 0), |c, r| (c.0.min(r.a), c.1.max(r.a_end()), c.2.min(r.b), c.3.max(r.b_end())))
}

/// Words covered by runs, on the side where they are fewer.
pub fn coverage(runs: &[Run]) -> u64 {
    let covered = |mut spans: Vec<(u32, u32)>| {
        spans.sort_unstable();
        let mut end = 0;
        let mut sum = 0u64;
        for (from, to) in spans {
            sum += u64::from(to.max(end) - from.max(end).min(to.max(end)));
            end = end.max(to);
        }
        sum
    };
    covered(runs.iter().map(|r| (r.a, r.a_end())).collect())
        .min(covered(runs.iter().map(|r| (r.b, r.b_end())).collect()))
}

/// Calls `each` with the runs no further than [`GAP_MAX_WORDS`] from one another on both sides, joined
/// transitively. Takes sorted runs, and gives them sorted.
fn each_group(runs: &[Run], apart: bool, mut each: impl FnMut(&[Run])) {
    if let [_] = runs {
        return each(runs);
    }
    let mut parent: Vec<u32> = (0..runs.len() as u32).collect();
    let mut boxes: Vec<_> = runs.iter().map(|r| cover(std::slice::from_ref(r))).collect();
    let mut near: Vec<usize> = Vec::new();
    for (i, run) in runs.iter().enumerate() {
        near.retain(|&j| runs[j].a_end() + GAP_MAX_WORDS >= run.a);
        for &j in near.iter().rev().take(LOOK_BACK * 4) {
            let other = &runs[j];
            if other.b_end() + GAP_MAX_WORDS < run.b || run.b_end() + GAP_MAX_WORDS < other.b {
                continue;
            }
            let (x, y) = (find(&mut parent, i as u32), find(&mut parent, j as u32));
            if x == y {
                continue;
            }
            let (p, q) = (boxes[x as usize], boxes[y as usize]);
            let both = (p.0.min(q.0), p.1.max(q.1), p.2.min(q.2), p.3.max(q.3));
            if apart && both.1 > both.2 {
                continue;
            }
            let (root, leaf) = (x.min(y), x.max(y));
            parent[leaf as usize] = root;
            boxes[root as usize] = both;
        }
        near.push(i);
    }
    let mut by_root: Vec<(u32, Run)> = (0..).zip(runs).map(|(i, &run)| (find(&mut parent, i), run)).collect();
    by_root.sort_unstable();
    let mut group: Vec<Run> = Vec::new();
    for (i, &(root, run)) in by_root.iter().enumerate() {
        group.push(run);
        if by_root.get(i + 1).is_none_or(|next| next.0 != root) {
            each(&group);
            group.clear();
        }
    }
}

fn find(parent: &mut [u32], mut i: u32) -> u32 {
    while parent[i as usize] != i {
        parent[i as usize] = parent[parent[i as usize] as usize];
        i = parent[i as usize];
    }
    i
}

/// The best ascending chain of a group, and the rest. Takes sorted runs.
///
/// Sparse dynamic programming over runs (Myers & Miller 1995) with a look-back of [`LOOK_BACK`].
fn split(group: &[Run], worth: impl Fn(&Run) -> f32) -> (SmallVec<[Run; 1]>, Vec<Run>) {
    let mut score: Vec<f32> = Vec::with_capacity(group.len());
    let mut from: Vec<Option<usize>> = Vec::with_capacity(group.len());
    for (i, run) in group.iter().enumerate() {
        let here = worth(run);
        let (mut best, mut best_from) = (here, None);
        for j in (i.saturating_sub(LOOK_BACK)..i).rev() {
            let before = &group[j];
            let Some(overlap) = overlap(before, run) else { continue };
            let gap_a = (run.a + overlap).saturating_sub(before.a_end());
            let gap_b = (run.b + overlap).saturating_sub(before.b_end());
            let gap = gap_a.max(gap_b);
            let through = score[j] + here * (run.len - overlap) as f32 / run.len as f32 - GAP_COST * gap as f32;
            if gap <= GAP_MAX_WORDS && through > best {
                (best, best_from) = (through, Some(j));
            }
        }
        score.push(best);
        from.push(best_from);
    }
    let last = (0..group.len()).fold(0, |best, i| if score[i] > score[best] { i } else { best });
    let mut on_chain = vec![false; group.len()];
    let mut path = vec![last];
    while let Some(i) = from[path[path.len() - 1]] {
        path.push(i);
    }
    path.reverse();
    let mut chain: SmallVec<[Run; 1]> = SmallVec::with_capacity(path.len());
    for i in path {
        on_chain[i] = true;
        let mut run = group[i];
        if let Some(overlap) = chain.last().and_then(|before| overlap(before, &run)) {
            run = Run { a: run.a + overlap, b: run.b + overlap, len: run.len - overlap };
        }
        chain.push(run);
    }
    let rest = group.iter().zip(on_chain).filter(|(_, on)| !on).map(|(&run, _)| run).collect();
    (chain, rest)
}

/// Words to cut from the start of `run` so that it follows `before` on both sides; `None` when
/// nothing of it would be left.
fn overlap(before: &Run, run: &Run) -> Option<u32> {
    let cut = before.a_end().saturating_sub(run.a).max(before.b_end().saturating_sub(run.b));
    (cut < run.len).then_some(cut)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(a: u32, b: u32, len: u32) -> Run {
        Run { a, b, len }
    }

    fn found(runs: Vec<Run>, apart: bool) -> Vec<Chain> {
        chains(runs, |r| r.len as f32, apart)
    }

    #[test]
    fn near_runs_in_order_are_one_chain() {
        let got = found(vec![run(0, 100, 5), run(8, 107, 4), run(13, 113, 6)], true);
        assert_eq!(got.len(), 1);
        assert_eq!(got[0].runs.len(), 3);
    }

    #[test]
    fn distant_runs_are_two_chains() {
        assert_eq!(found(vec![run(0, 100, 5), run(8, 200, 5)], true).len(), 2);
        assert_eq!(found(vec![run(0, 300, 5), run(80, 310, 5)], true).len(), 2);
    }

    #[test]
    fn reordered_pieces_of_one_passage_stay_together() {
        let got = found(vec![run(0, 110, 10), run(10, 100, 10)], true);
        assert_eq!(got.len(), 1);
        assert_eq!(got[0].others.len(), 1);
    }

    #[test]
    fn the_sides_of_a_group_stay_apart() {
        // The same paragraph three times over: the copies must not melt into one long side.
        let got = found(vec![run(0, 20, 20), run(20, 40, 20)], true);
        assert_eq!(got.len(), 2);
    }

    proptest! {
        #[test]
        fn chains_ascend_and_hold_only_given_words(
            spec in prop::collection::vec((0u32..60, 60u32..120, 3u32..8), 0..12)
        ) {
            let runs: Vec<_> = spec.iter().map(|&(a, b, len)| run(a, b, len)).collect();
            for chain in found(runs.clone(), false) {
                for pair in chain.runs.windows(2) {
                    prop_assert!(pair[0].a_end() <= pair[1].a && pair[0].b_end() <= pair[1].b);
                }
                for r in &chain.runs {
                    prop_assert!(r.len > 0);
                    prop_assert!(runs.iter().any(|s| s.b.wrapping_sub(s.a) == r.b.wrapping_sub(r.a) && s.a <= r.a && r.a_end() <= s.a_end()));
                }
            }
        }
    }
}
