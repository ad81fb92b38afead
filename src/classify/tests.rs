//! The rules together, on small documents that read as sentences.

use proptest::prelude::*;

use super::*;
use crate::tokenise::default_tokeniser;

/// Filler text of three paragraphs without a rule's attention.
const LEAD: &str = "أعلن مدير المتحف اليوم أن القاعة الجديدة ستفتح أبوابها للزوار في مطلع الشهر المقبل.";
const BODY: &str = "وقال المدير إن القاعة تضم قطعا نادرة من الفخار والنسيج جمعت على مدى عشرين سنة.";
const CLOSE: &str = "ومن المتوقع أن يزور المتحف مئة ألف زائر قبل نهاية العام، بحسب تقديرات البلدية.";

fn classifier() -> Classifier {
    Classifier::new(&FillerParams::default()).unwrap_or_else(|e| panic!("{e}"))
}

/// The text and the label of each finding that `action`s at the default level could act on.
fn found(lines: &[&str]) -> Vec<(String, Label, f32)> {
    let text = lines.join("\n");
    let view = View::new(&text, default_tokeniser());
    let findings = classifier().classify(None, &view, &LineFrequencies::default());
    findings.into_iter().map(|f| (f.span.of(&text).to_string(), f.label, f.score)).collect()
}

/// Checks which spans carry a label with a score that removes at the default level.
fn check(lines: &[&str], label: Label, expect: &[&str]) {
    let got = found(lines);
    let sure: Vec<&str> = got.iter().filter(|f| f.1 == label && f.2 >= 0.7).map(|f| f.0.as_str()).collect();
    assert_eq!(sure, expect, "{label} in {lines:#?}: {got:#?}");
}

#[test]
fn the_first_line_without_a_stop_is_the_title() {
    check(&["افتتاح قاعة جديدة", LEAD, BODY], Label::Title, &["افتتاح قاعة جديدة"]);
    check(&[LEAD, BODY], Label::Title, &[]);
    check(&["افتتاح قاعة جديدة"], Label::Title, &[]);
}

#[test]
fn a_headline_after_a_marker_is_the_title_when_it_comes_first() {
    let headline = "بالصور: افتتاح قاعة جديدة في المتحف";
    check(&[headline, LEAD, BODY], Label::Title, &[headline]);
    check(&["افتتاح قاعة جديدة", LEAD, BODY, headline], Label::ReadAlsoContent, &[headline]);
}

#[test]
fn the_title_once_more_is_a_repeat_near_the_top_and_doubtful_further_down() {
    let title = "افتتاح قاعة جديدة في المتحف";
    check(&[title, "", title, LEAD], Label::TitleRepeat, &[title]);
    check(&[title, "إفتتاح قاعـة جديدة في المتحف!", LEAD], Label::TitleRepeat, &["إفتتاح قاعـة جديدة في المتحف!"]);
    check(&[title, LEAD, BODY, title, CLOSE], Label::TitleRepeat, &[]);
}

#[test]
fn a_dateline_is_a_date_or_a_place_with_an_agency() {
    let title = "افتتاح قاعة جديدة";
    check(&[title, "تاريخ النشر: 25th, June 2024 GMT", LEAD], Label::Dateline, &["تاريخ النشر: 25th, June 2024 GMT"]);
    check(&[title, "موسكو-سانا", LEAD], Label::Dateline, &["موسكو-سانا"]);
    check(
        &[title, "الرياض 26 شوال 1436 هـ الموافق 11 اغسطس 2015 م واس", LEAD],
        Label::Dateline,
        &["الرياض 26 شوال 1436 هـ الموافق 11 اغسطس 2015 م واس"],
    );
    check(&[title, LEAD, "25 يونيو 2024", BODY], Label::Dateline, &[]);
    check(&[title, "وفيما يلي المواعيد:", "الأحد 2 أفريل 2017", LEAD], Label::Dateline, &[]);
}

#[test]
fn a_paper_named_after_a_town_is_counted_once() {
    check(&["افتتاح قاعة جديدة", "المدينة - جدة", LEAD], Label::Dateline, &["المدينة - جدة"]);
}

#[test]
fn a_dateline_joined_to_the_lead_is_cut_alone() {
    let lead = format!("القاهرة - رويترز: {LEAD}");
    check(&["افتتاح قاعة جديدة", &lead, BODY], Label::Dateline, &["القاهرة - رويترز: "]);
    let lead = format!("دبي، الإمارات العربية المتحدة (CNN)-- {LEAD}");
    let cut = "دبي، الإمارات العربية المتحدة (CNN)-- ";
    check(&["افتتاح قاعة جديدة", &lead, BODY], Label::Dateline, &[cut]);
    let lead = format!("القاهرة مدينة كبيرة، وقد {LEAD}");
    check(&["افتتاح قاعة جديدة", &lead, BODY], Label::Dateline, &[]);
}

#[test]
fn a_byline_is_two_short_names_with_a_dash_below_the_title() {
    let title = "افتتاح قاعة جديدة";
    check(&[title, "سالم العلي – جدة", LEAD], Label::Byline, &["سالم العلي – جدة"]);
    check(&[title, "الثورة نت/", LEAD], Label::Byline, &["الثورة نت/"]);
    check(&[title, "سالم العلي (جدة)", LEAD], Label::Byline, &["سالم العلي (جدة)"]);
    check(&[title, "أبها: سالم العلي", LEAD], Label::Byline, &["أبها: سالم العلي"]);
    check(&[title, "سبق - سالم العلي - الرياض", LEAD], Label::Byline, &["سبق - سالم العلي - الرياض"]);
    check(&[title, LEAD, "سالم العلي – جدة", BODY], Label::Byline, &[]);
    check(&[title, "سبق اليوم – بنغازي (ليبيا)", LEAD], Label::Byline, &[]);
    check(&[title, "القاهرة: المدينة التي لا تنام", LEAD], Label::Byline, &[]);
    check(&[title, "وهذه هي المباريات:", "روما الإيطالي - ليون الفرنسي", LEAD], Label::Byline, &[]);
    check(&["سالم العلي: رحلتي إلى الجنوب", "سالم العلي", LEAD], Label::Byline, &["سالم العلي"]);
    check(&[title, "الرقم : أ / 267", LEAD], Label::Byline, &[]);
}

#[test]
fn a_keyed_line_whose_value_is_prose_stays() {
    let title = "افتتاح قاعة جديدة";
    check(&[title, LEAD, "المصدر: وكالة الأنباء"], Label::SourceCredit, &["المصدر: وكالة الأنباء"]);
    check(&[title, LEAD, "المصدر: قال لنا أحد العاملين إن القاعة لم تكتمل بعد. ثم مضى"], Label::SourceCredit, &[]);
    check(&[title, LEAD, "كلمات دلالية: المتحف الفخار النسيج"], Label::Keywords, &["كلمات دلالية: المتحف الفخار النسيج"]);
}

#[test]
fn a_marker_glued_to_a_paragraph_loses_only_its_own_bytes() {
    let glued = format!("إقرأ المزيد{BODY}");
    check(&["افتتاح قاعة جديدة", LEAD, &glued, CLOSE], Label::ReadAlsoMarker, &["إقرأ المزيد"]);
    assert!(glued["إقرأ المزيد".len()..].starts_with("وقال"));
}

#[test]
fn a_marker_opens_a_tail_that_ends_where_the_article_resumes() {
    let headline = "ارتفاع أسعار القمح في الأسواق العالمية";
    let told = "ارتفعت أسعار القمح اليوم في الأسواق العالمية بعد موجة جفاف ضربت كبار المنتجين.";
    let more = "وتوقع خبراء أن يستمر هذا الاتجاه حتى موسم الحصاد المقبل.";
    check(
        &["افتتاح قاعة جديدة", LEAD, BODY, "إقرأ أيضاً:", headline, told, more],
        Label::ReadAlsoContent,
        &[headline, told, more],
    );
    check(&["افتتاح قاعة جديدة", LEAD, "إقرأ أيضاً:", headline, BODY, CLOSE], Label::ReadAlsoContent, &[headline]);
    check(
        &["افتتاح قاعة جديدة", LEAD, BODY, "المصدر: وكالات", "إقرأ أيضاً:", headline, CLOSE],
        Label::ReadAlsoContent,
        &[headline, CLOSE],
    );
    check(&["افتتاح قاعة جديدة", LEAD, "قال: اقرأ أيضا ما كتبه الأقدمون، ثم عد إلي.", BODY], Label::ReadAlsoMarker, &[]);
}

#[test]
fn the_caption_of_an_episode_goes_where_no_paragraph_speaks_of_it() {
    let title = "افتتاح قاعة جديدة";
    let caption = "نسيم الوادي الحلقة 43";
    check(&[title, LEAD, BODY, CLOSE, caption], Label::InsertedHeadline, &[caption]);
    check(&["مسلسل نسيم الوادي", LEAD, BODY, caption], Label::InsertedHeadline, &[]);
    let list = [title, LEAD, "نسيم الوادي الحلقة 1", "نسيم الوادي الحلقة 2", "نسيم الوادي الحلقة 3", CLOSE];
    check(&list, Label::InsertedHeadline, &[]);
}

#[test]
fn an_inserted_headline_needs_two_signals() {
    let title = "افتتاح قاعة جديدة";
    check(&[title, LEAD, "زهور الحي الحلقة 510", BODY], Label::InsertedHeadline, &["زهور الحي الحلقة 510"]);
    check(&[title, LEAD, "موعد السفر", CLOSE], Label::InsertedHeadline, &[]);
    check(&[title, LEAD, "قطع نادرة من الفخار", BODY], Label::InsertedHeadline, &[]);
    check(&[title, LEAD, "قطع نادرة من الفخار", BODY], Label::SectionHeading, &["قطع نادرة من الفخار"]);
}

#[test]
fn verses_are_not_headlines() {
    let verses =
        ["يا دار عبلة بالجواء تكلمي", "وعمي صباحا دار عبلة واسلمي", "دار لآنسة غضيض طرفها", "طوع العناق لذيذة المتبسم"];
    let lines: Vec<&str> = ["قصيدة", LEAD].into_iter().chain(verses).chain([BODY]).collect();
    check(&lines, Label::InsertedHeadline, &[]);
}

#[test]
fn a_weak_phrase_counts_at_the_end_and_not_between_paragraphs() {
    let title = "افتتاح قاعة جديدة";
    check(&[title, LEAD, BODY, "مناقشة"], Label::SiteLabel, &["مناقشة"]);
    check(&[title, LEAD, "مناقشة", BODY], Label::SiteLabel, &[]);
    check(&[title, LEAD, "Sputnik", BODY], Label::SiteLabel, &["Sputnik"]);
}

#[test]
fn addresses_alone_are_contacts_and_addresses_in_sentences_are_not() {
    let title = "افتتاح قاعة جديدة";
    check(&[title, LEAD, "someone@example.com"], Label::Contact, &["someone@example.com"]);
    check(&[title, LEAD, "وللتسجيل يمكن زيارة الموقع www.example.com قبل نهاية الشهر."], Label::Contact, &[]);
}

#[test]
fn a_post_is_found_by_its_link_and_cut_from_the_sentence_before_it() {
    let glued = format!("{LEAD}⚡️ القاعة تفتح أبوابها");
    check(
        &["افتتاح قاعة جديدة", BODY, &glued, "◀️المتحف pic.twitter.com/abc", CLOSE],
        Label::SocialEmbed,
        &["⚡️ القاعة تفتح أبوابها", "◀️المتحف pic.twitter.com/abc"],
    );
}

#[test]
fn a_line_the_host_repeats_at_the_edge_is_site_wide_and_a_copied_article_is_not() {
    let lines = LineFrequencies::default();
    let tokeniser = default_tokeniser();
    for i in 0..9 {
        let text = format!("عنوان رقم {i}\n{LEAD}\n{BODY}\nصحيفة يومية تصدر عن دار المعرفة");
        lines.observe(Some("h"), &View::new(&text, tokeniser));
        lines.observe(
            Some("copies"),
            &View::new(&format!("عنوان واحد\n{LEAD}\n{BODY}\nخاتمة واحدة لكل نسخة"), tokeniser),
        );
    }
    let labels = |host: &str, text: &str| -> Vec<Label> {
        let view = View::new(text, tokeniser);
        classifier().classify(Some(host), &view, &lines).iter().map(|f| f.label).collect()
    };
    let text = format!("عنوان جديد\n{CLOSE}\nصحيفة يومية تصدر عن دار المعرفة");
    assert!(labels("h", &text).contains(&Label::SiteWide));
    assert!(!labels("other", &text).contains(&Label::SiteWide));
    let copy = format!("عنوان واحد\n{LEAD}\n{BODY}\nخاتمة واحدة لكل نسخة");
    assert!(!labels("copies", &copy).contains(&Label::SiteWide));
}

#[test]
fn a_user_s_phrase_decides_before_context() {
    let list = crate::params::PhraseList {
        name: "mine.txt".into(),
        text: "promo block: كن معنا كل مساء # mine\n+ كن معنا كل مساء".into(),
    };
    assert!(CheckedPhrases::new(&list).is_well());
    let params = FillerParams { phrases: vec![list], ..FillerParams::default() };
    let text = format!("عنوان\n{LEAD}\nكن معنا كل مساء\n{BODY}");
    let view = View::new(&text, default_tokeniser());
    let classifier = Classifier::new(&params).unwrap_or_else(|e| panic!("{e}"));
    let findings = classifier.classify(None, &view, &LineFrequencies::default());
    assert!(findings.iter().any(|f| f.label == Label::Promo), "{findings:?}");
}

/// Lines that rules attend to, among random ones.
fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,60}",
        Just("إقرأ أيضاً:".to_string()),
        Just("المصدر: RT".to_string()),
        Just("⚡️ خبر pic.twitter.com/x".to_string()),
        Just(format!("{LEAD}⚡️ خبر")),
        Just(format!("إقرأ المزيد{BODY}")),
        Just("Read more: ten ways to save water".to_string()),
        Just(LEAD.to_string()),
        Just("عنوان قصير\u{feff}".to_string()),
        Just("Source: Reuters\u{200f}\u{feff}".to_string()),
        "[\\p{Arabic}a-z0-9@:/.\u{feff}\u{200f}\u{301}ﷺ½ -]{0,40}",
    ]
}

proptest! {
    #[test]
    fn findings_are_in_order_apart_and_on_character_borders(lines in proptest::collection::vec(any_line(), 0..14)) {
        static CLASSIFIER: std::sync::LazyLock<Classifier> = std::sync::LazyLock::new(classifier);
        let text = lines.join("\n");
        let view = View::new(&text, default_tokeniser());
        let findings = CLASSIFIER.classify(Some("h"), &view, &LineFrequencies::default());
        let mut end = 0;
        for f in &findings {
            prop_assert!(f.span.start >= end && f.span.end > f.span.start, "{:?}", findings);
            prop_assert!(text.is_char_boundary(f.span.start as usize) && text.is_char_boundary(f.span.end as usize));
            prop_assert!((0.0..=1.0).contains(&f.score) && !f.why.is_empty());
            end = f.span.end;
        }
    }
}
