//! The one helper: a folder, a command line run in it, and what came out.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A temporary folder that commands are run in, so that paths and messages are short.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with these files.
    pub fn with<B: AsRef<[u8]>>(files: &[(&str, B)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            folder.write(name, bytes);
        }
        folder
    }

    /// A folder with nothing in it.
    pub fn empty() -> Self {
        Self::with::<&str>(&[])
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// The decompressed content of a file.
    pub fn content(&self, name: &str) -> Vec<u8> {
        decompressed(&self.path(name))
    }

    /// The rows of a file of JSON Lines.
    pub fn rows(&self, name: &str) -> Vec<Value> {
        rows(&self.read(name))
    }

    pub fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Every name in it, hidden ones too, sorted.
    pub fn names(&self) -> Vec<String> {
        names_in(self.0.path())
    }

    /// Runs ghirbal here; the arguments are separated by spaces.
    pub fn ghirbal(&self, args: &str) -> Ran {
        self.ghirbal_fed(args, b"")
    }

    /// The same, with something on standard input.
    pub fn ghirbal_fed(&self, args: &str, stdin: &[u8]) -> Ran {
        run(command(self.0.path(), args), stdin, self.0.path())
    }

    /// Restores the output folder `out` and compares it with the folder `original`, file by file.
    pub fn restores(&self, out: &str, original: &str) {
        let back = tempfile::tempdir().unwrap();
        let target = back.path().join("back");
        self.ghirbal(&format!("restore {out} -o {}", target.display())).ok();
        same_content(&self.path(original), &target);
    }
}

/// Runs ghirbal in the folder of the crate, where `seeds` lies.
pub fn ghirbal(args: &str) -> Ran {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    run(command(here, args), b"", here)
}

/// The command, not yet started.
pub fn command(folder: &Path, args: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ghirbal"));
    command.current_dir(folder).args(args.split_whitespace());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn run(mut command: Command, stdin: &[u8], folder: &Path) -> Ran {
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let out = std::thread::scope(|scope| {
        // A command that does not read its input closes it; that is its right.
        scope.spawn(move || input.write_all(stdin));
        child.wait_with_output().unwrap()
    });
    let folder = folder.to_string_lossy();
    // The same temporary folder, as the operating system itself calls it.
    let real = fs::canonicalize(&*folder).unwrap().to_string_lossy().into_owned();
    let text = |bytes| String::from_utf8(bytes).unwrap().replace(&real, "[folder]").replace(&*folder, "[folder]");
    let args: Vec<_> = command.get_args().map(|a| a.to_string_lossy().into_owned()).collect();
    Ran { args: args.join(" "), code: out.status.code(), stdout: text(out.stdout), stderr: text(out.stderr) }
}

/// A command that has ended.
pub struct Ran {
    args: String,
    code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// It must have ended with this code.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "ghirbal {}\n{}{}", self.args, self.stdout, self.stderr);
        self
    }

    /// It must have ended well.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.code(0)
    }

    /// All of these must have been said, to whichever stream.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            let said = self.stdout.contains(part) || self.stderr.contains(part);
            assert!(said, "ghirbal {} does not say {part:?}:\n{}{}", self.args, self.stdout, self.stderr);
        }
        self
    }

    /// The rows it printed.
    pub fn rows(&self) -> Vec<Value> {
        rows(&self.stdout)
    }

    /// What it said, for a snapshot.
    pub fn transcript(&self) -> String {
        let mut out = format!("$ ghirbal {}\n", self.args.replace("[folder]/", ""));
        out += &self.stdout;
        out += &self.stderr;
        writeln!(out, "[exit code {}]", self.code.map_or("none".to_owned(), |c| c.to_string())).unwrap();
        out
    }
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// The rows of one type.
pub fn of_type<'a>(rows: &'a [Value], name: &str) -> Vec<&'a Value> {
    rows.iter().filter(|row| row["type"] == name).collect()
}

/// One record of JSON Lines, with its line end.
pub fn record(id: &str, text: &str) -> String {
    format!("{}\n", serde_json::json!({"id": id, "text": text}))
}

/// The ids of the records of a file of JSON Lines.
pub fn ids(lines: &str) -> Vec<String> {
    rows(lines).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn decompressed(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    match bytes[..] {
        [0x1f, 0x8b, ..] => {
            let mut content = Vec::new();
            flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut content).unwrap();
            content
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => zstd::decode_all(&bytes[..]).unwrap(),
        _ => bytes,
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Both folders hold the same files with the same decompressed bytes.
#[track_caller]
pub fn same_content(expected: &Path, got: &Path) {
    assert_eq!(names_in(expected), names_in(got), "in {}", expected.display());
    for name in names_in(expected) {
        let (expected, got) = (expected.join(&name), got.join(&name));
        if expected.is_dir() {
            same_content(&expected, &got);
        } else {
            assert!(decompressed(&expected) == decompressed(&got), "{name} did not come back");
        }
    }
}

/// A source of numbers that is the same everywhere (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.roll(i + 1));
        }
    }
}

/// A word of Arabic letters; of a vocabulary of many thousands.
pub fn word(dice: &mut Dice) -> String {
    let letters: Vec<char> = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي".chars().collect();
    // Common words come up often, as they do.
    let spread = [200, 2_000, 40_000][dice.roll(3)];
    let mut number = 1_000 + dice.roll(spread);
    let mut word = String::new();
    while number > 0 {
        word.push(letters[number % letters.len()]);
        number /= letters.len();
    }
    word
}

/// Words of one document, which no other seed gives.
pub fn prose(seed: u64, words: usize) -> Vec<String> {
    let mut dice = Dice(seed);
    (0..words).map(|_| word(&mut dice)).collect()
}

/// An article: sentences of one line each.
pub fn article(seed: u64, lines: usize) -> String {
    let words = prose(seed, lines * 14);
    words.chunks(14).map(|line| format!("{}.\n", line.join(" "))).collect()
}
