//! A dump, a reset and the same files: each table has the rows that it had, or kit refuses before it writes anything.

use kit::error::{Error, SeedError};
use kit_runtime::connection::Row;
use kit_runtime::dialect::Dialect;

use super::{fails, kit, ok, project};
use crate::support::database::Database;
use crate::support::{Sandbox, shows};

/// The rows of these queries, sorted.
async fn rows(database: &Database, queries: &[&str]) -> Vec<Vec<Row>> {
    let mut all = Vec::new();
    for query in queries {
        let mut rows = database.query(query).await;
        rows.sort();
        all.push(rows);
    }
    all
}

/// Dumps, resets twice, dumps again: rows and files are what they were.
async fn comes_back(database: &Database, queries: &[&str]) -> Sandbox {
    let sandbox = project(database);
    let before = rows(database, queries).await;
    ok(&sandbox, &["db:seed", "--dump"]);
    let files = |sandbox: &Sandbox| -> Vec<(String, String)> {
        let fixtures = sandbox.files().into_iter().filter(|path| path.starts_with("database/fixtures"));
        fixtures.map(|path| (path.clone(), sandbox.read(&path))).collect()
    };
    let dumped = files(&sandbox);
    for _ in 0..2 {
        ok(&sandbox, &["db:seed", "--reset", "--force"]);
        assert_eq!(before, rows(database, queries).await, "{:?}\n{dumped:#?}", database.dialect);
    }
    ok(&sandbox, &["db:seed", "--dump", "--force"]);
    assert_eq!(dumped, files(&sandbox));
    sandbox
}

#[tokio::test]
async fn rows_of_heirs_and_partitions_stay_in_their_tables() {
    let database = Database::postgres().await;
    database
        .execute(&[
            "CREATE TABLE animals (id serial PRIMARY KEY, name text NOT NULL)",
            "CREATE TABLE dogs (breed text, PRIMARY KEY (id)) INHERITS (animals)",
            "CREATE TABLE puppies (age int) INHERITS (dogs)",
            "CREATE SCHEMA other",
            "CREATE TABLE other.cats () INHERITS (animals)",
            "CREATE TABLE parts (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
            "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
            "CREATE TABLE other.parts_2 PARTITION OF parts DEFAULT",
            "INSERT INTO animals (name) VALUES ('generic')",
            "INSERT INTO dogs (name, breed) VALUES ('rex', 'lab'), ('fido', 'pug')",
            "INSERT INTO puppies (name, age) VALUES ('tiny', 1)",
            "INSERT INTO other.cats (name) VALUES ('tom')",
            "INSERT INTO parts VALUES (1, '2020-05-05'), (2, '2022-02-02')",
        ])
        .await;
    let all = [
        "SELECT tableoid::regclass::text, a::text FROM animals a",
        "SELECT d::text FROM ONLY dogs d",
        "SELECT p::text FROM puppies p",
        "SELECT tableoid::regclass::text, p::text FROM parts p",
    ];
    comes_back(&database, &all).await;
    // What is not in the schema is not emptied with it.
    ok(&project(&database), &["db:truncate", "--force"]);
    assert_eq!(rows(&database, &all[..1]).await[0].len(), 1);
}

#[tokio::test]
async fn rows_of_other_schemas_keep_what_they_refer_to() {
    let (postgres, mysql) = (Database::postgres().await, Database::mysql().await);
    let own = mysql.value("DATABASE()").await.unwrap();
    let other = format!("{own}_other");
    for (database, own, other) in [(&postgres, "public", "other"), (&mysql, &own, &other)] {
        database
            .execute(&[
                "CREATE TABLE users (id int PRIMARY KEY)",
                "CREATE TABLE posts (id int PRIMARY KEY)",
                "INSERT INTO users VALUES (1)",
                "INSERT INTO posts VALUES (1)",
                &format!("CREATE SCHEMA {other}"),
                &format!(
                    "CREATE TABLE {other}.notes (id int PRIMARY KEY, user_id int, \
                     CONSTRAINT notes_user FOREIGN KEY (user_id) REFERENCES {own}.users (id))"
                ),
                &format!("INSERT INTO {other}.notes VALUES (1, 1)"),
            ])
            .await;
        let all = [
            "SELECT CAST(id AS char(9)) FROM users",
            "SELECT CAST(id AS char(9)) FROM posts",
            &format!("SELECT CAST(user_id AS char(9)) FROM {other}.notes"),
        ];
        let before = rows(database, &all).await;
        let sandbox = project(database);
        ok(&sandbox, &["db:seed", "--dump"]);
        for arguments in [
            ["db:truncate", "--force"].as_slice(),
            &["db:truncate", "users", "--force"],
            &["db:seed", "--reset", "--force"],
        ] {
            let refused = fails(&sandbox, arguments);
            assert!(matches!(refused.error(), Error::Database { .. }), "{refused}");
            assert!(refused.quotes(format!("{other}.notes")), "{refused}");
            assert_eq!(before, rows(database, &all).await);
        }
        // A table that nothing outside refers to, and what the message says to do.
        ok(&sandbox, &["db:truncate", "posts", "--force"]);
        let kind = if database.dialect == Dialect::MySql { "FOREIGN KEY" } else { "CONSTRAINT" };
        database
            .execute(&[
                &format!("DELETE FROM {other}.notes"),
                &format!("ALTER TABLE {other}.notes DROP {kind} notes_user"),
            ])
            .await;
        ok(&sandbox, &["db:truncate", "--force"]);
        assert_eq!(rows(database, &all[..2]).await, [Vec::<Row>::new(), Vec::new()]);
        database.execute(&[&format!("DROP TABLE {other}.notes"), &format!("DROP SCHEMA {other}")]).await;
    }
}

#[tokio::test]
async fn triggers_do_not_change_rows_that_come_back() {
    let (sqlite, postgres) = (Database::sqlite().await, Database::postgres().await);
    sqlite
        .execute(&[
            "CREATE TABLE users (id integer PRIMARY KEY, email text)",
            "CREATE TABLE audit (id integer PRIMARY KEY, msg text)",
            "CREATE TRIGGER added AFTER INSERT ON users BEGIN INSERT INTO audit (msg) VALUES ('new'); END",
            "CREATE TRIGGER gone AFTER DELETE ON users BEGIN INSERT INTO audit (msg) VALUES ('gone'); END",
            "INSERT INTO users VALUES (1, 'Ada@X'), (2, 'b@x')",
        ])
        .await;
    postgres
        .execute(&[
            "CREATE TABLE users (id serial PRIMARY KEY, email text, n int REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)",
            "CREATE TABLE audit (id serial PRIMARY KEY, msg text)",
            "CREATE TABLE parts (id int) PARTITION BY RANGE (id)",
            "CREATE TABLE parts_1 PARTITION OF parts DEFAULT",
            "CREATE FUNCTION au() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit (msg) VALUES (tg_op); RETURN NULL; END'",
            "CREATE FUNCTION be() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.email := lower(NEW.email); RETURN NEW; END'",
            "CREATE TRIGGER au AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION au()",
            "CREATE TRIGGER \"every one\" AFTER INSERT ON parts FOR EACH ROW EXECUTE FUNCTION au()",
            "CREATE TRIGGER emptied AFTER TRUNCATE ON users EXECUTE FUNCTION au()",
            "CREATE TRIGGER off BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION be()",
            "ALTER TABLE users DISABLE TRIGGER off",
            "CREATE TRIGGER always AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION au()",
            "ALTER TABLE users ENABLE ALWAYS TRIGGER always",
            "INSERT INTO users VALUES (1, 'Ada@X', 2), (2, 'b@x', NULL)",
            "INSERT INTO parts VALUES (1)",
        ])
        .await;
    let states = "SELECT tgrelid::regclass::text, tgname::text, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal";
    for (database, more) in [(&sqlite, "SELECT name, sql FROM sqlite_master"), (&postgres, states)] {
        let all = ["SELECT CAST(id AS text), email FROM users", "SELECT CAST(id AS text), msg FROM audit", more];
        let sandbox = comes_back(database, &all).await;
        // They run again afterwards, and for rows of a file that is not a dump.
        std::fs::remove_dir_all(sandbox.root().join("database/fixtures")).unwrap();
        sandbox.write("database/fixtures/users.yaml", "- id: 9\n  email: x\n");
        let count = database.value("(SELECT count(*) FROM audit)").await;
        ok(&sandbox, &["db:seed"]);
        assert_ne!(database.value("(SELECT count(*) FROM audit)").await, count);
    }
}

#[tokio::test]
async fn triggers_that_cannot_be_disabled_are_named_before_anything_is_written() {
    let database = Database::mysql().await;
    database
        .execute(&[
            "CREATE TABLE users (id int PRIMARY KEY, email text)",
            "CREATE TABLE log (id int AUTO_INCREMENT PRIMARY KEY, msg text)",
            "CREATE TABLE quiet (id int PRIMARY KEY)",
            // It takes nothing back, which is no matter before anything is written.
            "CREATE TABLE mine (id int PRIMARY KEY) ENGINE = MyISAM",
            "INSERT INTO mine VALUES (1)",
            "CREATE TRIGGER quiet_added AFTER INSERT ON quiet FOR EACH ROW INSERT INTO log (msg) VALUES ('quiet')",
            "INSERT INTO users VALUES (1, 'a')",
            "CREATE TRIGGER added BEFORE INSERT ON users FOR EACH ROW SET NEW.email = 'changed'",
            "CREATE TRIGGER gone AFTER DELETE ON users FOR EACH ROW INSERT INTO log (msg) VALUES ('gone')",
        ])
        .await;
    let all = ["SELECT CAST(id AS CHAR), email FROM users", "SELECT CAST(id AS CHAR), msg FROM log"];
    let before = rows(&database, &all).await;
    let sandbox = project(&database);
    ok(&sandbox, &["db:seed", "--dump"]);
    let said = kit(&sandbox, &["db:seed", "--reset", "--force"]);
    let Error::Seed(SeedError::Triggers { triggers, owner_may: false, .. }) = said.error() else { panic!("{said}") };
    assert_eq!(*triggers, ["users.added"]);
    assert_eq!(rows(&database, &all).await, before);
    // As the hint says: without it, the rows are what they were, whatever runs when tables are emptied.
    database.execute(&["DROP TRIGGER added"]).await;
    ok(&sandbox, &["db:seed", "--reset", "--force"]);
    assert_eq!(rows(&database, &all).await, before);

    // A role that may write, and does not own the table.
    let database = Database::postgres().await;
    let role = database.value("'r' || pg_backend_pid()").await.unwrap();
    database
        .execute(&[
            "CREATE TABLE users (id int PRIMARY KEY)",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER none BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()",
            "ALTER TABLE users DISABLE TRIGGER none",
            "INSERT INTO users VALUES (1)",
            "ALTER TABLE users ENABLE TRIGGER none",
            &format!("CREATE ROLE {role} LOGIN PASSWORD 'kit'"),
            &format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"),
            &format!("GRANT USAGE, CREATE ON SCHEMA public TO {role}"),
        ])
        .await;
    let sandbox = project(&database);
    ok(&sandbox, &["db:seed", "--dump"]);
    let said = kit(&sandbox.seeing("DATABASE_URL", &of_role(&database, &role)), &["db:seed", "--reset", "--force"]);
    database.execute(&[&format!("DROP OWNED BY {role}"), &format!("DROP ROLE {role}")]).await;
    assert!(matches!(said.error(), Error::Seed(SeedError::Triggers { owner_may: true, .. })), "{said}");
    assert_eq!(database.value("(SELECT count(*) FROM users)").await.as_deref(), Some("1"));
    ok(&sandbox, &["db:seed", "--reset", "--force"]);
    assert_eq!(database.value("(SELECT count(*) FROM users)").await.as_deref(), Some("1"));
}

/// The database's URL for another role.
fn of_role(database: &Database, role: &str) -> String {
    let mut url = url::Url::parse(database.url()).unwrap();
    url.set_username(role).unwrap();
    url.set_password(Some("kit")).unwrap();
    url.to_string()
}

#[tokio::test]
async fn row_level_security_is_no_dump_of_some_rows() {
    let database = Database::postgres().await;
    let role = database.value("'s' || pg_backend_pid()").await.unwrap();
    database
        .execute(&[
            &format!("CREATE ROLE {role} LOGIN PASSWORD 'kit'"),
            &format!("GRANT USAGE, CREATE ON SCHEMA public TO {role}"),
            "CREATE TABLE notes (id int PRIMARY KEY, tenant text)",
            "CREATE TABLE others (id int PRIMARY KEY)",
            "INSERT INTO notes VALUES (1, 'a'), (2, 'b')",
            "CREATE POLICY p ON notes USING (tenant = 'a')",
            "ALTER TABLE notes ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE notes FORCE ROW LEVEL SECURITY",
            &format!("ALTER TABLE notes OWNER TO {role}"),
            &format!("GRANT ALL ON others TO {role}"),
        ])
        .await;
    let sandbox = project(&database);
    let restricted = sandbox.seeing("DATABASE_URL", &of_role(&database, &role));
    let dump = kit(&restricted, &["db:seed", "--dump"]);
    let others = kit(&restricted, &["db:seed", "--dump-tables", "others", "--from", "elsewhere"]);
    let files = sandbox.files();
    ok(&sandbox, &["db:seed", "--dump"]);
    let load = kit(&restricted, &["db:seed", "--reset", "--force"]);
    database.execute(&[&format!("REASSIGN OWNED BY {role} TO CURRENT_USER"), &format!("DROP OWNED BY {role}")]).await;
    database.execute(&[&format!("DROP ROLE {role}")]).await;
    for said in [&dump, &load] {
        let Error::Seed(SeedError::RowSecurity { tables, .. }) = said.error() else { panic!("{said}") };
        assert_eq!(*tables, ["notes"]);
    }
    assert_eq!(others.code, 0, "{others}");
    assert!(!files.iter().any(|file| file.contains("notes")), "{files:?}");
    assert_eq!(database.value("(SELECT count(*) FROM notes)").await.as_deref(), Some("2"));
    ok(&sandbox, &["db:seed", "--reset", "--force"]);
    assert_eq!(database.value("(SELECT count(*) FROM notes)").await.as_deref(), Some("2"));
}

#[tokio::test]
async fn virtual_tables_come_back_or_are_named() {
    let database = Database::sqlite().await;
    database
        .execute(&[
            "CREATE VIRTUAL TABLE docs USING fts5(body, content, tokenize = 'porter')",
            "CREATE VIRTUAL TABLE old USING fts4(body)",
            "CREATE VIRTUAL TABLE areas USING rtree(id, x0, x1, +label TEXT)",
            "CREATE TABLE posts (id integer PRIMARY KEY, body text)",
            "CREATE VIRTUAL TABLE found USING fts5(body, content='posts', content_rowid='id')",
            "CREATE TRIGGER posts_ai AFTER INSERT ON posts BEGIN INSERT INTO found (rowid, body) VALUES (NEW.id, NEW.body); END",
            "CREATE VIRTUAL TABLE bare USING fts5(body, content='')",
            "CREATE VIRTUAL TABLE words USING fts5vocab(docs, row)",
            "INSERT INTO docs (rowid, body, content) VALUES (7, 'running', 'a'), (3, 'walks', NULL)",
            "INSERT INTO old (docid, body) VALUES (5, 'older')",
            "INSERT INTO areas VALUES (1, 0.1, 2.5, 'here'), (4, -1, 1, NULL)",
            "INSERT INTO posts VALUES (2, 'searching'), (9, 'other')",
            "INSERT INTO bare (rowid, body) VALUES (1, 'kept')",
        ])
        .await;
    let all = [
        "SELECT CAST(rowid AS TEXT), body, content FROM docs",
        "SELECT CAST(docid AS TEXT), body FROM old",
        "SELECT CAST(id AS TEXT), CAST(x0 AS TEXT), CAST(x1 AS TEXT), label FROM areas",
        "SELECT CAST(rowid AS TEXT) FROM docs WHERE docs MATCH 'run'",
        "SELECT CAST(rowid AS TEXT) FROM found WHERE found MATCH 'searching'",
        "SELECT CAST(rowid AS TEXT) FROM bare WHERE bare MATCH 'kept'",
        "SELECT term, CAST(cnt AS TEXT) FROM words",
    ];
    assert!(rows(&database, &all).await.iter().all(|rows| !rows.is_empty()));
    let sandbox = comes_back(&database, &all).await;
    let said = ok(&sandbox, &["db:seed", "--dump", "--force"]);
    let named = ["`bare`", "`words`", "`found`"].map(|table| shows(&said.stderr, table));
    assert_eq!(named, [true, false, false], "{said}");
    ok(&sandbox, &["db:truncate", "--force"]);
    assert!(rows(&database, &all).await.iter().all(Vec::is_empty));
}

#[tokio::test]
async fn foreign_keys_that_lead_nowhere_do_not_stop_a_reset() {
    let sqlite = Database::sqlite().await;
    sqlite
        .execute(&[
            "PRAGMA foreign_keys = OFF",
            "CREATE TABLE a (id integer PRIMARY KEY, gone text REFERENCES missing (id))",
            "CREATE TABLE b (id integer PRIMARY KEY, a_id integer REFERENCES a (id), n int REFERENCES a (gone))",
            "INSERT INTO a VALUES (1, '@5')",
            "INSERT INTO b VALUES (1, 1, NULL), (2, 77, 3)",
        ])
        .await;
    let mysql = Database::mysql().await;
    mysql
        .execute(&[
            "SET SESSION foreign_key_checks = 0",
            "CREATE TABLE a (id int PRIMARY KEY, gone varchar(9), CONSTRAINT f FOREIGN KEY (gone) REFERENCES missing (id))",
            "CREATE TABLE b (id int PRIMARY KEY, a_id int, n int, FOREIGN KEY (a_id) REFERENCES a (id))",
            "INSERT INTO a VALUES (1, '@5')",
            "INSERT INTO b VALUES (1, 1, NULL), (2, 77, 3)",
            "SET SESSION foreign_key_checks = 1",
        ])
        .await;
    for database in [sqlite, mysql] {
        let text = |name: &str| database.dialect.text(name);
        let all = [
            format!("SELECT {}, gone FROM a", text("id")),
            format!("SELECT {}, {}, {} FROM b", text("id"), text("a_id"), text("n")),
        ];
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let sandbox = comes_back(&database, &all).await;
        // One more than there was is refused.
        let path = "database/fixtures/b.yaml";
        sandbox.write(path, &(sandbox.read(path) + "- id: 3\n  a_id: 78\n  n: null\n"));
        let said = kit(&sandbox, &["db:seed", "--reset", "--force"]);
        assert!(matches!(said.error(), Error::Seed(SeedError::Fixture { .. })), "{said}");
        assert_eq!(rows(&database, &all[1..]).await[0].len(), 2);
        ok(&sandbox, &["db:truncate", "--force"]);
        assert!(rows(&database, &all).await.iter().all(Vec::is_empty));
    }
}

#[tokio::test]
async fn a_table_that_others_refer_to_is_not_emptied_alone() {
    for database in Database::all().await {
        database
            .execute(&[
                "CREATE TABLE a (id int PRIMARY KEY)",
                "CREATE TABLE b (id int PRIMARY KEY, a_id int, FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE CASCADE)",
                "INSERT INTO a VALUES (1)",
                "INSERT INTO b VALUES (1, 1)",
            ])
            .await;
        let sandbox = project(&database);
        fails(&sandbox, &["db:truncate", "a", "--force"]);
        assert_eq!(database.value("(SELECT count(*) FROM a) + (SELECT count(*) FROM b)").await.as_deref(), Some("2"));
        ok(&sandbox, &["db:truncate", "a", "b", "--force"]);
        assert_eq!(database.value("(SELECT count(*) FROM a) + (SELECT count(*) FROM b)").await.as_deref(), Some("0"));
    }
}

#[tokio::test]
async fn names_of_tables_need_not_be_names_of_files() {
    for database in Database::all().await {
        let mut names = vec!["a/b", "..", ".hidden", "x.csv", "per%41cent", "CON:1", "two\nlines", "Ünder"];
        if database.dialect == Dialect::Postgres {
            names.extend(["users", "Users", "USERS"]);
        }
        for (n, name) in names.iter().enumerate() {
            let name = database.dialect.quote(name);
            database.execute(&[&format!("CREATE TABLE {name} (id int PRIMARY KEY)")]).await;
            database.execute(&[&format!("INSERT INTO {name} VALUES ({n})")]).await;
        }
        let text = database.dialect.text("id");
        let all: Vec<String> =
            names.iter().map(|name| format!("SELECT {text} FROM {}", database.dialect.quote(name))).collect();
        let sandbox = comes_back(&database, &all.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let files = sandbox.files().into_iter().filter(|file| file.starts_with("database/fixtures/"));
        let folded: std::collections::BTreeSet<String> = files.map(|file| file.to_lowercase()).collect();
        assert_eq!(folded.len(), names.len(), "{folded:?}");
        // A second file for a table would make both useless.
        sandbox.write("database/fixtures/x.csv.json", "[]");
        let said = kit(&sandbox, &["db:seed", "--dump", "--force"]);
        assert!(matches!(said.error(), Error::Seed(SeedError::Fixtures { .. })), "{said}");
    }
}

#[tokio::test]
async fn a_reset_names_the_tables_whose_rows_no_fixture_has() {
    for database in Database::all().await {
        database
            .execute(&[
                "CREATE TABLE a (id int PRIMARY KEY)",
                "CREATE TABLE lost (id int PRIMARY KEY)",
                "CREATE TABLE bare (id int PRIMARY KEY)",
                "INSERT INTO a VALUES (1)",
                "INSERT INTO lost VALUES (1)",
            ])
            .await;
        let sandbox = project(&database);
        ok(&sandbox, &["db:seed", "--dump-tables", "a"]);
        let said = kit(&sandbox, &["db:seed", "--reset"]);
        assert_eq!(said.code, 1);
        assert!(said.shows("lost") && said.hides("bare"), "{said}");
        assert_eq!(database.value("(SELECT count(*) FROM lost)").await.as_deref(), Some("1"));
    }
}
