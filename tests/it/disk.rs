//! What the operating system refuses: said with the file, nothing half-written, nothing lost.
//!
//! Small file systems are mounted, and rights given up, where the system lets a test do that; where it
//! does not, the test says so and passes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::helper::{Folder, article, command, record, same_content};

/// A small file system of its own.
struct Mounted(PathBuf);

impl Mounted {
    fn new(at: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let mounted = Self(at);
        let done = mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "ghirbal-test"], &mounted.0);
        if !done {
            println!("skipped: this system lets us mount nothing");
            std::mem::forget(mounted);
            return None;
        }
        Some(mounted)
    }

    fn again(&self, options: &str) {
        assert!(mount(&["-o", &format!("remount,{options}")], &self.0));
    }

    fn names(&self) -> Vec<String> {
        fs::read_dir(&self.0).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(args: &[&str], at: &Path) -> bool {
    let done = Command::new("mount").args(args).arg(at).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success())
}

/// Half a megabyte with copies.
fn lines() -> String {
    (0..400).map(|i| record(&format!("d{i}"), &article(i / 2, 9))).collect()
}

#[test]
fn a_full_disk_is_named_and_nothing_half_written_stays() {
    let folder = Folder::with(&[("a.jsonl", lines())]);
    let Some(disk) = Mounted::new(folder.path("disk"), "200k") else { return };
    for args in ["clean a.jsonl -o disk/out", "dedup a.jsonl -o disk/out", "report a.jsonl --html disk/out"] {
        let said = folder
            .ghirbal(&format!("{args} --max-removed 1").replace("html disk/out --max-removed 1", "html disk/out"));
        // A page is smaller than the disk.
        if args.starts_with("report") {
            said.ok();
            fs::remove_file(folder.path("disk/out")).unwrap();
        } else {
            said.code(1).says(&["failed to write `[folder]/disk/.out.ghirbal-partial/", "No space left on device"]);
        }
        assert!(disk.names().is_empty(), "{:?}", disk.names());
    }
    folder.ghirbal("dedup a.jsonl -o out --max-removed 1").ok();
    folder.ghirbal("restore out -o disk/back").code(1).says(&["No space left on device"]);
    assert!(disk.names().is_empty());
}

#[test]
fn a_run_that_filled_the_disk_goes_on_when_there_is_room() {
    let folder = Folder::with(&[("a.jsonl", lines())]);
    let Some(disk) = Mounted::new(folder.path("disk"), "400k") else { return };
    folder.ghirbal("dedup a.jsonl -o expected --max-removed 1").ok();
    let ran = folder.ghirbal("dedup a.jsonl -o disk/out --max-removed 1 --checkpoint 20K").code(1);
    ran.says(&["No space left on device", "hint: then `ghirbal resume disk/out` goes on with what is done"]);
    assert_eq!(disk.names(), [".out.ghirbal-partial"]);
    folder.ghirbal("resume disk/out").code(1).says(&["No space left on device"]);
    disk.again("size=8m");
    folder.ghirbal("resume disk/out").ok().says(&["written to disk/out"]);
    same_content(&folder.path("expected"), &folder.path("disk/out"));
    assert_eq!(disk.names(), ["out"]);
}

#[test]
fn a_full_disk_for_temporary_files_is_named_with_a_remedy() {
    use ghirbal::params::Params;
    use ghirbal::pipeline::{Run, Stages};
    use ghirbal::spill::Spill;

    let folder = Folder::with(&[("a.jsonl", lines())]);
    let Some(disk) = Mounted::new(folder.path("disk"), "64k") else { return };
    let run = Run::new(&[folder.path("a.jsonl")], Params::default(), Stages::ALL).unwrap();
    let failed = run.with_spill(Spill::new(disk.0.clone(), 1_000)).clean(&folder.path("out"), 1.0).unwrap_err();
    let said = failed.to_string();
    assert!(said.contains("a temporary file in") && said.contains("--temp-dir"), "{said}");
    assert!(disk.names().is_empty());
    assert_eq!(folder.names(), ["a.jsonl", "disk"]);
}

#[test]
fn a_read_only_disk_is_refused_before_anything_is_read() {
    let folder = Folder::with(&[("a.jsonl", lines())]);
    let Some(disk) = Mounted::new(folder.path("disk"), "64k") else { return };
    disk.again("ro");
    for args in ["clean a.jsonl -o disk/out", "report a.jsonl --html disk/out.html"] {
        folder.ghirbal(args).code(1).says(&["[folder]/disk", "Read-only file system"]);
    }
}

/// The same command without the rights of root, which may write everywhere.
fn by_nobody(folder: &Folder, args: &str) -> Command {
    let plain = command(&folder.path(""), args);
    let program = folder.path("ghirbal");
    // The target folder may lie where only root can go.
    if !program.exists() {
        fs::copy(plain.get_program(), &program).unwrap();
    }
    fs::set_permissions(folder.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program).args(plain.get_args());
    command.current_dir(folder.path("")).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it; nothing where that cannot be.
fn as_nobody(folder: &Folder, args: &str) -> Option<(Option<i32>, String)> {
    let out = by_nobody(folder, args).output().ok();
    let out = out.filter(|out| !String::from_utf8_lossy(&out.stderr).starts_with("setpriv"));
    if out.is_none() {
        println!("skipped: this system lets us give up no rights");
    }
    out.map(|out| (out.status.code(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned()))
}

#[test]
fn a_file_without_permission_is_listed_and_the_rest_goes_on() {
    let folder = Folder::with(&[("in/a.jsonl", lines()), ("in/b.jsonl", lines()), ("in/c/d.jsonl", lines())]);
    let set = |name: &str, mode| fs::set_permissions(folder.path(name), fs::Permissions::from_mode(mode)).unwrap();
    set("in/b.jsonl", 0o000);
    set("in/c", 0o000);
    let Some((code, said)) = as_nobody(&folder, "report in --format jsonl") else { return };
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("cannot be read: Permission denied"), "{said}");
    assert!(said.contains("in/c"), "a folder that cannot be entered is listed, too: {said}");
    assert_eq!(as_nobody(&folder, "report in/b.jsonl").unwrap().0, Some(1));
    set("in/c", 0o755);
}

#[test]
fn an_output_without_permission_is_refused_before_anything_is_read() {
    let folder = Folder::with(&[("a.jsonl", lines()), ("theirs/x", String::new())]);
    fs::set_permissions(folder.path("theirs"), fs::Permissions::from_mode(0o755)).unwrap();
    let Some((code, said)) = as_nobody(&folder, "clean a.jsonl -o theirs/out") else { return };
    assert_eq!(code, Some(1));
    assert!(said.contains("failed to create the folder") && said.contains("Permission denied"), "{said}");
}

#[test]
fn permission_lost_in_the_middle_of_a_run_is_named_and_what_was_done_stays() {
    let folder = Folder::with(&[("in/a.jsonl", lines()), ("in/b.jsonl", lines())]);
    let args = "dedup in -o out --max-removed 1 --checkpoint 20K";
    let Some((code, said)) = as_nobody(&folder, args) else { return };
    assert_eq!(code, Some(0), "{said}");
    fs::rename(folder.path("out"), folder.path("expected")).unwrap();
    let mut child = by_nobody(&folder, args).spawn().unwrap();
    while !folder.has(".out.ghirbal-partial/progress") && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let set = |mode| fs::set_permissions(folder.path("in/b.jsonl"), fs::Permissions::from_mode(mode)).unwrap();
    set(0o000);
    let (code, said) = as_nobody(&folder, "resume out").unwrap();
    assert!(code == Some(1) && said.contains("2 sources there, 1 here"), "{said}");
    set(0o644);
    let (code, said) = as_nobody(&folder, "resume out").unwrap();
    assert_eq!(code, Some(0), "{said}");
    same_content(&folder.path("expected"), &folder.path("out"));
}

#[test]
fn few_open_files_are_enough_for_many_sources() {
    let folder = Folder::empty();
    for i in 0..300 {
        folder.write(&format!("in/{i:03}.jsonl"), record(&i.to_string(), &article(i / 2, 4)));
    }
    let plain = command(&folder.path(""), "clean in -o out --max-removed 1 --memory 256M");
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 24; exec \"$0\" \"$@\""]).arg(plain.get_program()).args(plain.get_args());
    let out = limited.current_dir(folder.path("")).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    folder.restores("out", "in");
}

#[test]
fn what_standard_output_is_written_to_is_not_read() {
    let folder = Folder::with(&[("in/a.jsonl", lines())]);
    let into = |args: &str| {
        let out = fs::OpenOptions::new().create(true).append(true).open(folder.path("in/out.jsonl")).unwrap();
        command(&folder.path(""), args).stdout(out).spawn().unwrap().wait_with_output().unwrap()
    };
    assert!(into("report in --format jsonl").status.success());
    let rows = folder.rows("in/out.jsonl");
    assert_eq!(rows.last().unwrap()["sources"], 1);
    assert!(folder.read("in/out.jsonl").contains("what standard output is written to"));
    let named = into("report in/out.jsonl --format jsonl");
    assert_eq!(named.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&named.stderr).contains("standard output is written to an input"));
}

#[test]
fn an_output_that_nobody_reads_any_more_does_not_keep_a_corpus_from_being_written() {
    let folder = Folder::with(&[("in/a.jsonl", lines())]);
    let mut child = command(&folder.path(""), "clean in -o out --max-removed 1").spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    folder.restores("out", "in");
    // Neither does an error that nobody reads end in anything worse.
    let mut child = command(&folder.path(""), "clean nosuch -o out2").spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// What shows a person how long something takes, by a clock that cannot go back.
const SHOWS_TIME: [&str; 2] = ["cli/progress.rs", "cli/tune.rs"];

/// No answer and no file depends on the time, so it does not matter what a clock does. `clippy.toml`
/// forbids the usual ways to ask one, too.
#[test]
fn nothing_that_is_written_depends_on_a_clock() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !SHOWS_TIME.iter().any(|f| path.ends_with(f)) {
                files += 1;
                let text = fs::read_to_string(&path).unwrap();
                for clock in ["SystemTime", "Instant::", "time::Instant", "UNIX_EPOCH", ".modified()", ".elapsed()"] {
                    assert!(!text.contains(clock), "{} names {clock}", path.display());
                }
            }
        }
    }
    assert!(files > 50);
}
