//! What is no fault of a `down`: an order of columns that the database has no statement for, and what `up` does on purpose to
//! rows of earlier migrations.

use kit_runtime::dialect::Dialect;
use kit_runtime::wire::{Direction, Fault, Remark};

use super::{sql, verify};
use crate::support::database::Database;
use crate::support::steps::Step;

/// A table with three rows of its own.
fn seeded() -> Step {
    let up = [
        "CREATE TABLE settings (id integer PRIMARY KEY, name varchar(20), old varchar(20), worth integer)",
        "INSERT INTO settings (id, name, old, worth) VALUES (100001, 'a', 'x', 1), (100002, 'b', 'y', 2), (100003, 'c', 'z', 3)",
    ];
    Step::new("_seeded", sql(&up), sql(&["DROP TABLE settings"]))
}

#[tokio::test]
async fn column_order_is_a_fault_only_where_the_database_can_restore_it() {
    for database in Database::all().await {
        let can = database.dialect == Dialect::MySql;
        let steps = [
            seeded(),
            Step::new(
                "one",
                sql(&["ALTER TABLE settings DROP COLUMN name"]),
                sql(&["ALTER TABLE settings ADD COLUMN name varchar(20)"]),
            ),
            Step::new(
                "two",
                sql(&["ALTER TABLE settings DROP COLUMN old", "ALTER TABLE settings DROP COLUMN worth"]),
                sql(&[
                    "ALTER TABLE settings ADD COLUMN worth integer",
                    "ALTER TABLE settings ADD COLUMN old varchar(20)",
                ]),
            ),
        ];
        let found = verify(&database, &steps, 0).await;
        assert_eq!(found.len(), 2, "{found:?}");
        for one in &found {
            let faulty = matches!(one.faults.as_slice(), [Fault::Other { .. }]);
            assert!(if can { faulty } else { one.faults.is_empty() }, "{one:?}");
            let noted = matches!(one.notes.as_slice(), [Remark::Reordered { was, is }] if was != is && was.starts_with("settings "));
            assert!(if can { one.notes.is_empty() } else { noted }, "{one:?}");
        }
    }
}

#[tokio::test]
async fn another_difference_beside_the_order_stays_a_fault() {
    for database in Database::all().await {
        let wrong = Step::new(
            "wrong",
            sql(&["ALTER TABLE settings DROP COLUMN name"]),
            sql(&["ALTER TABLE settings ADD COLUMN name varchar(20) DEFAULT 'q'"]),
        );
        let found = verify(&database, &[seeded(), wrong], 0).await;
        assert!(matches!(found[0].faults.as_slice(), [Fault::Other { .. }]), "{found:?}");
        let after = Step::new(
            "after",
            sql(&["ALTER TABLE settings DROP COLUMN old"]),
            sql(&[match database.dialect {
                Dialect::MySql => "ALTER TABLE settings ADD COLUMN old varchar(20) AFTER name",
                _ => "ALTER TABLE settings ADD COLUMN old varchar(20)",
            }]),
        );
        let found = verify(&database, &[seeded(), after], 3).await;
        assert!(found[0].faults.is_empty(), "{found:?}");
    }
}

#[tokio::test]
async fn rows_of_earlier_migrations_may_be_changed_on_purpose() {
    for database in Database::all().await {
        let deletes = Step::new(
            "deletes",
            sql(&["DELETE FROM settings WHERE id = 100002"]),
            sql(&["INSERT INTO settings (id, name, old, worth) VALUES (100002, 'b', 'y', 2)"]),
        );
        let clears =
            Step::new("clears", sql(&["UPDATE settings SET old = NULL"]), sql(&["UPDATE settings SET old = 'x'"]));
        let renames = Step::new(
            "renames",
            sql(&["UPDATE settings SET name = 'aa' WHERE id = 100001"]),
            sql(&["UPDATE settings SET name = 'a' WHERE id = 100001"]),
        );
        let found = verify(&database, &[seeded(), deletes, clears, renames], 4).await;
        assert_eq!(found.len(), 3, "{found:?}");
        let [deletes, clears, renames] = &found[..] else { panic!("{found:?}") };
        assert!(deletes.faults.is_empty(), "{deletes:?}");
        assert!(
            matches!(&deletes.notes[..], [Remark::UpDeletes { table, rows: 1 }] if table == "settings"),
            "{deletes:?}"
        );
        assert!(!clears.faults.iter().any(|fault| matches!(fault, Fault::ValuesLost { direction: Direction::Up, .. })));
        assert!(renames.faults.is_empty() && renames.notes.is_empty(), "{renames:?}");
    }
}

#[tokio::test]
async fn rows_that_kit_made_up_may_not_be_deleted_by_up() {
    for database in Database::all().await {
        let empties = Step::new(
            "empties",
            sql(&["DELETE FROM settings WHERE id NOT IN (100001, 100002, 100003)"]),
            sql(&["SELECT 1"]),
        );
        let found = verify(&database, &[seeded(), empties], 4).await;
        let lost = |fault: &Fault| matches!(fault, Fault::RowsLost { direction: Direction::Up, lost: 4, .. });
        assert!(found[0].faults.iter().any(lost), "{found:?}");
    }
}
