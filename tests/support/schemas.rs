//! Schemas to try entities on: one in which every name and text is hostile, and public ones, which are read from the
//! folder that `KIT_TEST_SCHEMAS` names, or from one beside the project, if it is there. They are loaded with the
//! databases' own clients, as their authors mean
//! them to be. It does not know what is done with them.
#![allow(dead_code, unused_macros, unused_imports, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a schema that cannot be loaded ends the test")]
#![allow(clippy::disallowed_methods, reason = "tests have no main.rs that reads the environment for them")]
#![allow(clippy::print_stderr, reason = "says which schemas are not there")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kit_runtime::dialect::Dialect;

use crate::support::database::{Database, HOSTILE};

/// A script that creates tables.
pub struct Script {
    /// What it is called, an identifier.
    pub name: &'static str,
    pub dialect: Dialect,
    /// The schemas that it fills, where it is not the one that connections use.
    pub schemas: &'static [&'static str],
    path: PathBuf,
}

impl Script {
    /// Its statements, without those that choose a database or read files that are not there.
    pub fn sql(&self) -> String {
        let text = match self.path.extension().is_some_and(|extension| extension == "gz") {
            true => {
                String::from_utf8(Command::new("gzip").arg("-dc").arg(&self.path).output().unwrap().stdout).unwrap()
            }
            false => String::from_utf8_lossy(&std::fs::read(&self.path).unwrap()).into_owned(),
        };
        let text =
            text.trim_start_matches('\u{feff}').replace("/*_*/", "").replace("/*i*/", "").replace(" sakila.", " ");
        let dropped = |line: &str| {
            let start: String = line.trim_start().chars().take(16).collect::<String>().to_uppercase();
            ["DROP DATABASE", "CREATE DATABASE", "USE ", "\\"].iter().any(|word| start.starts_with(word))
        };
        text.lines().filter(|line| !dropped(line)).collect::<Vec<_>>().join("\n")
    }

    /// Its statements as a migration can have them: without owners that are not here, without rows that refer to rows of files
    /// that are not here, and cut where the delimiter of a client cuts them.
    pub fn pieces(&self) -> Vec<String> {
        let of_owner = ["OWNER TO", "GRANT ", "REVOKE ", "ALTER DEFAULT PRIVILEGES"];
        let is_here = |line: &&str| !of_owner.iter().any(|word| line.contains(word));
        let mut text = self.sql().lines().filter(is_here).collect::<Vec<_>>().join("\n");
        if let Some(start) = text.find("INSERT INTO Production.ProductReview") {
            let end = text[start..].find(");\n").map_or(text.len(), |end| start + end + 3);
            text.replace_range(start..end, "");
        }
        // One transaction instead of one for each row.
        text = text.replace("PRAGMA foreign_keys=off;", "PRAGMA foreign_keys=off; BEGIN;");
        text = text.replace("PRAGMA foreign_keys=on;", "COMMIT; PRAGMA foreign_keys=on;");
        let (mut pieces, mut piece, mut delimiter) = (Vec::new(), String::new(), String::from(";"));
        for line in text.lines() {
            if let Some(next) = line.trim().strip_prefix("DELIMITER ") {
                pieces.push(std::mem::take(&mut piece));
                next.trim().clone_into(&mut delimiter);
                continue;
            }
            match line.trim_end().strip_suffix(&delimiter).filter(|_| delimiter != ";") {
                Some(line) => pieces.push(std::mem::take(&mut piece) + line),
                None => piece += &format!("{line}\n"),
            }
        }
        pieces.push(piece);
        pieces.retain(|piece| !piece.trim().is_empty());
        pieces
    }

    /// Runs it on an empty database; what the client complains of.
    pub fn load(&self, database: &Database) -> Result<(), String> {
        let url = url::Url::parse(database.url()).unwrap();
        let host = url.host_str().unwrap_or_default();
        let port = url.port().unwrap_or_default().to_string();
        let name = url.path().trim_start_matches('/');
        let password = url.password().unwrap_or_default();
        let mut sql = self.sql();
        let mut command = match self.dialect {
            Dialect::Sqlite => {
                sql = format!("PRAGMA synchronous = OFF;\n{sql}");
                let mut command = Command::new("sqlite3");
                command.args(["-bail", database.url().trim_start_matches("sqlite://").split('?').next().unwrap()]);
                command
            }
            Dialect::Postgres => {
                let mut command = Command::new("psql");
                // Scripts give what they create to users that are not here.
                command.args(["-X", "-q", "-h", host, "-p", &port, "-U", url.username(), "-d", name]);
                command.env("PGPASSWORD", password).env("PGOPTIONS", "-c client_min_messages=error");
                command
            }
            Dialect::MySql => {
                let mut command = Command::new("mariadb");
                command.args(["--no-defaults", "--protocol=tcp", "-h", host, "-P", &port, "-u", url.username(), name]);
                command.args(["--default-character-set=utf8mb4", "--init-command=SET foreign_key_checks=0"]);
                command.env("MYSQL_PWD", password);
                command
            }
        };
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        // What the client says must not wait for what it reads.
        let writer = std::thread::spawn(move || drop(input.write_all(sql.as_bytes())));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }
}

/// A test for each public schema, of all databases that it is for: they can run beside each other. `for_each_public!(check: a, #[ignore] b)`
/// calls `check("a")`.
macro_rules! for_each_public {
    ($check:ident: $($(#[$attribute:meta])* $name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            $(#[$attribute])*
            async fn $name() {
                $check(stringify!($name)).await;
            }
        )*

        #[test]
        fn every_public_schema_has_a_test() {
            for script in schemas::public() {
                assert!([$(stringify!($name)),*].contains(&script.name), "{}", script.name);
            }
        }
    };
}

pub(crate) use for_each_public;

/// The public schemas that are there; says so if none is.
pub fn public() -> Vec<Script> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var("KIT_TEST_SCHEMAS").map_or_else(|_| beside(), PathBuf::from);
    let zabbix = std::env::var("KIT_TEST_ZABBIX").map(PathBuf::from).unwrap_or_default();
    let file = |path: &str| match path.strip_prefix("zabbix/") {
        Some(path) => zabbix.join(path),
        None => folder.join(path),
    };
    const ADVENTURE: &[&str] = &["humanresources", "person", "production", "purchasing", "sales"];
    let (sqlite, postgres, mysql) = (Dialect::Sqlite, Dialect::Postgres, Dialect::MySql);
    let none: &[&str] = &[];
    let all = [
        ("chinook", sqlite, none, "chinook_sqlite.sql"),
        ("chinook", postgres, none, "chinook_pg.sql"),
        ("chinook", mysql, none, "chinook_mysql.sql"),
        ("sakila", sqlite, none, "sakila_sqlite.sql"),
        ("sakila", postgres, none, "sakila_pg.sql"),
        ("sakila", mysql, none, "sakila_mysql.sql"),
        ("northwind", sqlite, none, "northwind_sqlite.sql"),
        ("northwind", postgres, none, "northwind_pg.sql"),
        ("adventureworks", postgres, ADVENTURE, "adventureworks_pg_install.sql"),
        ("roundcube", sqlite, none, "roundcube_sqlite.sql"),
        ("roundcube", postgres, none, "roundcube_pg.sql"),
        ("roundcube", mysql, none, "roundcube_mysql.sql"),
        ("mediawiki", sqlite, none, "mediawiki_sqlite_generated.sql"),
        ("mediawiki", postgres, none, "mediawiki_postgres_generated.sql"),
        ("mediawiki", mysql, none, "mediawiki_mysql_generated.sql"),
        ("wordpress", mysql, none, "wordpress_mysql.sql"),
        ("zabbix", sqlite, none, "zabbix/usr/share/zabbix-proxy-sqlite3/schema.sql.gz"),
        ("zabbix", postgres, none, "zabbix/usr/share/zabbix-server-pgsql/schema.sql.gz"),
        ("zabbix", mysql, none, "zabbix/usr/share/zabbix-server-mysql/schema.sql.gz"),
    ];
    let scripts = all.map(|(name, dialect, schemas, path)| Script { name, dialect, schemas, path: file(path) });
    let (there, missing): (Vec<_>, Vec<_>) = scripts.into_iter().partition(|script| script.path.is_file());
    for script in missing {
        eprintln!("not there, not tried: {} on {:?}", script.name, script.dialect);
    }
    there
}

/// Texts that mean something to Rust, to a terminal or to SQL, besides [`HOSTILE`].
pub const EVIL: [&str; 12] = [
    "",
    "2fa",
    "self",
    "type",
    "gen",
    "a-b",
    "a_b",
    "\"] fn evil() {} #[x = \"",
    "*/ fn evil() {} /*",
    "\u{1b}[31mred\u{202e}",
    "```\nlet x: Evil = 1;\n```",
    "Option",
];

/// Values of all enums but one: what every table has costs the compiler time.
const FEW: &str = "'plain', 'a-b'";

/// Every name and text is hostile: of tables, columns, enums and their values, comments, defaults, indexes and keys.
pub fn hostile(dialect: Dialect) -> Vec<String> {
    let quote = |name: &str| dialect.quote(name);
    let text = |text: &str| match dialect {
        Dialect::MySql => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        Dialect::Sqlite | Dialect::Postgres => format!("'{}'", text.replace('\'', "''")),
    };
    let names: Vec<&str> = HOSTILE.into_iter().chain(EVIL.into_iter().filter(|name| !name.is_empty())).collect();
    // An enum's values are told apart as texts are, without trailing space and odd characters.
    let told_apart = HOSTILE.iter().chain(&EVIL).filter(|value| !value.contains('\u{200b}') && **value != "self");
    let values = told_apart.map(|value| text(value)).collect::<Vec<_>>().join(", ");
    let mut statements = Vec::new();
    if dialect == Dialect::Postgres {
        statements.push("CREATE TYPE own_mood AS ENUM ('self', 'other')".to_owned());
        for (number, name) in names.iter().enumerate() {
            let values = if number == 0 { &values } else { FEW };
            statements.push(format!("CREATE TYPE {} AS ENUM ({values})", quote(&format!("{name}_"))));
        }
    }
    for (number, name) in names.iter().enumerate() {
        let comment = |place: &str| match dialect {
            Dialect::MySql => format!(" COMMENT {}", text(&format!("{name}{place}"))),
            Dialect::Sqlite | Dialect::Postgres => String::new(),
        };
        let mut parts = Vec::new();
        let next = (number + 1) % names.len();
        for (place, column) in names.iter().enumerate() {
            if number > 0 && place != number && place != next {
                continue;
            }
            let key = if place == number { " NOT NULL PRIMARY KEY" } else { "" };
            parts.push(format!("{} integer{key}{}", quote(column), comment("c")));
        }
        let values = if number == 0 { &values } else { FEW };
        let (word, mood) = match dialect {
            Dialect::MySql => ("varchar(200) CHARACTER SET utf8mb4", format!("ENUM({values}) CHARACTER SET utf8mb4")),
            Dialect::Postgres => ("varchar(200)", quote(&format!("{name}_"))),
            Dialect::Sqlite => ("varchar(200)", "text".to_owned()),
        };
        parts.push(format!("said {word} DEFAULT {}", text(name)));
        // SeaORM cannot derive an enum with such a value.
        let own = match dialect {
            Dialect::MySql => "ENUM('self', 'other')",
            Dialect::Postgres => "own_mood",
            Dialect::Sqlite => "text",
        };
        parts.push(format!("own_mood {own}"));
        parts.push(format!("mood {mood} NOT NULL DEFAULT {}", text("plain")));
        if dialect == Dialect::Postgres {
            parts.push(format!("moods {mood}[]"));
        }
        let other = names[next];
        let key = |to: &str| format!("{}{to}", name.chars().take(50).collect::<String>());
        parts.push(format!("CONSTRAINT {} UNIQUE ({}, mood)", quote(&key("u")), quote(other)));
        parts.push(format!("CONSTRAINT {} CHECK ({} <> 7)", quote(&key("k")), quote(other)));
        let (own, other) = (quote(name), quote(other));
        parts.push(format!("CONSTRAINT {} FOREIGN KEY ({other}) REFERENCES {own} ({own})", quote(&key("f"))));
        // An engine whose rows may be long, and an encoding that has every name.
        let end =
            if dialect == Dialect::MySql { format!(" CHARACTER SET utf8mb4{}", comment("t")) } else { String::new() };
        statements.push(format!("CREATE TABLE {} ({}){end}", quote(name), parts.join(", ")));
        let index = if dialect == Dialect::Postgres { key("i") } else { format!("{}{number}", key("i")) };
        statements.push(format!("CREATE INDEX {} ON {} ({}, said)", quote(&index), own, other));
        if dialect == Dialect::Postgres {
            statements.push(format!("COMMENT ON TABLE {} IS {}", quote(name), text(name)));
            for column in names.iter().filter(|column| number == 0 || *column == name || **column == names[next]) {
                statements.push(format!("COMMENT ON COLUMN {}.{} IS {}", quote(name), quote(column), text(column)));
            }
        }
    }
    statements
}
