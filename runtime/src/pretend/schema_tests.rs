//! What statements say of the schema, and what is kept of it.

use super::super::statement::{Statement, read};
use super::*;

fn of(dialect: Dialect, sql: &str) -> Vec<Change> {
    match read(sql, dialect) {
        Statement::Schema(changes) => changes,
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn statements_say_what_becomes_of_the_schema() {
    use Dialect::{MySql, Postgres, Sqlite};
    let text = |name: &str| name.to_owned();
    for (dialect, sql, expected) in [
        (Sqlite, "DROP TABLE IF EXISTS \"a\", b", vec![Change::Drop(text("a")), Change::Drop(text("b"))]),
        (Sqlite, "ALTER TABLE a RENAME TO b", vec![Change::Rename(text("a"), text("b"))]),
        (
            MySql,
            "RENAME TABLE `a` TO `b`, c TO d",
            vec![Change::Rename(text("a"), text("b")), Change::Rename(text("c"), text("d"))],
        ),
        (Postgres, "ALTER TABLE ONLY x.a DROP COLUMN IF EXISTS b CASCADE", vec![Change::Remove(text("a"), text("b"))]),
        (Postgres, "ALTER TABLE a ALTER COLUMN b TYPE int, DROP CONSTRAINT c", vec![Change::DropIndex(text("c"))]),
        (Postgres, "ALTER TABLE a RENAME COLUMN b TO c", vec![Change::RenameColumn(text("a"), text("b"), text("c"))]),
        (MySql, "ALTER TABLE a CHANGE b c int", vec![Change::RenameColumn(text("a"), text("b"), text("c"))]),
        (Postgres, "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b)", vec![Change::Index(text("i"))]),
        (Postgres, "CREATE INDEX ON a (b)", vec![]),
        (MySql, "DROP INDEX i ON a", vec![Change::DropIndex(text("i"))]),
        (Postgres, "CREATE TYPE \"mood\" AS ENUM ('a')", vec![Change::Type(text("mood"))]),
        (Postgres, "TRUNCATE a", vec![Change::Empty(text("a"))]),
        (Postgres, "CREATE EXTENSION x", vec![]),
    ] {
        assert_eq!(of(dialect, sql), expected, "{sql}");
    }
    let made = of(
        MySql,
        "CREATE TABLE IF NOT EXISTS `t` (`id` bigint unsigned NOT NULL AUTO_INCREMENT, n decimal(16, 4) DEFAULT (1 + 2) NOT NULL, \
         s varchar(9) DEFAULT 'a, b', PRIMARY KEY (`id`), UNIQUE KEY `u` (n), CONSTRAINT f FOREIGN KEY (n) REFERENCES x (y))",
    );
    let [Change::Create { table, columns: Some(columns), unless_there: true, .. }, Change::Index(index)] =
        made.as_slice()
    else {
        panic!("{made:?}")
    };
    let seen: Vec<_> = columns
        .iter()
        .map(|own| (own.name.as_str(), own.kind.as_str(), own.default.as_deref(), own.numbered))
        .collect();
    let expected = [
        ("id", "bigint unsigned", None, true),
        ("n", "decimal(16, 4)", Some("(1 + 2)"), false),
        ("s", "varchar(9)", Some("'a, b'"), false),
    ];
    assert_eq!((table.as_str(), seen, index.as_str()), ("t", expected.to_vec(), "u"));
}

#[test]
fn the_difference_is_all_that_is_kept() {
    let mut schema = Overlay::default();
    for sql in [
        "CREATE TABLE a (x int, y int)",
        "ALTER TABLE a DROP COLUMN y",
        "ALTER TABLE b ADD COLUMN z int",
        "ALTER TABLE b RENAME COLUMN p TO q",
        "ALTER TABLE c RENAME TO d",
        "DROP TABLE e",
    ] {
        of(Dialect::Sqlite, sql).iter().for_each(|change| schema.apply(change));
    }
    assert_eq!(["x", "y", "z"].map(|column| schema.column("A", column)), [Some(true), Some(false), Some(false)]);
    assert_eq!(
        ["z", "p", "q", "r"].map(|column| schema.column("b", column)),
        [Some(true), Some(false), Some(true), None]
    );
    assert_eq!(schema.table("d").map(|table| &table.origin), Some(&Origin::Real("c".into())));
    assert_eq!(["c", "e"].map(|table| schema.table(table).map(|table| table.origin == Origin::Gone)), [Some(true); 2]);
    assert!(schema.table("f").is_none() && schema.column("d", "x").is_none());
}
