//! Repetition that is natural, and no passage: formulas, refrains, headings, items of a list.
//!
//! A stretch of equal words + its surroundings -> whether it counts. Length alone decides nothing:
//! a title with a name is a full match of five words between unrelated articles.

use super::local::Alignment;
use super::words::Words;
use crate::params::PassageParams;

/// A heading has at most this many words and no final stop.
const HEADING_MAX_WORDS: u32 = 15;

/// A stretch that stands three times or more and is shorter than this is a refrain, a formula or
/// a label; a longer one is a paragraph that was pasted repeatedly.
const REFRAIN_MAX_WORDS: u32 = 16;

/// The same across documents, where titles with all their names are longer than any refrain.
const COMMON_MAX_WORDS: u32 = 20;

/// Words that match, weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Substance {
    /// Number of matched words.
    pub matched: u32,
    /// Sum of their weights.
    pub mass: f32,
}

/// Whether the matched words say enough.
///
/// At least `words_min` of them, and a third of that in weight: stop words alone are no passage.
/// Short of twice `words_min` the passage must also fill a clause on both sides or carry three
/// quarters of `words_min` in weight, which titles and names of bodies inside longer sentences
/// do not.
pub fn has_substance(substance: Substance, fills_clause: bool, params: &PassageParams) -> bool {
    let words_min = params.words_min as f32;
    let matched = substance.matched as f32;
    matched >= words_min
        && substance.mass >= words_min / 3.0
        && (matched >= 2.0 * words_min || fills_clause || substance.mass >= 0.75 * words_min)
}

/// The clauses around both sides, when the matched words are at least half of each: then the
/// clause was said again, not a name in it.
pub fn restated_clause(a: &Words, b: &Words, alignment: &Alignment) -> Option<(u32, u32, u32, u32)> {
    let (a0, a1, b0, b1) = alignment.bounds;
    let clause_a = (a.clause(a0).0, a.clause(a1 - 1).1);
    let clause_b = (b.clause(b0).0, b.clause(b1 - 1).1);
    let longer = (clause_a.1 - clause_a.0).max(clause_b.1 - clause_b.0);
    (alignment.matched * 2 >= longer).then_some((clause_a.0, clause_a.1, clause_b.0, clause_b.1))
}

/// Cuts words at the ends that lie beyond a line or a sentence end on both sides, when they are
/// no more than two: the next sentence happens to begin alike ("He added").
pub fn trim(a: &Words, b: &Words, alignment: &mut Alignment) {
    const OVERHANG_MAX: usize = 2;
    let ends = |words: &Words, at: u32| words.marks(at).before_stop() || words.starts_line(at + 1);
    if alignment.matched as usize != alignment.pairs.len() {
        return;
    }
    let pairs = &alignment.pairs;
    let (mut from, mut to) = (0, pairs.len());
    for i in 1..=OVERHANG_MAX.min(pairs.len().saturating_sub(1)) {
        let (x, y) = (pairs[pairs.len() - i - 1], pairs[pairs.len() - i]);
        if (x.0..y.0).any(|at| ends(a, at)) && (x.1..y.1).any(|at| ends(b, at)) {
            to = pairs.len() - i;
        }
        let (x, y) = (pairs[i - 1], pairs[i]);
        if (x.0..y.0).any(|at| ends(a, at)) && (x.1..y.1).any(|at| ends(b, at)) {
            from = i;
        }
    }
    if from < to {
        alignment.pairs = pairs[from..to].to_vec();
        let (first, last) = (alignment.pairs[0], alignment.pairs[to - from - 1]);
        alignment.bounds = (first.0, last.0 + 1, first.1, last.1 + 1);
        alignment.matched = (to - from) as u32;
    }
}

/// Widens both sides to the ends of their lines where nearly nothing of the lines is left over: an
/// edited first or last word of a copied paragraph belongs to the copy.
///
/// At most a tenth of the matched words may be left over on each side, and three words.
pub fn round(a: &Words, b: &Words, alignment: &mut Alignment) {
    const LEFT_OVER_MAX: u32 = 3;
    let left_over_max = (alignment.matched / 10).min(LEFT_OVER_MAX);
    let (a0, a1, b0, b1) = alignment.bounds;
    let (first, last) = ((a.line(a0).0, b.line(b0).0), (a.line(a1 - 1).1, b.line(b1 - 1).1));
    if a0 - first.0 <= left_over_max && b0 - first.1 <= left_over_max {
        (alignment.bounds.0, alignment.bounds.2) = first;
    }
    // Inside a document the earlier side may not grow into the later one.
    if last.0 - a1 <= left_over_max && last.1 - b1 <= left_over_max {
        (alignment.bounds.1, alignment.bounds.3) = last;
    }
}

/// Whether one side is a heading and the other the prose it announces, or a line that names it among
/// other words ("Link: ..."). That is a relation, not a copy; an equal line is left to be reported.
pub fn heading_and_prose(a: &Words, b: &Words, alignment: &Alignment) -> bool {
    let (a0, a1, b0, b1) = alignment.bounds;
    heading(a, a0, a1) && holds_more(b, b0, b1, a.line(a0)) || heading(b, b0, b1) && holds_more(a, a0, a1, b.line(b0))
}

/// Whether the words `from..to` lie in one short line without a final stop.
fn heading(words: &Words, from: u32, to: u32) -> bool {
    let (start, end) = words.line(from);
    to <= end && end - start <= HEADING_MAX_WORDS && !words.marks(end - 1).before_stop()
}

/// Whether the words `from..to` lie in prose, or in a line longer than the heading: by more than a
/// number or a bullet.
fn holds_more(words: &Words, from: u32, to: u32, heading: (u32, u32)) -> bool {
    const NUMBERING_MAX_WORDS: u32 = 1;
    let (start, end) = words.line(from);
    to > end || end - start > heading.1 - heading.0 + NUMBERING_MAX_WORDS || words.marks(end - 1).before_stop()
}

/// Whether a stretch that stands `times` in its document recurs by its nature.
pub fn recurs(matched: u32, times: u32) -> bool {
    times >= 3 && matched < REFRAIN_MAX_WORDS
}

/// Whether a stretch that stands in `documents` documents is common property: a verse, an
/// honorific, a phrase of the trade. The more documents, the longer it must be to be a copy of
/// one source; whole paragraphs are copies however many there are.
///
/// Who asks for passages of fewer than five words asks for phrases too.
pub fn common_property(matched: u32, documents: u32, params: &PassageParams) -> bool {
    params.words_min >= 5 && documents >= 3 && matched < (4 * documents).min(COMMON_MAX_WORDS)
}

/// Whether one side is a headline by itself: the same headline in two documents announces an
/// article, and a headline in a text is a relation.
pub fn headline(a: &Words, b: &Words, alignment: &Alignment) -> bool {
    let (a0, a1, b0, b1) = alignment.bounds;
    let alone = |words: &Words, from, to| {
        let line = words.line(from);
        ((line.1 - line.0) as usize) < words.len() && heading(words, from, to)
    };
    alone(a, a0, a1) || alone(b, b0, b1)
}

/// Whether a side is recited: a verse, a saying or a line of poetry, written with its short vowels
/// in a text that is not. Two texts that recite the same have it from a third.
pub fn recited(a: &Words, b: &Words, alignment: &Alignment) -> bool {
    const RECITED_MIN: f32 = 0.5;
    const TEXT_MAX: f32 = 0.3;
    let (a0, a1, b0, b1) = alignment.bounds;
    let is = |words: &Words, from, to| {
        words.vocalised(from, to) >= RECITED_MIN && words.vocalised(0, words.len() as u32) <= TEXT_MAX
    };
    is(a, a0, a1) || is(b, b0, b1)
}

/// Whether both sides are lines set one below the other, no prose: a few headlines of other
/// articles, or the short entries of a table or a menu.
///
/// Poetry has longer lines and, when it is quoted, more of them.
pub fn listing(a: &Words, b: &Words, alignment: &Alignment) -> bool {
    const HEADLINES_MAX: u32 = 3;
    const ENTRY_MAX_WORDS: u32 = 4;
    let (a0, a1, b0, b1) = alignment.bounds;
    let is = |words: &Words, from: u32, to: u32| {
        let lines = 1 + (from + 1..to).filter(|&at| words.starts_line(at)).count() as u32;
        let prose = (from..to).any(|at| words.marks(at).before_stop() && words.starts_line(at + 1));
        let (first, last) = (words.line(from), words.line(to - 1));
        let longest = (first.1 - first.0).max(last.1 - last.0);
        let headlines = lines <= HEADLINES_MAX && longest <= HEADING_MAX_WORDS;
        lines > 1 && !prose && (headlines || to - from <= lines * ENTRY_MAX_WORDS)
    };
    is(a, a0, a1) && is(b, b0, b1)
}

/// Whether a repeat says the same, rather than something alike: what matches must outweigh what does
/// not by the shortest passage asked for. "Rose by 3 % to 659" and "fell by 7 % to 638" share most of
/// their words; a name in two sentences is all that they share.
///
/// From three times as long on, a differing word counts three quarters: some of a paragraph may be missing.
pub fn says_the_same(alignment: &Alignment, params: &PassageParams) -> bool {
    let matched = alignment.matched as f32;
    let differing = (matched / alignment.identity().max(f32::EPSILON)).round() - matched;
    let cost = if alignment.matched as usize >= 3 * params.words_min { 0.75 } else { 1.0 };
    matched - cost * differing >= params.words_min as f32
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn six_words_count_when_they_fill_a_clause_or_are_rare_enough() {
        let params = PassageParams::default();
        let six = |mass| Substance { matched: 6, mass };
        assert!(has_substance(six(2.5), true, &params));
        assert!(!has_substance(six(2.5), false, &params));
        assert!(has_substance(six(5.0), false, &params));
        assert!(!has_substance(six(1.0), true, &params));
    }

    /// Aligns two texts as wholes and looks at them.
    pub fn aligned<T>(a: &str, b: &str, look: impl Fn(&Words, &Words, &Alignment) -> T) -> T {
        use crate::tokenise::{View, default_tokeniser};
        let words = |text: &str| Words::new(&View::new(text, default_tokeniser()));
        let (x, y) = (words(a), words(b));
        let mut pairs = Vec::new();
        super::super::local::global(x.numbers(), y.numbers(), (0, x.len() as u32), (0, y.len() as u32), &mut pairs);
        let (first, last) = (pairs[0], pairs[pairs.len() - 1]);
        let matched = pairs.len() as u32;
        let bounds = (first.0, last.0 + 1, first.1, last.1 + 1);
        look(&x, &y, &Alignment { bounds, pairs, matched })
    }

    #[test]
    fn a_recited_verse_is_common_property_and_a_vocalised_book_is_not() {
        let verse = "لاَ إِكْرَاهَ فِي الدِّينِ قَدْ تَبَيَّنَ الرُّشْدُ مِنَ الْغَيِّ";
        let plain = "وقد كتب في مقال طويل عن حرية الناس في اختيار ما يؤمنون به منذ زمن بعيد جدا ثم استشهد بقوله ";
        let recited = |a: &str, b: &str| aligned(a, b, recited);
        assert!(recited(&format!("{plain} {verse}"), "لا إكراه في الدين قد تبين الرشد من الغي"));
        assert!(!recited(verse, verse));
        assert!(!recited(plain, plain));
    }

    #[test]
    fn headlines_and_tables_are_listings_and_verses_and_prose_are_not() {
        let listing = |text: &str| aligned(text, text, listing);
        assert!(listing("أمانة جدة تغلق محلات مخالفة لاشتراطات النظافة\nاليمن يحتفل بذكرى الإسراء والمعراج"));
        assert!(listing("الناتج القومي\nسنة التقدير 2013\nالعملة يورو\nالمنطقة الزمنية 1\nالسكان"));
        assert!(!listing("أمانة جدة تغلق محلات مخالفة.\nاليمن يحتفل بذكرى الإسراء والمعراج."));
        let verses = "قفا نبك من ذكرى حبيب ومنزل بسقط اللوى\nبين الدخول فحومل وتوضح فالمقراة لم يعف\n\
            رسمها لما نسجتها من جنوب وشمأل ترى\nبعر الآرام في عرصاتها وقيعانها كأنه حب فلفل";
        assert!(!listing(verses));
        assert!(!listing("جملة واحدة طويلة بما يكفي في سطر واحد"));
    }

    #[test]
    fn a_name_in_two_sentences_is_no_repeat_and_a_sentence_with_a_word_more_is() {
        let says = |a: &str, b: &str| {
            aligned(a, b, |x, y, alignment| {
                let whole = Alignment { bounds: (0, x.len() as u32, 0, y.len() as u32), ..alignment.clone() };
                says_the_same(&whole, &PassageParams::default())
            })
        };
        let member = "عضو هيئة كبار العلماء وعضو اللجنة الدائمة";
        assert!(!says(
            &format!("كتاب لمعالي الشيخ صالح {member} نشره"),
            &format!("درس للشيخ عبدالكريم الخضير {member} غدا")
        ));
        assert!(says("وصلت بعثة النادي إلى الدمام بعد المعسكر", "وصلت بعثة النادي أمس إلى الدمام بعد المعسكر"));
    }

    #[test]
    fn a_repeat_that_changes_half_says_something_else() {
        let says =
            |a: &str, b: &str| aligned(a, b, |_, _, alignment| says_the_same(alignment, &PassageParams::default()));
        assert!(says("one two three four five six seven eight nine", "one two three four 5 six seven eight nine"));
        assert!(!says(
            "prices rose by 3 percent to 659 in may of the year",
            "prices fell by 7 percent to 638 in june of that year"
        ));
    }

    #[test]
    fn a_refrain_recurs_and_a_paragraph_pasted_thrice_does_not() {
        assert!(recurs(8, 3));
        assert!(!recurs(8, 2));
        assert!(!recurs(40, 3));
    }
}
