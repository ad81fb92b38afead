//! A corpus to measure on when none is given: the same bytes on every machine.
//!
//! Arabic-looking words drawn by Zipf's law, in paragraphs and documents of the usual lengths; one
//! document in eight is an earlier one with some words changed.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const DOCUMENTS: usize = 20_000;
const VOCABULARY: usize = 60_000;
const LETTERS: [&str; 28] = [
    "ا", "ل", "ي", "م", "و", "ن", "ر", "ت", "ب", "ع", "ه", "د", "ف", "س", "ق", "ك", "ح", "ج", "ة", "أ", "ص", "ط", "خ",
    "ش", "ى", "ز", "ض", "غ",
];

/// Writes the corpus into `folder`.
pub fn write(folder: &Path) -> std::io::Result<PathBuf> {
    let mut random = Random(1);
    let vocabulary: Vec<String> = (0..VOCABULARY)
        .map(|_| (0..2 + random.below(6)).map(|_| LETTERS[random.below(28).min(random.below(28))]).collect())
        .collect();
    let path = folder.join("synthetic.jsonl");
    let mut file = BufWriter::new(std::fs::File::create(&path)?);
    let mut documents: Vec<Vec<usize>> = Vec::with_capacity(DOCUMENTS);
    for d in 0..DOCUMENTS {
        let words = match d {
            d if d > 0 && d % 8 == 0 => {
                let mut copy = documents[random.below(d)].clone();
                (0..random.below(4)).for_each(|_| {
                    let at = random.below(copy.len());
                    copy[at] = random.zipf();
                });
                copy
            }
            _ => (0..50 + random.below(500)).map(|_| random.zipf()).collect(),
        };
        write!(file, "{{\"id\": \"{d}\", \"text\": \"")?;
        for (i, &word) in words.iter().enumerate() {
            // A paragraph of 60 words, a sentence of 15.
            let after = if i % 60 == 59 {
                ".\\n"
            } else if i % 15 == 14 {
                "، "
            } else {
                " "
            };
            write!(file, "{}{after}", vocabulary[word])?;
        }
        writeln!(file, "\"}}")?;
        documents.push(words);
    }
    file.flush()?;
    Ok(path)
}

/// SplitMix64 (Steele, Lea & Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        ghirbal::shingle::mix(self.0)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// A word's rank: log-uniform, which is Zipf's law with exponent 1.
    fn zipf(&mut self) -> usize {
        let uniform = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        (((VOCABULARY as f64).powf(uniform)) as usize - 1).min(VOCABULARY - 1)
    }
}
