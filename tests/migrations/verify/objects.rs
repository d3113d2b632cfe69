//! `migrate:verify` notices every change that the server's own dump shows: each kind of object is altered in
//! each way, and the program that dumps a schema shows whether something has changed.

#[path = "objects/postgres.rs"]
mod postgres;

use std::process::Command;

use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::snapshot::{Scope, Snapshot};
use url::Url;

use super::{sql, verify};
use crate::support::database::Database;
use crate::support::steps::Step;

/// The schema as the server's own program prints it.
fn dump(database: &Database) -> String {
    let url = Url::parse(database.url()).unwrap();
    let mut command = match database.dialect {
        Dialect::Sqlite => {
            let mut command = Command::new("sqlite3");
            let path = database.url().trim_start_matches("sqlite://").split('?').next().unwrap();
            command.args(["-batch", path, ".schema --nosys", "PRAGMA user_version", "PRAGMA application_id"]);
            command
        }
        Dialect::Postgres => {
            let mut command = Command::new("pg_dump");
            command.args(["--schema-only", "--dbname", database.url()]);
            command
        }
        Dialect::MySql => {
            let mut command = Command::new("mariadb-dump");
            command.args(["--no-defaults", "--protocol=tcp", "-h", url.host_str().unwrap(), "-u", url.username()]);
            command.args(["-P", &url.port().unwrap().to_string(), "--no-data", "--routines", "--events", "--triggers"]);
            command.args(["--skip-comments", "--skip-dump-date", url.path().trim_start_matches('/')]);
            command.env("MYSQL_PWD", url.password().unwrap());
            command
        }
    };
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // A line with a random key differs in each dump.
    text.lines()
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .collect::<Vec<_>>()
        .join("\n")
}

async fn snapshot(database: &Database) -> Snapshot {
    Snapshot::take(&database.session, Scope::Database, &[]).await.unwrap()
}

/// Runs the statements of a list one after another. Each has to change the dump and the snapshot, or with `alike` neither.
async fn each_is_seen(database: &Database, statements: &[&str]) {
    let mut before = (snapshot(database).await, dump(database));
    let mut wrong = Vec::new();
    for statement in statements {
        if let Err(error) = database.session.execute(statement, &[]).await {
            wrong.push(format!("{error}: {statement}"));
            continue;
        }
        let after = (snapshot(database).await, dump(database));
        let seen = before.0 != after.0;
        assert_eq!(seen, !before.0.changes(&after.0).is_empty(), "{statement}");
        if !seen || before.1 == after.1 {
            wrong.push(format!("snapshot differs: {seen}, dump differs: {}: {statement}", before.1 != after.1));
        }
        before = after;
    }
    assert!(wrong.is_empty(), "{:?}:\n{}", database.dialect, wrong.join("\n"));
}

const SQLITE: &[&str] = &[
    "CREATE TABLE parents (id integer PRIMARY KEY, code text)",
    "CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'porter')",
    "DROP TABLE words",
    "CREATE VIRTUAL TABLE words USING fts5 (text, prefix = '2 3')",
];

/// Pairs of tables with the same name, which must not be equal.
const SQLITE_TABLES: &[[&str; 2]] = &[
    ["a integer REFERENCES parents (id)", "a integer REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED"],
    [
        "a integer, FOREIGN KEY (a) REFERENCES parents (id)",
        "a integer, FOREIGN KEY (a) REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED",
    ],
    ["a integer REFERENCES parents (id)", "a integer REFERENCES parents (id) MATCH FULL"],
    ["a integer REFERENCES parents (id)", "a integer REFERENCES parents (id) ON DELETE CASCADE"],
    ["a integer REFERENCES parents (id)", "a integer REFERENCES parents (code)"],
    [
        "a integer REFERENCES parents (id), b integer REFERENCES parents (id)",
        "a integer REFERENCES parents (id), b integer",
    ],
    ["a integer NOT NULL", "a integer NOT NULL ON CONFLICT IGNORE"],
    ["a integer UNIQUE", "a integer UNIQUE ON CONFLICT REPLACE"],
    ["a integer PRIMARY KEY", "a integer PRIMARY KEY ON CONFLICT FAIL"],
    ["a integer, b integer, UNIQUE (a, b)", "a integer, b integer, UNIQUE (a, b) ON CONFLICT IGNORE"],
    ["a integer, b integer, UNIQUE (a, b)", "a integer, b integer, UNIQUE (b, a)"],
    ["a text, UNIQUE (a)", "a text, UNIQUE (a COLLATE NOCASE)"],
    ["a text, b text, PRIMARY KEY (a, b)", "a text, b text, PRIMARY KEY (a, b DESC)"],
    ["a text, UNIQUE (a), UNIQUE (a)", "a text"],
    ["a integer CHECK (a > 0) CHECK (a > 0)", "a integer CHECK (a > 0)"],
    ["a integer CHECK (a > 0)", "a integer CONSTRAINT low CHECK (a > 0)"],
    ["a integer, b integer AS (a + 1)", "a integer, b integer AS (a + 1) STORED"],
    ["a integer, b integer AS (a + 1)", "a integer, b integer AS (a + 2)"],
    ["a text", "a text COLLATE NOCASE"],
    ["a text DEFAULT 'x'", "a text DEFAULT 'y'"],
    ["a integer PRIMARY KEY", "a integer PRIMARY KEY AUTOINCREMENT"],
    ["a integer, b integer", "b integer, a integer"],
];

/// Written differently, and the same.
const SQLITE_ALIKE: &[[&str; 2]] = &[
    ["a integer NOT NULL", "\"a\" INTEGER  /* the number */ NOT NULL"],
    ["a integer NOT NULL", "a integer NOT NULL ON CONFLICT ABORT"],
    ["a integer REFERENCES parents (id)", "a integer REFERENCES parents (id) NOT DEFERRABLE INITIALLY DEFERRED"],
    ["a integer REFERENCES parents (id)", "a integer, FOREIGN KEY (a) REFERENCES parents (id)"],
    ["a text, b text, UNIQUE (a, b)", "a text, b text, CONSTRAINT \"c\" UNIQUE (\"a\", b)"],
];

#[tokio::test]
async fn sqlite_shows_nothing_that_is_not_compared() {
    let database = Database::sqlite().await;
    each_is_seen(&database, SQLITE).await;
    each_is_seen(
        &database,
        &[
            "CREATE TABLE t (a integer, b text)",
            "CREATE INDEX i ON t (a)",
            "DROP INDEX i",
            "CREATE INDEX i ON t (a DESC)",
            "DROP INDEX i",
            "CREATE INDEX i ON t (a) WHERE b IS NOT NULL",
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
            "DROP TRIGGER g",
            "CREATE TRIGGER g BEFORE INSERT ON t BEGIN SELECT 1; END",
            "CREATE VIEW v AS SELECT a FROM t",
            "DROP VIEW v",
            "CREATE VIEW v AS SELECT b FROM t",
            "ALTER TABLE t RENAME COLUMN b TO c",
            "ALTER TABLE t ADD COLUMN d integer",
            "DROP VIEW v",
            "ALTER TABLE t RENAME TO u",
            "PRAGMA user_version = 7",
            "PRAGMA application_id = 8",
        ],
    )
    .await;
    let table = async |body: &str| {
        database.execute(&[&format!("CREATE TABLE twin ({body})")]).await;
        let taken = snapshot(&database).await;
        database.execute(&["DROP TABLE twin"]).await;
        taken
    };
    for [one, other] in SQLITE_TABLES {
        assert!(!table(one).await.changes(&table(other).await).is_empty(), "{one} / {other}");
    }
    for [one, other] in SQLITE_ALIKE {
        assert_eq!(table(one).await.changes(&table(other).await), [], "{one} / {other}");
    }
    let options = async |options: &str| {
        database.execute(&[&format!("CREATE TABLE twin (a integer PRIMARY KEY) {options}")]).await;
        let taken = snapshot(&database).await;
        database.execute(&["DROP TABLE twin"]).await;
        taken
    };
    assert_ne!(options("").await, options("STRICT").await);
    assert_ne!(options("STRICT").await, options("STRICT, WITHOUT ROWID").await);
}

const MARIADB: &[&str] = &[
    "CREATE TABLE parents (id int PRIMARY KEY, code varchar(20) NOT NULL, note text)",
    "CREATE TABLE t (id int NOT NULL, a int, b varchar(20), c json, PRIMARY KEY (id))",
    // Columns.
    "ALTER TABLE t MODIFY a bigint",
    "ALTER TABLE t MODIFY a bigint unsigned",
    "ALTER TABLE t MODIFY a bigint unsigned NOT NULL",
    "ALTER TABLE t MODIFY a bigint unsigned NOT NULL DEFAULT 3",
    "ALTER TABLE t MODIFY a bigint unsigned NOT NULL DEFAULT 3 COMMENT 'how many'",
    "ALTER TABLE t MODIFY a bigint unsigned INVISIBLE DEFAULT 3",
    "ALTER TABLE t MODIFY a bigint ZEROFILL",
    "ALTER TABLE t MODIFY id int NOT NULL AUTO_INCREMENT",
    "ALTER TABLE t MODIFY b varchar(20) CHARACTER SET ascii",
    "ALTER TABLE t MODIFY b varchar(20) CHARACTER SET ascii COLLATE ascii_bin",
    "ALTER TABLE t MODIFY b varchar(20) CHARACTER SET utf8mb4 COMPRESSED",
    "ALTER TABLE t MODIFY b varchar(20) CHARACTER SET utf8mb4",
    "ALTER TABLE t ADD d int AS (a + 1)",
    "ALTER TABLE t DROP d",
    "ALTER TABLE t ADD d int AS (a + 1) STORED",
    "ALTER TABLE t ADD e timestamp NULL DEFAULT current_timestamp()",
    "ALTER TABLE t MODIFY e timestamp NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()",
    "ALTER TABLE t ADD f enum('a', 'b')",
    "ALTER TABLE t MODIFY f enum('b', 'a')",
    "ALTER TABLE t MODIFY f enum('b', 'a') AFTER id",
    "ALTER TABLE t ADD g point NOT NULL",
    "ALTER TABLE t ADD h int CHECK (h > 0)",
    // Indexes.
    "CREATE INDEX k ON t (a)",
    "ALTER TABLE t RENAME INDEX k TO l",
    "ALTER TABLE t ALTER INDEX l IGNORED",
    "DROP INDEX l ON t",
    "CREATE INDEX l ON t (a DESC)",
    "CREATE OR REPLACE INDEX l ON t (b (5))",
    "CREATE OR REPLACE INDEX l ON t (b (5)) COMMENT 'short'",
    "CREATE OR REPLACE UNIQUE INDEX l ON t (b)",
    "CREATE OR REPLACE INDEX l USING HASH ON t (b)",
    "CREATE FULLTEXT INDEX words ON t (b)",
    "CREATE SPATIAL INDEX places ON t (g)",
    // Constraints.
    "ALTER TABLE t ADD CONSTRAINT low CHECK (a > 0)",
    "ALTER TABLE t DROP CONSTRAINT low",
    "ALTER TABLE t ADD CONSTRAINT low CHECK (a > 1)",
    "ALTER TABLE t ADD p int, ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES parents (id)",
    "ALTER TABLE t DROP FOREIGN KEY fk",
    "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES parents (id) ON DELETE CASCADE",
    // Tables.
    "ALTER TABLE t COMMENT 'things'",
    "ALTER TABLE t ROW_FORMAT = COMPRESSED",
    "ALTER TABLE t MAX_ROWS = 1000",
    "ALTER TABLE t CHECKSUM = 1",
    "ALTER TABLE t DEFAULT CHARACTER SET ascii",
    "ALTER TABLE t DEFAULT CHARACTER SET ascii COLLATE ascii_bin",
    "ALTER TABLE t STATS_PERSISTENT = 1",
    "CREATE TABLE old (id int)",
    "ALTER TABLE old ENGINE = MyISAM",
    "CREATE TABLE parts (id int, day date) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10))",
    "ALTER TABLE parts ADD PARTITION (PARTITION p1 VALUES LESS THAN (20))",
    "ALTER TABLE parts REMOVE PARTITIONING",
    "CREATE TABLE past (id int) WITH SYSTEM VERSIONING",
    "ALTER TABLE past DROP SYSTEM VERSIONING",
    "ALTER TABLE past ADD s date, ADD e date, ADD PERIOD FOR life (s, e)",
    // Sequences.
    "CREATE SEQUENCE s",
    "ALTER SEQUENCE s INCREMENT 2",
    "ALTER SEQUENCE s MAXVALUE 1000",
    "ALTER SEQUENCE s CYCLE",
    "ALTER SEQUENCE s CACHE 7",
    // Views.
    "CREATE VIEW v AS SELECT id FROM parents",
    "CREATE OR REPLACE VIEW v AS SELECT id, code FROM parents",
    "CREATE OR REPLACE SQL SECURITY INVOKER VIEW v AS SELECT id, code FROM parents",
    "CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW v AS SELECT id, code FROM parents",
    "CREATE OR REPLACE VIEW v AS SELECT id, code FROM parents WHERE id > 0 WITH CHECK OPTION",
    // Routines.
    "CREATE FUNCTION f (x int) RETURNS int RETURN x",
    "CREATE OR REPLACE FUNCTION f (x int) RETURNS int DETERMINISTIC RETURN x",
    "CREATE OR REPLACE FUNCTION f (x int) RETURNS bigint DETERMINISTIC RETURN x",
    "CREATE OR REPLACE FUNCTION f (x bigint) RETURNS bigint DETERMINISTIC RETURN x",
    "ALTER FUNCTION f SQL SECURITY INVOKER",
    "ALTER FUNCTION f READS SQL DATA",
    "ALTER FUNCTION f COMMENT 'nothing'",
    "CREATE PROCEDURE q (IN x int) SELECT x",
    "CREATE OR REPLACE PROCEDURE q (INOUT x int) SELECT x",
    "CREATE OR REPLACE PROCEDURE q (INOUT x int) SELECT x + 1",
    // Triggers.
    "CREATE TRIGGER g BEFORE INSERT ON parents FOR EACH ROW SET NEW.code = 'x'",
    "CREATE OR REPLACE TRIGGER g BEFORE INSERT ON parents FOR EACH ROW SET NEW.code = 'y'",
    "CREATE OR REPLACE TRIGGER g BEFORE UPDATE ON parents FOR EACH ROW SET NEW.code = 'y'",
    "CREATE TRIGGER h BEFORE UPDATE ON parents FOR EACH ROW PRECEDES g SET NEW.note = 'y'",
    // Events.
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    "ALTER EVENT e ON SCHEDULE EVERY 2 DAY",
    "ALTER EVENT e DISABLE",
    "ALTER EVENT e ON COMPLETION PRESERVE",
    "ALTER EVENT e DO SELECT 2",
    "ALTER EVENT e COMMENT 'each day'",
    "ALTER EVENT e RENAME TO d",
    "RENAME TABLE parts TO pieces",
];

#[tokio::test]
async fn mariadb_shows_nothing_that_is_not_compared() {
    let database = Database::mysql().await;
    each_is_seen(&database, MARIADB).await;
    // A table of more columns than `GROUP_CONCAT` has room for.
    let columns = |last: &str| {
        (0..300)
            .map(|at| format!("a_column_of_a_wide_table_{at} int"))
            .chain([last.to_owned()])
            .collect::<Vec<_>>()
            .join(", ")
    };
    database.execute(&[&format!("CREATE TABLE wide ({})", columns("z int"))]).await;
    let before = snapshot(&database).await;
    database.execute(&["ALTER TABLE wide MODIFY z int AFTER a_column_of_a_wide_table_298"]).await;
    assert_eq!(before.changes(&snapshot(&database).await).len(), 1);
    // The number that the next row gets is data, and an event starts when it is created if nothing else is said.
    let event = "CREATE EVENT f ON SCHEDULE EVERY 1 DAY DO SELECT 1";
    database.execute(&[event]).await;
    let before = snapshot(&database).await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    database.execute(&["ALTER TABLE t AUTO_INCREMENT = 100", "DROP EVENT f", event]).await;
    assert_eq!(before.changes(&snapshot(&database).await), []);
    database.execute(&["ALTER EVENT f ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01'"]).await;
    assert_eq!(before.changes(&snapshot(&database).await).len(), 1);
}

#[tokio::test]
async fn postgres_shows_nothing_that_is_not_compared() {
    let database = Database::postgres().await;
    let version =
        database.value("current_setting('server_version_num')").await.unwrap().parse::<u32>().unwrap() / 10_000;
    let newer = postgres::SINCE.iter().filter(|(since, _)| version >= *since).flat_map(|(_, statements)| *statements);
    each_is_seen(&database, &postgres::EVERYWHERE.iter().chain(newer).copied().collect::<Vec<_>>()).await;
    // A constraint `NOT NULL` with its usual name is a property of its column, on servers that have such constraints, too.
    let before = snapshot(&database).await;
    database.execute(&["CREATE TABLE plainly (id int PRIMARY KEY, a int NOT NULL)"]).await;
    let changes = before.changes(&snapshot(&database).await);
    let constraints = changes.iter().filter(|change| change.object().starts_with("constraint"));
    assert_eq!(
        constraints.map(|change| change.object().to_owned()).collect::<Vec<_>>(),
        ["constraint plainly.plainly_pkey"]
    );
    // A privilege that is granted and revoked leaves no difference.
    let before = snapshot(&database).await;
    database.execute(&["GRANT SELECT ON parents TO public", "REVOKE SELECT ON parents FROM public"]).await;
    assert_eq!(before.changes(&snapshot(&database).await), []);
}

#[tokio::test]
async fn what_belongs_to_no_schema_does_not_stay_for_the_next_migration() {
    let database = Database::postgres().await;
    let before = snapshot(&database).await;
    let steps = [
        Step::new(
            "m1_has_no_down",
            sql(&[
                "CREATE SCHEMA other",
                "CREATE EXTENSION hstore",
                "CREATE PUBLICATION pub FOR ALL TABLES",
                "CREATE FOREIGN DATA WRAPPER fdw",
                "CREATE SERVER remote FOREIGN DATA WRAPPER fdw",
                "CREATE FUNCTION watched() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
                "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION watched()",
            ]),
            Vec::new(),
        ),
        Step::table("m2"),
    ];
    let found = verify(&database, &steps, 0).await;
    assert_eq!(found.iter().map(|one| one.faults.len()).collect::<Vec<_>>(), [1, 0], "{found:?}");
    let left = before.changes(&snapshot(&database).await);
    assert!(left.iter().all(|change| change.object().contains("kit_")), "{left:?}");
}
