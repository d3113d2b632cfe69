//! `kit db:seed` and `kit db:truncate` on real databases: what files say is in the tables, tables come back from files as they
//! were, and a file that is wrong is named with its row and leaves nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]
#![allow(clippy::print_stderr, reason = "what was not tried is said")]

mod dump_roundtrip;
mod generated;
mod generated_types;
mod identity;
mod loco;
mod values;

use std::io::ErrorKind;

use crate::support::database::Database;
use crate::support::{Sandbox, Transcript, assert_error};
use kit::error::FixtureMistake;
use kit::error::{Error, SeedError};
use kit_runtime::connection::Row;
use kit_runtime::dialect::Dialect;

fn kit(sandbox: &Sandbox, arguments: &[&str]) -> Transcript {
    // Kit has a runtime of its own.
    std::thread::scope(|scope| scope.spawn(|| sandbox.kit(arguments)).join().unwrap())
}

fn ok(sandbox: &Sandbox, arguments: &[&str]) -> Transcript {
    let run = kit(sandbox, arguments);
    assert_eq!(run.code, 0, "{arguments:?}\n{run}");
    run
}

fn fails(sandbox: &Sandbox, arguments: &[&str]) -> Transcript {
    let run = kit(sandbox, arguments);
    assert_eq!(run.code, 1, "{arguments:?}\n{run}");
    run
}

/// The file, line, row and column that the error names: `users.yaml:42 row 41 age`.
#[track_caller]
fn place(run: &Transcript) -> String {
    let (path, FixtureMistake { line, row, column, .. }) = match run.error() {
        Error::Seed(SeedError::Fixture { path, fault }) => (path, (**fault).clone()),
        Error::Seed(SeedError::Fixtures { path, .. }) => (path, FixtureMistake::default()),
        other => panic!("{other:?}\n{run}"),
    };
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    let row = row.map(|row| format!(" row {row}")).unwrap_or_default();
    let column = column.map(|column| format!(" {column}")).unwrap_or_default();
    format!("{}{line}{row}{column}", path.file_name().unwrap().display())
}

fn project(database: &Database) -> Sandbox {
    Sandbox::project().env("DATABASE_URL", database.url())
}

/// Tables that refer to each other and to themselves, and a table with a column of each kind.
async fn tables(database: &Database) {
    let (id, bytes, real, json, moment, uuid) = match database.dialect {
        Dialect::Sqlite => (
            "integer PRIMARY KEY AUTOINCREMENT",
            "blob",
            "double",
            "json_text",
            "timestamp_with_timezone_text",
            "uuid_text",
        ),
        Dialect::Postgres => ("serial PRIMARY KEY", "bytea", "double precision", "jsonb", "timestamptz", "uuid"),
        Dialect::MySql => {
            ("int AUTO_INCREMENT PRIMARY KEY", "varbinary(100)", "double", "json", "timestamp(3) NULL", "char(36)")
        }
    };
    let int = if database.dialect == Dialect::Sqlite { "integer" } else { "int" };
    let text = if database.dialect == Dialect::MySql { "text CHARACTER SET utf8mb4" } else { "text" };
    let (kind, tags, computed) = match database.dialect {
        Dialect::Sqlite => ("text", "", "n2 integer GENERATED ALWAYS AS (n * 2) STORED"),
        Dialect::Postgres => ("mood", "tags text[],", "n2 int GENERATED ALWAYS AS (n * 2) STORED"),
        Dialect::MySql => ("enum('good', 'bad')", "bits bit(4),", "n2 int AS (n * 2) STORED"),
    };
    if database.dialect == Dialect::Postgres {
        database.execute(&["CREATE TYPE mood AS ENUM ('good', 'bad')"]).await;
    }
    database
        .execute(&[
            &format!("CREATE TABLE users (id {id}, name varchar(20) NOT NULL UNIQUE, age {int}, boss_id {int}, FOREIGN KEY (boss_id) REFERENCES users (id))"),
            &format!("CREATE TABLE posts (id {id}, author_id {int} NOT NULL, title varchar(50) NOT NULL DEFAULT 'untitled', \
                      FOREIGN KEY (author_id) REFERENCES users (id))"),
            &format!("CREATE TABLE kinds (id {id}, n {int}, r {real}, d decimal(12, 3), ok boolean, made {moment}, day date, said {text}, raw {bytes}, \
                      j {json}, u {uuid}, mood {kind}, {tags} {computed})"),
        ])
        .await;
}

/// All rows of all tables, as text.
async fn contents(database: &Database) -> Vec<(String, Vec<Row>)> {
    let mut all = Vec::new();
    let schema = kit::schema::read(&database.session).await.unwrap();
    for table in schema.tables.iter().filter(|table| !table.name.starts_with("kit_")) {
        let dialect = database.dialect;
        let cell = |name: &String| match dialect {
            Dialect::Sqlite => format!("typeof({0}) || ':' || quote({0})", dialect.quote(name)),
            Dialect::Postgres => dialect.text(&dialect.quote(name)),
            Dialect::MySql => format!("HEX({})", dialect.quote(name)),
        };
        let cells: Vec<String> = table.columns.iter().map(|column| cell(&column.name)).collect();
        let mut rows =
            database.query(&format!("SELECT {} FROM {}", cells.join(", "), dialect.quote(&table.name))).await;
        rows.sort();
        all.push((table.name.clone(), rows));
    }
    all
}

const USERS: &str = "\
# Labels instead of numbers.
alice:
  name: alice
  age: 40
bob:
  name: bob
  boss: @alice
carol:
  id: 7
  name: carol
  boss_id: @bob
";

#[tokio::test]
async fn rows_of_files_are_in_tables_in_the_right_order() {
    for database in Database::all().await {
        tables(&database).await;
        let sandbox = project(&database)
            .file("database/fixtures/users.yaml", USERS)
            .file(
                "database/fixtures/posts.json",
                "[{\"author\": \"@carol\", \"title\": \"It's \\\\ \\\"q\\\"\"},\n {\"id\": 9, \"author_id\": 7}]\n",
            )
            .file("database/fixtures/kinds.csv", "n,said,ok,day\n1,\"a,\nb\",yes,2024-02-29\n,,false,\n")
            .file("database/fixtures/README.md", "not one");
        let said = ok(&sandbox, &["db:seed"]);
        assert!(["users ", "posts ", "kinds "].iter().all(|table| said.shows(table)), "{said}");
        let value = |sql: &'static str| database.value(sql);
        let boss = "(SELECT b.name FROM users a JOIN users b ON b.id = a.boss_id WHERE a.name = 'bob')";
        assert_eq!(value(boss).await.as_deref(), Some("alice"), "{:?}", database.dialect);
        assert_eq!(value("(SELECT name FROM users WHERE id = 7)").await.as_deref(), Some("carol"));
        assert_eq!(value("(SELECT title FROM posts WHERE id = 9)").await.as_deref(), Some("untitled"));
        assert_eq!(value("(SELECT title FROM posts WHERE id <> 9)").await.as_deref(), Some("It's \\ \"q\""));
        assert_eq!(value("(SELECT said FROM kinds WHERE n2 = 2)").await.as_deref(), Some("a,\nb"));
        assert_eq!(
            value("(SELECT count(*) FROM kinds WHERE n IS NULL AND said IS NULL AND day IS NULL)").await.as_deref(),
            Some("1")
        );
        // The database numbers on behind what files say.
        database.execute(&["INSERT INTO posts (author_id) VALUES (7)"]).await;
        let next = value("(SELECT max(id) FROM posts)").await.unwrap();
        assert!(next.parse::<u64>().unwrap() > 9, "{next}");

        // The same again is the same: refused, or brought up to date.
        let before = contents(&database).await;
        let said = fails(&sandbox, &["db:seed"]);
        assert_error!(said, Error::Seed(SeedError::Fixture { path, fault })
            if path.ends_with("database/fixtures/users.yaml") && fault.row == Some(1));
        assert_eq!(before, contents(&database).await);
        sandbox.write("database/fixtures/posts.json", "[{\"id\": 9, \"author_id\": 7, \"title\": \"new\"}]");
        sandbox.write("database/fixtures/users.yaml", &USERS.replace("age: 40", "age: 41"));
        std::fs::remove_file(sandbox.root().join("database/fixtures/kinds.csv")).unwrap();
        ok(&sandbox, &["db:seed", "--upsert"]);
        ok(&sandbox, &["db:seed", "--upsert"]);
        assert_eq!(value("(SELECT title FROM posts WHERE id = 9)").await.as_deref(), Some("new"));
        assert_eq!(value("(SELECT age FROM users WHERE name = 'alice')").await.as_deref(), Some("41"));
        assert_eq!(value("(SELECT count(*) FROM users)").await.as_deref(), Some("3"));

        // Another environment has files of its own.
        sandbox.write("database/fixtures/production/users.yaml", "- name: root\n");
        let said = fails(&sandbox, &["db:seed", "--reset", "--env", "production"]);
        assert_error!(said, Error::Unconfirmed { .. });
        ok(&sandbox, &["db:seed", "--reset", "--env", "production", "--force"]);
        assert_eq!(value("(SELECT name FROM users)").await.as_deref(), Some("root"));
        assert_eq!(value("(SELECT count(*) FROM posts)").await.as_deref(), Some("0"));
        let said = fails(&sandbox, &["db:truncate"]);
        assert_error!(said, Error::Unconfirmed { question } if question.contains('3'));
        ok(&sandbox, &["db:truncate", "--force"]);
        assert_eq!(value("(SELECT count(*) FROM users)").await.as_deref(), Some("0"));
        database.execute(&["INSERT INTO users (name) VALUES ('first')"]).await;
        assert_eq!(value("(SELECT id FROM users)").await.as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn tables_come_back_from_files_as_they_were() {
    for database in Database::all().await {
        tables(&database).await;
        let (bytes, escape) = match database.dialect {
            Dialect::Postgres => ("'\\x00ff5c0a'::bytea", "E'a\\\\b\\n\\t\\r\"''@ \\u0085\\u2028 #: - \\\\N'"),
            Dialect::Sqlite => {
                ("x'00ff5c0a'", "'a\\b' || char(10, 9, 13) || '\"''@ ' || char(133, 8232) || ' #: - \\N'")
            }
            Dialect::MySql => ("x'00ff5c0a'", "'a\\\\b\\n\\t\\r\"''@ \u{85}\u{2028} #: - \\\\N'"),
        };
        let uuid = if database.dialect == Dialect::Sqlite {
            "x'00112233445566778899aabbccddeeff'"
        } else {
            "'00112233-4455-6677-8899-aabbccddeeff'"
        };
        database
            .execute(&[
                "INSERT INTO users (id, name, age, boss_id) VALUES (3, '@odd', -1, NULL), (1, ' null ', NULL, 3), (2, 'true', 0, 2)",
                "INSERT INTO posts (id, author_id, title) VALUES (1, 1, ''), (2, 3, '0123'), (3, 3, '1e5')",
                &format!(
                    "INSERT INTO kinds (id, n, r, d, ok, made, day, said, raw, j, u, mood) VALUES \
                     (1, 1073741823, 0.1, 123456789.125, true, '2024-02-29 12:34:56.789', '0001-01-01', {escape}, {bytes}, '{{\"a\": [1, null, \"x\"]}}', {uuid}, 'good'), \
                     (2, -1, -1e300, -0.001, false, '1999-12-31 23:59:59', '9999-12-31', '', {}, '\"text\"', NULL, 'bad'), \
                     (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
                    if database.dialect == Dialect::Postgres { "''::bytea" } else { "x''" }
                ),
            ])
            .await;
        match database.dialect {
            Dialect::Postgres => {
                database
                    .execute(&[
                        "UPDATE kinds SET tags = ARRAY['a,b', NULL, '\"', '{}'] WHERE id = 1",
                        "UPDATE kinds SET r = 'NaN' WHERE id = 2",
                    ])
                    .await;
            }
            Dialect::MySql => database.execute(&["UPDATE kinds SET bits = b'101', ok = 5 WHERE id = 1"]).await,
            // What columns of SQLite hold whatever they are called.
            Dialect::Sqlite => {
                database
                    .execute(&[
                        "UPDATE kinds SET n = 'word', d = 'word', ok = 'word', j = 'no json', u = 'word' WHERE id = 2",
                        "UPDATE kinds SET said = x'6869', r = 2, raw = 5, day = 5.5 WHERE id = 1",
                    ])
                    .await;
            }
        }
        let before = contents(&database).await;
        let sandbox = project(&database);
        let said = ok(&sandbox, &["db:seed", "--dump"]);
        assert!(["users.yaml", "posts.yaml", "kinds.yaml"].iter().all(|file| said.shows(file)), "{said}");
        let text = sandbox.read("database/fixtures/users.yaml");
        assert!(text.contains("\n- id: 1\n  name: \" null \"\n  age: null\n  boss_id: 3\n- id: 2\n"), "{text}");
        ok(&sandbox, &["db:seed", "--reset", "--force"]);
        assert_eq!(
            before,
            contents(&database).await,
            "{:?}\n{}",
            database.dialect,
            sandbox.read("database/fixtures/kinds.yaml")
        );
        // And the files are what they were.
        let files = ["users", "posts", "kinds"].map(|table| sandbox.read(&format!("database/fixtures/{table}.yaml")));
        let said = fails(&sandbox, &["db:seed", "--dump"]);
        assert_error!(said, Error::Unconfirmed { question } if question.contains("database/fixtures"));
        ok(&sandbox, &["db:seed", "--dump-tables", "users,kinds", "--from", "elsewhere"]);
        assert_eq!(sandbox.read("elsewhere/users.yaml"), files[0]);
        assert_eq!(sandbox.read("elsewhere/kinds.yaml"), files[2]);
        assert!(!sandbox.files().contains(&"elsewhere/posts.yaml".to_owned()));
        let said = fails(&sandbox, &["db:seed", "--dump-tables", "user"]);
        assert_error!(said, Error::NoSuchTable { name, similar, .. } if name == "user" && *similar == ["users"]);
    }
}

#[tokio::test]
async fn a_file_that_is_wrong_is_named_and_leaves_nothing() {
    for database in Database::all().await {
        tables(&database).await;
        database.execute(&["INSERT INTO users (name) VALUES ('there')"]).await;
        let rows =
            "(SELECT count(*) FROM users) * 100 + (SELECT count(*) FROM posts) * 10 + (SELECT count(*) FROM kinds)";
        let is_kept = async || database.value(rows).await.as_deref() == Some("100");
        let sandbox = project(&database);
        let folder = sandbox.root().join("database/fixtures");
        let says = |file: &str, bytes: &[u8]| {
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(file), bytes).unwrap();
            kit(&sandbox, &["db:seed"])
        };
        let good = (0..40).map(|n| format!("- name: u{n}\n")).collect::<String>();
        let (twice, missing, word) =
            (format!("{good}- name: u7\n"), format!("{good}- age: 3\n"), format!("{good}- name: x\n  age: forty\n"));
        let (deep, bomb) = (format!("- j: {}", "[".repeat(100_000)), format!("- name: {}x", "&a ".repeat(9)));
        let utf_16: Vec<u8> = "name\nx\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [&b"\xff\xfe"[..], &utf_16].concat();
        let mut cases: Vec<(&str, &[u8], &str)> = vec![
            // Tables and columns that are not there, or there twice.
            ("user.yaml", b"- name: x\n", "user.yaml"),
            ("users.yaml", b"- name: x\n  agee: 4\n", "users.yaml:1 row 1 agee"),
            ("users.csv", b"name,name\nx,y\n", "users.csv:1 name"),
            ("users.yaml", b"- name: x\n  name: y\n", "users.yaml:1 row 1 name"),
            ("posts.yaml", b"- author: null\n  author_id: 1\n", "posts.yaml:1 row 1 author_id"),
            ("posts.csv", b"author_id,title\n1\n", "posts.csv:2 row 1"),
            ("posts.csv", b"author_id,title\n1,x,y\n", "posts.csv:2 row 1"),
            ("kinds.yaml", b"- n2: 4\n", "kinds.yaml:1 row 1 n2"),
            // Values of another type, or none.
            ("users.yaml", word.as_bytes(), "users.yaml:42 row 41 age"),
            ("users.yaml", b"- name: x\n  age: 99999999999999999999\n", "users.yaml:2 row 1 age"),
            ("users.yaml", b"- name: null\n", "users.yaml:1 row 1 name"),
            ("users.yaml", b"- name: [1]\n", "users.yaml:1 row 1 name"),
            ("users.yaml", missing.as_bytes(), "users.yaml:41 row 41 name"),
            ("kinds.yaml", b"- raw: 'no base64!'\n", "kinds.yaml:1 row 1 raw"),
            ("kinds.yaml", b"- ok: maybe\n", "kinds.yaml:1 row 1 ok"),
            ("kinds.yaml", b"- j: '{'\n", "kinds.yaml:1 row 1 j"),
            ("kinds.csv", b"n,r\n1,1e999\n", "kinds.csv:2 row 1 r"),
            ("kinds.csv", b"n,day\n1,2024-02-29\n2,2023-02-29\n", "kinds.csv:3 row 2 day"),
            ("kinds.csv", b"day\nsomeday\n", "kinds.csv:2 row 1 day"),
            // Rows that refer to nothing.
            ("users.yaml", b"- name: x\n  boss: @nobody\n", "users.yaml:2 row 1 boss_id"),
            ("users.yaml", b"a:\n  name: x\n  boss: @b\nbb:\n  name: y\n", "users.yaml:3 row 1 boss_id"),
            ("users.yaml", b"- name: x\n  boss: 3\n", "users.yaml:2 row 1 boss_id"),
            ("posts.csv", b"author_id,title\n1,x\n77,y\n", "posts.csv:3 row 2 author_id"),
            ("users.csv", b"name,boss_id\nx,1\ny,77\n", "users.csv:3 row 2 boss_id"),
            // Keys that are there twice: in the file, in the table, labels.
            ("users.yaml", twice.as_bytes(), "users.yaml:41 row 41 name"),
            ("users.csv", b"id,name\n5,x\n6,y\n5,z\n", "users.csv:4 row 3 id"),
            ("users.yaml", b"- name: x\n- name: there\n", "users.yaml:2 row 2 name"),
            ("users.yaml", b"- name: x\n- {id: 1, name: y}\n", "users.yaml:2 row 2 id"),
            ("users.yaml", b"a:\n  name: x\na:\n  name: y\n", "users.yaml:3 row 2"),
        ];
        // What no database sees is tried with one of them.
        let files: &[(&str, &[u8], &str)] = &[
            // Half a file.
            ("users.yaml", b"- name: x\n- name: [y\n", "users.yaml:2 row 2"),
            ("users.yaml", b"- name: x\n- name: \"y\n", "users.yaml:2 row 2"),
            ("users.yaml", b"- name: x\n- na", "users.yaml:2"),
            ("users.json", b"[{\"name\": \"x\"},\n{\"name\": \"y\"", "users.json:2"),
            ("users.json", b"[{\"name\": \"x\"},\n", "users.json:1"),
            ("users.csv", b"name,age\nx,1\n\"y", "users.csv:3 row 2 name"),
            ("users.csv", b"name,age\nx,1\ny", "users.csv:3 row 2"),
            // Bombs.
            ("users.yaml", b"- &a\n  name: x\n- *a\n", "users.yaml:3"),
            ("users.yaml", bomb.as_bytes(), "users.yaml:1 row 1"),
            ("kinds.yaml", deep.as_bytes(), "kinds.yaml:1 row 1"),
            // Other encodings.
            ("users.yaml", b"- name: x\n- name: M\xfcller\n", "users.yaml:1"),
            ("users.csv", b"name\nx\nM\xfcller\n", "users.csv:3 row 2"),
            ("users.yaml", &marked, "users.yaml:1"),
            ("users.csv", &marked, "users.csv"),
            ("users.csv", &utf_16, "users.csv"),
        ];
        let (long, large, zero): (&[u8], &[u8], &[u8]) = (
            b"- name: x\n- name: a name of more than twenty letters\n",
            b"- d: 1\n- d: 12345678901234\n",
            b"- name: x\n- name: \"a\\0b\"\n",
        );
        if database.dialect == Dialect::Sqlite {
            cases.extend(files);
        } else {
            // SQLite takes both.
            cases.push(("users.yaml", long, "users.yaml:2 row 2 name"));
            cases.push(("kinds.yaml", large, "kinds.yaml:2 row 2 d"));
        }
        if database.dialect == Dialect::Postgres {
            cases.push(("users.yaml", zero, "users.yaml:2 row 2"));
        }
        let mut failed = Vec::new();
        let mut messages = Vec::new();
        for (file, bytes, expected) in cases {
            let run = says(file, bytes);
            if run.code != 1 || place(&run) != expected || run.hint().is_empty() || !is_kept().await {
                let text: String = String::from_utf8_lossy(bytes).chars().take(500).collect();
                failed.push(format!("{file}: {text}\n{expected:?}: {:?}\n{run}", place(&run)));
            }
            messages.push(run.error().to_string().replace(&sandbox.root().display().to_string(), "[ROOT]"));
        }
        assert!(failed.is_empty(), "{:?}\n{}", database.dialect, failed.join("\n"));
        if database.dialect == Dialect::Sqlite {
            insta::assert_snapshot!("messages_of_wrong_fixtures", messages.join("\n"));
        }
        // What is none of it.
        for (file, bytes) in
            [("users.csv", &b"\xef\xbb\xbfname\n"[..]), ("users.yaml", b""), ("users.json", b"[]"), ("users.csv", b"")]
        {
            std::fs::remove_dir_all(&folder).unwrap();
            sandbox.write(&format!("database/fixtures/{file}"), std::str::from_utf8(bytes).unwrap());
            let run = ok(&sandbox, &["db:seed"]);
            assert!(run.error.is_none() && is_kept().await, "{run}");
        }
        // Folders and files that are none, looked for or named.
        std::fs::remove_dir_all(&folder).unwrap();
        let from = ["db:seed", "--from", "database/fixtures"];
        let missing = fails(&sandbox, &from);
        assert_error!(missing, Error::File { path, source, .. }
            if path.ends_with("database/fixtures") && source.kind() == ErrorKind::NotFound);
        assert_error!(fails(&sandbox, &["db:seed"]), Error::Seed(SeedError::NoSeeds { fixtures, .. }) if *fixtures == folder);
        std::fs::create_dir_all(&folder).unwrap();
        let empty = fails(&sandbox, &from);
        assert_eq!(place(&empty), "fixtures");
        assert!(empty.hint().contains("--from"), "{empty}");
        assert_error!(fails(&sandbox, &["db:seed"]), Error::Seed(SeedError::NoSeeds { fixtures, .. }) if *fixtures == folder);
        std::fs::create_dir(folder.join("posts.yaml")).unwrap();
        assert_eq!(place(&fails(&sandbox, &["db:seed"])), "posts.yaml");
        std::fs::remove_dir(folder.join("posts.yaml")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.join("posts.yaml")).unwrap();
        let broken = fails(&sandbox, &["db:seed"]);
        assert_error!(broken, Error::File { path, source, .. }
            if path.ends_with("posts.yaml") && source.kind() == ErrorKind::NotFound);
        std::fs::remove_file(folder.join("posts.yaml")).unwrap();
        std::fs::write(folder.join("users.yaml"), "- name: x\n").unwrap();
        std::fs::write(folder.join("users.csv"), "name\nx\n").unwrap();
        // Two files for one table: either of them may be named.
        let twice = fails(&sandbox, &["db:seed"]);
        assert!(["users.yaml", "users.csv"].contains(&place(&twice).as_str()), "{twice}");
        assert!(is_kept().await);
    }
}

#[tokio::test]
async fn tables_that_take_nothing_back_are_named_with_what_they_keep() {
    let database = Database::mysql().await;
    tables(&database).await;
    database.execute(&["CREATE TABLE notes (id int PRIMARY KEY, said text) ENGINE = MyISAM"]).await;
    let sandbox = project(&database)
        .file("database/fixtures/users.csv", "name\nx\n")
        .file("database/fixtures/notes.csv", "id,said\n1,a\n2,b\n1,c\n3,d\n");
    let said = fails(&sandbox, &["db:seed"]);
    assert_error!(said, Error::Seed(SeedError::Seeded { tables, error }) if *tables == ["2 in notes"]
        && matches!(&**error, Error::Seed(SeedError::Fixture { path, fault }) if path.ends_with("notes.csv") && fault.line == Some(4)
            && fault.row == Some(3) && fault.column.as_deref() == Some("id")));
    assert!(said.quotes("Duplicate entry '1'"), "{said}");
    assert_eq!(said.hinted(), [["db:seed", "--reset"]]);
    assert_eq!(database.value("(SELECT count(*) FROM users)").await.as_deref(), Some("0"));
    assert_eq!(database.value("(SELECT count(*) FROM notes)").await.as_deref(), Some("2"));
    // With a correct file the command in the hint starts over.
    sandbox.write("database/fixtures/notes.csv", "id,said\n1,a\n2,b\n3,d\n");
    for command in said.hinted() {
        ok(&sandbox, &[command.iter().map(String::as_str).collect(), vec!["--force"]].concat());
    }
    assert_eq!(database.value("(SELECT count(*) FROM users)").await.as_deref(), Some("1"));
    assert_eq!(database.value("(SELECT count(*) FROM notes)").await.as_deref(), Some("3"));
}
