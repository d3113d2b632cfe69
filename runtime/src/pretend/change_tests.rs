//! What statements change in the schema.

use super::super::rules::{KeyColumn, RuleKind};
use super::super::statement::{Statement, read};
use super::*;
use crate::dialect::Dialect;

fn of(dialect: Dialect, sql: &str) -> Vec<Change> {
    match read(sql, &Names::of(dialect)) {
        Statement::Schema(changes) => changes,
        other => panic!("{sql}: {other:?}"),
    }
}

#[test]
fn statements_say_what_becomes_of_the_schema() {
    use Dialect::{MySql, Postgres, Sqlite};
    let text = |name: &str| name.to_owned();
    let drop = |table: &str, if_exists| Change::Drop { table: text(table), if_exists };
    let object = |kind, name: &str, table: Option<&str>, existing| Change::Object {
        kind,
        name: text(name),
        table: table.map(text),
        existing,
    };
    let gone = |kind, name: &str, table: Option<&str>| Change::DropObject {
        kind,
        name: text(name),
        table: table.map(text),
        if_exists: false,
    };
    let unique = |column: &str| RuleKind::Unique(vec![KeyColumn { name: text(column), collation: None, text: false }]);
    let touch = |table: &str| Change::Touch(text(table));
    for (dialect, sql, expected) in [
        (Sqlite, "DROP TABLE IF EXISTS \"a\", b", vec![drop("a", true), drop("b", true)]),
        (Sqlite, "ALTER TABLE a RENAME TO b", vec![touch("a"), Change::Rename(text("a"), text("b"))]),
        (
            MySql,
            "RENAME TABLE `a` TO `b`, c TO d",
            vec![Change::Rename(text("a"), text("b")), Change::Rename(text("c"), text("d"))],
        ),
        (
            Postgres,
            "ALTER TABLE ONLY x.a DROP COLUMN IF EXISTS b CASCADE",
            vec![touch("x.a"), Change::Remove { table: text("x.a"), column: text("b"), if_exists: true }],
        ),
        (
            Postgres,
            "ALTER TABLE a ALTER COLUMN b TYPE int, DROP CONSTRAINT c",
            vec![touch("a"), Change::Alter(text("a"), text("b")), gone(Object::Constraint, "c", Some("a"))],
        ),
        (
            Postgres,
            "ALTER TABLE a RENAME COLUMN b TO c",
            vec![touch("a"), Change::RenameColumn(text("a"), text("b"), text("c"))],
        ),
        (
            MySql,
            "ALTER TABLE a CHANGE b c int",
            vec![
                touch("a"),
                Change::RenameColumn(text("a"), text("b"), text("c")),
                Change::Alter(text("a"), text("c")),
            ],
        ),
        (
            Postgres,
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b)",
            vec![
                object(Object::Index, "i", Some("a"), Existing::Kept),
                Change::Rule { table: text("a"), rule: Rule { name: Some(text("i")), kind: unique("b") } },
            ],
        ),
        (Postgres, "CREATE INDEX ON a (b)", vec![]),
        (MySql, "DROP INDEX i ON a", vec![gone(Object::Index, "i", Some("a"))]),
        (
            Postgres,
            "CREATE TYPE \"mood\" AS ENUM ('a')",
            vec![
                object(Object::Type, "mood", None, Existing::Fails),
                Change::Value { name: text("mood"), value: text("a") },
            ],
        ),
        (
            Postgres,
            "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'b' AFTER 'a'",
            vec![Change::Value { name: text("mood"), value: text("b") }],
        ),
        (Postgres, "TRUNCATE a", vec![Change::Empty(text("a"))]),
        (Postgres, "CREATE EXTENSION x", vec![object(Object::Extension, "x", None, Existing::Fails)]),
        (
            Sqlite,
            "CREATE TRIGGER IF NOT EXISTS t AFTER INSERT ON a BEGIN SELECT 1; END",
            vec![object(Object::Trigger, "t", Some("a"), Existing::Kept)],
        ),
    ] {
        assert_eq!(of(dialect, sql), expected, "{sql}");
    }
    let made = of(
        MySql,
        "CREATE TABLE IF NOT EXISTS `t` (`id` bigint unsigned NOT NULL AUTO_INCREMENT, n decimal(16, 4) DEFAULT (1 + 2) NOT NULL, \
         s varchar(9) DEFAULT 'a, b', PRIMARY KEY (`id`), UNIQUE KEY `u` (n), CONSTRAINT f FOREIGN KEY (n) REFERENCES x (y))",
    );
    let [Change::Create { table, columns: Some(columns), existing: Existing::Kept, .. }, rest @ ..] = made.as_slice()
    else {
        panic!("{made:?}")
    };
    let indexes: Vec<&str> = rest
        .iter()
        .filter_map(|change| match change {
            Change::Object { kind: Object::Index, name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let seen: Vec<_> = columns
        .iter()
        .map(|own| (own.name.as_str(), own.kind.as_str(), own.default.as_deref(), own.numbered))
        .collect();
    let expected = [
        ("id", "bigint unsigned", None, true),
        ("n", "decimal(16, 4)", Some("(1 + 2)"), false),
        ("s", "varchar(9)", Some("'a, b'"), false),
    ];
    assert_eq!((table.as_str(), seen, indexes), ("t", expected.to_vec(), vec!["PRIMARY", "u"]));
    assert_eq!(columns.iter().map(|own| own.nullable).collect::<Vec<_>>(), [false, false, true]);
}
