//! `kit migrate --pretend` and its kin as they are typed: with a real migrator, on each database, on both versions of
//! SeaORM, and where a real run would ask, refuse or wait.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use crate::support::database::Database;
use crate::support::projects::{On, migration, ok, seaorm, three};
use crate::support::script::{client, contents, whole};
use crate::support::{Sandbox, assert_error, assert_failure, quotes};
use kit::error::Error;
use kit_runtime::dialect::Dialect;
use kit_runtime::wire::Failure;

const ALL: [Dialect; 3] = [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql];

async fn two(dialect: Dialect) -> (Database, Database) {
    match dialect {
        Dialect::Sqlite => (Database::sqlite().await, Database::sqlite().await),
        Dialect::Postgres => (Database::postgres().await, Database::postgres().await),
        Dialect::MySql => (Database::mysql().await, Database::mysql().await),
    }
}

/// What is typed prints a script that comes to the same as a run, up and down again.
async fn scripted_as_it_runs(sandbox: &Sandbox) {
    for dialect in ALL {
        let (run, scripted) = two(dialect).await;
        let (on_run, on_scripted) = (On::new(sandbox, &run), On::new(sandbox, &scripted));
        let before = contents(&scripted).await;
        let up = on_scripted.ok(&["migrate", "--pretend", "--quiet"]);
        assert_eq!((contents(&scripted).await, scripted.tables().await.len()), (before, 0), "{dialect:?}");
        on_run.ok(&["migrate", "--force"]);
        client(&scripted, &up.stdout);
        assert_eq!(contents(&scripted).await, contents(&run).await, "{dialect:?}: {}", up.stdout);
        // What is there is taken down where it was run; the script of that fits the other one, too.
        let before = whole(&run).await;
        let down = on_run.ok(&["migrate:reset", "--pretend"]);
        on_run.ok(&["migrate:rollback", "--pretend"]);
        on_run.ok(&["migrate:refresh", "--pretend"]);
        on_run.ok(&["migrate:redo", "--pretend", "--step", "2"]);
        assert_eq!(whole(&run).await, before, "{dialect:?}");
        on_run.ok(&["migrate:reset", "--force"]);
        client(&scripted, &down.stdout);
        assert_eq!(contents(&scripted).await, contents(&run).await, "{dialect:?}: {}", down.stdout);
    }
}

#[tokio::test]
async fn every_stub_is_scripted_as_it_runs() {
    // Kit brings its own runtime, and one runtime does not start another.
    scripted_as_it_runs(&std::thread::spawn(stubs).join().unwrap()).await;
}

fn stubs() -> Sandbox {
    let sandbox = seaorm("2.0.4", &[]);
    for (minute, name) in [
        "create_users_table",
        "create_posts_table",
        "create_join_table_posts_and_users",
        "add_phone_and_nick_to_users",
        "add_index_to_users_phone",
        "add_unique_index_to_users_nick",
        "rename_nick_to_alias_on_users",
        "remove_index_from_users_phone",
        "remove_phone_from_users",
        "create_notes_table",
        "rename_notes_to_memos",
        "update_users_table",
        "tidy_up",
    ]
    .iter()
    .enumerate()
    {
        let written = ok(sandbox.kit(&["make:migration", name]));
        // All are written in one second here, and names are the order.
        let old = written.stdout.split_whitespace().chain(written.stderr.split_whitespace());
        let old =
            old.filter_map(|word| word.split('/').next_back()?.strip_suffix(".rs")).find(|word| word.starts_with('m'));
        let old = old.unwrap_or_else(|| panic!("{written:?}")).to_owned();
        let new = format!("m20260102_03{minute:02}00_{name}");
        let index = sandbox.read("migration/src/lib.rs").replace(&old, &new);
        let text = sandbox.read(&format!("migration/src/{old}.rs"));
        sandbox.write(&format!("migration/src/{new}.rs"), &text);
        sandbox.write("migration/src/lib.rs", &index);
        if old != new {
            std::fs::remove_file(sandbox.root().join(format!("migration/src/{old}.rs"))).unwrap();
        }
    }
    sandbox
}

/// Reads what is only noted, in types that this version of SeaORM has to be told.
const READS: &str = "
        let db = manager.get_connection();
        let ask = |sql: &str| sea_orm::Statement::from_string(db.get_database_backend(), sql.to_owned());
        assert!(manager.has_table(\"a\").await? && manager.has_column(\"a\", \"n\").await?);
        assert!(!manager.has_table(\"c\").await?);
        db.execute_unprepared(\"INSERT INTO a (n) VALUES (40); INSERT INTO a (n) VALUES (41)\").await?;
        let row = db.query_one(ask(\"SELECT n, id FROM a WHERE n = 41\")).await?.unwrap();
        let (n, id) = (row.try_get::<i32>(\"\", \"n\")?, row.try_get_by_index::<i32>(1)?);
        let count = db.query_one(ask(\"SELECT COUNT(*) AS rows_of_a FROM a\")).await?.unwrap();
        let count = count.try_get::<i64>(\"\", \"rows_of_a\")?;
        db.execute(sea_orm::Statement::from_sql_and_values(
            db.get_database_backend(),
            if db.get_database_backend() == sea_orm::DbBackend::Postgres { \"UPDATE a SET n = $1 WHERE id = $2\" } else { \"UPDATE a SET n = ? WHERE id = ?\" },
            [(n + count as i32).into(), id.into()],
        ))
        .await
        .map(|_| ())";

#[tokio::test]
async fn on_sea_orm_1_1() {
    let mut files = three();
    files.push(("m4_reads", migration(READS, "Ok(())")));
    scripted_as_it_runs(&seaorm("1.1.0", &files)).await;
}

/// Asks what depends on rows and cannot be known.
const ASKS: &str = "
        let check = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, \"PRAGMA foreign_key_check\".to_owned());
        manager.get_connection().query_all_raw(check).await.map(|_| ())";

/// Where a real run asks, refuses or creates, this only prints.
#[test]
fn nothing_is_asked_refused_or_created() {
    let mut files = three();
    files.push(("m4_asks", migration(ASKS, "Ok(())")));
    files.push(("m5_fails", migration("Err(DbErr::Custom(\"not today\".to_owned()))", "Ok(())")));
    let settings = "environment = \"production\"\n[database]\nprohibit_destructive = true\n";
    let sandbox = seaorm("2.0.4", &files).file("kit.toml", settings);
    let before = sandbox.files();
    let said = sandbox.kit(&["migrate", "--pretend", "--limit", "3"]);
    assert_eq!(said.code, 0, "{said}");
    insta::assert_snapshot!(said.stdout, @r#"
    PRAGMA foreign_keys = ON;
    CREATE TABLE IF NOT EXISTS "seaql_migrations" ( "version" varchar NOT NULL PRIMARY KEY, "applied_at" integer NOT NULL );

    -- m20240101_000001_create_a
    BEGIN IMMEDIATE;
    CREATE TABLE "a" ( "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "n" integer NOT NULL DEFAULT 0 );
    INSERT INTO "seaql_migrations" ("version", "applied_at") VALUES ('m20240101_000001_create_a', CAST(strftime('%s', 'now') AS INTEGER));
    COMMIT;

    -- m20240101_000002_create_b
    BEGIN IMMEDIATE;
    CREATE TABLE "b" ( "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "n" integer NOT NULL DEFAULT 0 );
    INSERT INTO "seaql_migrations" ("version", "applied_at") VALUES ('m20240101_000002_create_b', CAST(strftime('%s', 'now') AS INTEGER));
    COMMIT;

    -- m20240101_000003_count
    BEGIN IMMEDIATE;
    INSERT INTO a (n) VALUES (1);
    INSERT INTO "seaql_migrations" ("version", "applied_at") VALUES ('m20240101_000003_count', CAST(strftime('%s', 'now') AS INTEGER));
    COMMIT;
    "#);
    assert!(said.shows("sqlite://[ROOT]/app.sqlite"), "{said}");
    assert_eq!(ok(sandbox.kit(&["migrate", "--pretend", "-q", "--limit", "3"])).stderr, "");
    // An empty database is assumed for what runs migrations, not for what rolls them back.
    let back = sandbox.kit(&["migrate:rollback", "--pretend"]);
    assert_eq!(back.stdout, "");
    assert_error!(back, Error::NoDatabase { .. });

    // What cannot be decided is marked in its place, and the script is whole.
    let said = sandbox.kit(&["migrate", "--pretend", "--limit", "4"]);
    assert_eq!(said.code, 1, "{said}");
    assert_failure!(said, Failure::Undecided { count: 1 });
    assert!(said.shows("-- undecided: "), "{said}");
    assert_eq!(said.stdout.lines().last(), Some("COMMIT;"), "{said}");
    let json = sandbox.kit(&["migrate", "--pretend", "--limit", "4", "--json"]).json();
    assert_eq!(json["pretended"][3]["undecided"].as_array().unwrap().len(), 1, "{json}");

    // What fails says so in its place.
    let said = sandbox.kit(&["migrate", "--pretend"]);
    assert_eq!(said.code, 1, "{said}");
    assert_failure!(said, Failure::Pretended { name, message, .. } if name == "m5_fails" && quotes(message, "not today"));
    let last = said.stdout.lines().last().unwrap();
    assert!(last.starts_with("-- ") && quotes(last, "not today"), "{said}");
    let said = sandbox.kit(&["migrate", "--pretend", "--json"]);
    let json = said.json();
    assert_eq!((said.code, json["pretended"].as_array().unwrap().len()), (1, 5), "{said}");
    assert_eq!(json["pretended"][2]["statements"], serde_json::json!(["INSERT INTO a (n) VALUES (1)"]), "{said}");
    assert_eq!(json["pretended"][2]["script"].as_array().unwrap().len(), 4, "{said}");
    assert_eq!(json["pretended"][2]["undecided"], serde_json::json!([]), "{said}");
    assert!(quotes(json["error"]["message"].as_str().unwrap(), "not today"), "{said}");
    assert_eq!(sandbox.files(), before);
    // And for real it is as it was.
    assert_eq!(sandbox.kit(&["migrate"]).code, 1);

    let missing = std::env::var("KIT_TEST_POSTGRES_URL").unwrap().replace("/postgres", "/kit_is_not_there");
    let said = sandbox.kit(&["migrate", "--pretend", "--database", &missing]);
    assert_eq!((said.code, said.stdout.as_str()), (1, ""), "{said}");
    assert_error!(said, Error::NoDatabase { .. });
    assert!(said.hides("s3cr3t"), "{said}");
}
