//! URLs: an object store gives and takes what a folder does, and a bad connection changes nothing.
//!
//! The web server is a few lines of this file; the object stores are those of `stores`.

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
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};

    use crate::helper::{Folder, Ran, article, gzip, of_type, record, zst};
    use crate::stores::{Server, Store};

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

    #[test]
    fn s3_gives_and_takes_what_a_folder_does() {
        everything(Server::SeaweedFs, "s3");
    }

    #[test]
    fn azure_gives_and_takes_what_a_folder_does() {
        everything(Server::Azurite, "az");
    }

    /// The one emulator there is takes no upload in the way of the crate `object_store`.
    #[test]
    fn google_gives_what_a_folder_does() {
        let Some(store) = Store::start(Server::FakeGcs, "gs") else { return };
        let folder = corpus(&store);
        a_prefix_reads_as_the_folder_does(&store, &folder);
        patterns_and_objects_are_found(&store, &folder);
        errors_name_url_and_remedy(&store, &folder);
    }

    /// What Google's protocol has in common with that of S3, which is all but the object that is created once only.
    #[test]
    fn google_takes_what_a_folder_does() {
        let Some(store) = Store::start(Server::SeaweedFs, "gs") else { return };
        let folder = corpus(&store);
        tables_are_copied_and_come_back(&store);
        the_output_goes_up_whole_and_comes_back(&store, &folder);
        a_large_file_goes_up_in_parts(&store);
        a_run_that_fails_leaves_nothing(&store, &folder);
    }

    fn everything(server: Server, scheme: &'static str) {
        let Some(store) = Store::start(server, scheme) else { return };
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

    /// The same files in `in` and below `[store]/crawl`.
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
        for url in ["[store]/crawl", "[store]/crawl/"] {
            let remote = store.ghirbal(folder, &format!("report {url} --format jsonl")).ok();
            let skips = |ran: &Ran| of_type(&ran.rows(), "skipped").len();
            assert_eq!((skips(&local), skips(&remote)), (1, 1));
            // Only what is not read is called by its place.
            let places = |ran: &Ran| ran.stdout.replace("[store]/crawl/", "in/");
            assert!(places(&local) == places(&remote), "{url}: {}", remote.stdout.lines().last().unwrap());
        }
    }

    fn patterns_and_objects_are_found(store: &Store, folder: &Folder) {
        let ids = |args: &str| {
            let ran = store.ghirbal(folder, &format!("dedup {args} --similar 1 --dry-run")).ok();
            ran.stdout.split(' ').next().unwrap().parse::<u32>().unwrap()
        };
        assert_eq!(ids("[store]/crawl/a.jsonl"), 40);
        assert_eq!(ids("[store]/crawl/a.jsonl [store]/crawl/*.jsonl"), 40, "read once");
        assert_eq!(ids("[store]/crawl/*.jsonl*"), 80);
        assert_eq!(ids("[store]/crawl/**/*.jsonl.{gz,zst}"), 80);
        assert_eq!(ids("[store]/crawl/d*"), 40, "a folder with all that is in it");
        folder.write("list.txt", format!("{}/crawl/deep/\nin/a.jsonl\n", store.root()));
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
        let ran = store.ghirbal(&folder, "clean [store]/tables -o [store]/tables-out --max-removed 1").ok();
        ran.says(&["1 object that cannot be read as a stream was copied to", "then uploaded"]);
        let key = format!("tables-out/cleaned/{name}");
        assert!(store.get(&key) == std::fs::read(folder.path(&format!("local/cleaned/{name}"))).unwrap());
        folder.ghirbal("restore local -o back").ok();
        store.ghirbal(&folder, "restore [store]/tables-out -o back2").ok();
        crate::helper::same_content(&folder.path("back"), &folder.path("back2"));
    }

    fn the_output_goes_up_whole_and_comes_back(store: &Store, folder: &Folder) {
        folder.ghirbal("clean in -o local").ok();
        let ran = store.ghirbal(folder, "clean [store]/crawl -o [store]/runs/out").ok();
        ran.says(&["written to [store]/runs/out", "is made in", "then uploaded"]);
        let keys = store.keys("runs/out/");
        assert!(keys.contains(&"runs/out/ledger.jsonl".to_owned()), "{keys:?}");
        assert!(!keys.contains(&"runs/out/UNFINISHED".to_owned()), "{keys:?}");
        // The ledger holds the checksum of the findings, which name places; `restore` below reads it.
        for key in keys.iter().filter(|key| !key.ends_with("/ledger.jsonl")) {
            let name = key.strip_prefix("runs/out/").unwrap();
            let (local, up) = (std::fs::read(folder.path(&format!("local/{name}"))).unwrap(), store.get(key));
            let places =
                |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&format!("{}/crawl/", store.root()), "in/");
            assert!(places(&local) == places(&up), "{name}");
        }
        store.ghirbal(folder, "restore [store]/runs/out -o back").ok();
        folder.ghirbal("restore local -o back-local").ok();
        crate::helper::same_content(&folder.path("back-local"), &folder.path("back"));
        let here = folder.ghirbal("explain local d.txt:9").ok();
        let there = store.ghirbal(folder, "explain [store]/runs/out d.txt:9").ok();
        assert_eq!(here.stdout, there.stdout);
        // And back to the store.
        store.ghirbal(folder, "restore [store]/runs/out -o [store]/runs/back").ok();
        assert!(store.get("runs/back/a.jsonl") == std::fs::read(folder.path("in/a.jsonl")).unwrap());
    }

    fn a_large_file_goes_up_in_parts(store: &Store) {
        let text = lines(30_000);
        assert!(text.len() > 20 << 20);
        let folder = Folder::with(&[("in/a.jsonl", text)]);
        folder.ghirbal("dedup in -o local").ok();
        store.ghirbal(&folder, "dedup in -o [store]/large").ok();
        let up = store.get("large/cleaned/a.jsonl");
        assert!(up == std::fs::read(folder.path("local/cleaned/a.jsonl")).unwrap());
        let again = store.ghirbal(&folder, "dedup [store]/large/cleaned --dry-run").ok();
        again.says(&["30,000 documents read, 0 removed"]);
    }

    fn an_output_that_is_in_use_is_refused(store: &Store, folder: &Folder) {
        let refused = store.ghirbal(folder, "clean in -o [store]/crawl").code(1);
        refused.says(&["the output exists already: `[store]/crawl`", "nothing is ever written over"]);
        store.put("claimed/UNFINISHED", "x");
        let refused = store.ghirbal(folder, "clean in -o [store]/claimed").code(1);
        refused.says(&["another run writes there, or was interrupted", "UNFINISHED"]);
        store.delete("claimed/UNFINISHED");
    }

    fn of_two_runs_one_wins(store: &Store, folder: &Folder) {
        // As if on three machines, which know nothing of each other.
        let begin = |n: u32| {
            folder.write(&format!("temp{n}/x"), "");
            store.command(folder, &format!("clean in -o [store]/raced --temp-dir temp{n}")).spawn().unwrap()
        };
        let mut runs: Vec<_> = (0..3).map(begin).collect();
        let codes: Vec<_> = runs.iter_mut().map(|run| run.wait().unwrap().code()).collect();
        assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
        store.ghirbal(folder, "restore [store]/raced -o raced").ok();
    }

    fn a_killed_run_is_done_again_by_the_same_command(store: &Store, folder: &Folder) {
        folder.write("long/a.jsonl", lines(20_000));
        let mut run = store.command(folder, "clean long -o [store]/killed --temp-dir .").spawn().unwrap();
        while store.keys("killed/").is_empty() {
            assert!(run.try_wait().unwrap().is_none(), "it ended before it could be killed");
        }
        run.kill().unwrap();
        run.wait().unwrap();
        store.put("killed/cleaned/half.jsonl", "what had gone up");
        store.ghirbal(folder, "restore [store]/killed -o nowhere").code(1);
        let other = store.ghirbal(folder, "clean long -o [store]/killed").code(1);
        other.says(&["another run writes there, or was interrupted"]);
        store.ghirbal(folder, "clean long -o [store]/killed --temp-dir .").ok();
        assert!(!store.keys("killed/").iter().any(|key| key.ends_with("UNFINISHED") || key.ends_with("half.jsonl")));
        store.ghirbal(folder, "restore [store]/killed -o after-kill").ok();
    }

    fn a_run_that_fails_leaves_nothing(store: &Store, folder: &Folder) {
        store.ghirbal(folder, "clean in -o [store]/stopped --max-removed 0").code(3);
        assert_eq!(store.keys("stopped/"), [""; 0]);
        store.ghirbal(folder, "clean in -o [store]/dry --dry-run").ok();
        assert_eq!(store.keys("dry/"), [""; 0]);
    }

    fn errors_name_url_and_remedy(store: &Store, folder: &Folder) {
        let says = |args: &str, parts: &[&str]| {
            store.ghirbal(folder, args).code(1).says(parts);
        };
        says("report [store]/nothing", &["no object of this name, and none below it", "`[store]/nothing`", "hint:"]);
        says("report [store]/crawl/*.csv", &["no object matches the pattern", "`[store]/crawl/*.csv`", "hint:"]);
        let nowhere = store.root().replace("bucket", "nosuch") + "/x";
        let missing = if store.knows_its_buckets() { "there is no such bucket" } else { "no bucket named nosuch" };
        says(&format!("report {nowhere}"), &[&nowhere, missing, "hint:"]);
        says("restore [store]/crawl -o nowhere", &["failed to read the ledger `[store]/crawl/ledger.jsonl`"]);
        let mut tls_only = store.command(folder, "report [store]/crawl");
        tls_only.env(store.allow_http(), "false");
        let remedy = format!("{}=true", store.allow_http());
        store.ran(tls_only, folder).code(1).says(&["`[store]/crawl`", &remedy]);
    }
}
