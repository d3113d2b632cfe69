//! A real pooler that lends its sessions transaction by transaction, in front of a test database. It gives a URL
//! and ends with the value.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up fails")]
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use url::Url;

/// Sessions that it has to lend.
pub const SESSIONS: u32 = 8;

/// The pooler's process.
pub struct Pooler {
    /// The database's URL through it.
    pub url: String,
    process: Child,
    _folder: TempDir,
}

impl Pooler {
    /// Starts one for the database at `url`.
    pub fn start(url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let target = Url::parse(url).unwrap();
        for _ in 0..20 {
            // Free a moment ago; another process may be quicker.
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let settings = format!(
                "[databases]\n* = host={} port={} user={} password={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
                 listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {SESSIONS}\n\
                 ignore_startup_parameters = extra_float_digits,options\nlog_connections = 0\nlog_disconnections = 0\n",
                target.host_str().unwrap(),
                target.port().unwrap(),
                target.username(),
                target.password().unwrap()
            );
            let file = folder.path().join("pooler.ini");
            std::fs::write(&file, settings).unwrap();
            let mut command = Command::new("/usr/sbin/pgbouncer");
            if rustix::process::geteuid().is_root() {
                // It refuses to be root, and reads its settings before it becomes somebody else.
                command.args(["-u", "nobody"]);
            }
            let mut process = command
                .arg(&file)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("pgbouncer: {error}: run ./test.sh, which installs it"));
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(10) && process.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() && process.try_wait().unwrap().is_none() {
                    let mut through = target.clone();
                    through.set_port(Some(port)).unwrap();
                    return Self { url: through.to_string(), process, _folder: folder };
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        panic!("no free port for a pooler");
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
