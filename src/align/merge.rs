//! Pieces of one passage become one finding.
//!
//! Judged alignments of one pair of texts -> passages. A passage whose sentences or phrases were
//! reordered, or that was paraphrased in between, is found as several pieces that fill one stretch
//! on both sides. Pieces are clustered by nearness on one side, then on the other, until nothing
//! splits any more (Sanchez-Perez, Sidorov & Gelbukh 2014); a passage that was cut up and spread
//! over its host splits on the host's side and stays several findings.

use super::local::Alignment;
use super::words::Words;
use crate::params::PassageParams;

/// Words between two pieces of one passage, at most: twice the gap inside a chain, since the
/// phrases between may be too short to be pieces themselves.
pub const PIECE_GAP_MAX_WORDS: u32 = 48;

/// An alignment with the weight of its matched words.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The words.
    pub alignment: Alignment,
    /// Their weight.
    pub mass: f32,
    /// In how many documents its rarest seed stands; 0 inside a document.
    pub documents: u32,
}

impl Piece {
    fn side(&self, later: bool) -> (u32, u32) {
        let (a0, a1, b0, b1) = self.alignment.bounds;
        if later { (b0, b1) } else { (a0, a1) }
    }
}

/// Leaves out pieces whose places heavier ones have named: more than half of both sides, or inside
/// a document (`apart`) of the later side. One place may have many copies.
pub fn once(mut pieces: Vec<Piece>, apart: bool) -> Vec<Piece> {
    pieces.sort_by(|x, y| y.mass.total_cmp(&x.mass).then(x.alignment.bounds.cmp(&y.alignment.bounds)));
    let mut taken = [Taken::default(), Taken::default()];
    pieces.retain(|piece| {
        let (a, b) = (piece.side(false), piece.side(true));
        let free = !taken[1].mostly(b) || (!apart && !taken[0].mostly(a));
        if free {
            taken[0].insert(a);
            taken[1].insert(b);
        }
        free
    });
    pieces.sort_by_key(|p| p.alignment.bounds);
    pieces
}

/// Disjoint stretches of one side, by start.
#[derive(Default)]
pub struct Taken(std::collections::BTreeMap<u32, u32>);

impl Taken {
    /// Whether more than half of `start..end` is taken.
    pub fn mostly(&self, (start, end): (u32, u32)) -> bool {
        let earlier = self.0.range(..end).rev().take_while(|&(_, &to)| to > start);
        earlier.map(|(&from, &to)| to.min(end) - from.max(start)).sum::<u32>() * 2 > end - start
    }

    /// Takes what is still free of `start..end`, as far as it is in one stretch.
    pub fn insert(&mut self, (mut start, mut end): (u32, u32)) {
        if let Some((_, &before)) = self.0.range(..=start).next_back() {
            start = start.max(before);
        }
        if let Some((&after, _)) = self.0.range(start..).next() {
            end = end.min(after);
        }
        if start < end {
            self.0.insert(start, end);
        }
    }
}

/// Joins the pieces of each passage. `apart` asks that its two sides do not overlap, as inside a
/// document.
pub fn merge(pieces: Vec<Piece>, a: &Words, b: &Words, params: &PassageParams, apart: bool) -> Vec<Piece> {
    let mut merged = Vec::with_capacity(pieces.len());
    let mut clusters = vec![(pieces, false, false)];
    while let Some((cluster, later, stable)) = clusters.pop() {
        if cluster.len() < 2 {
            merged.extend(cluster);
            continue;
        }
        let mut parts = split(cluster, later);
        match parts.pop() {
            Some(whole) if parts.is_empty() && stable => match join(&whole, a, b)
                .filter(|p| alike(p, params) && (!apart || p.alignment.bounds.1 <= p.alignment.bounds.2))
            {
                Some(piece) => merged.push(piece),
                None => merged.extend(whole),
            },
            Some(last) => {
                let stable = parts.is_empty();
                parts.push(last);
                clusters.extend(parts.into_iter().map(|part| (part, !later, stable)));
            }
            None => {}
        }
    }
    merged.sort_by_key(|p| p.alignment.bounds);
    merged
}

fn alike(piece: &Piece, params: &PassageParams) -> bool {
    f64::from(piece.alignment.identity()) >= params.identity_min
}

/// Divides pieces where one side has a gap.
fn split(mut pieces: Vec<Piece>, later: bool) -> Vec<Vec<Piece>> {
    pieces.sort_by_key(|p| (p.side(later), p.alignment.bounds));
    let mut parts: Vec<Vec<Piece>> = Vec::new();
    let mut end = 0;
    for piece in pieces {
        let (from, to) = piece.side(later);
        match parts.last_mut() {
            Some(part) if from <= end + PIECE_GAP_MAX_WORDS => part.push(piece),
            _ => parts.push(vec![piece]),
        }
        end = end.max(to);
    }
    parts
}

/// One piece around all, where they fill most of it on both sides.
///
/// Whole paragraphs in another order are moved paragraphs, each a finding of its own.
fn join(pieces: &[Piece], a: &Words, b: &Words) -> Option<Piece> {
    let bounds = pieces
        .iter()
        .map(|p| p.alignment.bounds)
        .reduce(|x, y| (x.0.min(y.0), x.1.max(y.1), x.2.min(y.2), x.3.max(y.3)))?;
    let mut ordered: Vec<&Piece> = pieces.iter().collect();
    ordered.sort_by_key(|p| p.alignment.bounds);
    let ascend = ordered.windows(2).all(|p| {
        let (x, y) = (p[0].alignment.bounds, p[1].alignment.bounds);
        x.1 <= y.0 && x.3 <= y.2 && p[0].alignment.in_order() && p[1].alignment.in_order()
    });
    // Reordered sentences leave little out; edits between pieces in order may take half.
    let (fills, of) = if ascend { (1, 2) } else { (3, 4) };
    let words = |later| pieces.iter().map(|p| p.side(later).1 - p.side(later).0).sum::<u32>();
    if words(false) * of < (bounds.1 - bounds.0) * fills || words(true) * of < (bounds.3 - bounds.2) * fills {
        return None;
    }
    if !ascend && pieces.iter().any(|p| whole_lines(a, p.side(false)) && whole_lines(b, p.side(true))) {
        return None;
    }
    let matched: u32 = pieces.iter().map(|p| p.alignment.matched).sum();
    let matched = matched.min(bounds.1 - bounds.0).min(bounds.3 - bounds.2);
    let pairs = if ascend {
        ordered.iter().flat_map(|p| p.alignment.pairs.iter().copied()).collect()
    } else {
        let longest = ordered.iter().max_by_key(|p| p.alignment.pairs.len())?;
        longest.alignment.pairs.clone()
    };
    Some(Piece {
        alignment: Alignment { bounds, pairs, matched },
        mass: pieces.iter().map(|p| p.mass).sum(),
        documents: pieces.iter().map(|p| p.documents).min().unwrap_or(0),
    })
}

/// Whether a stretch begins and ends with lines.
fn whole_lines(words: &Words, (start, end): (u32, u32)) -> bool {
    words.starts_line(start) && words.starts_line(end)
}
