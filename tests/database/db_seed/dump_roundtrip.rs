//! The law of dumps: the files of a dump, after a reset, are the rows that were there. It holds for public schemas and for random
//! ones. Where kit refuses, nothing has changed.

use kit::error::{Error, SeedError};
use kit_runtime::connection::Row;
use kit_runtime::dialect::Dialect;
use kit_runtime::rows;
use kit_runtime::sea_orm::Session;
use sea_orm::ConnectOptions;

use super::generated::schema;
use super::{contents, kit, ok, project};
use crate::support::Sandbox;
use crate::support::database::Database;
use crate::support::random_numbers::{Random, seed};
use crate::support::schemas;

/// Random schemas on each database.
const SCHEMAS: usize = 8;

/// Rows that are made up for each table of a public schema.
const ROWS: u32 = 4;

/// Everything that has to be the same after a reset: the schema, and all rows.
async fn state(database: &Database, queries: &[String]) -> (String, Vec<(String, Vec<Row>)>) {
    let mut all = contents(database).await;
    for query in queries {
        let mut rows = database.query(query).await;
        rows.sort();
        all.push((query.clone(), rows));
    }
    (database.schema().await, all)
}

fn fixtures(sandbox: &Sandbox) -> Vec<(String, String)> {
    let files = sandbox.files().into_iter().filter(|path| path.starts_with("database/fixtures"));
    files.map(|path| (path.clone(), sandbox.read(&path))).collect()
}

/// Dumps, resets and compares. Returns how kit refused, if it did; then nothing has changed.
async fn holds(database: &Database, sandbox: &Sandbox, queries: &[String], what: &str) -> Option<String> {
    let before = state(database, queries).await;
    let dump = kit(sandbox, &["db:seed", "--dump"]);
    assert_eq!(dump.code, 0, "{what}: {dump}");
    let dumped = fixtures(sandbox);
    let reset = kit(sandbox, &["db:seed", "--reset", "--force"]);
    let after = state(database, queries).await;
    assert!(before.0 == after.0, "{what}: the schema has changed\n{}\n---\n{}", before.0, after.0);
    for ((table, before), (_, after)) in before.1.iter().zip(&after.1) {
        assert_eq!(before, after, "{what}: {table}\n{reset}");
    }
    if reset.code != 0 {
        assert!(
            matches!(reset.error(), Error::Seed(SeedError::Triggers { .. }) | Error::Database { .. }),
            "{what}: {reset}"
        );
        return Some(reset.to_string());
    }
    ok(sandbox, &["db:seed", "--dump", "--force"]);
    assert_eq!(dumped, fixtures(sandbox), "{what}");
    None
}

async fn holds_for_random_schemas(dialect: Dialect) {
    let seed = seed();
    let mut random = Random::new(seed);
    for number in 0..SCHEMAS {
        let generated = schema(&mut random, dialect);
        let database = Database::empty(dialect).await;
        let what = format!("KIT_SEED={seed} {dialect:?}, schema {number}\n{};\n", generated.statements.join(";\n"));
        for sql in &generated.statements {
            if let Err(error) = database.execute_one(sql).await {
                panic!("{what}\n{sql}\n{error}");
            }
        }
        let refusal = holds(&database, &project(&database), &generated.queries, &what).await;
        assert_eq!(refusal.is_some(), generated.is_refused, "{what}{refusal:?}");
    }
}

#[tokio::test]
async fn random_schemas_of_sqlite_come_back_from_files() {
    holds_for_random_schemas(Dialect::Sqlite).await;
}

#[tokio::test]
async fn random_schemas_of_postgresql_come_back_from_files() {
    holds_for_random_schemas(Dialect::Postgres).await;
}

#[tokio::test]
async fn random_schemas_of_mysql_and_mariadb_come_back_from_files() {
    holds_for_random_schemas(Dialect::MySql).await;
}

async fn holds_for_public_schemas(dialect: Dialect) {
    for script in schemas::public().into_iter().filter(|script| script.dialect == dialect) {
        let database = Database::empty(dialect).await;
        script.load(&database).unwrap();
        let all: Vec<Option<&str>> = match script.schemas {
            [] => vec![None],
            schemas => schemas.iter().copied().map(Some).collect(),
        };
        for schema in all {
            let what = format!("{} on {dialect:?} {}", script.name, schema.unwrap_or_default());
            let session = session(&database, schema).await;
            let notes = rows::fill(&session, ROWS, &[]).await.unwrap().notes;
            let tables = kit::schema::read(&session).await.unwrap().tables.len();
            // Rows that refer to each other in a circle, or that checks forbid, are not made up.
            let few = schema.is_none() && notes.len() * 3 > tables * 2;
            assert!(!few, "{what}: of {tables} tables, these lack made-up rows: {notes:?}");
            let seen = Database::with(dialect, database.url(), session);
            let sandbox = project(&seen).env("DATABASE_SCHEMA", schema.unwrap_or_default());
            let refusal = holds(&seen, &sandbox, &[], &what).await;
            // Rows of each schema of AdventureWorks are referred to from another one, so that PostgreSQL empties none of them
            // alone. Sakila's triggers write the time.
            let has_triggers = script.name == "sakila" && dialect == Dialect::MySql;
            assert_eq!(refusal.is_some(), has_triggers || schema.is_some(), "{what}: {refusal:?}");
        }
    }
}

#[tokio::test]
async fn public_schemas_of_sqlite_come_back_from_files() {
    holds_for_public_schemas(Dialect::Sqlite).await;
}

#[tokio::test]
async fn public_schemas_of_postgresql_come_back_from_files() {
    holds_for_public_schemas(Dialect::Postgres).await;
}

#[tokio::test]
async fn public_schemas_of_mysql_and_mariadb_come_back_from_files() {
    holds_for_public_schemas(Dialect::MySql).await;
}

async fn session(database: &Database, schema: Option<&str>) -> Session {
    let mut options = ConnectOptions::new(database.url());
    options.max_connections(1).sqlx_logging(false);
    if let Some(schema) = schema {
        options.set_schema_search_path(database.dialect.quote(schema));
    }
    Session::new(sea_orm::Database::connect(options).await.unwrap())
}
