//! `migrate:verify`: what it finds in migrations that do not come back, on each database; that it says so, and leaves
//! nothing behind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod command;
mod limits;
mod objects;

use std::collections::BTreeMap;

use crate::sample as migrations;
use crate::support::database::Database;
use crate::support::steps;
use crate::support::steps::{Op, Step};
use kit_runtime::dialect::Dialect;
use kit_runtime::engine;
use kit_runtime::sea_orm::Project;
use kit_runtime::snapshot::Change;
use kit_runtime::wire::{Action, Direction, Event, Failure, Fault, Locking, PROTOCOL, Remark, Request, Verify};
use sea_orm_migration::prelude::MigratorTrait;

/// What was found out about a migration.
#[derive(Debug)]
struct Found {
    name: String,
    faults: Vec<Fault>,
    notes: Vec<Remark>,
}

async fn verify_with<M: MigratorTrait + 'static>(
    database: &Database,
    names: Vec<String>,
    rows: u32,
) -> (Vec<Found>, Result<(), Failure>) {
    let request = Request {
        protocol: PROTOCOL,
        kit: "0.0.test".to_owned(),
        url: String::new(),
        schema: None,
        secrets: Vec::new(),
        checksums: BTreeMap::new(),
        locking: Locking::default(),
        patience: 5,
        connections: 1,
        actions: vec![Action::Verify(Verify { only: names, rows, clean: true })],
    };
    let mut found = Vec::new();
    let mut note = |event| {
        if let Event::Verified { name, faults, notes, .. } = event {
            found.push(Found { name, faults, notes });
        }
    };
    let outcome = engine::run(&request, &Project::of::<M>(), &database.session, &mut note).await;
    (found, outcome)
}

/// Looks at these steps, those named `_…` left out.
async fn verify(database: &Database, steps: &[Step], rows: u32) -> Vec<Found> {
    steps::set(steps);
    let names = steps.iter().map(|step| step.name.clone()).filter(|name| !name.starts_with('_')).collect();
    let (found, outcome) = verify_with::<steps::Migrator>(database, names, rows).await;
    outcome.unwrap();
    found
}

fn sql(statements: &[&str]) -> Vec<Op> {
    statements.iter().map(|sql| Op::from(*sql)).collect()
}

/// Tables that others change.
fn base(dialect: Dialect) -> Step {
    let mut up = vec![
        "CREATE TABLE authors (id integer PRIMARY KEY, name varchar(20) NOT NULL, born integer, died integer)",
        "CREATE INDEX idx_name ON authors (name)",
        "CREATE TABLE books (id integer PRIMARY KEY, author_id integer NOT NULL, title varchar(40) NOT NULL DEFAULT 'x', \
         CONSTRAINT fk_author FOREIGN KEY (author_id) REFERENCES authors (id))",
        "CREATE TABLE prices (id integer PRIMARY KEY, a integer NOT NULL, b integer, CONSTRAINT low CHECK (a > 0))",
    ];
    match dialect {
        Dialect::Postgres => {
            up.extend(["CREATE TYPE mood AS ENUM ('sad', 'ok')", "CREATE TABLE moods (id int, m mood)"])
        }
        Dialect::MySql => up.push("CREATE TABLE moods (id int, m enum('sad', 'ok'))"),
        Dialect::Sqlite => up.push("CREATE TABLE moods (id int, m text CHECK (m IN ('sad', 'ok')))"),
    }
    Step::new("_base", sql(&up), Vec::new())
}

/// Whether something holds for what is missing after a fault and what is left, a line an object.
fn sides(fault: &Fault, holds: impl Fn(&[String], &[String]) -> bool) -> bool {
    let (mut missing, mut left) = (Vec::new(), Vec::new());
    for change in fault.changes() {
        let line = |definition: &[String]| format!("{} {}", change.object(), definition.join(" "));
        match change {
            Change::Removed { definition, .. } => missing.push(line(definition)),
            Change::Added { definition, .. } => left.push(line(definition)),
            Change::Altered { before, after, .. } => {
                missing.push(line(before));
                left.push(line(after));
            }
        }
    }
    holds(&missing, &left)
}

/// A planted fault, and what has to be found.
struct Planted {
    what: &'static str,
    up: Vec<&'static str>,
    down: Option<Vec<&'static str>>,
    rows: u32,
    expected: fn(&Fault) -> bool,
}

fn planted(dialect: Dialect) -> Vec<Planted> {
    let plant = |what, up: &[&'static str], down: &[&'static str], rows, expected| Planted {
        what,
        up: up.to_vec(),
        down: Some(down.to_vec()),
        rows,
        expected,
    };
    let my = dialect == Dialect::MySql;
    let drop_index = |name: &'static str, on: &'static str| if my { on } else { name };
    let mut all = vec![
        Planted {
            what: "missing",
            up: vec!["CREATE TABLE t (id integer)"],
            down: None,
            rows: 0,
            expected: |fault| matches!(fault, Fault::Missing),
        },
        plant("empty", &["CREATE TABLE t (id integer)"], &[], 0, |fault| {
            matches!(fault, Fault::Idle { .. })
                && sides(fault, |missing, left| {
                    missing.is_empty() && left.iter().any(|line| line.starts_with("table t"))
                })
        }),
        plant(
            "partial",
            &["CREATE TABLE t (id integer)", "CREATE TABLE u (id integer)"],
            &["DROP TABLE t"],
            0,
            |fault| {
                matches!(fault, Fault::Other { .. })
                    && sides(fault, |missing, left| {
                        missing.is_empty()
                            && left.iter().all(|line| line.contains(" u"))
                            && left.iter().any(|line| line.starts_with("column u.id"))
                    })
            },
        ),
        plant(
            "wrong order",
            &["ALTER TABLE authors ADD COLUMN note varchar(9)", "CREATE INDEX idx_note ON authors (note)"],
            &[
                "ALTER TABLE authors DROP COLUMN note",
                drop_index("DROP INDEX idx_note", "DROP INDEX idx_note ON authors"),
            ],
            0,
            |fault| matches!(fault, Fault::Down { message } if message.contains("idx_note")),
        ),
        plant(
            "index",
            &[drop_index("DROP INDEX idx_name", "DROP INDEX idx_name ON authors")],
            &["CREATE INDEX idx_name ON authors (born)"],
            0,
            |fault| {
                matches!(fault, Fault::Other { .. })
                    && sides(fault, |missing, left| {
                        missing.len() == 1
                            && missing[0].contains("idx_name")
                            && left.len() == 1
                            && left[0].contains("born")
                    })
            },
        ),
        plant(
            "index left",
            &["CREATE INDEX idx_born ON authors (born)", "CREATE TABLE t (id integer)"],
            &["DROP TABLE t"],
            0,
            |fault| {
                matches!(fault, Fault::Other { .. })
                    && sides(fault, |missing, left| {
                        missing.is_empty() && left.len() == 1 && left[0].contains("idx_born")
                    })
            },
        ),
        plant(
            "default",
            &["ALTER TABLE books DROP COLUMN title"],
            &["ALTER TABLE books ADD COLUMN title varchar(40) NOT NULL DEFAULT 'y'"],
            0,
            |fault| {
                matches!(fault, Fault::Other { .. })
                    && sides(fault, |missing, left| {
                        missing.len() == 1 && missing[0].contains("'x'") && left.len() == 1 && left[0].contains("'y'")
                    })
            },
        ),
        plant(
            "not null",
            &["ALTER TABLE books DROP COLUMN title"],
            &["ALTER TABLE books ADD COLUMN title varchar(40) DEFAULT 'x'"],
            0,
            |fault| {
                matches!(fault, Fault::Other { .. })
                    && sides(fault, |missing, left| missing.len() == 1 && left.len() == 1)
            },
        ),
        plant(
            "constraint",
            &["DROP TABLE prices"],
            &["CREATE TABLE prices (id integer PRIMARY KEY, a integer NOT NULL, b integer)"],
            0,
            |fault| {
                matches!(fault, Fault::Other { .. })
                    && sides(fault, |missing, left| missing.len() == 1 && missing[0].contains("low") && left.is_empty())
            },
        ),
        plant(
            "foreign key",
            &["DROP TABLE books"],
            &[
                "CREATE TABLE books (id integer PRIMARY KEY, author_id integer NOT NULL, title varchar(40) NOT NULL DEFAULT 'x')",
            ],
            0,
            |fault| {
                matches!(fault, Fault::Other { .. })
                    && sides(fault, |missing, left| {
                        missing.iter().any(|line| line.contains("author")) && left.is_empty()
                    })
            },
        ),
        plant("wrong table", &["CREATE TABLE t (id integer)"], &["DROP TABLE prices"], 0, |fault| {
            matches!(fault, Fault::Other { .. })
                && sides(fault, |missing, left| {
                    missing.iter().any(|line| line.starts_with("table prices"))
                        && left.iter().any(|line| line.starts_with("table t"))
                })
        }),
        plant("twice", &["INSERT INTO prices (id, a) VALUES (1, 1)"], &[], 0, |fault| {
            matches!(fault, Fault::Again { .. })
        }),
        plant(
            "rows lost",
            &["ALTER TABLE prices ADD COLUMN c integer"],
            &[
                "DROP TABLE prices",
                "CREATE TABLE prices (id integer PRIMARY KEY, a integer NOT NULL, b integer, CONSTRAINT low CHECK (a > 0))",
            ],
            4,
            |fault| matches!(fault, Fault::RowsLost { table, direction: Direction::Down, lost: 4, of: 4 } if table == "prices"),
        ),
        plant(
            "rows lost on the way up",
            &["DELETE FROM books"],
            &[],
            3,
            |fault| matches!(fault, Fault::RowsLost { table, direction: Direction::Up, .. } if table == "books"),
        ),
        plant(
            "values lost",
            &["ALTER TABLE prices ADD COLUMN c integer"],
            &["ALTER TABLE prices DROP COLUMN c", "UPDATE prices SET b = NULL"],
            4,
            |fault| matches!(fault, Fault::ValuesLost { table, column, direction: Direction::Down } if table == "prices" && column == "b"),
        ),
        plant(
            "only empty",
            &["ALTER TABLE prices ADD COLUMN c integer"],
            &["UPDATE prices SET a = c", "ALTER TABLE prices DROP COLUMN c"],
            2,
            |fault| matches!(fault, Fault::OnlyEmpty { .. }),
        ),
    ];
    all.push(match dialect {
        Dialect::Postgres => plant(
            "enum",
            &["CREATE TYPE size AS ENUM ('s', 'm')", "CREATE TABLE t (s size)"],
            &["DROP TABLE t"],
            0,
            |fault| {
                matches!(fault, Fault::Other { .. })
                    && sides(fault, |_, left| left.len() == 1 && left[0].starts_with("enum size s m "))
            },
        ),
        Dialect::MySql => plant(
            "enum",
            &["ALTER TABLE moods MODIFY m enum('sad', 'ok', 'happy')"],
            &["ALTER TABLE moods MODIFY m enum('ok', 'sad')"],
            0,
            |fault| {
                matches!(fault, Fault::Other { .. })
                    && sides(fault, |missing, left| missing.len() == 1 && left.len() == 1)
            },
        ),
        Dialect::Sqlite => plant(
            "enum",
            &["DROP TABLE moods", "CREATE TABLE moods (id int, m text CHECK (m IN ('sad', 'ok', 'happy')))"],
            &["DROP TABLE moods", "CREATE TABLE moods (id int, m text CHECK (m IN ('sad')))"],
            0,
            |fault| {
                matches!(fault, Fault::Other { .. })
                    && sides(fault, |missing, left| missing.len() == 1 && left.len() == 1)
            },
        ),
    });
    if my {
        all.push(plant(
            "column order",
            &["ALTER TABLE authors DROP COLUMN born"],
            &["ALTER TABLE authors ADD COLUMN born integer"],
            0,
            |fault| {
                matches!(fault, Fault::Other { .. })
                    && sides(fault, |missing, left| {
                        *missing == ["columns of authors id name born died"]
                            && *left == ["columns of authors id name died born"]
                    })
            },
        ));
    }
    if dialect != Dialect::Sqlite {
        // Where tables that nothing is in go in any order, that is no fault.
        all.push(plant(
            "parent first",
            &[
                "CREATE TABLE p (id integer PRIMARY KEY)",
                "CREATE TABLE c (id integer, FOREIGN KEY (id) REFERENCES p (id))",
            ],
            &["DROP TABLE p", "DROP TABLE c"],
            0,
            |fault| matches!(fault, Fault::Down { .. }),
        ));
    }
    all
}

#[tokio::test]
async fn planted_faults_are_found_on_each_database() {
    for database in Database::all().await {
        let dialect = database.dialect;
        let mut caught = 0;
        for Planted { what, up, down, rows, expected } in planted(dialect) {
            let faulty = Step { down: down.map(|down| sql(&down)), ..Step::new("faulty", sql(&up), Vec::new()) };
            let found = verify(&database, &[base(dialect), faulty], rows).await;
            let [Found { name, faults, .. }] = found.as_slice() else { panic!("{dialect:?}, {what}: {found:?}") };
            assert_eq!(name, "faulty");
            assert!(faults.iter().any(expected), "{dialect:?}, {what}: {found:?}");
            caught += 1;
            // The database that it was tried on is left as it was found.
            assert_eq!(database.tables().await.join(" ").replace("kit_lock", ""), "", "{dialect:?}, {what}");
        }
        assert!(caught >= 17, "{caught}");
    }
}

#[tokio::test]
async fn after_a_fault_the_others_are_looked_at() {
    for database in Database::all().await {
        let dialect = database.dialect;
        let number = match dialect {
            Dialect::Sqlite => "integer PRIMARY KEY AUTOINCREMENT",
            Dialect::Postgres => "serial PRIMARY KEY",
            Dialect::MySql => "integer AUTO_INCREMENT PRIMARY KEY",
        };
        let create = format!("CREATE TABLE roles (id {number}, name varchar(20) UNIQUE)");
        let steps = [
            Step::new("m1", sql(&[&create]), sql(&["DROP TABLE roles"])),
            Step::new("m2_drops_nothing", sql(&["CREATE TABLE t (id integer)"]), Vec::new()),
            Step::new("m3_fills", sql(&["INSERT INTO roles (name) VALUES ('admin')"]), sql(&["DELETE FROM roles"])),
            // It believes that the first row has the number 1, which it has, but where it was rolled back before.
            Step::new(
                "m4_believes",
                sql(&[
                    "CREATE TABLE users (role integer, FOREIGN KEY (role) REFERENCES roles (id))",
                    "INSERT INTO users VALUES (1)",
                ]),
                sql(&["DROP TABLE users"]),
            ),
            Step { down: None, ..Step::new("m5", sql(&["CREATE TABLE u (id integer)"]), Vec::new()) },
            Step::table("m6"),
            Step::new("m7_fails", sql(&["CREATE TABLE t (id integer)"]), Vec::new()),
            Step::table("m8"),
        ];
        for rows in if dialect == Dialect::Sqlite { vec![0, 3] } else { vec![3] } {
            let found = verify(&database, &steps, rows).await;
            let said: Vec<String> = found.iter().map(|one| format!("{} {}", one.name, one.faults.len())).collect();
            let expected = ["m1 0", "m2_drops_nothing 1", "m3_fills 0", "m4_believes 0", "m5 1", "m6 0", "m7_fails 1"];
            // With rows, the third migration deletes more than it has brought.
            let expected =
                expected.map(|line| if rows > 0 { line.replace("m3_fills 0", "m3_fills 1") } else { line.to_owned() });
            assert_eq!(said, expected, "{dialect:?}: {found:?}");
            assert!(matches!(&found[6].faults[0], Fault::Up { message } if message.contains("exists")), "{found:?}");
        }
    }
}

/// Columns of many kinds, keys and checks: all of it gets rows, and what cannot is said.
#[tokio::test]
async fn tables_are_filled() {
    for database in Database::all().await {
        let (number, kinds): (_, &[&str]) = match database.dialect {
            Dialect::Sqlite => (
                "integer PRIMARY KEY",
                &[
                    "boolean",
                    "real",
                    "blob",
                    "uuid_text",
                    "json_text",
                    "datetime_text",
                    "varchar(3)",
                    "real_decimal(4,2)",
                ],
            ),
            Dialect::Postgres => (
                "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
                &[
                    "boolean",
                    "smallint",
                    "bigint",
                    "real",
                    "double precision",
                    "numeric(4,2)",
                    "bytea",
                    "uuid",
                    "json",
                    "jsonb",
                    "date",
                    "time",
                    "timestamptz",
                    "timestamp",
                    "interval",
                    "char(2)",
                    "varchar(3)",
                    "text",
                    "inet",
                    "cidr",
                    "macaddr",
                    "bit(3)",
                    "varbit(5)",
                    "int[]",
                    "text[]",
                    "point",
                    "int4range",
                    "money",
                    "xml",
                    "mood",
                    "short",
                    "oid",
                ],
            ),
            Dialect::MySql => (
                "bigint AUTO_INCREMENT PRIMARY KEY",
                &[
                    "boolean",
                    "tinyint",
                    "smallint unsigned",
                    "mediumint",
                    "bigint",
                    "float",
                    "double",
                    "decimal(4,2)",
                    "binary(16)",
                    "varbinary(4)",
                    "blob",
                    "json",
                    "date",
                    "time",
                    "datetime(6)",
                    "timestamp",
                    "year",
                    "char(2)",
                    "varchar(3)",
                    "text",
                    "bit(3)",
                    "enum('a','b''c')",
                    "set('x','y')",
                    "point",
                    "uuid",
                ],
            ),
        };
        let columns: Vec<String> =
            kinds.iter().enumerate().map(|(at, kind)| format!("c{at} {kind} NOT NULL")).collect();
        let statements = [
            "CREATE TABLE parents (id integer PRIMARY KEY, code varchar(8) NOT NULL UNIQUE)".to_owned(),
            format!("CREATE TABLE kinds (id {number}, {})", columns.join(", ")),
            "CREATE TABLE children (a integer NOT NULL, b integer NOT NULL, code varchar(8) NOT NULL UNIQUE, state varchar(9) NOT NULL, percent integer NOT NULL, \
             PRIMARY KEY (a, b), FOREIGN KEY (a) REFERENCES parents (id), FOREIGN KEY (b) REFERENCES parents (id), \
             FOREIGN KEY (code) REFERENCES parents (code), CHECK (state IN ('new', 'old')), CHECK (percent BETWEEN 0 AND 100))".to_owned(),
            "CREATE TABLE trees (id integer PRIMARY KEY, parent integer, FOREIGN KEY (parent) REFERENCES trees (id))".to_owned(),
            "CREATE TABLE only_number (id integer PRIMARY KEY)".to_owned(),
            "CREATE TABLE nothing_fits (n integer NOT NULL, CHECK (n * n = 2))".to_owned(),
        ];
        let mut up: Vec<Op> = Vec::new();
        if database.dialect == Dialect::Postgres {
            up.extend(sql(&[
                "CREATE TYPE mood AS ENUM ('sad', 'ok')",
                "CREATE DOMAIN short AS varchar(2) CHECK (VALUE <> '')",
            ]));
        }
        up.extend(statements.iter().map(|sql| Op::from(sql.as_str())));
        let steps = [Step::new("_base", up, Vec::new()), Step::new("nothing", Vec::new(), Vec::new())];
        let found = verify(&database, &steps, 5).await;
        let [Found { faults, notes, .. }] = found.as_slice() else { panic!("{found:?}") };
        assert!(faults.is_empty(), "{:?}: {faults:?}", database.dialect);
        let [Remark::Unfilled { table, .. }] = notes.as_slice() else { panic!("{:?}: {notes:?}", database.dialect) };
        assert_eq!(table, "nothing_fits");
    }
}

#[tokio::test]
async fn good_migrations_pass() {
    for database in Database::all().await {
        let dialect = database.dialect;
        let steps = [
            base(dialect),
            Step::new(
                "m1_adds",
                sql(&["ALTER TABLE books ADD COLUMN year integer"]),
                sql(&["ALTER TABLE books DROP COLUMN year"]),
            ),
            Step::new(
                "m2_renames",
                sql(&["ALTER TABLE prices RENAME TO costs"]),
                sql(&["ALTER TABLE costs RENAME TO prices"]),
            ),
            Step::new(
                "m3_renames",
                sql(&["ALTER TABLE costs RENAME COLUMN b TO d"]),
                sql(&["ALTER TABLE costs RENAME COLUMN d TO b"]),
            ),
            Step::new(
                "m4_drops",
                sql(&["ALTER TABLE books DROP COLUMN year"]),
                sql(&["ALTER TABLE books ADD COLUMN year integer"]),
            ),
            Step::new("m5_fills", sql(&["UPDATE costs SET a = a + 1"]), sql(&["UPDATE costs SET a = a - 1"])),
            Step::new("m6_view", sql(&["CREATE VIEW v AS SELECT id FROM costs"]), sql(&["DROP VIEW v"])),
        ];
        let found = verify(&database, &steps, 3).await;
        assert_eq!(found.len(), 6);
        assert!(found.iter().all(|one| one.faults.is_empty()), "{dialect:?}: {found:?}");
        let notes: Vec<&Remark> = found.iter().flat_map(|one| &one.notes).collect();
        let dropped = Remark::Emptied { table: "books".to_owned(), column: Some("year".to_owned()) };
        assert_eq!(notes, [&dropped], "{dialect:?}");

        let names = migrations::Migrator::migrations().iter().map(|one| one.name().to_owned()).collect();
        let (found, outcome) = verify_with::<migrations::Migrator>(&database, names, 3).await;
        outcome.unwrap();
        assert!(found.len() == 4 && found.iter().all(|one| one.faults.is_empty()), "{dialect:?}: {found:?}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_empty_is_left_alone() {
    for database in Database::all().await {
        steps::set(&[Step::table("one")]);
        database.execute(&["CREATE TABLE precious (id integer)"]).await;
        let before = database.everything().await;
        let (_, outcome) = verify_with::<steps::Migrator>(&database, vec!["one".to_owned()], 0).await;
        let Err(Failure::Occupied { objects }) = outcome else { panic!("{outcome:?}") };
        assert!(objects.len() == 1 && objects[0].contains("precious"), "{objects:?}");
        assert_eq!(database.everything().await, before);
        // What a killed run has left says that it is kit's.
        database.execute(&["CREATE TABLE kit_scratch (made_for_kit integer)"]).await;
        let (found, outcome) = verify_with::<steps::Migrator>(&database, vec!["one".to_owned()], 0).await;
        outcome.unwrap();
        assert_eq!(found.len(), 1);
        assert!(!database.has_table("precious").await && !database.has_table("kit_scratch").await);
    }
}
