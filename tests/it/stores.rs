//! Object stores on loopback, each a process of its own on a port of its own, with an empty bucket.
//!
//! `checks/stores` installs them. A test whose server is not on the path is skipped, and says so.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::helper::{Folder, Ran, command, run};

/// Which server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// S3.
    SeaweedFs,
    /// Azure.
    Azurite,
    /// Google Cloud.
    FakeGcs,
}

/// A server with an empty bucket, reached by URLs of a scheme; ended when dropped.
pub struct Store {
    server: Server,
    scheme: &'static str,
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

/// The account of every Azurite, its key, and all rights until 2100 signed with that; its manual publishes the key.
const AZURITE: (&str, &str) =
    ("devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==");
const AZURITE_SAS: &str =
    "sv=2019-12-12&ss=b&srt=co&sp=rwdlc&se=2100-01-01&sig=WeLc2QJJedCexhaqbhP%2Bc0aaLeR7QMQi4nNTASyEob0%3D";

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Store {
    /// Nothing where the server is not installed, and says so past the test's capture.
    pub fn start(server: Server, scheme: &'static str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let listeners: Vec<_> = (0..10).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<u16> = listeners.iter().map(|l| l.local_addr().unwrap().port()).collect();
        drop(listeners);
        let port = ports[0];
        let program = match server {
            Server::SeaweedFs => "weed",
            Server::Azurite => "azurite-blob",
            Server::FakeGcs => "fake-gcs-server",
        };
        let mut command = Command::new(program);
        let here = folder.path().display();
        match server {
            Server::SeaweedFs => {
                command.args(["server", "-s3", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=40"]);
                command.args(["-master.volumeSizeLimitMB=64".to_owned(), format!("-dir={here}")]);
                let names = ["s3.port", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc"];
                let more = ["filer.port", "filer.port.grpc", "s3.port.grpc", "s3.port.iceberg", "s3.port.lance"];
                command.args(names.iter().chain(&more).zip(&ports).map(|(name, port)| format!("-{name}={port}")));
            }
            Server::Azurite => {
                command.args(["--silent", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck"]);
                command.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
            }
            Server::FakeGcs => {
                command.args(["-scheme=http", "-backend=memory", "-host=127.0.0.1"]);
                command.args([format!("-port={port}"), format!("-public-host=127.0.0.1:{port}")]);
            }
        }
        command.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(process) = command.spawn() else {
            let mut stderr = std::io::stderr().lock();
            writeln!(stderr, "SKIPPED: a test of {scheme}://; `{program}` is not on the path (checks/stores)").unwrap();
            return None;
        };
        let store = Self { server, scheme, process, port, _folder: folder };
        let begun = Instant::now();
        // Asking is waiting: a refused connection is answered at once, an accepted one when it is ready.
        while !store.make_bucket() {
            assert!(begun.elapsed() < Duration::from_secs(120), "`{program}` does not start");
            std::thread::yield_now();
        }
        Some(store)
    }

    fn make_bucket(&self) -> bool {
        let answer = match self.server {
            Server::SeaweedFs => self.ask("PUT", "/bucket", b""),
            Server::Azurite => self.ask("PUT", "/devstoreaccount1/bucket?restype=container", b""),
            Server::FakeGcs => self.ask("POST", "/storage/v1/b?project=any", br#"{"name":"bucket"}"#),
        };
        answer.is_some_and(|(status, _)| status < 300)
    }

    /// What stands in the place of `[store]` in commands.
    pub fn root(&self) -> String {
        format!("{}://bucket", self.scheme)
    }

    fn path(&self, key: &str) -> String {
        match self.server {
            Server::Azurite => format!("/devstoreaccount1/bucket/{key}"),
            _ => format!("/bucket/{key}"),
        }
    }

    fn ask(&self, method: &str, path: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let (sign, header) = match self.server {
            Server::Azurite if path.contains('?') => (format!("&{AZURITE_SAS}"), "x-ms-blob-type: BlockBlob\r\n"),
            Server::Azurite => (format!("?{AZURITE_SAS}"), "x-ms-blob-type: BlockBlob\r\n"),
            _ => (String::new(), ""),
        };
        let (host, len) = (format!("127.0.0.1:{}", self.port), body.len());
        let head = format!(
            "{method} {path}{sign} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {len}\r\n{header}connection: close\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let status = std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()?;
        Some((status, answer[head + 4..].to_vec()))
    }

    pub fn put(&self, key: &str, bytes: impl AsRef<[u8]>) {
        let answer = match self.server {
            Server::FakeGcs => {
                let path = format!("/upload/storage/v1/b/bucket/o?uploadType=media&name={}", key.replace('/', "%2F"));
                self.ask("POST", &path, bytes.as_ref())
            }
            _ => self.ask("PUT", &self.path(key), bytes.as_ref()),
        };
        assert!(answer.unwrap().0 < 300, "{key}");
    }

    pub fn get(&self, key: &str) -> Vec<u8> {
        let (status, bytes) = self.ask("GET", &self.path(key), b"").unwrap();
        assert_eq!(status, 200, "{key}");
        bytes
    }

    pub fn delete(&self, key: &str) {
        assert!(self.ask("DELETE", &self.path(key), b"").unwrap().0 < 300, "{key}");
    }

    /// The keys below a prefix, sorted.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let (path, element) = match self.server {
            Server::Azurite => ("/devstoreaccount1/bucket?restype=container&comp=list", "<Name>"),
            _ => ("/bucket?list-type=2", "<Key>"),
        };
        let (_, xml) = self.ask("GET", &format!("{path}&prefix={prefix}"), b"").unwrap();
        let xml = String::from_utf8(xml).unwrap();
        let keys = xml.split(element).skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
        keys.filter(|key| !key.ends_with('/')).collect()
    }

    /// A command that knows the way to the store.
    pub fn command(&self, folder: &Folder, args: &str) -> Command {
        let mut command = command(&folder.path(""), &args.replace("[store]", &self.root()));
        let url = format!("http://127.0.0.1:{}", self.port);
        match self.scheme {
            "s3" => {
                command.env("AWS_ENDPOINT", url).env("AWS_REGION", "us-east-1");
                command.env("AWS_ACCESS_KEY_ID", "any").env("AWS_SECRET_ACCESS_KEY", "any")
            }
            "gs" => {
                let account = r#""client_email":"","private_key":"","private_key_id":"","disable_oauth":true"#;
                let account = format!(r#"{{{account},"gcs_base_url":"{url}"}}"#);
                command.env("GOOGLE_SERVICE_ACCOUNT_KEY", account)
            }
            _ => {
                let (account, key) = AZURITE;
                command.env("AZURE_STORAGE_ENDPOINT", format!("{url}/{account}"));
                command.env("AZURE_STORAGE_ACCOUNT_NAME", account).env("AZURE_STORAGE_ACCOUNT_KEY", key)
            }
        };
        command.env(self.allow_http(), "true");
        command
    }

    /// Whether the server tells a bucket that is missing from a fault of its own.
    pub fn knows_its_buckets(&self) -> bool {
        self.server != Server::FakeGcs
    }

    /// The variable that allows a server without TLS.
    pub fn allow_http(&self) -> &'static str {
        match self.scheme {
            "s3" => "AWS_ALLOW_HTTP",
            "gs" => "GOOGLE_ALLOW_HTTP",
            _ => "AZURE_ALLOW_HTTP",
        }
    }

    pub fn ghirbal(&self, folder: &Folder, args: &str) -> Ran {
        self.ran(self.command(folder, args), folder)
    }

    /// What a command of this store says, its root called `[store]` again.
    pub fn ran(&self, command: Command, folder: &Folder) -> Ran {
        let mut ran = run(command, b"", &folder.path(""));
        ran.stdout = ran.stdout.replace(&self.root(), "[store]");
        ran.stderr = ran.stderr.replace(&self.root(), "[store]");
        ran
    }
}
