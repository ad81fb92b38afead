//! Two texts that fill in the same form say something else: a weather report, a telegram of
//! congratulation, the figures of another month.
//!
//! Two aligned sides -> their [`Slots`]: the places where both have words of their own -> whether they
//! fill in one form. A copy is shortened or reworded; a form keeps its frame and changes exactly what
//! carries information, names and numbers. So three things count: how much the replaced words weigh,
//! whether they stand in few places (a paraphrase changes a word in every five), and in how many
//! documents the frame stands.

use super::local::Alignment;
use super::merge::Piece;
use super::words::{Word, Words};

/// A longer stretch of equal words is a copy, whatever surrounds it.
const STRETCH_MAX_WORDS: u32 = 40;

/// The frame of a form is a few sentences; what is longer is news that several have reworded.
const FRAME_MAX_WORDS: u32 = 60;

/// The share of replaced words in the weight of all, from which on a side says something else.
const REPLACED_SHARE_MIN: f32 = 0.07;

/// What is put into a slot weighs at least this much: a name, a number, two common words.
const HEAVY_MIN: f32 = 0.5;

/// The places where both sides have words of their own, between words that are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slots {
    /// How many there are.
    count: u32,
    /// In how many both sides put something of weight.
    heavy: u32,
    /// What was replaced weighs so much, on the lighter side.
    mass: f32,
    /// In how many both sides have a number.
    numbers: u32,
    /// Numbers that are equal.
    numbers_equal: u32,
    /// Words that are equal.
    equal: u32,
    /// Words of the longest equal stretch.
    longest: u32,
}

impl Slots {
    /// The slots of two sides; `weigh` is what a word weighs.
    pub fn new(a: &Words, b: &Words, weigh: impl Fn(Word) -> f32, alignment: &Alignment) -> Self {
        let side = |words: &Words, from: u32, to: u32| {
            let mass: f32 = words.numbers()[from as usize..to as usize].iter().map(|&w| weigh(w)).sum();
            (mass, (from..to).any(|at| words.marks(at).number()))
        };
        let pairs = &alignment.pairs;
        let numbers_equal = pairs.iter().filter(|&&(at, _)| a.marks(at).number()).count() as u32;
        let mut slots = Slots { numbers_equal, equal: pairs.len() as u32, longest: 1, ..Slots::default() };
        let mut stretch = 1;
        for pair in pairs.windows(2) {
            let (x, y) = (pair[0], pair[1]);
            if y.0 == x.0 + 1 && y.1 == x.1 + 1 {
                stretch += 1;
                slots.longest = slots.longest.max(stretch);
                continue;
            }
            stretch = 1;
            if y.0 == x.0 + 1 || y.1 == x.1 + 1 {
                continue;
            }
            let ((mass_a, number_a), (mass_b, number_b)) = (side(a, x.0 + 1, y.0), side(b, x.1 + 1, y.1));
            let mass = mass_a.min(mass_b);
            slots.count += 1;
            slots.heavy += u32::from(mass >= HEAVY_MIN);
            slots.mass += mass;
            slots.numbers += u32::from(number_a && number_b);
        }
        slots
    }

    /// Whether the sides give other numbers: in at least `numbers_min` places, one in every few
    /// sentences, and for more than half as many as they share. "Rose by 3 % to 659" and "rose by 7 % to
    /// 638" are two statements.
    pub fn other_numbers(&self, numbers_min: u32) -> bool {
        const WORDS_A_NUMBER_MAX: u32 = 50;
        self.longest < STRETCH_MAX_WORDS
            && self.numbers >= numbers_min
            && self.numbers * 2 > self.numbers_equal
            && self.numbers * WORDS_A_NUMBER_MAX >= self.equal
    }

    /// Whether two documents fill in the same form here.
    pub fn form(&self, piece: &Piece) -> bool {
        /// Who else has the frame: two others hint at a form, four show it.
        const DOCUMENTS_MIN: u32 = 3;
        const DOCUMENTS_SURE: u32 = 5;
        /// A form is filled in at a place or two a sentence.
        const WORDS_A_SLOT_MIN: u32 = 7;
        /// Stock sentences put together in another order are equal only in part, and none is long.
        const ASSEMBLED_IDENTITY_MAX: f32 = 0.8;
        const ASSEMBLED_STRETCH_MAX_WORDS: u32 = 20;
        let (alignment, documents) = (&piece.alignment, piece.documents);
        if self.longest >= STRETCH_MAX_WORDS || alignment.matched > FRAME_MAX_WORDS {
            return false;
        }
        if !alignment.in_order() {
            return documents >= DOCUMENTS_SURE
                && alignment.identity() < ASSEMBLED_IDENTITY_MAX
                && self.longest < ASSEMBLED_STRETCH_MAX_WORDS;
        }
        let few = self.count >= 2 && self.count * WORDS_A_SLOT_MIN <= alignment.matched;
        let filled = few && self.heavy * 4 >= self.count * 3;
        self.other_numbers(2)
            || self.replaces(piece) && (documents >= DOCUMENTS_SURE || documents >= DOCUMENTS_MIN && filled)
    }

    /// Whether the sides may be another part of a form that the two documents fill in elsewhere.
    pub fn part_of_form(&self, piece: &Piece) -> bool {
        const PART_MAX_WORDS: u32 = 16;
        self.longest < STRETCH_MAX_WORDS && (self.replaces(piece) || piece.alignment.matched < PART_MAX_WORDS)
    }

    fn replaces(&self, piece: &Piece) -> bool {
        self.mass >= REPLACED_SHARE_MIN * (piece.mass + self.mass)
    }
}

#[cfg(test)]
mod tests {
    use super::super::natural::tests::aligned;
    use super::*;

    /// The slots of two texts of which every word weighs 1, as a piece whose frame stands in `documents`.
    fn filled(a: &str, b: &str, documents: u32) -> (Slots, Piece) {
        aligned(a, b, |x, y, alignment| {
            let piece = Piece { alignment: alignment.clone(), mass: alignment.matched as f32, documents };
            (Slots::new(x, y, |_| 1.0, alignment), piece)
        })
    }

    fn form(a: &str, b: &str, documents: u32) -> bool {
        let (slots, piece) = filled(a, b, documents);
        slots.form(&piece)
    }

    fn telegram(who: &str, country: &str) -> String {
        format!(
            "بعث الملك برقية تهنئة إلى الرئيس {who} رئيس جمهورية {country} بمناسبة ذكرى استقلال بلاده وتمنى لشعبها الرخاء"
        )
    }

    #[test]
    fn a_form_puts_other_names_and_a_copy_leaves_words_out() {
        let (bolivia, maldives) = (telegram("إيفو موراليس", "بوليفيا"), telegram("عبدالله يامين", "المالديف"));
        assert!(form(&bolivia, &maldives, 3));
        assert!(!form(&bolivia, &maldives, 2), "two documents alone may share a sentence");
        assert!(!form(&telegram("إيفو موراليس أيما المنتخب حديثا", "بوليفيا"), &bolivia, 3));
    }

    #[test]
    fn a_paraphrase_changes_words_everywhere_and_a_form_in_few_places() {
        let text = "one two three four five six seven eight nine ten eleven twelve";
        let paraphrase = "one two A four five B seven eight C ten eleven twelve";
        assert!(!form(text, paraphrase, 4));
        assert!(form(text, paraphrase, 5), "what stands in five documents is no paraphrase of one source");
    }

    #[test]
    fn other_numbers_are_another_statement_and_equal_ones_a_repeat() {
        let rose = |by: &str, to: &str| {
            format!("ارتفعت الصادرات في الربع الثاني بنسبة {by} في المئة مقارنة بالعام الماضي لتبلغ {to} مليون دولار")
        };
        let other = |a: &str, b: &str| filled(a, b, 0).0.other_numbers(1);
        assert!(other(&rose("13.3", "659"), &rose("14.4", "638")));
        assert!(!other(&rose("13.3", "659"), &rose("13.3", "659").replace("الصادرات", "الواردات")));
        assert!(form(&rose("13.3", "659"), &rose("14.4", "638"), 2));
    }

    #[test]
    fn a_long_equal_stretch_is_a_copy() {
        let long = (0..40).map(|i| format!("w{i}")).collect::<Vec<_>>().join(" ");
        let with = |figure: &str| format!("{long} in total {figure} were counted {figure} times");
        assert!(!form(&with("3"), &with("5"), 9));
    }
}
