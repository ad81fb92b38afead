//! Typed values: is this run of words a date or a time?
//!
//! Words -> yes or no, by shape (numbers of a day, a year, an hour) and the names of months and
//! weekdays in the [`Lexicon`]: Gregorian, Levantine, Maghrebi, Persian, Hijri, in any digits.

use super::lexicon::{Kinds, Lexicon};
use super::shape;
use crate::tokenise::Token;

/// What one word can be in a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// 1 to 31, also `25th`, `1er`.
    Day,
    /// A year of the Gregorian, Hijri or solar Hijri calendar, also `1436هـ`.
    Year,
    /// Another number: minutes, an offset.
    Number,
    /// 25.6.2024, as one word.
    Whole,
    Month,
    Weekday,
    Around,
    Foreign,
}

/// Longest date in words: "الثلاثاء، 10 كانون الثاني/يناير 2023، آخر تحديث 19:53 (GMT+0400)" has 12.
const WORDS_MAX: usize = 18;

/// Whether all of these words are one date, or a date with a time.
pub(super) fn is_date(text: &str, tokens: &[Token], lexicon: &Lexicon) -> bool {
    tokens.len() <= WORDS_MAX && {
        let mut parts = [Part::Foreign; WORDS_MAX];
        let parts = &mut parts[..tokens.len()];
        // Nearly all lines end at their first word.
        tokens.iter().zip(&mut *parts).all(|(token, slot)| {
            *slot = part(text, token, lexicon);
            *slot != Part::Foreign
        }) && has_core(text, tokens, parts)
    }
}

/// Whether all of these words are a time of day: 15:02, 3:15 pm, ١٥:٠٢ ت م.
pub(super) fn is_time(text: &str, tokens: &[Token], lexicon: &Lexicon) -> bool {
    if tokens.len() < 2 || tokens.len() > 6 {
        return false;
    }
    let numbers = tokens.iter().filter(|t| number(t.span.of(text)).is_some()).count();
    let around = tokens.iter().filter(|t| lexicon.is(t, Kinds::DATE)).count();
    let clock = tokens.windows(2).any(|w| {
        let between = shape::between(text, &w[0], &w[1]);
        (between == ":" || between == "." || between == "٫")
            && number(w[0].span.of(text)).is_some_and(|h| h < 25)
            && number(w[1].span.of(text)).is_some_and(|m| m < 60)
    });
    clock && numbers + around == tokens.len()
}

/// Whether all of these words are one date that names its year.
pub(super) fn is_full_date(text: &str, tokens: &[Token], lexicon: &Lexicon) -> bool {
    is_date(text, tokens, lexicon) && tokens.iter().any(|t| matches!(part(text, t, lexicon), Part::Year | Part::Whole))
}

/// A day with a month's name, a month's name with a year, a numeric date, or 年 月 日.
fn has_core(text: &str, tokens: &[Token], parts: &[Part]) -> bool {
    let near = |i: usize| {
        let (from, to) = (i.saturating_sub(3), (i + 4).min(parts.len()));
        parts[from..to].iter().any(|p| matches!(p, Part::Day | Part::Year))
    };
    let named = parts.iter().enumerate().any(|(i, &p)| p == Part::Month && near(i));
    let numeric = tokens.windows(3).zip(parts.windows(3)).any(|(t, p)| {
        let between = |i: usize| shape::between(text, &t[i], &t[i + 1]).trim();
        let numbers = p.iter().all(|p| matches!(p, Part::Day | Part::Year | Part::Number))
            && p.contains(&Part::Day)
            && (p.contains(&Part::Year) || p.iter().all(|&p| p == Part::Day));
        numbers && between(0) == between(1) && matches!(between(0), "/" | "-" | "." | "–")
    });
    named || numeric || parts.contains(&Part::Whole)
}

fn part(text: &str, token: &Token, lexicon: &Lexicon) -> Part {
    let word = token.span.of(text);
    let kinds = lexicon.kinds(token);
    if kinds.any(Kinds::MONTH) {
        return Part::Month;
    }
    if kinds.any(Kinds::WEEKDAY) {
        return Part::Weekday;
    }
    if word.matches(['.', '/', '٫']).count() == 2 && word.chars().filter(|c| c.is_numeric()).count() >= 4 {
        return Part::Whole;
    }
    match number(word) {
        Some(1..=31) => Part::Day,
        Some(1300..=1499 | 1900..=2100) => Part::Year,
        Some(_) => Part::Number,
        None if kinds.any(Kinds::DATE) => Part::Around,
        None => Part::Foreign,
    }
}

/// The number a word writes, with an ordinal ending or the sign of an era ("25th", "1436هـ").
pub(super) fn number(word: &str) -> Option<u32> {
    let mut value: u32 = 0;
    let mut chars = word.chars().peekable();
    let mut digits = 0;
    while let Some(digit) = chars.peek().and_then(|&c| digit(c)) {
        value = value.saturating_mul(10).saturating_add(digit);
        digits += 1;
        chars.next();
    }
    let rest = chars.count();
    (digits > 0 && digits <= 9 && rest <= 2).then_some(value)
}

/// The value of an ASCII, Arabic-Indic, Persian or full-width digit.
pub(super) fn digit(c: char) -> Option<u32> {
    match c {
        '0'..='9' => Some(c as u32 - '0' as u32),
        '٠'..='٩' => Some(c as u32 - '٠' as u32),
        '۰'..='۹' => Some(c as u32 - '۰' as u32),
        '０'..='９' => Some(c as u32 - '０' as u32),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::phrases::Phrases;
    use crate::tokenise::default_tokeniser;

    fn check(text: &str, date: bool) {
        let phrases = Phrases::builtin(default_tokeniser(), crate::normalise::Folds::default());
        let tokens = default_tokeniser().tokenise(text);
        assert_eq!(is_date(text, &tokens, phrases.lexicon()), date, "{text}");
    }

    #[test]
    fn dates_of_every_calendar_and_in_any_digits() {
        for date in [
            "25th, June 2024 GMT",
            "٢٥ يونيو ٢٠٢٤",
            "10 كانون الثاني/يناير 2023",
            "الثلاثاء، 10 كانون الثاني/يناير 2023، آخر تحديث 19:53 (GMT+0400)",
            "12 جويلية 2019",
            "26 شوال 1436 هـ الموافق 11 اغسطس 2015 م",
            "25 شوال 1436هـ",
            "۱۲ فروردین ۱۳۹۹",
            "25/06/2024",
            "2024-06-25",
            "25.06.2024",
            "Tuesday, 25 June 2024, 3:15 pm",
            "Montag, 3. März 2014",
            "2024年6月25日",
        ] {
            check(date, true);
        }
    }

    #[test]
    fn numbers_and_prose_are_no_dates() {
        for other in
            ["ثورة 25 يناير التي غيرت مصر", "3-1", "2024", "الثلاثاء", "June was warm", "في 25 يونيو 2024 قال الوزير"]
        {
            check(other, false);
        }
    }

    #[test]
    fn times_need_hours_and_minutes() {
        let phrases = Phrases::builtin(default_tokeniser(), crate::normalise::Folds::default());
        let time = |text: &str| is_time(text, &default_tokeniser().tokenise(text), phrases.lexicon());
        assert!(time("15:02 ت م"));
        assert!(time("3:15 pm"));
        assert!(!time("3-1"));
        assert!(!time("15:02 قال"));
    }
}
