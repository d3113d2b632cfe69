//! Wiping and emptying in several transactions: what a server has no room for in one.

use kit_runtime::census::{self, Census};
use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::LEDGER;
use kit_runtime::truncate::{empty, empty_in_batches, filled, tables};
use kit_runtime::wipe::{wipe, wipe_in_batches};

use super::ALL;
use crate::support::database::Database;

/// Tables that refer to one, inherit, and are parts; views and types that many use.
async fn tangle(database: &Database) {
    let reference =
        |n: i32| format!("CREATE TABLE t{n} (id int PRIMARY KEY, hub int, FOREIGN KEY (hub) REFERENCES hub (id))");
    database.execute(&["CREATE TABLE hub (id int PRIMARY KEY)", "INSERT INTO hub VALUES (1)"]).await;
    for n in 0..9 {
        database.execute(&[&reference(n), &format!("INSERT INTO t{n} VALUES ({n}, 1)")]).await;
    }
    database.execute(&["CREATE TABLE seaql_migrations (version varchar(255) PRIMARY KEY)"]).await;
    database.execute(&["CREATE VIEW v AS SELECT * FROM t1", "CREATE VIEW vv AS SELECT * FROM v"]).await;
    if database.dialect == Dialect::Postgres {
        database
            .execute(&[
                "CREATE TYPE mood AS ENUM ('ok')",
                "CREATE TABLE parts (id serial, m mood) PARTITION BY RANGE (id)",
                "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (5) PARTITION BY RANGE (id)",
                "CREATE TABLE parts_1_1 PARTITION OF parts_1 DEFAULT",
                "CREATE TABLE child (m mood) INHERITS (hub)",
                "INSERT INTO child VALUES (2, 'ok')",
                "INSERT INTO parts (m) VALUES ('ok')",
            ])
            .await;
    }
}

#[tokio::test]
async fn everything_goes_in_batches_of_any_size() {
    for database in Database::all().await {
        for batch in [1, 3, 1000] {
            tangle(&database).await;
            let dropped = wipe_in_batches(&database.session, ALL, LEDGER, batch).await.unwrap();
            assert!(dropped >= 13, "{dropped}");
            assert_eq!(database.schema().await, "", "{:?} {batch}", database.dialect);
            assert_eq!(database.tables().await, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn a_wipe_that_stops_between_batches_has_dropped_the_ledger_and_goes_on() {
    let database = Database::postgres().await;
    tangle(&database).await;
    database
        .execute(&[
            "CREATE SCHEMA other",
            "CREATE FUNCTION other.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE object_name = 't7') THEN RAISE 'not t7'; END IF; END $$",
            "CREATE EVENT TRIGGER refuses ON sql_drop EXECUTE FUNCTION other.refuse()",
        ])
        .await;
    let error = wipe_in_batches(&database.session, ALL, LEDGER, 2).await.unwrap_err();
    assert!(error.message.contains("not t7"), "{error}");
    let left = database.tables().await;
    assert!(left.contains(&"t7".to_owned()) && !left.contains(&LEDGER.to_owned()) && left.len() < 15, "{left:?}");
    database.execute(&["DROP EVENT TRIGGER refuses"]).await;
    wipe_in_batches(&database.session, ALL, LEDGER, 2).await.unwrap();
    assert_eq!(database.tables().await, Vec::<String>::new());
}

#[tokio::test]
async fn tables_are_emptied_in_batches() {
    for database in Database::all().await {
        tangle(&database).await;
        let all = tables(&database.session, &[LEDGER]).await.unwrap();
        empty_in_batches(&database.session, &all, 2).await.unwrap();
        for table in &all {
            let sql = format!("(SELECT count(*) FROM {table})");
            assert_eq!(
                database.query(&format!("SELECT {}", database.dialect.text(&sql))).await[0][0].as_deref(),
                Some("0")
            );
        }
        assert_eq!(filled(&database.session, &all).await.unwrap(), None);
    }
}

/// Each statement waits for the disk, and the server drops many tables with one.
#[tokio::test]
async fn mysql_and_mariadb_take_few_statements_for_many_tables() {
    let database = Database::mysql().await;
    let create = async || {
        for n in 0..230 {
            database.execute(&[&format!("CREATE TABLE many_{n:03} (id int) ENGINE = MyISAM")]).await;
        }
        database.execute(&["CREATE VIEW v AS SELECT * FROM many_001", "CREATE VIEW w AS SELECT * FROM v"]).await;
    };
    let statements = async |kind: &str| {
        let status = database.query(&format!("SHOW SESSION STATUS LIKE 'Com_{kind}'")).await;
        status[0][1].as_deref().unwrap().parse::<u32>().unwrap()
    };
    create().await;
    // Looking for rows takes a query for fifty tables; the catalog is read four times, however many tables there are.
    let all = tables(&database.session, &[]).await.unwrap();
    let before = statements("select").await;
    empty(&database.session, &all).await.unwrap();
    assert_eq!(statements("select").await - before, 5 + 4);

    let before = statements("drop_table").await;
    assert_eq!(wipe(&database.session, ALL, LEDGER).await.unwrap(), 232);
    assert_eq!(statements("drop_table").await - before, 3);
    assert_eq!(database.tables().await, Vec::<String>::new());

    // One that cannot be dropped is named, and only those after it stay.
    create().await;
    let other = database.session().await;
    let transaction = other.begin().await.unwrap();
    transaction.query("SELECT CAST(count(*) AS CHAR) FROM many_120", &[]).await.unwrap();
    database.execute(&["SET SESSION lock_wait_timeout = 1"]).await;
    let error = wipe(&database.session, ALL, LEDGER).await.unwrap_err();
    assert!(error.message.contains("`many_120`") && error.message.contains(" 122 "), "{error}");
    let left = database.tables().await;
    assert_eq!((left.len(), left[0].as_str()), (110, "many_120"));
    transaction.commit().await.unwrap();
    assert_eq!(wipe(&database.session, ALL, LEDGER).await.unwrap(), 110);
}

#[tokio::test]
async fn earlier_versions_of_rows_are_deleted_with_them() {
    let database = Database::mysql().await;
    if !database.value("version()").await.unwrap().contains("MariaDB") {
        return;
    }
    database
        .execute(&[
            "CREATE TABLE kept (id int PRIMARY KEY) WITH SYSTEM VERSIONING",
            "INSERT INTO kept VALUES (1)",
            "UPDATE kept SET id = 2",
            "CREATE TABLE one (id int) ENGINE = MyISAM",
            "INSERT INTO one VALUES (1)",
            "CREATE TABLE both_of_them (id int) ENGINE = MERGE UNION = (one) INSERT_METHOD = LAST",
        ])
        .await;
    let all = tables(&database.session, &[]).await.unwrap();
    assert_eq!(all, ["kept", "one"]);
    empty(&database.session, &all).await.unwrap();
    assert_eq!(database.value("(SELECT count(*) FROM kept FOR SYSTEM_TIME ALL)").await.as_deref(), Some("0"));
}

/// As many tables as `KIT_TEST_TABLES` says, on all databases or the one that `KIT_TEST_ON` names (`sqlite`): how long each step
/// takes is printed. SQLite reads its whole catalog for each table that is created or dropped.
#[tokio::test]
#[ignore = "takes minutes: run it with KIT_TEST_TABLES=50000 and --run-ignored only --no-capture"]
#[expect(clippy::print_stderr, clippy::disallowed_methods, reason = "figures are read by a person")]
async fn as_many_tables_as_wanted() {
    let count: usize = std::env::var("KIT_TEST_TABLES").unwrap().parse().unwrap();
    let only = std::env::var("KIT_TEST_ON").ok();
    for database in [Database::postgres().await, Database::sqlite().await, Database::mysql().await] {
        let name = format!("{:?}", database.dialect).to_lowercase();
        if only.as_ref().is_some_and(|only| *only != name) {
            continue;
        }
        let clock = std::time::Instant::now();
        let create = |n: usize| format!("CREATE TABLE many_{n} (id int)");
        match database.dialect {
            Dialect::Postgres => {
                for from in (0..count).step_by(500) {
                    let statements: Vec<String> = (from..(from + 500).min(count)).map(create).collect();
                    database.execute(&[&format!("DO $$ BEGIN {}; END $$", statements.join("; "))]).await;
                }
            }
            Dialect::Sqlite => {
                let transaction = database.session.begin().await.unwrap();
                for n in 0..count {
                    transaction.execute(&create(n), &[]).await.unwrap();
                }
                transaction.commit().await.unwrap();
            }
            Dialect::MySql => {
                for n in 0..count {
                    database.execute(&[&create(n)]).await;
                }
            }
        }
        database.execute(&["INSERT INTO many_0 VALUES (1)", "INSERT INTO many_1 VALUES (1)"]).await;
        eprintln!("{:?}, {count} tables: created in {:.1?}", database.dialect, clock.elapsed());
        let mut step = clock.elapsed();
        let mut lap = |what: &str| {
            eprintln!("{:?}, {count} tables: {what} {:.1?}", database.dialect, clock.elapsed() - step);
            step = clock.elapsed();
        };
        assert_eq!(census::count(&database.session, &[]).await.unwrap(), Census { tables: count, rows: 2 });
        lap("counted in");
        let all = tables(&database.session, &[]).await.unwrap();
        if let Some(filled) = filled(&database.session, &all).await.unwrap() {
            assert_eq!((filled.tables.len(), filled.fit), (2, true));
        }
        lap("those with rows found in");
        empty(&database.session, &all).await.unwrap();
        lap("emptied in");
        assert_eq!(wipe(&database.session, ALL, LEDGER).await.unwrap(), count);
        lap("dropped in");
    }
}
