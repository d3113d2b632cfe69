//! What is kept of changes of the schema.

use super::super::statement::{Statement, read};
use super::*;
use crate::dialect::Dialect;

fn after(dialect: Dialect, statements: &[&str]) -> Overlay {
    let names = Names::of(dialect);
    let mut schema = Overlay::new(names.clone());
    for sql in statements {
        match read(sql, &names) {
            Statement::Schema(changes) => changes.iter().for_each(|change| schema.apply(change)),
            other => panic!("{sql}: {other:?}"),
        }
    }
    schema
}

#[test]
fn the_difference_is_all_that_is_kept() {
    let schema = after(
        Dialect::Sqlite,
        &[
            "CREATE TABLE a (x int, y int)",
            "ALTER TABLE a DROP COLUMN y",
            "ALTER TABLE b ADD COLUMN z int",
            "ALTER TABLE b RENAME COLUMN p TO q",
            "ALTER TABLE c RENAME TO d",
            "DROP TABLE e",
        ],
    );
    assert_eq!(["x", "y", "z"].map(|column| schema.column("A", column)), [Some(true), Some(false), Some(false)]);
    assert_eq!(
        ["z", "p", "q", "r"].map(|column| schema.column("b", column)),
        [Some(true), Some(false), Some(true), None]
    );
    assert_eq!(schema.table("d").map(|table| &table.origin), Some(&Origin::Real("c".into())));
    assert_eq!(["c", "e"].map(|table| schema.table(table).map(|table| table.origin == Origin::Gone)), [Some(true); 2]);
    assert!(schema.table("f").is_none() && schema.column("d", "x").is_none());
}

#[test]
fn a_column_that_comes_back_is_a_new_one() {
    let schema = after(Dialect::Postgres, &["ALTER TABLE a DROP COLUMN x", "ALTER TABLE a ADD COLUMN x int"]);
    assert_eq!(schema.column("a", "x"), Some(true));
    let table = schema.table("a").unwrap();
    assert!(table.removed.contains("x") && table.columns.len() == 1);
    let schema =
        after(Dialect::Postgres, &["ALTER TABLE a RENAME COLUMN x TO y", "ALTER TABLE a RENAME COLUMN y TO z"]);
    assert_eq!(["x", "y", "z"].map(|column| schema.column("a", column)), [Some(false), Some(false), Some(true)]);
    assert_eq!(schema.table("a").unwrap().renamed.get("z").map(String::as_str), Some("x"));
}

#[test]
fn names_are_compared_as_the_database_compares_them() {
    use Dialect::{MySql, Postgres, Sqlite};
    for (dialect, table, column) in [(Postgres, false, false), (MySql, false, true), (Sqlite, true, true)] {
        let quote = |name: &str| dialect.quote(name);
        let schema = after(dialect, &[&format!("CREATE TABLE {} ({} int)", quote("Orders"), quote("Id"))]);
        assert_eq!(schema.table("orders").is_some(), table, "{dialect:?}");
        assert_eq!(schema.column("Orders", "id"), Some(column), "{dialect:?}");
        assert_eq!(schema.column("Orders", "Id"), Some(true), "{dialect:?}");
        // Without quotes a name is in lower case on one of them.
        let schema = after(dialect, &["CREATE TABLE Orders (Id int)"]);
        assert_eq!(schema.table("orders").is_some(), dialect != MySql, "{dialect:?}");
    }
}

#[test]
fn indexes_go_with_their_tables_and_constraints() {
    let schema = after(
        Dialect::Postgres,
        &[
            "CREATE TABLE a (x int PRIMARY KEY, y int UNIQUE, CONSTRAINT u UNIQUE (x, y))",
            "ALTER TABLE a DROP CONSTRAINT u",
        ],
    );
    let index = |name: &str| schema.object(Object::Index, Some("a"), name);
    assert_eq!(["a_pkey", "a_y_key", "u", "other"].map(index), [Some(true), Some(true), Some(false), Some(false)]);
    let schema = after(
        Dialect::MySql,
        &["CREATE TABLE a (x int PRIMARY KEY, KEY i (x))", "CREATE INDEX i ON b (x)", "DROP TABLE a"],
    );
    let index = |table: &str| schema.object(Object::Index, Some(table), "I");
    assert_eq!(["a", "b"].map(index), [Some(false), Some(true)]);
}
