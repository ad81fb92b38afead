//! How alike are two texts?
//!
//! `cargo run --example same_words -- A.txt B.txt` prints the true Jaccard similarity and
//! containment of their word 5-grams, in the comparison form (Arabic folds, case, invisible marks).

use std::error::Error;

use ghirbal::fingerprint::fingerprint;
use ghirbal::shingle::ShingleSet;
use ghirbal::tokenise::{default_tokeniser, word_hashes};
use ghirbal::verify::jaccard_and_containment;

fn main() -> Result<(), Box<dyn Error>> {
    let [a, b] = [1, 2].map(|i| std::env::args().nth(i).ok_or("two files, please"));
    let tokens = |text: &str| default_tokeniser().tokenise(text);
    let (a, b) = (tokens(&std::fs::read_to_string(a?)?), tokens(&std::fs::read_to_string(b?)?));
    if fingerprint(&a) == fingerprint(&b) {
        println!("the same words in the same order");
    }
    let set = |tokens| ShingleSet::new(&word_hashes(tokens), 5);
    let (jaccard, containment) = jaccard_and_containment(set(&a).as_slice(), set(&b).as_slice());
    println!("jaccard {jaccard:.4}, containment {containment:.4}");
    Ok(())
}
