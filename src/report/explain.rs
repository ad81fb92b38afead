//! Why one line is removed or kept, as sentences, with the counterpart side by side.
//!
//! A document's text + its rows of the machine-readable output -> text. It reads rows rather than
//! decisions, so that it says of a folder cleaned last month what was decided then.

use std::fmt::Write;

use serde_json::Value;

use crate::report::samples::{Excerpt, LineNumbers};
use crate::span::Span;

/// A document's original text with the rows that speak of it.
pub struct Explained<'a> {
    /// The document's id.
    pub id: &'a str,
    /// Its text as it was read.
    pub text: &'a str,
    /// Every row in which it is named.
    pub rows: &'a [Value],
}

impl Explained<'_> {
    /// Explains one line, counted from 1, or the whole document.
    ///
    /// `text_of` finds the text of another document, to show a counterpart that lies there.
    ///
    /// # Errors
    /// The number of lines, when there are fewer.
    pub fn render(&self, line: Option<u32>, text_of: &mut dyn FnMut(&str) -> Option<String>) -> Result<String, u32> {
        let lines = LineNumbers::new(self.text);
        let wanted = match line {
            None => Span::new(0, self.text.len()),
            Some(line) => lines.span(line, self.text.len()).ok_or(lines.count(self.text))?,
        };
        let mut out = String::new();
        if let Some(line) = line {
            let shown = Excerpt::new(wanted.of(self.text));
            let _ = writeln!(out, "{} line {line}\n  \u{2068}{}\u{2069}\n", self.id, shown.as_str());
        } else {
            let _ = writeln!(out, "{}\n", self.id);
        }
        let before = out.len();
        for row in self.rows {
            match row["type"].as_str() {
                Some("document") => self.document(row, &mut out, text_of),
                Some("span") if span(row).overlap(wanted) > 0 => self.span(row, line.is_none(), &lines, &mut out),
                Some("passage") => self.passage(row, wanted, &lines, &mut out, text_of),
                _ => {}
            }
        }
        let taken = |row: &Value| {
            let here = row["type"] == "document" || span(row).overlap(wanted) > 0;
            here && matches!(row["action"].as_str(), Some("remove" | "metadata"))
        };
        if out.len() > before && !self.rows.iter().any(taken) {
            out.push_str("kept: what is only repeated or flagged stays, unless --remove asks otherwise.\n");
        } else if out.len() == before {
            out.push_str("kept: no rule finds filler here, and the words stand nowhere else in the corpus.\n");
        }
        Ok(out)
    }

    fn document(&self, row: &Value, out: &mut String, text_of: &mut dyn FnMut(&str) -> Option<String>) {
        let partner = row["partner"].as_str().unwrap_or_default();
        let _ = writeln!(out, "the whole document: {}", sentence(row));
        side(out, self.id, self.text);
        if let Some(text) = text_of(partner) {
            side(out, partner, &text);
        }
    }

    fn span(&self, row: &Value, place: bool, lines: &LineNumbers, out: &mut String) {
        if place {
            let _ = write!(out, "line {}: ", lines.at(span(row).start));
        }
        let _ = writeln!(out, "{}", sentence(row));
        if place {
            let _ = writeln!(out, "  \u{2068}{}\u{2069}", Excerpt::new(self.slice(span(row))).as_str());
        }
    }

    fn passage(
        &self,
        row: &Value,
        wanted: Span,
        lines: &LineNumbers,
        out: &mut String,
        text_of: &mut dyn FnMut(&str) -> Option<String>,
    ) {
        let here = |side: &Value| side["doc"].as_str() == Some(self.id) && span(side).overlap(wanted) > 0;
        let (mine, other) = match (here(&row["a"]), here(&row["b"])) {
            (true, _) => (&row["a"], &row["b"]),
            (_, true) => (&row["b"], &row["a"]),
            _ => return,
        };
        let id = other["doc"].as_str().unwrap_or_default();
        let place = if id == self.id { "of this document".to_owned() } else { format!("of {id}") };
        let (other_text, other_line) = if id == self.id {
            (Some(self.slice(span(other)).to_owned()), lines.at(span(other).start))
        } else {
            let text = text_of(id);
            let line = text.as_deref().map_or(0, |t| LineNumbers::new(t).at(span(other).start));
            (text.and_then(|t| t.get(span(other).range()).map(str::to_owned)), line)
        };
        let _ = writeln!(
            out,
            "repeated: {} words say the same as line {other_line} {place}; {:.0} % of the aligned words are equal, \
             {:.0} % of the smaller side's word pairs stand in the other ({})",
            row["words"],
            (row["identity"].as_f64().unwrap_or_default() * 100.0).floor(),
            (row["containment"].as_f64().unwrap_or_default() * 100.0).floor(),
            row["kind"].as_str().unwrap_or_default(),
        );
        side(out, &format!("line {}", lines.at(span(mine).start)), self.slice(span(mine)));
        side(out, &format!("line {other_line}"), other_text.as_deref().unwrap_or("(its text is not here)"));
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }
}

fn span(row: &Value) -> Span {
    let number = |name: &str| row[name].as_u64().unwrap_or_default() as usize;
    Span::new(number("start"), number("end").max(number("start")))
}

fn sentence(row: &Value) -> String {
    let verb = match row["action"].as_str() {
        Some("remove") => "removed",
        Some("metadata") => "moved to metadata",
        Some("flag") => "kept and flagged",
        _ => "kept",
    };
    format!(
        "{verb} as {}: {} (rule {}, certainty {})",
        row["label"].as_str().unwrap_or_default(),
        row["why"].as_str().unwrap_or_default(),
        row["rule"].as_str().unwrap_or_default(),
        row["score"],
    )
}

fn side(out: &mut String, name: &str, text: &str) {
    let _ = writeln!(out, "  {name}\n    \u{2068}{}\u{2069}", Excerpt::long(text).as_str());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "one two\nread also\nthree four";

    fn check(line: u32, rows: &[Value], expect: &[&str]) {
        let explained = Explained { id: "d", text: TEXT, rows };
        let got = explained.render(Some(line), &mut |_| None).unwrap();
        for part in expect {
            assert!(got.contains(part), "{got}");
        }
    }

    #[test]
    fn a_removed_line_is_explained_by_its_reason_and_a_kept_one_says_so() {
        let row = json!({"type": "span", "doc": "d", "start": 8, "end": 17, "label": "read_also_marker",
            "action": "remove", "rule": "marker.line", "score": 0.99, "why": "the line only announces other articles"});
        check(2, std::slice::from_ref(&row), &["removed as read_also_marker: the line only announces other articles"]);
        check(1, &[row], &["kept: no rule"]);
    }

    #[test]
    fn a_repeated_line_shows_its_counterpart() {
        let row = json!({"type": "passage", "a": {"doc": "d", "start": 0, "end": 7}, "b": {"doc": "d", "start": 18, "end": 28},
            "kind": "near", "words": 2, "identity": 0.5, "jaccard": 0.5, "containment": 0.5});
        check(3, &[row], &["the same as line 1 of this document", "one two", "three four"]);
    }

    #[test]
    fn a_line_past_the_end_is_an_error_that_knows_the_last_line() {
        let explained = Explained { id: "d", text: TEXT, rows: &[] };
        assert_eq!(explained.render(Some(4), &mut |_| None), Err(3));
    }
}
