//! Rows, columns and failures that depend on other rows: what a migration reads of them when it is pretended is what it reads
//! in a run, or the place is marked and the command fails.

use kit_runtime::dialect::Dialect;
use kit_runtime::wire::Failure;

use crate::pretend::scripts::compared;
use crate::pretend::{ALL, Told, client, done, told, two, up};
use crate::support::database::Database;
use crate::support::steps;
use crate::support::steps::{Op, Step};

/// A migration in one database's words: other databases know `TEXT` as a type to cast to, MySQL and MariaDB `CHAR`.
fn migration(dialect: Dialect, lines: &[&str]) -> Vec<Step> {
    let words = |line: &&str| match dialect {
        Dialect::MySql => line.replace(" AS TEXT)", " AS CHAR)"),
        Dialect::Sqlite | Dialect::Postgres => (*line).to_owned(),
    };
    let mut ops: Vec<Op> = vec!["CREATE TABLE seen (what varchar(200))".into()];
    ops.extend(lines.iter().map(words).map(|line| Op::from(line.as_str())));
    vec![Step::new("m1", ops, Vec::new())]
}

async fn prepared(dialect: Dialect, before: &[&str]) -> (Database, Database) {
    let (run, scripted) = two(dialect).await;
    run.execute(before).await;
    scripted.execute(before).await;
    (run, scripted)
}

fn script(database: &Database, told: &Told) -> String {
    told.script.iter().map(|sql| database.dialect.script(sql) + "\n").collect()
}

/// The script leaves what the run leaves, and nothing is marked.
pub async fn is_decided(dialect: Dialect, before: &[&str], lines: &[&str]) {
    let (run, scripted) = prepared(dialect, before).await;
    steps::set(&migration(dialect, lines));
    let told = told::<steps::Migrator>(&scripted, &[up()]).await;
    assert_eq!(told.outcome, Ok(()), "{dialect:?}: {lines:#?} {:#?}", told.notes);
    done::<steps::Migrator>(&run, up()).await;
    let text = script(&scripted, &told);
    client(&scripted, &text);
    let (left, right) = (compared(&scripted).await, compared(&run).await);
    assert_eq!(left, right, "{dialect:?}: {text} {:#?}", told.notes);
}

/// The place is marked, and the command fails.
pub async fn is_marked(dialect: Dialect, before: &[&str], lines: &[&str]) {
    let (_, scripted) = prepared(dialect, before).await;
    steps::set(&migration(dialect, lines));
    let told = told::<steps::Migrator>(&scripted, &[up()]).await;
    let undecided = told.notes.iter().any(|note| note.is_undecided());
    assert!(undecided, "{dialect:?}: {lines:#?} {:#?}\n{}", told.notes, script(&scripted, &told));
    assert!(matches!(told.outcome, Err(Failure::Undecided { .. })), "{dialect:?}: {lines:#?} {:?}", told.outcome);
}

const A: &str = "CREATE TABLE a (id int PRIMARY KEY, code varchar(20) UNIQUE, n int NOT NULL DEFAULT 0)";
const ROWS: &str = "INSERT INTO a VALUES (1, 'x', 1), (2, 'y', 2)";
const SEE: [&str; 2] =
    ["seen: SELECT CAST(code AS TEXT) FROM a ORDER BY id", "seen: SELECT CAST(n AS TEXT) FROM a ORDER BY id"];

/// Statements that add rows that may exist, in the words of one database, over [`A`].
fn upserts(dialect: Dialect) -> Vec<&'static str> {
    let mut lines = match dialect {
        Dialect::Sqlite | Dialect::Postgres => vec![
            "affected: INSERT INTO a VALUES (1, 'z', 9), (3, 'x', 9), (4, 'w', 4), (4, 'v', 5) ON CONFLICT DO NOTHING",
            "affected: INSERT INTO a VALUES (2, 'yy', 7), (5, 'v', 5) ON CONFLICT (id) DO UPDATE SET code = excluded.code, \
             n = a.n + excluded.n WHERE a.n < 100",
            "affected: INSERT INTO a AS b VALUES (6, 'u', 7)",
            "affected: INSERT INTO a (code, id) VALUES ('x', 77) ON CONFLICT (code) DO UPDATE SET n = (SELECT max(n) + 1 FROM a)",
            "affected: INSERT INTO a (id, code) SELECT id + 1, code || '!' FROM a WHERE 1 = 1 ON CONFLICT (id) DO NOTHING",
        ],
        Dialect::MySql => vec![
            "affected: INSERT IGNORE INTO a VALUES (1, 'z', 9), (3, 'x', 9), (4, 'w', 4), (4, 'v', 5)",
            "affected: INSERT INTO a VALUES (2, 'yy', 7), (5, 'v', 5) ON DUPLICATE KEY UPDATE code = VALUES(code), \
             n = n + VALUES(n)",
            "affected: INSERT INTO a SET id = 6, code = 'u', n = 7",
            "affected: INSERT INTO a (code, id) VALUES ('x', 77) ON DUPLICATE KEY UPDATE n = 70",
            "affected: REPLACE INTO a VALUES (6, 'x', 66)",
            "affected: INSERT IGNORE INTO a (id, code) SELECT id + 10, code FROM a",
        ],
    };
    if dialect == Dialect::Sqlite {
        lines.extend([
            "affected: INSERT OR IGNORE INTO a VALUES (1, 'q', 1), (9, 'q', 9)",
            "affected: INSERT OR REPLACE INTO a VALUES (1, 'q', 19)",
            "affected: REPLACE INTO a (id, code) VALUES (9, 'nine')",
            "affected: INSERT OR ABORT INTO a VALUES (10, 'ten', 10)",
        ]);
    }
    lines.extend(SEE);
    lines
}

#[tokio::test]
async fn rows_that_exist_are_left_out_changed_or_replaced() {
    for dialect in ALL {
        let upserts = upserts(dialect);
        is_decided(dialect, &[A, ROWS], &upserts).await;
        let all: Vec<&str> = [A, ROWS].into_iter().chain(upserts).collect();
        is_decided(dialect, &[], &all).await;
    }
}

/// Keys that statements add, drop and rename, and those of other tables that were copied.
#[tokio::test]
async fn keys_are_those_that_statements_leave() {
    for dialect in ALL {
        let upsert = |row: &str| match dialect {
            Dialect::MySql => format!("INSERT IGNORE INTO k VALUES {row}"),
            Dialect::Sqlite | Dialect::Postgres => format!("INSERT INTO k VALUES {row} ON CONFLICT DO NOTHING"),
        };
        let (first, second, third) = (upsert("(1, 2, 3)"), upsert("(1, 3, 3)"), upsert("(2, 3, 4)"));
        let drop = if dialect == Dialect::MySql { "DROP INDEX k_b ON k" } else { "DROP INDEX k_b" };
        let see = "seen: SELECT CAST(COUNT(*) AS TEXT) FROM k";
        let create = "CREATE TABLE k (a int, b int, c int)";
        let lines = [
            "CREATE UNIQUE INDEX k_b ON k (a, b)",
            &first,
            &first,
            see,
            &second,
            see,
            "ALTER TABLE k RENAME COLUMN b TO bb",
            &first,
            see,
            drop,
            &first,
            see,
            "CREATE INDEX k_c ON k (c)",
            &third,
            &third,
            see,
        ];
        is_decided(dialect, &[create], &lines).await;
        let all: Vec<&str> = std::iter::once(create).chain(lines).collect();
        is_decided(dialect, &[], &all).await;
    }
}

#[tokio::test]
async fn numbers_go_on_after_rows_that_were_left_out() {
    let skip = "INSERT INTO s (name) VALUES ('a'), ('c') ON CONFLICT (name) DO NOTHING";
    for (dialect, key, skip) in [
        (Dialect::Sqlite, "integer PRIMARY KEY AUTOINCREMENT", "INSERT OR IGNORE INTO s (name) VALUES ('a'), ('c')"),
        (Dialect::Sqlite, "integer PRIMARY KEY", skip),
        (Dialect::Postgres, "serial PRIMARY KEY", skip),
        (Dialect::MySql, "int AUTO_INCREMENT PRIMARY KEY", "INSERT IGNORE INTO s (name) VALUES ('a')"),
    ] {
        let create = format!("CREATE TABLE s (id {key}, name varchar(20) NOT NULL UNIQUE)");
        let lines = [
            create.as_str(),
            "INSERT INTO s (name) VALUES ('a'), ('b')",
            skip,
            "INSERT INTO s (name) VALUES ('d')",
            "seen: SELECT CAST(id AS TEXT) FROM s ORDER BY id",
        ];
        is_decided(dialect, &[], &lines).await;
    }
}

#[tokio::test]
async fn rows_that_may_exist_are_marked_where_kit_cannot_compare_them() {
    let see = "seen: SELECT CAST(COUNT(*) AS TEXT) FROM a";
    for (dialect, lines) in [
        (
            Dialect::Postgres,
            vec![
                A,
                "CREATE UNIQUE INDEX i ON a (lower(code))",
                "INSERT INTO a VALUES (1, 'X', 1) ON CONFLICT DO NOTHING",
                see,
            ],
        ),
        (
            Dialect::Postgres,
            vec![
                A,
                "CREATE UNIQUE INDEX i ON a (n) WHERE n > 0",
                "INSERT INTO a VALUES (1, 'X', 1) ON CONFLICT (n) WHERE n > 0 DO NOTHING",
                see,
            ],
        ),
        (
            Dialect::Postgres,
            vec![
                A,
                "MERGE INTO a USING (SELECT 1 AS x) s ON a.id = s.x WHEN NOT MATCHED THEN INSERT VALUES (1, 'a', 1)",
                see,
            ],
        ),
        (
            Dialect::Postgres,
            vec![A, "INSERT INTO a AS b VALUES (1, 'a', 1) ON CONFLICT (id) DO UPDATE SET n = b.n", see],
        ),
        (Dialect::Postgres, vec![A, "WITH n AS (INSERT INTO a VALUES (1, 'a', 1) RETURNING id) SELECT id FROM n", see]),
        (
            Dialect::Sqlite,
            vec![A, "CREATE UNIQUE INDEX i ON a (n) WHERE n > 0", "INSERT OR IGNORE INTO a VALUES (1, 'X', 1)", see],
        ),
        (Dialect::Sqlite, vec![A, "INSERT INTO a VALUES (1, 'x', 1)", "UPDATE OR IGNORE a SET id = 2", see]),
        (Dialect::Sqlite, vec![A, "INSERT OR IGNORE INTO a VALUES (1, 'x', NULL)", see]),
        (Dialect::MySql, vec![A, ROWS, "INSERT IGNORE INTO a VALUES (3, 'X', 1)", see]),
        (Dialect::MySql, vec![A, ROWS, "UPDATE IGNORE a SET id = 2", see]),
        (Dialect::MySql, vec![A, ROWS, "INSERT IGNORE INTO a VALUES (7, 'g', NULL)", see]),
        (Dialect::MySql, vec![A, ROWS, "CREATE TABLE b (id int)", "UPDATE b JOIN a ON a.id = b.id SET a.n = 5", see]),
        (Dialect::MySql, vec![A, ROWS, "CREATE TABLE b (id int)", "DELETE a FROM b JOIN a ON a.id = b.id", see]),
        (Dialect::MySql, vec![A, ROWS, "INSERT INTO a VALUES (1, 'y', 3) ON DUPLICATE KEY UPDATE n = 5", see]),
    ] {
        is_marked(dialect, &[], &lines).await;
    }
}

/// A statement fails for its rows: the migration gets the error, and the script has no such statement.
#[tokio::test]
async fn constraints_that_rows_break_are_refused_as_in_a_run() {
    for (dialect, lines) in [
        (
            Dialect::Sqlite,
            vec![
                "ignore: CREATE UNIQUE INDEX i ON r (a)",
                "ignore: CREATE UNIQUE INDEX j ON r (b)",
                "ignore: ALTER TABLE r ADD COLUMN c int NOT NULL",
            ],
        ),
        (
            Dialect::MySql,
            vec![
                "ignore: CREATE UNIQUE INDEX i ON r (a)",
                "ignore: CREATE UNIQUE INDEX j ON r (b)",
                "ignore: ALTER TABLE r ADD CONSTRAINT k UNIQUE (a)",
                "ignore: ALTER TABLE r ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES p (id)",
                "ignore: ALTER TABLE r ADD CONSTRAINT c CHECK (b < 5)",
                "ignore: ALTER TABLE r ADD COLUMN c int NOT NULL",
                "seen: SELECT CAST(c AS TEXT) FROM r",
            ],
        ),
        (Dialect::Postgres, vec!["ignore: CREATE UNIQUE INDEX i ON r (a)"]),
        (Dialect::Postgres, vec!["ignore: ALTER TABLE r ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES p (id)"]),
        (Dialect::Postgres, vec!["ignore: ALTER TABLE r ADD CONSTRAINT c CHECK (b < 5)"]),
        (Dialect::Postgres, vec!["ignore: ALTER TABLE r ALTER COLUMN d SET NOT NULL"]),
        (Dialect::Postgres, vec!["ignore: ALTER TABLE r ADD COLUMN c int NOT NULL"]),
    ] {
        let before = [
            "CREATE TABLE p (id int PRIMARY KEY)",
            "CREATE TABLE r (a int, b int, d int)",
            "INSERT INTO p VALUES (1)",
            "INSERT INTO r VALUES (1, 1, 1), (1, 9, NULL)",
        ];
        let all: Vec<&str> = before.iter().chain(&lines).copied().collect();
        match dialect {
            // The server ends the transaction.
            Dialect::Postgres => {
                fails_in_both(&before, &lines).await;
                fails_in_both(&[], &all).await;
            }
            Dialect::Sqlite | Dialect::MySql => {
                is_decided(dialect, &before, &lines).await;
                is_decided(dialect, &[], &all).await;
            }
        }
    }
}

async fn fails_in_both(before: &[&str], lines: &[&str]) {
    let (run, scripted) = prepared(Dialect::Postgres, before).await;
    steps::set(&migration(Dialect::Postgres, lines));
    let told = told::<steps::Migrator>(&scripted, &[up()]).await;
    assert!(matches!(told.outcome, Err(Failure::Pretended { .. })), "{lines:#?} {:?}", told.outcome);
    let project = kit_runtime::sea_orm::Project::of::<steps::Migrator>();
    let outcome = kit_runtime::engine::run(&crate::pretend::request(up()), &project, &run.session, &mut |_| ()).await;
    assert!(outcome.is_err(), "{lines:#?}: the run went well");
}

/// Rows that break a constraint are marked at the latest where their migration ends.
#[tokio::test]
async fn rows_that_a_run_refuses_are_marked() {
    let parent = "CREATE TABLE p (id int PRIMARY KEY, code varchar(20) NOT NULL UNIQUE, n int CHECK (n < 5))";
    let child = "CREATE TABLE c (p int, FOREIGN KEY (p) REFERENCES p (id))";
    let row = "INSERT INTO p VALUES (1, 'a', 1)";
    for dialect in ALL {
        for lines in [
            vec![row, "ignore: INSERT INTO p VALUES (1, 'b', 1)"],
            vec![row, "ignore: INSERT INTO p VALUES (2, 'a', 1)"],
            vec![row, "ignore: INSERT INTO p VALUES (2, 'a', 1)", "DELETE FROM p WHERE id = 2"],
            vec![row, "ignore: INSERT INTO p VALUES (2, NULL, 1)"],
            vec![row, "ignore: INSERT INTO p VALUES (2, 'b', 9)"],
            vec![row, "ignore: INSERT INTO c VALUES (3)"],
            vec![row, "INSERT INTO c VALUES (1)", "ignore: DELETE FROM p"],
            vec![row, "INSERT INTO p VALUES (2, 'b', 1)", "ignore: UPDATE p SET id = 2"],
            vec![row, "ignore: INSERT INTO p SELECT id, 'c', n FROM p"],
        ] {
            is_marked(dialect, &[parent, child], &lines).await;
            let all: Vec<&str> = [parent, child].into_iter().chain(lines).collect();
            is_marked(dialect, &[], &all).await;
        }
        let lines = [
            row,
            "INSERT INTO c VALUES (1), (NULL)",
            "INSERT INTO p VALUES (2, 'b', NULL)",
            "DELETE FROM c",
            "DELETE FROM p",
        ];
        is_decided(dialect, &[parent, child], &lines).await;
    }
}

/// Many statements, each on its own, with numbers that the database gives and keys that exist.
#[tokio::test]
async fn many_rows_are_pretended_one_by_one() {
    for (dialect, key) in [
        (Dialect::Sqlite, "integer PRIMARY KEY"),
        (Dialect::Postgres, "serial PRIMARY KEY"),
        (Dialect::MySql, "int AUTO_INCREMENT PRIMARY KEY"),
    ] {
        let create = format!("CREATE TABLE many (id {key}, name varchar(20) NOT NULL UNIQUE)");
        let mut lines = vec![create];
        lines.extend((0..1000).map(|at| format!("INSERT INTO many (name) VALUES ('n{at}')")));
        lines.extend((970..1020).map(|at| match dialect {
            Dialect::MySql => format!("INSERT IGNORE INTO many (name) VALUES ('n{at}')"),
            Dialect::Sqlite | Dialect::Postgres => {
                format!("INSERT INTO many (name) VALUES ('n{at}') ON CONFLICT DO NOTHING")
            }
        }));
        lines.push("seen: SELECT CAST(MAX(id) AS TEXT) FROM many".to_owned());
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        is_decided(dialect, &[], &lines).await;
    }
}

/// What reads or changes rows without naming their table.
#[tokio::test]
async fn rows_that_are_read_unseen_are_marked() {
    let see = "seen: SELECT CAST(n AS TEXT) FROM copy";
    let copy = "CREATE TABLE copy (n int)";
    let function = "CREATE FUNCTION total() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM a'";
    let procedure = "CREATE FUNCTION total() RETURNS int READS SQL DATA RETURN (SELECT COUNT(*) FROM a)";
    let block = "DO $$ BEGIN UPDATE a SET n = 5; END $$";
    for (dialect, before, lines) in [
        (Dialect::Postgres, vec![A, ROWS, copy], vec![block, "INSERT INTO copy SELECT n FROM a", see]),
        (Dialect::Postgres, vec![A, ROWS, copy], vec![block, "INSERT INTO copy VALUES ((SELECT max(n) FROM a))", see]),
        (Dialect::Postgres, vec![A, function], vec![ROWS, "seen: SELECT CAST(total() AS TEXT)"]),
        (Dialect::Postgres, vec![A, function, copy], vec![ROWS, "INSERT INTO copy VALUES (total())", see]),
        (Dialect::MySql, vec![A, procedure], vec![ROWS, "seen: SELECT CAST(total() AS TEXT)"]),
        (
            Dialect::Postgres,
            vec![A],
            vec!["ALTER TABLE a ALTER COLUMN n SET DEFAULT 7", "INSERT INTO a (id) VALUES (1)", SEE[1]],
        ),
        (
            Dialect::MySql,
            vec![A],
            vec!["ALTER TABLE a ALTER COLUMN n SET DEFAULT 7", "INSERT INTO a (id) VALUES (1)", SEE[1]],
        ),
        (
            Dialect::Postgres,
            vec![A, ROWS],
            vec!["CREATE RULE r AS ON INSERT TO a DO INSTEAD NOTHING", "INSERT INTO a VALUES (3, 'z', 3)", SEE[1]],
        ),
        (
            Dialect::Postgres,
            vec![A, ROWS, "CREATE VIEW v AS SELECT n FROM a"],
            vec!["ALTER VIEW v RENAME TO w", "seen: SELECT CAST(n AS TEXT) FROM w"],
        ),
    ] {
        is_marked(dialect, &before, &lines).await;
    }
    // Nothing has changed what the function reads.
    is_decided(
        Dialect::Postgres,
        &[A, ROWS, function],
        &["CREATE TABLE other (x int)", "ALTER TABLE a ALTER COLUMN n DROP DEFAULT", SEE[1]],
    )
    .await;
}

/// Forms of the same statements that are written less often.
#[tokio::test]
async fn other_forms_of_upserts_and_copies_are_followed() {
    let see = "seen: SELECT CAST(COUNT(*) AS TEXT) FROM a";
    let pair = "CREATE TABLE pair (x int, y varchar(9), UNIQUE (x, y))";
    for (dialect, lines) in [
        (
            Dialect::Postgres,
            vec![
                "ALTER TABLE a ADD CONSTRAINT a_n UNIQUE (n)",
                "INSERT INTO a VALUES (3, 'z', 2) ON CONFLICT ON CONSTRAINT a_n DO UPDATE SET code = excluded.code",
                "seen: INSERT INTO a VALUES (4, 'w', 4), (1, 'v', 9) ON CONFLICT (id) DO UPDATE SET n = 90 RETURNING CAST(code AS TEXT)",
                "seen: INSERT INTO a VALUES (4, 'w', 4) ON CONFLICT DO NOTHING RETURNING CAST(code AS TEXT)",
                "INSERT INTO a (id, n) OVERRIDING USER VALUE VALUES (8, 8)",
                SEE[0],
                SEE[1],
            ],
        ),
        (
            Dialect::Postgres,
            vec![
                pair,
                "INSERT INTO pair VALUES (1, NULL), (1, NULL), (1, 'a') ON CONFLICT DO NOTHING",
                "INSERT INTO pair VALUES (1, NULL), (1, 'a') ON CONFLICT DO NOTHING",
                "seen: SELECT CAST(COUNT(*) AS TEXT) FROM pair",
            ],
        ),
        (
            Dialect::Sqlite,
            vec![
                pair,
                "INSERT OR IGNORE INTO pair VALUES (1, NULL), (1, NULL), (1, 'a')",
                "REPLACE INTO pair VALUES (1, NULL), (1, 'a')",
                "seen: SELECT CAST(COUNT(*) AS TEXT) FROM pair",
            ],
        ),
        (
            Dialect::MySql,
            vec![
                pair,
                "INSERT IGNORE pair VALUES (1, NULL), (1, NULL), (1, 'a')",
                "REPLACE pair VALUES (1, NULL), (1, 'a')",
                "seen: SELECT CAST(COUNT(*) AS TEXT) FROM pair",
            ],
        ),
        (
            Dialect::Sqlite,
            vec![
                "CREATE TABLE t (name text COLLATE NOCASE UNIQUE, v varchar(9) UNIQUE)",
                "INSERT INTO t VALUES ('A', 5)",
                "INSERT OR IGNORE INTO t VALUES ('a', 6), ('b', '5'), ('c', 7)",
                "seen: SELECT name FROM t ORDER BY name",
            ],
        ),
        (
            Dialect::MySql,
            vec![
                "INSERT INTO a (id, code) SELECT s.id, s.code FROM (SELECT id + 1 AS id, code FROM a WHERE id = 2) s \
 ON DUPLICATE KEY UPDATE n = n + 100",
                SEE[0],
                SEE[1],
            ],
        ),
        (
            Dialect::MySql,
            vec![
                "ALTER TABLE a ADD COLUMN s varchar(9) NOT NULL, ADD COLUMN i int NOT NULL",
                "seen: SELECT CONCAT('[', s, i, ']') FROM a",
            ],
        ),
        (
            Dialect::MySql,
            vec![
                "RENAME TABLE a TO z",
                "INSERT IGNORE INTO z VALUES (1, 'q', 1), (5, 'q', 1)",
                "RENAME TABLE z TO a",
                see,
            ],
        ),
        (
            Dialect::Postgres,
            vec![
                "ALTER TABLE a RENAME TO z",
                "INSERT INTO z VALUES (1, 'q', 1), (5, 'q', 1) ON CONFLICT DO NOTHING",
                "ALTER TABLE z RENAME TO a",
                see,
            ],
        ),
        (
            Dialect::Sqlite,
            vec![
                "ALTER TABLE a RENAME TO z",
                "INSERT INTO z VALUES (1, 'q', 1), (5, 'q', 1) ON CONFLICT DO NOTHING",
                "ALTER TABLE z RENAME TO a",
                see,
            ],
        ),
        (
            Dialect::Postgres,
            vec![
                "CREATE TABLE c AS SELECT * FROM a WITH NO DATA",
                "INSERT INTO c VALUES (7, 'seven', 7)",
                "seen: SELECT CAST(code AS TEXT) FROM c",
            ],
        ),
        (
            Dialect::Postgres,
            vec![
                "CREATE MATERIALIZED VIEW mv AS SELECT code FROM a",
                "DELETE FROM a",
                "seen: SELECT CAST(code AS TEXT) FROM mv ORDER BY code",
                "seen: SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'mv'",
            ],
        ),
    ] {
        let all: Vec<&str> = [A, ROWS].into_iter().chain(lines).collect();
        is_decided(dialect, &[], &all).await;
    }
    for (dialect, lines) in [
        (
            Dialect::Postgres,
            vec!["CREATE VIEW v AS SELECT * FROM a", "ALTER TABLE a ADD COLUMN late int", "seen: SELECT code FROM v"],
        ),
        (
            Dialect::Postgres,
            vec![
                "CREATE MATERIALIZED VIEW mv AS SELECT code FROM a",
                "DELETE FROM a",
                "REFRESH MATERIALIZED VIEW mv",
                "seen: SELECT code FROM mv",
            ],
        ),
        (
            Dialect::MySql,
            vec![
                "CREATE TABLE c (id int AUTO_INCREMENT PRIMARY KEY) SELECT code FROM a",
                "seen: SELECT CAST(id AS TEXT) FROM c",
            ],
        ),
        (
            Dialect::MySql,
            vec!["ALTER TABLE a ADD COLUMN e enum('x', 'y') NOT NULL", "seen: SELECT CAST(e AS TEXT) FROM a"],
        ),
        (
            Dialect::MySql,
            vec!["CREATE ALGORITHM = MERGE VIEW v AS SELECT code, n FROM a", "INSERT INTO v VALUES ('w', 1)", SEE[0]],
        ),
    ] {
        is_marked(dialect, &[A, ROWS], &lines).await;
    }
}

/// A constraint that is checked later, or not at all, breaks nothing.
#[tokio::test]
async fn constraints_that_are_not_checked_mark_nothing() {
    let tree = "CREATE TABLE tree (id int PRIMARY KEY, up int, FOREIGN KEY (up) REFERENCES tree (id))";
    let later = "CREATE TABLE later (id int PRIMARY KEY, up int REFERENCES later (id) DEFERRABLE INITIALLY DEFERRED)";
    let child_first =
        ["INSERT INTO later VALUES (1, 2)", "UPDATE later SET id = id", "INSERT INTO later VALUES (2, NULL)"];
    for dialect in ALL {
        let lines = [tree, "INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2)", "UPDATE tree SET up = 3 WHERE id = 2"];
        is_decided(dialect, &[], &lines).await;
        if dialect != Dialect::MySql {
            is_decided(dialect, &[later], &child_first).await;
            is_decided(dialect, &[], &[later, child_first[0], child_first[1], child_first[2]]).await;
        }
    }
    let off = [
        "SET FOREIGN_KEY_CHECKS = 0",
        "INSERT INTO tree VALUES (1, 9)",
        "SET FOREIGN_KEY_CHECKS = 1",
        "INSERT INTO tree VALUES (2, 1)",
    ];
    is_decided(Dialect::MySql, &[tree], &off).await;
    let valid = "ALTER TABLE a ADD CONSTRAINT c CHECK (n > 1) NOT VALID";
    is_decided(Dialect::Postgres, &[A, ROWS], &[valid]).await;
}
