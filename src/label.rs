//! The words of a finding: what a span is, in which part of the page it stands, what becomes of it.
//!
//! These are the wire names of the machine-readable output; adding one is free, renaming one is a
//! new format version.

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($(#[$doc:meta])* $type:ident { $($(#[$line:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $type { $($(#[$line])* $variant,)+ }

        impl $type {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [$type] = &[$($type::$variant,)+];

            /// The wire name.
            pub const fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(name: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|v| v.name() == name).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|v| v.name()).collect();
                    format!("unknown {} `{name}`; known: {}", stringify!($type).to_lowercase(), known.join(", "))
                })
            }
        }
    };
}

names! {
    /// What a span of text is.
    Label {
        /// Running text of the article. Never emitted.
        Body = "body",
        /// The headline of the document.
        Title = "title",
        /// A heading inside the article that belongs to it.
        SectionHeading = "section_heading",
        /// The title once more, as its own line.
        TitleRepeat = "title_repeat",
        /// Publication date, or place and agency, before or joined to the lead.
        Dateline = "dateline",
        /// "Source: …".
        SourceCredit = "source_credit",
        /// "Keywords: …", a list of tags.
        Keywords = "keywords",
        /// "Read also": announces other articles, as a line or glued into one.
        ReadAlsoMarker = "read_also_marker",
        /// Text of other articles that a marker announced.
        ReadAlsoContent = "read_also_content",
        /// A headline of another item inside the article.
        InsertedHeadline = "inserted_headline",
        /// A button, agency or photo label standing alone.
        SiteLabel = "site_label",
        /// An embedded post of a social network.
        SocialEmbed = "social_embed",
        /// The author's line.
        Byline = "byline",
        /// Addresses, telephone numbers, "write to us".
        Contact = "contact",
        /// Promotion: subscribe, download our app, follow us.
        Promo = "promo",
        /// A bar of share buttons.
        Share = "share",
        /// Copyright and terms.
        Rights = "rights",
        /// A line repeated over the pages of a host.
        SiteWide = "site_wide",
        /// A passage that stands elsewhere too.
        Repeat = "repeat",
        /// The whole document stands elsewhere too.
        DuplicateDocument = "duplicate_document",
    }
}

names! {
    /// The part of the page a span stands in.
    Zone {
        /// The article.
        Main = "main",
        /// Foreign text inside the article.
        Insert = "insert",
        /// What follows the article.
        Tail = "tail",
    }
}

names! {
    /// What policy does with a span.
    Action {
        /// Stays, and is not worth a remark.
        Keep = "keep",
        /// Stays, and is reported.
        Flag = "flag",
        /// Leaves the text and is written to a field.
        Metadata = "metadata",
        /// Leaves the text; the ledger keeps it.
        Remove = "remove",
    }
}

impl Action {
    /// Whether the bytes leave the text.
    pub fn takes_away(self) -> bool {
        matches!(self, Action::Metadata | Action::Remove)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_match_their_serialised_form() {
        for &label in Label::ALL {
            assert_eq!(label.name().parse(), Ok(label));
            assert_eq!(serde_json::to_string(&label).unwrap(), format!("\"{}\"", label.name()));
        }
        assert!("titel".parse::<Label>().unwrap_err().contains("known: body, title"));
    }
}
