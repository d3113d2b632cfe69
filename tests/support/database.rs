//! A database of its own for each test, on the real servers that `test.sh` starts: it owns creating
//! and dropping them, gives URLs and sessions, and says what stands in a schema as text that can be compared.
//! It does not know what is tested.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up fails")]
#![allow(clippy::print_stderr, reason = "a failed test says where its database is")]
#![allow(clippy::disallowed_methods, reason = "tests have no main.rs that reads the environment for them")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kit_runtime::connection::{Connection, Row};
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger;
use kit_runtime::sea_orm::Session;
use kit_runtime::snapshot::{Object, Scope, Snapshot};
use sea_orm::{ConnectOptions, DatabaseConnection};

/// Table names that all three families accept, as reported against other tools.
pub const HOSTILE: [&str; 17] = [
    "plain",
    "x\"y",
    "a`b",
    "q'q",
    "new\nline",
    "semi; drop table plain; --",
    "back\\slash",
    "uni_\u{e9}",
    "per%cent",
    "{brace}",
    "$1",
    "?",
    "RiGhT",
    "select",
    "tab\there",
    "nul_like\u{200b}",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// An empty database that is dropped with this value, unless the test panics: then it stays for a look.
pub struct Database {
    /// Which family.
    pub dialect: Dialect,
    /// An open session.
    pub session: Session,
    url: String,
    home: Home,
}

enum Home {
    File(Option<tempfile::TempDir>),
    Server {
        admin: String,
        name: String,
    },
    /// Somebody else drops it.
    Theirs,
}

impl Database {
    /// All three families.
    pub async fn all() -> Vec<Self> {
        vec![Self::sqlite().await, Self::postgres().await, Self::mysql().await]
    }

    /// One of a family.
    pub async fn empty(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => Self::sqlite().await,
            Dialect::Postgres => Self::postgres().await,
            Dialect::MySql => Self::mysql().await,
        }
    }

    /// A file in a temporary folder.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.sqlite").display());
        let session = Session::new(open(&url).await);
        Self { dialect: Dialect::Sqlite, session, url, home: Home::File(Some(folder)) }
    }

    /// A database on the PostgreSQL server.
    pub async fn postgres() -> Self {
        Self::on_server(Dialect::Postgres, "KIT_TEST_POSTGRES_URL").await
    }

    /// A database on the MariaDB or MySQL server.
    pub async fn mysql() -> Self {
        Self::on_server(Dialect::MySql, "KIT_TEST_MYSQL_URL").await
    }

    async fn on_server(dialect: Dialect, variable: &str) -> Self {
        let Ok(admin) = std::env::var(variable) else {
            panic!("{variable} is not set: run ./test.sh, or ./test.sh --serve in another terminal")
        };
        Self::on(dialect, &admin).await
    }

    /// A database on the server with this URL.
    pub async fn on(dialect: Dialect, admin: &str) -> Self {
        let admin = admin.to_owned();
        let name = unique_name();
        let server = Session::new(open(&admin).await);
        server.execute(&format!("CREATE DATABASE {}", dialect.quote(&name)), &[]).await.unwrap();
        let url = format!("{}/{name}", server_of(&admin));
        let session = Session::new(open(&url).await);
        Self { dialect, session, url, home: Home::Server { admin, name } }
    }

    /// One that is there already, and stays.
    pub async fn of(dialect: Dialect, url: &str) -> Self {
        Self { dialect, session: Session::new(open(url).await), url: url.to_owned(), home: Home::Theirs }
    }

    /// One that is there already, seen through a session with settings of its own.
    pub fn with(dialect: Dialect, url: &str, session: Session) -> Self {
        Self { dialect, session, url: url.to_owned(), home: Home::Theirs }
    }

    /// The URL, password included.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A name for one more database on the same server, for tests that let kit create one: its URL. Not dropped.
    pub fn sibling(&self) -> (String, String) {
        let name = unique_name();
        match &self.home {
            Home::File(_) => (name.clone(), self.url.replace("test.sqlite?mode=rwc", &format!("{name}.sqlite"))),
            Home::Server { admin, .. } => (name.clone(), format!("{}/{name}", server_of(admin))),
            Home::Theirs => (name.clone(), format!("{}/{name}", server_of(&self.url))),
        }
    }

    /// Names of the databases on the server, or of the files in the folder.
    pub async fn siblings(&self) -> Vec<String> {
        let sql = match (&self.home, self.dialect) {
            (Home::File(folder), _) => {
                let files = std::fs::read_dir(folder.as_ref().unwrap()).unwrap().flatten();
                return files.map(|file| file.file_name().to_string_lossy().replace(".sqlite", "")).collect();
            }
            (_, Dialect::Postgres) => "SELECT datname::text FROM pg_database",
            _ => "SELECT CAST(schema_name AS CHAR) FROM information_schema.schemata",
        };
        self.query(sql).await.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect()
    }

    /// Drops a database that kit has created beside this one.
    pub async fn drop_sibling(&self, name: &str) {
        if let Home::Server { .. } = self.home {
            self.execute(&[&format!("DROP DATABASE {}", self.dialect.quote(name))]).await;
        }
    }

    /// One more connection, as SeaORM gives them.
    pub async fn connect(&self) -> DatabaseConnection {
        open(&self.url).await
    }

    /// One more session.
    pub async fn session(&self) -> Session {
        Session::new(self.connect().await)
    }

    /// Executes a statement that may fail.
    pub async fn execute_one(&self, sql: &str) -> Result<(), String> {
        self.session.execute(sql, &[]).await.map_err(|error| error.to_string())
    }

    /// Executes statements, one after the other.
    pub async fn execute(&self, statements: &[&str]) {
        for sql in statements {
            if let Err(error) = self.session.execute(sql, &[]).await {
                panic!("{:?}: {sql}: {error}", self.dialect);
            }
        }
    }

    /// Runs a query whose columns are all text.
    pub async fn query(&self, sql: &str) -> Vec<Row> {
        match self.session.query(sql, &[]).await {
            Ok(rows) => rows,
            Err(error) => panic!("{:?}: {sql}: {error}", self.dialect),
        }
    }

    /// The first column of the first row, as text.
    pub async fn value(&self, expression: &str) -> Option<String> {
        let rows = self.query(&format!("SELECT {}", self.dialect.text(expression))).await;
        rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten()
    }

    /// Whether a table or view of that name is there.
    pub async fn has_table(&self, name: &str) -> bool {
        self.tables().await.iter().any(|table| table == name)
    }

    /// Names of all tables and views, ledgers included.
    pub async fn tables(&self) -> Vec<String> {
        let sql = match self.dialect {
            Dialect::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"
            }
            Dialect::Postgres => {
                "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
                 AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1"
            }
            Dialect::MySql => {
                "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1"
            }
        };
        self.query(sql).await.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect()
    }

    /// Names of the tables that kit and SeaORM keep for themselves once something ran, sorted.
    pub fn own_tables(&self) -> Vec<&'static str> {
        match self.dialect {
            Dialect::Sqlite => vec!["kit_migrations", "seaql_migrations"],
            Dialect::Postgres => vec!["kit_lock", "kit_migrations", "seaql_migrations"],
            Dialect::MySql => vec!["kit_lock", "kit_migrations", "kit_statements", "seaql_migrations"],
        }
    }

    /// Everything in the schema but the ledgers, a line each, sorted: two equal texts are two equal schemas.
    pub async fn schema(&self) -> String {
        self.objects(&ledger::own_tables(ledger::LEDGER)).await.join("\n")
    }

    /// [`Self::schema`] but for the order of columns: one that was removed and comes back stands last.
    pub async fn schema_in_any_order(&self) -> String {
        let schema = self.schema().await;
        schema.lines().filter(|line| !line.starts_with("columns of ")).collect::<Vec<_>>().join("\n")
    }

    /// [`Self::schema`] with the ledgers.
    pub async fn everything(&self) -> Vec<String> {
        self.objects(&[]).await
    }

    async fn objects(&self, without: &[&str]) -> Vec<String> {
        let snapshot = Snapshot::take(&self.session, Scope::Schema, without).await.unwrap();
        let line = |object: &Object| [std::slice::from_ref(&object.name), &object.definition].concat().join(" ");
        // The character set of a database is not a part of what migrations make.
        snapshot.objects().iter().filter(|object| object.name != "database").map(line).collect()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let keep = std::thread::panicking();
        match &mut self.home {
            Home::File(folder) => {
                if let Some(folder) = folder.take()
                    && keep
                {
                    eprintln!("kept: {}", folder.keep().display());
                }
            }
            Home::Theirs => {}
            Home::Server { name, .. } if keep => eprintln!("kept: database {name}"),
            Home::Server { admin, name } => {
                let force = if self.dialect == Dialect::Postgres { " WITH (FORCE)" } else { "" };
                let sql = format!("DROP DATABASE {}{force}", self.dialect.quote(name));
                let admin = admin.clone();
                // A drop cannot wait for a future, a thread can.
                let dropped = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(async { Session::new(open(&admin).await).execute(&sql, &[]).await })
                });
                dropped.join().unwrap().unwrap();
            }
        }
    }
}

/// A connection whose pool has room for one.
pub async fn open(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).connect_timeout(Duration::from_secs(20)).sqlx_logging(false);
    sea_orm::Database::connect(options).await.unwrap()
}

fn server_of(admin: &str) -> &str {
    admin.rsplit_once('/').unwrap().0
}

fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
    format!("kit_{}_{since}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
