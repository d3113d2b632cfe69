//! Statements of each kind, and what is read of them.

use super::super::insert::{Conflict, Target};
use super::*;

const SQL: Dialect = Dialect::Postgres;

fn read(sql: &str, dialect: Dialect) -> Statement {
    super::read(sql, &Names::of(dialect))
}

#[test]
fn what_only_reads_is_told_from_what_writes() {
    for sql in [
        "SELECT 1",
        "(SELECT 1) UNION (SELECT 2)",
        "VALUES (1)",
        "WITH a AS (SELECT 1) SELECT replace('a', 'b', 'c') FROM a FOR UPDATE",
        "SELECT \"into\", 'update' FROM \"insert\"",
    ] {
        assert!(matches!(read(sql, SQL), Statement::Select(_)), "{sql}");
    }
    for sql in [
        "SELECT 1 INTO a",
        "WITH a AS (INSERT INTO b VALUES (1) RETURNING c) SELECT * FROM a",
        "EXPLAIN ANALYZE DELETE FROM a",
        "CALL p()",
        "DO $$ BEGIN DELETE FROM a; END $$",
    ] {
        assert_eq!(read(sql, SQL), Statement::Other, "{sql}");
    }
    for sql in ["SHOW x", "EXPLAIN DELETE FROM a", "PRAGMA table_info(a)"] {
        assert_eq!(read(sql, Dialect::Sqlite), Statement::Look, "{sql}");
    }
}

#[test]
fn a_query_says_what_it_reads_and_calls() {
    let Statement::Select(select) = read(
        "SELECT nextval('s') AS n FROM a.b JOIN \"C\" ON 1 = 1, d WHERE x IN (SELECT y FROM e) FOR NO KEY UPDATE OF b",
        SQL,
    ) else {
        panic!("no query")
    };
    assert_eq!(select.tables, ["a.b", "C", "d", "e"]);
    assert_eq!(select.effect, Some(("nextval".into(), "n".into())));
    assert_eq!(select.locks.map(|place| place.start), Some(84));
}

#[test]
fn rows_are_read_as_they_stand() {
    let literal = |text: &str| Term::Literal(text.to_owned());
    let Statement::Insert(insert) =
        read("INSERT INTO a.t (\"x\", y) VALUES ('it''s', DEFAULT), (now(), -1) RETURNING \"x\", y AS z", SQL)
    else {
        panic!("no insert")
    };
    assert_eq!(
        (insert.table.as_str(), insert.columns, insert.conflict),
        ("a.t", vec!["x".into(), "y".into()], Conflict::Fails)
    );
    let rows = vec![vec![literal("'it''s'"), Term::Default], vec![Term::Computed("now()".into()), literal("-1")]];
    assert_eq!((insert.rows, insert.returning.as_deref()), (Some(rows), Some("\"x\", y AS z")));
    let Statement::Insert(insert) = read("INSERT IGNORE INTO t SELECT a FROM b", Dialect::MySql) else { panic!() };
    let skips = |target, forgives| Conflict::Skips { target, forgives };
    assert_eq!((insert.query.as_deref(), insert.conflict), (Some("SELECT a FROM b"), skips(Target::Any, true)));

    let Statement::Update(update) =
        read("UPDATE \"t\" SET \"a\" = b + 1, c = f(1, 2) WHERE \"t\".\"id\" = 1 RETURNING a", SQL)
    else {
        panic!("no update")
    };
    assert_eq!(update.sets, [("a".into(), "b + 1".into()), ("c".into(), "f(1, 2)".into())]);
    assert_eq!((update.rows.condition.as_deref(), update.rows.alone), (Some("\"t\".\"id\" = 1"), true));
    for sql in [
        "UPDATE t SET a = 1 FROM b",
        "DELETE FROM t USING b",
        "DELETE FROM t WHERE 1 ORDER BY a LIMIT 1",
        "UPDATE t JOIN b ON 1 SET a = 1",
    ] {
        let alone = match read(sql, Dialect::MySql) {
            Statement::Update(update) => update.rows.alone,
            Statement::Delete(delete) => delete.rows.alone,
            other => panic!("{sql}: {other:?}"),
        };
        assert!(!alone, "{sql}");
    }
}

#[test]
fn transactions_and_settings_are_told_from_the_rest() {
    for (sql, expected) in [
        ("BEGIN IMMEDIATE", Control::Begin),
        ("start transaction read write", Control::Begin),
        ("COMMIT WORK;", Control::Commit),
        ("END", Control::Commit),
        ("ROLLBACK", Control::Rollback),
        ("SAVEPOINT a", Control::Savepoint("a".into())),
        ("ROLLBACK TO SAVEPOINT a", Control::RollbackTo("a".into())),
        ("RELEASE a", Control::Release("a".into())),
    ] {
        assert_eq!(read(sql, SQL), Statement::Transaction(expected), "{sql}");
    }
    for sql in ["SET x = 1", "COMMENT ON TABLE a IS 'b'", "GRANT SELECT ON a TO b", ""] {
        assert_eq!(read(sql, SQL), Statement::Session, "{sql}");
    }
}

#[test]
fn names_in_blocks_of_code_are_found() {
    let names = mentioned("DO $$ BEGIN UPDATE \"Users\" SET a = 'one word'; END $$", SQL).unwrap();
    assert!(names.contains("users") && !names.contains("one word") && !names.contains("'one"), "{names:?}");
    assert_eq!(mentioned("DO $$ BEGIN EXECUTE 'DROP TABLE ' || t; END $$", SQL), None);
    assert_eq!(mentioned("CALL p()", Dialect::MySql), None);
    assert!(mentioned("CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f()", SQL).is_some());
}
