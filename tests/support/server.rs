//! A server of a test's own, that it may kill: made in a temporary folder, on a free port, kept as safe as servers are out of
//! the box.

#![allow(clippy::disallowed_methods, reason = "a server of its own needs files and the PATH")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kit_runtime::dialect::Dialect;
use tempfile::TempDir;

const PASSWORD: &str = "s3cr3t";

pub struct Server {
    dialect: Dialect,
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl Server {
    pub async fn new(dialect: Dialect) -> Self {
        let folder = tempfile::Builder::new().prefix("kit-server.").tempdir().unwrap();
        open_to_all(folder.path());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { dialect, folder, port, process: None };
        server.make();
        server.start().await;
        server
    }

    /// The URL of its first database.
    pub fn url(&self) -> String {
        let (scheme, database) = match self.dialect {
            Dialect::MySql => ("mysql", "mysql"),
            _ => ("postgres", "postgres"),
        };
        format!("{scheme}://kit:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    fn make(&self) {
        let folder = self.folder.path();
        let data = folder.join("data");
        fs::create_dir(&data).unwrap();
        give(&data, self.user());
        fs::write(folder.join("password"), PASSWORD).unwrap();
        let grant = format!(
            "CREATE USER IF NOT EXISTS 'kit'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO 'kit'@'127.0.0.1' WITH GRANT OPTION;\n"
        );
        fs::write(folder.join("init.sql"), grant).unwrap();
        for name in ["password", "init.sql"] {
            open_to_all(&folder.join(name));
        }
        let mut make = match self.dialect {
            Dialect::MySql => {
                let mut make = self.by_user(Path::new("mariadb-install-db"));
                make.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
                make.arg(format!("--datadir={}", data.display()));
                make
            }
            _ => {
                let mut make = self.by_user(&postgres_bin().join("initdb"));
                make.arg("-D").arg(&data).args([
                    "-U",
                    "kit",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                ]);
                make.arg(format!("--pwfile={}", folder.join("password").display()));
                make
            }
        };
        let made = make.output().unwrap();
        assert!(made.status.success(), "{made:?}");
    }

    /// Starts it, and waits until it answers.
    pub async fn start(&mut self) {
        let folder = self.folder.path();
        let data = folder.join("data");
        let mut start = match self.dialect {
            Dialect::MySql => {
                let mut start = self.by_user(Path::new("mariadbd"));
                start.args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve", "--skip-log-bin"]);
                start.args(["--innodb-use-native-aio=0", &format!("--port={}", self.port)]);
                start.arg(format!("--datadir={}", data.display()));
                // At its start, a server deletes what another one keeps in the same folder.
                start.arg(format!("--tmpdir={}", data.display()));
                start.arg(format!("--socket={}", data.join("socket").display()));
                start.arg(format!("--pid-file={}", data.join("pid").display()));
                start.arg(format!("--init-file={}", folder.join("init.sql").display()));
                start
            }
            _ => {
                let mut start = self.by_user(&postgres_bin().join("postgres"));
                start.arg("-D").arg(&data).args(["-p", &self.port.to_string()]);
                start.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
                start
            }
        };
        let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
        start.stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(start.spawn().unwrap());
        let clock = Instant::now();
        loop {
            let mut options = sea_orm::ConnectOptions::new(self.url());
            options.max_connections(1).connect_timeout(Duration::from_secs(2)).sqlx_logging(false);
            if sea_orm::Database::connect(options).await.is_ok() {
                return;
            }
            let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(clock.elapsed() < Duration::from_secs(60), "{}", log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends it as a crash would.
    pub fn crash(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        match self.dialect {
            Dialect::MySql => process.kill().unwrap(),
            // As `pg_ctl stop -m immediate`: nothing is written any more, and all of its processes go.
            _ => {
                let pid = rustix::process::Pid::from_child(&process);
                rustix::process::kill_process(pid, rustix::process::Signal::QUIT).unwrap();
            }
        }
        process.wait().unwrap();
    }

    fn user(&self) -> &'static str {
        if self.dialect == Dialect::MySql { "mysql" } else { "postgres" }
    }

    /// A command that becomes the program, as the server's own user where this is root: servers refuse to run as that.
    fn by_user(&self, program: &Path) -> Command {
        let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            let user = self.user();
            command.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--init-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.env("PATH", path).current_dir("/").stdin(Stdio::null());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.crash();
    }
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn give(folder: &Path, user: &str) {
    if is_root() {
        assert!(Command::new("chown").arg(user).arg(folder).status().unwrap().success());
    }
}

/// The folder's name is known to nobody else; the server's user has to pass.
pub fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn postgres_bin() -> PathBuf {
    let mut folders: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|it| it.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders.extend(["/usr/local/bin", "/usr/bin"].map(PathBuf::from));
    folders.into_iter().find(|folder| folder.join("postgres").exists() && folder.join("initdb").exists()).unwrap()
}
