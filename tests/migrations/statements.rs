//! Which statements of a migration ran that failed where it cannot be rolled back, and the law that the SQL which kit names
//! undoes them: on MariaDB, and without a transaction on the others.
#![allow(clippy::unwrap_used, reason = "tests")]

use crate::support::database::Database;
use crate::support::steps::{Op, Step, run};
use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::LEDGER;
use kit_runtime::repair::{self, Case, Left};
use kit_runtime::statements::{self, TABLE};
use kit_runtime::undo::{self, Fate, Undo};
use kit_runtime::wire::{Action, Down, Failure, Up};
use sea_orm_migration::prelude::*;

fn up() -> Action {
    Action::Up(Up::default())
}

/// One migration without a transaction around it, where the database has such.
fn bare(up: Vec<Op>) -> Step {
    Step::new("m2_bare", up, vec![])
}

fn plain(step: Step, dialect: Dialect) -> Step {
    step.with_transaction((dialect != Dialect::MySql).then_some(false))
}

/// The migration fails; returns what is known of it.
async fn failed(database: &Database, before: &[&str], up_ops: Vec<Op>) -> Case {
    database.execute(before).await;
    let (_, outcome) = run(&database.session, &[plain(bare(up_ops), database.dialect)], &[up()]).await;
    assert!(matches!(outcome, Err(Failure::Migration { rolled_back: false, .. })), "{outcome:?}");
    repair::diagnose(&database.session, LEDGER).await.unwrap().halted.remove(0)
}

fn steps_of(case: &Case, dialect: Dialect) -> Vec<undo::Step> {
    let difference = match &case.left {
        Left::Changed(changes) => Some(changes.as_slice()),
        _ => None,
    };
    undo::steps(&case.statements, dialect, case.before.as_ref(), difference)
}

fn fates(steps: &[undo::Step]) -> Vec<(&str, Fate)> {
    steps.iter().map(|step| (step.recorded.body.as_str(), step.fate)).collect()
}

const WRONG: &str = "CREATE TABLE wrong (id no_such_type(";

#[tokio::test]
async fn the_failed_statement_and_those_that_ran_are_known() {
    for database in Database::all().await {
        let create = Table::create().table("made").col(ColumnDef::new("id").integer().not_null()).to_owned();
        let ops = vec![
            "CREATE TABLE a (id int)".into(),
            "SELECT id FROM a".into(),
            Op::Try("INSERT INTO nowhere VALUES (1)".to_owned()),
            Op::CreateTable(create),
            Op::Within(vec!["INSERT INTO a VALUES (1)".to_owned()], true),
            Op::Within(vec!["INSERT INTO a VALUES (2)".to_owned()], false),
            "INSERT INTO a VALUES (3)".into(),
            WRONG.into(),
            "CREATE TABLE never (id int)".into(),
        ];
        let case = failed(&database, &[], ops).await;
        let found = steps_of(&case, database.dialect);
        let made = &found[3].recorded.body;
        assert!(made.contains("made"), "{found:?}");
        let expected = [
            ("CREATE TABLE a (id int)", Fate::Ran),
            ("SELECT id FROM a", Fate::Ran),
            ("INSERT INTO nowhere VALUES (1)", Fate::Failed),
            (made.as_str(), Fate::Ran),
            ("INSERT INTO a VALUES (1)", Fate::Ran),
            ("INSERT INTO a VALUES (2)", Fate::RolledBack),
            ("INSERT INTO a VALUES (3)", Fate::Ran),
            (WRONG, Fate::Failed),
        ];
        assert_eq!(fates(&found), expected, "{:?}", database.dialect);
        assert!(found[2].recorded.error.as_ref().is_some_and(|error| error.contains("nowhere")), "{found:?}");
        let error = found[7].recorded.error.clone().unwrap();
        assert!(case.entry.error.unwrap().contains(&error) && !error.is_empty(), "{error}");
        assert_eq!(database.value("(SELECT SUM(id) FROM a)").await.as_deref(), Some("4"));
    }
}

/// Statements that a database takes, and that kit can undo; each on the schema that those before have left.
fn undoable(dialect: Dialect) -> Vec<&'static str> {
    let mut all = vec![
        "CREATE TABLE b (id int PRIMARY KEY, n int)",
        "CREATE INDEX on_n ON a (n)",
        "CREATE UNIQUE INDEX on_m ON a (m)",
        "ALTER TABLE a ADD COLUMN extra int",
        "CREATE VIEW v AS SELECT id FROM a",
        "ALTER TABLE p RENAME TO q",
        "ALTER TABLE c RENAME COLUMN n TO renamed",
        "CREATE TABLE IF NOT EXISTS a (id int)",
    ];
    all.extend(match dialect {
        Dialect::Sqlite => vec!["CREATE TRIGGER g AFTER INSERT ON a BEGIN DELETE FROM c; END"],
        Dialect::Postgres => vec![
            "ALTER TABLE a ADD CONSTRAINT to_c FOREIGN KEY (n) REFERENCES c (id)",
            "ALTER TABLE a ADD CONSTRAINT positive CHECK (n > 0)",
            "ALTER TABLE a ADD UNIQUE (n)",
            "CREATE INDEX CONCURRENTLY slowly ON a (n, m)",
            "CREATE TYPE mood AS ENUM ('good', 'bad')",
            "CREATE SEQUENCE numbers",
            "CREATE MATERIALIZED VIEW w AS SELECT id FROM a",
        ],
        Dialect::MySql => vec![
            "ALTER TABLE a ADD CONSTRAINT to_c FOREIGN KEY (n) REFERENCES c (id)",
            "ALTER TABLE a ADD CONSTRAINT positive CHECK (n > 0)",
            "ALTER TABLE a ADD COLUMN o int, ADD CONSTRAINT also FOREIGN KEY (o) REFERENCES c (id)",
            "ALTER TABLE a ADD COLUMN IF NOT EXISTS n int",
            "ALTER TABLE c ADD UNIQUE twice (n)",
            "ALTER TABLE r ADD PRIMARY KEY (id)",
            "RENAME TABLE r TO s, c TO d",
            "CREATE TRIGGER g AFTER INSERT ON a FOR EACH ROW DELETE FROM d",
            "CREATE PROCEDURE both_of_them() BEGIN SELECT 1; SELECT 2; END",
        ],
    });
    if dialect == Dialect::MySql {
        all.retain(|sql| !sql.contains("renamed"));
    }
    all
}

/// The law: what kit names, executed in its order, restores the schema.
#[tokio::test]
async fn the_sql_that_kit_names_restores_the_schema() {
    for database in Database::all().await {
        let before = [
            "CREATE TABLE c (id int NOT NULL PRIMARY KEY, n int)",
            "CREATE TABLE a (id int NOT NULL, n int, m int)",
            "CREATE TABLE p (id int)",
            "CREATE TABLE r (id int NOT NULL)",
        ];
        let all = undoable(database.dialect);
        let ops = all.iter().map(|sql| (*sql).into()).chain([WRONG.into()]).collect();
        let case = failed(&database, &before, ops).await;
        let found = steps_of(&case, database.dialect);
        assert_eq!(found.len(), all.len() + 1, "{:?}", fates(&found));
        for step in found.iter().rev() {
            match &step.undo {
                Undo::Sql(statements) => {
                    for sql in statements {
                        let outcome = database.session.execute(sql, &[]).await;
                        assert!(outcome.is_ok(), "{:?}: {}: {sql}: {outcome:?}", database.dialect, step.recorded.body);
                    }
                }
                Undo::Nothing | Undo::With(_) => {}
                Undo::Unknown(reason) => panic!("{:?}: {}: {reason:?}", database.dialect, step.recorded.body),
            }
        }
        let left = repair::diagnose(&database.session, LEDGER).await.unwrap().halted.remove(0).left;
        assert_eq!(left, Left::SameSchema, "{:?}", database.dialect);
    }
}

#[tokio::test]
async fn nothing_is_kept_of_a_migration_that_ran_or_was_settled() {
    let deed = repair::Deed { person: "ann", command: "migrate:repair", kit: "0.0.test", now: 4_000_000_000_000 };
    for database in Database::all().await {
        let dialect = database.dialect;
        let rows = async || database.value(&format!("(SELECT COUNT(*) FROM {TABLE})")).await;
        let good =
            plain(Step::new("m1_good", vec!["CREATE TABLE g (id int)".into()], vec!["DROP TABLE g".into()]), dialect);
        let bad = plain(bare(vec!["CREATE TABLE a (id int)".into(), WRONG.into()]), dialect);
        for verdict in [repair::Verdict::Pending, repair::Verdict::Applied { batch: 9, checksum: None }] {
            let (_, outcome) = run(&database.session, &[good.clone(), bad.clone()], &[up()]).await;
            assert!(outcome.is_err());
            assert_eq!(rows().await.as_deref(), Some("2"), "{dialect:?}");
            repair::settle(&database.session, LEDGER, "m2_bare", &verdict, &deed).await.unwrap();
            assert_eq!(rows().await.as_deref(), Some("0"), "{dialect:?}");
            assert_eq!(statements::read(&database.session, "m2_bare").await.unwrap(), []);
            database.execute(&["DROP TABLE a"]).await;
        }
        let fixed = plain(bare(vec![]), dialect);
        let (_, outcome) = run(&database.session, &[good, fixed], &[Action::Down(Down::All), up()]).await;
        assert_eq!(outcome, Ok(()));
        assert_eq!(rows().await.as_deref(), Some("0"), "{dialect:?}");
    }
}

/// What the migration locks keeps the second session out: the migration goes on, and its statements are known nevertheless.
#[tokio::test]
async fn a_migration_that_locks_everything_is_not_held_up() {
    for database in Database::all().await {
        let lock: Vec<Op> = match database.dialect {
            Dialect::Sqlite => vec!["BEGIN EXCLUSIVE".into()],
            Dialect::Postgres => vec!["BEGIN".into(), "LOCK TABLE kit_statements".into()],
            Dialect::MySql => vec!["FLUSH TABLES".into(), "LOCK TABLES kit_statements WRITE, a WRITE".into()],
        };
        let free = if database.dialect == Dialect::MySql { "UNLOCK TABLES" } else { "COMMIT" };
        let mut ops = lock;
        ops.extend((1..=5).map(|n| format!("INSERT INTO a VALUES ({n})").as_str().into()));
        ops.extend([free.into(), WRONG.into()]);
        let clock = std::time::Instant::now();
        let case = failed(&database, &["CREATE TABLE a (id int)"], ops).await;
        assert!(clock.elapsed().as_secs() < 15, "{:?} {:?}", database.dialect, clock.elapsed());
        let found = steps_of(&case, database.dialect);
        let inserts = found.iter().filter(|step| step.recorded.body.starts_with("INSERT") && step.fate == Fate::Ran);
        assert_eq!(inserts.count(), 5, "{:?} {found:?}", database.dialect);
        assert_eq!(found.last().unwrap().fate, Fate::Failed);
    }
}
