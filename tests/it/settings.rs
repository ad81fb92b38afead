//! Settings: `ghirbal.toml` stands behind the command line and changes nothing but parameters.

use crate::helper::{Folder, article};

/// A folder with these settings and a document in a folder below.
fn with(settings: &str) -> Folder {
    Folder::with(&[("ghirbal.toml", settings), ("in/a.txt", &article(1, 5))])
}

/// What `ghirbal config` says of one setting.
fn line(folder: &Folder, args: &str, name: &str) -> String {
    let all = folder.ghirbal(&format!("config {args}")).ok().stdout;
    let line = all.lines().find(|l| l.trim_start_matches('#').starts_with(&format!("{name} ="))).unwrap_or_default();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn digest(folder: &Folder, args: &str) -> String {
    let json = folder.ghirbal(&format!("report in --format json {args}")).ok().stdout;
    serde_json::from_str::<serde_json::Value>(&json).unwrap()["params_digest"].as_str().unwrap().to_owned()
}

#[test]
fn each_setting_says_where_it_comes_from() {
    let folder = with("similar = 0.7\n\nremove = [\"repeat\", \"promo\"]\nkeep = \"earliest:date\"\n");
    assert_eq!(line(&folder, "", "similar"), "similar = 0.7 # ghirbal.toml line 1");
    assert_eq!(line(&folder, "", "remove"), "remove = [\"repeat\", \"promo\"] # ghirbal.toml line 3");
    assert_eq!(line(&folder, "", "keep"), "keep = \"earliest:date\" # ghirbal.toml line 4");
    assert_eq!(line(&folder, "--similar 0.6", "similar"), "similar = 0.6 # command line");
    assert_eq!(line(&folder, "--no-config", "similar"), "similar = 0.8 # default");
    assert_eq!(line(&folder, "", "shingle"), "shingle = 5 # default");
    assert_eq!(line(&folder, "", "encoding"), "#encoding = # default");
}

#[test]
fn a_parameter_is_the_same_wherever_it_was_set() {
    let folder =
        with("similar = 0.7\nbands = 20\nrows = 4\nlevel = \"careful\"\nmin-words = 8\nremove = [\"repeat\"]\n");
    let typed = "--similar 0.7 --bands 20 --rows 4 --level careful --min-words 8 --remove repeat";
    assert_eq!(digest(&folder, ""), digest(&folder, &format!("--no-config {typed}")));
    assert_ne!(digest(&folder, ""), digest(&folder, "--no-config"));
    assert_eq!(digest(&folder, "--no-config"), digest(&with(""), ""));
}

#[test]
fn the_nearest_file_upwards_counts_and_another_can_be_named() {
    let folder = with("similar = 0.7\n");
    folder.write("in/deep/ghirbal.toml", "similar = 0.5\n");
    folder.write("in/deep/phrases.txt", "promo both: words of mine   # here\n");
    folder.write("other.toml", "similar = 0.9\nphrases = [\"in/deep/phrases.txt\"]\n");
    let below = |path: &str| {
        let mut command = crate::helper::command(&folder.path(path), "config");
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(
        below("in").contains("similar = 0.7 ") && below("in").contains("../ghirbal.toml line 1"),
        "{}",
        below("in")
    );
    assert!(below("in/deep").contains("similar = 0.5 "));
    assert_eq!(line(&folder, "--config other.toml", "similar"), "similar = 0.9 # other.toml line 1");
    // Paths are seen from the file they stand in.
    folder.write("in/deep/ghirbal.toml", "phrases = [\"phrases.txt\"]\n");
    folder.ghirbal("report in/a.txt --config in/deep/ghirbal.toml").ok();
    folder.ghirbal("report in --config other.toml --no-config").code(2);
}

#[test]
fn a_label_that_is_typed_leaves_its_place_in_the_file() {
    let folder = with("remove = [\"repeat\", \"contained\"]\nflag = [\"promo\"]\n");
    assert_eq!(line(&folder, "--keep-label repeat", "remove"), "remove = [\"contained\"] # ghirbal.toml line 1");
    folder.ghirbal("report in --keep-label repeat --remove promo").ok();
    folder.ghirbal("report in --keep-label promo --remove promo").code(1).says(&["given two fates"]);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (settings, says) in [
        ("# mine\nsimiliar = 0.7\n", "unknown setting `similiar` in `ghirbal.toml` line 2; hint: is it `similar`?"),
        ("max_removed = 0.7\n", "hint: is it `max-removed`?"),
        ("output = \"out\"\n", "--output belongs to one call"),
        ("zzz = 1\n", "`ghirbal config` lists every setting"),
        ("similar = \n", "the settings cannot be read"),
        ("\nsimilar = true\n", "`similar` cannot be boolean, in `ghirbal.toml` line 2"),
        ("\n\nsimilar = \"much\"\n", "invalid value 'much'"),
        ("\n\nsimilar = \"much\"\n", "`ghirbal.toml` line 3"),
        ("\nsimilar = 80\n", "--similar is 80, in `ghirbal.toml` line 2"),
        ("level = \"harsh\"\n", "invalid value 'harsh'"),
        ("seed = 1\nremove = [\"titel\"]\n", "unknown label `titel`"),
        ("seed = 1\nremove = [\"titel\"]\n", "`ghirbal.toml` line 2"),
        ("max-removed = 50\n", "--max-removed is 50, in `ghirbal.toml` line 1"),
        ("bands = 3\n", "one of bands and rows is set"),
        ("phrases = [\"missing.txt\"]\n", "missing.txt"),
    ] {
        with(settings).ghirbal("clean in -o out").code(1).says(&[says]);
        with(settings).ghirbal("clean in -o out --no-config").ok();
    }
    with("similar = 7\n").ghirbal("restore in -o out").code(1).says(&["the ledger"]);
}

#[test]
fn a_written_file_changes_nothing_until_it_is_edited() {
    let folder = Folder::with(&[("in/a.txt", article(1, 5))]);
    let before = digest(&folder, "");
    folder.ghirbal("init").ok().says(&["wrote ./ghirbal.toml"]);
    assert_eq!(digest(&folder, ""), before);
    folder.ghirbal("init").code(1).says(&["there are settings already: `./ghirbal.toml`", "edit them"]);
    // Every line that can be set is one that can be read, with the default it names.
    let all = folder.read("ghirbal.toml");
    let set: Vec<&str> =
        all.lines().filter_map(|l| l.strip_prefix('#')).filter(|l| l.contains(" = ") && !l.starts_with(' ')).collect();
    assert!(set.len() > 20, "{set:?}");
    let set = set.into_iter().filter(|l| !l.ends_with("= \"\"") && !l.ends_with("= []")).collect::<Vec<_>>().join("\n");
    folder.write("ghirbal.toml", set);
    assert_eq!(digest(&folder, ""), before);
}
