//! Ghirbal (غربال, "sieve") finds what does not belong in a text corpus: repeated text, filler and
//! stray headlines, in plain text and any language, Arabic first.
//!
//! The modules stand in the order a paragraph meets them; each uses only what stands above it, and
//! only [`pipeline`] knows the whole order. `ARCHITECTURE.md` draws the map.

pub mod span;
pub mod label;
pub mod error;
pub mod scratch;
pub mod remote;
pub mod spill;
pub mod keyed;
pub mod normalise;
pub mod params;
pub mod read;
pub mod segment;
pub mod tokenise;
pub mod fingerprint;
pub mod shingle;
pub mod sketch;
pub mod index;
pub mod verify;
pub mod recurring;
pub mod align;
pub mod cluster;
pub mod classify;
pub mod decide;
pub mod report;
pub mod write;
pub mod watch;
pub mod pipeline;
pub mod resources;
pub mod cli;
