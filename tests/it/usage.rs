//! Wrong usage is met with what would be right; `--help` says what there is.

use crate::helper::{Folder, Ran, article};

fn ghirbal(args: &str) -> Ran {
    Folder::with(&[("a.txt", article(1, 5))]).ghirbal(args)
}

#[test]
fn the_help_fits_a_screen_and_lists_the_commands() {
    insta::assert_snapshot!(ghirbal("--help").ok().stdout);
}

#[test]
fn the_short_help_of_a_command_fits_two_screens() {
    let help = ghirbal("clean -h").ok();
    assert!(help.stdout.lines().count() <= 80, "{}", help.stdout);
    insta::assert_snapshot!(help.stdout);
}

#[test]
fn the_long_help_names_every_label_with_what_becomes_of_it() {
    let help = ghirbal("clean --help").ok().stdout;
    let words: Vec<&str> = help.split_whitespace().collect();
    for label in ghirbal::label::Label::ALL.iter().filter(|l| !matches!(l.name(), "body" | "title" | "section_heading"))
    {
        assert!(words.contains(&label.name()), "{label}: {help}");
    }
    let help = words.join(" ");
    assert!(
        help.contains("keywords (metadata)") && help.contains("repeat (flag)") && help.contains("contained (flag)")
    );
}

#[test]
fn the_help_of_small_commands() {
    insta::assert_snapshot!(format!("{}\n{}", ghirbal("restore -h").ok().stdout, ghirbal("explain -h").ok().stdout));
    let phrases = ["phrases -h", "phrases check -h", "phrases list -h"].map(|args| ghirbal(args).ok().stdout);
    insta::assert_snapshot!(phrases.join("\n"));
}

#[test]
fn every_shell_gets_completions_that_know_our_options() {
    for (shell, begins) in [
        ("bash", "_ghirbal"),
        ("zsh", "#compdef ghirbal"),
        ("fish", "complete -c ghirbal"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        ghirbal(&format!("completions {shell}")).ok().says(&[begins, "max-removed", "to-metadata", "audit"]);
    }
    ghirbal("completions tcsh").code(2).says(&["bash", "zsh"]);
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    ghirbal("man").ok().says(&[".TH ghirbal 1", "clean"]);
    let folder = Folder::empty();
    folder.ghirbal("man pages").ok();
    let pages: Vec<String> = std::fs::read_dir(folder.path("pages"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    for page in ["ghirbal.1", "ghirbal-clean.1", "ghirbal-phrases-check.1", "ghirbal-completions.1"] {
        assert!(pages.iter().any(|p| p == page), "{page}: {pages:?}");
    }
    assert!(
        folder.read("pages/ghirbal-clean.1").contains("ghirbal\\-clean")
            || folder.read("pages/ghirbal-clean.1").contains("ghirbal-clean")
    );
}

#[test]
fn a_long_help_has_examples() {
    for command in ["report", "dedup", "clean", "explain", "restore", "tune"] {
        let help = ghirbal(&format!("{command} --help")).ok().stdout;
        assert!(help.contains(&format!("ghirbal {command} ")) && help.contains("Examples:"), "{help}");
    }
}

#[test]
fn what_goes_wrong_ends_with_a_remedy() {
    let folder = Folder::with(&[("a.txt", article(1, 5)), ("empty.jsonl", String::new()), ("in/old", "mine".into())]);
    for args in [
        "report missing.txt",
        "report empty.jsonl",
        "report in",
        "clean a.txt -o in",
        "clean a.txt -o a.txt",
        "restore a.txt -o back",
        "restore missing -o back",
        "explain a.txt 99",
        "explain a.txt line",
        "report a.txt --remove titel",
        "report a.txt --similar 2",
        "report a.txt --phrases missing.txt",
        "report a.txt --memory 1M",
        "report a.txt --config missing.toml",
        "init missing",
    ] {
        folder.ghirbal(args).code(1).says(&["; hint: "]);
    }
}

#[test]
fn options_that_do_not_exist_or_lack_a_value_end_with_usage() {
    ghirbal("").code(2).says(&["Usage: ghirbal"]);
    ghirbal("report").code(2).says(&["<PATH>"]);
    ghirbal("clean a.txt").code(2).says(&["--output <DIR>"]);
    ghirbal("report a.txt --similiar 0.8").code(2).says(&["--similar"]);
    ghirbal("reprot a.txt").code(2).says(&["report"]);
    ghirbal("report a.txt --bands 3").code(2).says(&["--rows"]);
    ghirbal("restore out").code(2).says(&["--output <DIR>"]);
}

#[test]
fn values_that_cannot_be_are_refused_with_what_can() {
    ghirbal("report a.txt --keep shortest").code(2).says(&["none of longest, first, earliest:FIELD, latest:FIELD"]);
    ghirbal("report a.txt --keep earliest:").code(2).says(&["earliest:FIELD"]);
    ghirbal("report a.txt --level harsh").code(2).says(&["careful, default, thorough"]);
    ghirbal("report a.txt --format xml").code(2).says(&["text, json, jsonl"]);
    ghirbal("report a.txt --remove titel").code(1).says(&["unknown label `titel`", "title_repeat"]);
    ghirbal("report a.txt --fold turkish").code(1).says(&["unknown fold preset `turkish`", "arabic, plain or none"]);
    ghirbal("report a.txt --no-fold dots").code(1).says(&["unknown fold `dots`", "teh_marbuta"]);
    ghirbal("report a.txt --threads many").code(2).says(&["invalid value 'many'"]);
}

#[test]
fn shares_outside_their_range_are_refused_with_an_example() {
    for (option, value) in [
        ("--similar", "80"),
        ("--similar", "0"),
        ("--similar", "NaN"),
        ("--contained", "1.5"),
        ("--identity", "-1"),
        ("--miss", "0"),
    ] {
        let says = format!("{option} is a share above 0 and at most 1");
        ghirbal(&format!("report a.txt {option}={value}")).code(1).says(&[&says]);
    }
    ghirbal("report a.txt --shingle 0").code(1).says(&["a shingle has at least one word"]);
    ghirbal("report a.txt --bands 0 --rows 3").code(1).says(&["at least 1"]);
    ghirbal("report a.txt --bands 900 --rows 9").code(1).says(&["at most 1024"]);
}

#[test]
fn a_ceiling_that_is_no_share_is_refused() {
    for value in ["50", "-0.1", "NaN"] {
        ghirbal(&format!("clean a.txt -o out --max-removed={value}")).code(1).says(&["--max-removed is a share"]);
    }
    ghirbal("clean a.txt -o out --max-removed 0").ok();
}

#[test]
fn the_version_is_the_crate_s() {
    ghirbal("--version").ok().says(&[concat!("ghirbal ", env!("CARGO_PKG_VERSION"))]);
}
