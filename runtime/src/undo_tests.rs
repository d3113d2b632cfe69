//! The states of statements and the SQL that undoes them, from their text alone.

use super::*;

fn recorded(bodies: &[&str]) -> Vec<Recorded> {
    let of = |(at, body): (usize, &&str)| Recorded {
        step: i64::try_from(at).unwrap() + 1,
        body: (*body).to_owned(),
        outcome: Outcome::Done,
        error: None,
    };
    bodies.iter().enumerate().map(of).collect()
}

/// The undoing of statements on a schema that had the objects `before`, a line each.
fn undone(dialect: Dialect, before: &str, bodies: &[&str]) -> Vec<Undo> {
    let object = |name: &str| snapshot::Object { name: name.to_owned(), definition: Vec::new() };
    let before = Snapshot::default().with(before.lines().map(object));
    steps(&recorded(bodies), dialect, Some(&before), None).into_iter().map(|step| step.undo).collect()
}

fn sql(statements: &[&str]) -> Undo {
    Undo::Sql(statements.iter().map(|sql| (*sql).to_owned()).collect())
}

#[test]
fn what_a_statement_creates_is_dropped() {
    for (body, undo) in [
        ("CREATE TABLE a (id int PRIMARY KEY, INDEX i (id))", "DROP TABLE `a`"),
        ("CREATE TABLE `other`.`a` (id int)", "DROP TABLE `other`.`a`"),
        ("CREATE VIEW v AS SELECT 1", "DROP VIEW `v`"),
        ("CREATE UNIQUE INDEX i ON t (a)", "DROP INDEX `i` ON `t`"),
        ("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1", "DROP TRIGGER `g`"),
        ("CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END", "DROP PROCEDURE `p`"),
        ("ALTER TABLE t ADD COLUMN b int NOT NULL DEFAULT 0", "ALTER TABLE `t` DROP COLUMN `b`"),
        ("ALTER TABLE t ADD INDEX i (a)", "DROP INDEX `i` ON `t`"),
        ("ALTER TABLE t ADD UNIQUE u (a)", "DROP INDEX `u` ON `t`"),
        ("ALTER TABLE t ADD PRIMARY KEY (a)", "ALTER TABLE `t` DROP PRIMARY KEY"),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE `t` DROP CONSTRAINT `c`"),
        ("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)", "ALTER TABLE `t` DROP FOREIGN KEY `f`"),
        ("RENAME TABLE a TO b", "RENAME TABLE `b` TO `a`"),
        ("ALTER TABLE a RENAME TO b", "RENAME TABLE `b` TO `a`"),
        ("ALTER TABLE t RENAME COLUMN a TO b", "ALTER TABLE `t` RENAME COLUMN `b` TO `a`"),
    ] {
        assert_eq!(undone(Dialect::MySql, "", &[body]), [sql(&[undo])], "{body}");
    }
    let several = "ALTER TABLE t ADD COLUMN b int, ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES p (id)";
    let undo = ["ALTER TABLE `t` DROP FOREIGN KEY `f`", "ALTER TABLE `t` DROP COLUMN `b`"];
    assert_eq!(undone(Dialect::MySql, "", &[several]), [sql(&undo)]);
    let index = "CREATE INDEX CONCURRENTLY i ON s.t (a)";
    assert_eq!(undone(Dialect::Postgres, "", &[index]), [sql(&["DROP INDEX \"s\".\"i\""])]);
}

#[test]
fn what_cannot_be_known_is_not_guessed() {
    for (body, reason) in [
        ("DROP TABLE t", Reason::Drops),
        ("ALTER TABLE t DROP COLUMN a", Reason::Drops),
        ("ALTER TABLE t ADD COLUMN b int, DROP COLUMN a", Reason::Drops),
        ("ALTER TABLE t MODIFY a bigint", Reason::Changes),
        ("ALTER TABLE t CHANGE a b bigint", Reason::Changes),
        ("ALTER TABLE t ADD COLUMN b int, ENGINE = Aria", Reason::Changes),
        ("ALTER TABLE t ENGINE = Aria", Reason::Changes),
        ("ALTER TABLE t ADD COLUMN b int REFERENCES p (id)", Reason::Changes),
        ("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id), ADD UNIQUE u (a)", Reason::Changes),
        ("CREATE OR REPLACE VIEW v AS SELECT 2", Reason::Changes),
        ("CREATE INDEX IF NOT EXISTS i ON t (a)", Reason::Changes),
        ("TRUNCATE TABLE t", Reason::Rows),
        ("INSERT INTO t VALUES (1)", Reason::Rows),
        ("UPDATE t SET a = 1", Reason::Rows),
        ("DELETE FROM t", Reason::Rows),
        ("CALL p()", Reason::Unknown),
        ("SELECT changes_something(1)", Reason::Unknown),
    ] {
        assert_eq!(undone(Dialect::MySql, "view v", &[body]), [Undo::Unknown(reason)], "{body}");
    }
}

#[test]
fn what_was_there_before_stays() {
    let before = "table t\ncolumn t.a";
    for body in ["CREATE TABLE IF NOT EXISTS t (a int, INDEX i (a))", "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int"] {
        assert_eq!(undone(Dialect::MySql, before, &[body]), [Undo::Nothing], "{body}");
    }
    let new = "CREATE TABLE IF NOT EXISTS u (a int)";
    assert_eq!(undone(Dialect::MySql, before, &[new]), [sql(&["DROP TABLE `u`"])]);
    assert_eq!(steps(&recorded(&[new]), Dialect::MySql, None, None)[0].undo, Undo::Unknown(Reason::Changes));
}

#[test]
fn what_is_done_to_a_new_table_goes_with_it() {
    let bodies = [
        "CREATE TABLE a (id int)",
        "INSERT INTO a VALUES (1)",
        "ALTER TABLE a MODIFY id bigint",
        "CREATE INDEX i ON a (id)",
        "UPDATE t SET n = 1",
        "CREATE TABLE b (id int)",
        "DROP TABLE b",
    ];
    let expected = [
        sql(&["DROP TABLE `a`"]),
        Undo::With(1),
        Undo::With(1),
        Undo::With(1),
        Undo::Unknown(Reason::Rows),
        Undo::With(7),
        Undo::With(6),
    ];
    assert_eq!(undone(Dialect::MySql, "", &bodies), expected);
}

#[test]
fn a_transaction_that_was_not_committed_is_rolled_back() {
    let fates = |dialect, bodies: &[&str]| -> Vec<Fate> {
        steps(&recorded(bodies), dialect, None, None).into_iter().map(|step| step.fate).collect()
    };
    use Fate::{Ran, RolledBack};
    let insert = "INSERT INTO t VALUES (1)";
    assert_eq!(fates(Dialect::MySql, &[insert, "BEGIN", insert]), [Ran, RolledBack]);
    assert_eq!(fates(Dialect::MySql, &["BEGIN", insert, "COMMIT", insert]), [Ran, Ran]);
    assert_eq!(fates(Dialect::MySql, &["START TRANSACTION", insert, "ROLLBACK", insert]), [RolledBack, Ran]);
    let ddl = "CREATE TABLE a (id int)";
    assert_eq!(fates(Dialect::MySql, &["BEGIN", insert, ddl, insert]), [Ran, Ran, Ran]);
    assert_eq!(fates(Dialect::Postgres, &["BEGIN", insert, ddl, insert]), [RolledBack, RolledBack, RolledBack]);
}

#[test]
fn a_statement_that_was_running_may_have_to_be_undone() {
    let mut recorded = recorded(&["CREATE TABLE a (id int)", "CREATE TABLE b (id int)"]);
    recorded[1].outcome = Outcome::Running;
    let found = steps(&recorded, Dialect::MySql, None, None);
    assert_eq!((found[1].fate, &found[1].undo), (Fate::Running, &sql(&["DROP TABLE `b`"])));
    recorded[1].body = "CREATE TABLE b (id int); CREATE TABLE c (id int)".to_owned();
    for outcome in [Outcome::Running, Outcome::Failed] {
        recorded[1].outcome = outcome;
        let found = steps(&recorded, Dialect::MySql, None, None);
        assert_eq!(found[1].undo, Undo::Unknown(Reason::Several));
    }
}
