//! Views, copies, tables from a query, partitions and tables that inherit: what a migration reads of their columns and rows.

use kit_runtime::dialect::Dialect;

use crate::pretend::ALL;
use crate::pretend::rows::{is_decided, is_marked};

fn current_schema(dialect: Dialect) -> &'static str {
    if dialect == Dialect::MySql { "DATABASE()" } else { "'public'" }
}

/// A query with a row for each column of a relation, by name.
fn columns(dialect: Dialect, relation: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("seen: SELECT name FROM pragma_table_info('{relation}') ORDER BY name"),
        Dialect::Postgres | Dialect::MySql => format!(
            "seen: SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_name = '{relation}' \
             AND table_schema = {} ORDER BY column_name",
            current_schema(dialect)
        ),
    }
}

/// A query with a row for a column of a relation.
fn column(dialect: Dialect, relation: &str, name: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("seen: SELECT 'has' FROM pragma_table_info('{relation}') WHERE name = '{name}'"),
        Dialect::Postgres | Dialect::MySql => format!(
            "seen: SELECT 'has' FROM information_schema.columns WHERE table_schema = {} AND table_name = '{relation}' \
             AND column_name = '{name}'",
            current_schema(dialect)
        ),
    }
}

const A: &str = "CREATE TABLE a (id int PRIMARY KEY, code varchar(20) DEFAULT 'none', n int NOT NULL)";
const ROWS: &str = "INSERT INTO a VALUES (1, 'x', 1), (2, 'y', 2)";

/// Holds whether the database has what a migration begins with or the migration makes that, too.
async fn is_decided_both_ways(dialect: Dialect, before: &[&str], lines: &[&str]) {
    is_decided(dialect, before, lines).await;
    let all: Vec<&str> = before.iter().chain(lines).copied().collect();
    is_decided(dialect, &[], &all).await;
}

#[tokio::test]
async fn a_view_has_the_rows_that_its_tables_have_when_it_is_read() {
    for dialect in ALL {
        let lines = [
            "INSERT INTO a VALUES (3, 'z', 3)",
            "seen: SELECT CAST(code AS TEXT) FROM v ORDER BY code",
            "UPDATE a SET code = 'changed' WHERE id = 1",
            "CREATE VIEW w AS SELECT code, total FROM v WHERE total > 1",
            "DELETE FROM a WHERE id = 2",
            "seen: SELECT CAST(code AS TEXT) FROM v ORDER BY code",
            "seen: SELECT CAST(total AS TEXT) FROM w ORDER BY total",
            "seen: WITH v AS (SELECT 7 AS seven) SELECT CAST(seven AS TEXT) FROM v",
            "DROP VIEW w",
            "DROP VIEW v",
            "CREATE VIEW v AS SELECT 'only' AS code",
            "seen: SELECT CAST(code AS TEXT) FROM v ORDER BY code",
        ];
        let view = "CREATE VIEW v (code, total) AS SELECT code, n * 10 FROM a";
        is_decided_both_ways(dialect, &[A, ROWS, view], &lines).await;
    }
}

#[tokio::test]
async fn a_query_that_is_named_like_a_table_is_no_table() {
    // For SQLite every such query is recursive.
    for dialect in [Dialect::Postgres, Dialect::MySql] {
        let lines = [
            "INSERT INTO a VALUES (3, 'z', 3)",
            "seen: WITH a AS (SELECT code FROM a WHERE id > 2) SELECT CAST(code AS TEXT) FROM a",
            "seen: SELECT CAST(n AS TEXT) FROM (WITH a AS (SELECT 9 AS n) SELECT n FROM a) s UNION ALL SELECT CAST(n AS TEXT) FROM a WHERE id = 3",
        ];
        is_decided_both_ways(dialect, &[A, ROWS], &lines).await;
    }
}

#[tokio::test]
async fn columns_of_views_and_of_tables_from_a_query_are_known() {
    for dialect in ALL {
        let seen = |relation| columns(dialect, relation);
        let (view, made) = (seen("v"), seen("made"));
        let (has, has_not) = (column(dialect, "v", "total"), column(dialect, "made", "absent"));
        let lines = [
            "CREATE VIEW v (code, total) AS SELECT code, n * 10 FROM a",
            &view,
            &has,
            "CREATE TABLE made AS SELECT code, n + 1 AS more FROM v JOIN a USING (code)",
            &made,
            &has_not,
            "ALTER TABLE made ADD COLUMN late int",
            &made,
            "INSERT INTO made (code, more) VALUES ('q', 4)",
            "seen: SELECT CAST(more AS TEXT) FROM made ORDER BY more",
        ];
        is_decided_both_ways(dialect, &[A, ROWS], &lines).await;
    }
}

#[tokio::test]
async fn copies_have_the_columns_and_keys_of_their_table() {
    let copies = |dialect, copy: &'static str, keys: bool| {
        let (all, has) = (columns(dialect, "b"), column(dialect, "b", "n"));
        let skip = match dialect {
            Dialect::MySql => "INSERT IGNORE INTO b (id, n) VALUES (1, 1), (1, 2)",
            _ => "INSERT INTO b (id, n) VALUES (1, 1), (1, 2) ON CONFLICT DO NOTHING",
        };
        let mut lines = vec![copy.to_owned(), all, has];
        if keys {
            lines.push(skip.to_owned());
            lines.push("seen: SELECT CAST(code AS TEXT) FROM b".to_owned());
        } else {
            lines.push("INSERT INTO b (id, n) VALUES (1, 1)".to_owned());
            lines.push("seen: SELECT CAST(COALESCE(code, 'null') AS TEXT) FROM b".to_owned());
        }
        lines
    };
    for (dialect, copy, keys) in [
        (Dialect::MySql, "CREATE TABLE b LIKE a", true),
        (Dialect::MySql, "CREATE TABLE b (LIKE a)", true),
        (Dialect::Postgres, "CREATE TABLE b (LIKE a INCLUDING ALL, more int)", true),
        (Dialect::Postgres, "CREATE TABLE b (LIKE a)", false),
        (Dialect::Postgres, "CREATE TABLE b (more int) INHERITS (a)", false),
    ] {
        if copy.contains("INHERITS") {
            let (all, has) = (columns(dialect, "b"), column(dialect, "b", "n"));
            is_decided_both_ways(dialect, &[A, ROWS], &[copy, &all, &has]).await;
            continue;
        }
        let lines = copies(dialect, copy, keys);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        is_decided_both_ways(dialect, &[A, ROWS], &lines).await;
    }
}

#[tokio::test]
async fn partitions_have_the_columns_of_their_table() {
    let parent = "CREATE TABLE events (at date NOT NULL, what text) PARTITION BY RANGE (at)";
    let child = "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')";
    let (all, has) = (columns(Dialect::Postgres, "events_1"), column(Dialect::Postgres, "events_1", "what"));
    let insert = "INSERT INTO events VALUES ('2024-05-05', 'x')";
    let of_parent = "seen: SELECT what FROM events";
    let lines = [child, &all, &has, insert, of_parent];
    is_decided_both_ways(Dialect::Postgres, &[parent], &lines).await;
    // Rows of a partition are rows of its table, and the other way round.
    let of_child = "seen: SELECT what FROM events_1";
    let into_child = "INSERT INTO events_1 VALUES ('2024-05-05', 'x')";
    for lines in
        [vec![insert, of_child], vec![into_child, of_parent], vec!["UPDATE events_1 SET what = 'y'", of_parent]]
    {
        is_marked(Dialect::Postgres, &[parent, child], &lines).await;
        let all: Vec<&str> = [parent, child].into_iter().chain(lines).collect();
        is_marked(Dialect::Postgres, &[], &all).await;
    }
    // A change of the table is one of its partitions.
    let has = column(Dialect::Postgres, "events_1", "late");
    is_marked(Dialect::Postgres, &[parent, child], &["ALTER TABLE events ADD COLUMN late int", &has]).await;
    is_marked(Dialect::Postgres, &[parent, child], &["DROP TABLE events", &has]).await;
    let detached = ["ALTER TABLE events DETACH PARTITION events_1", of_parent];
    is_marked(Dialect::Postgres, &[parent, child], &detached).await;
    let heir = "CREATE TABLE heir () INHERITS (events_1)";
    let plain = "CREATE TABLE events_1 (at date, what text)";
    is_marked(Dialect::Postgres, &[plain, heir], &["INSERT INTO heir VALUES ('2024-05-05', 'x')", of_child]).await;
}

#[tokio::test]
async fn what_a_write_to_a_view_changes_is_marked() {
    for dialect in ALL {
        if dialect == Dialect::Sqlite {
            continue;
        }
        let view = "CREATE VIEW v AS SELECT id, n FROM a";
        let lines = ["INSERT INTO v VALUES (9, 9)", "seen: SELECT CAST(n AS TEXT) FROM a"];
        is_marked(dialect, &[A, view], &lines).await;
        is_marked(dialect, &[], &[A, view, lines[0], lines[1]]).await;
        is_marked(dialect, &[A, view], &["UPDATE v SET n = 3", lines[1]]).await;
    }
}

#[tokio::test]
async fn columns_that_the_database_computes_are_marked() {
    for (dialect, column) in [
        (Dialect::Sqlite, "twice int GENERATED ALWAYS AS (n * 2) VIRTUAL"),
        (Dialect::Postgres, "twice int GENERATED ALWAYS AS (n * 2) STORED"),
        (Dialect::MySql, "twice int AS (n * 2)"),
    ] {
        let create = format!("CREATE TABLE g (n int, {column})");
        let lines = ["INSERT INTO g (n) VALUES (2)", "seen: SELECT CAST(twice AS TEXT) FROM g"];
        is_marked(dialect, &[&create], &lines).await;
        is_marked(dialect, &[], &[&create, lines[0], lines[1]]).await;
        let add = format!("ALTER TABLE a ADD COLUMN {column}");
        if dialect != Dialect::Sqlite {
            is_marked(dialect, &[A, ROWS], &[&add, "seen: SELECT CAST(twice AS TEXT) FROM a"]).await;
        }
    }
}
