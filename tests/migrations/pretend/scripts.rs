//! The law of scripts over migrations in the styles of projects: what `--pretend` prints leaves, by the database's own client,
//! what a run leaves, all at once on an empty database and one after the other on one that has rows.

use kit_runtime::dialect::Dialect;
use kit_runtime::wire::{Action, Up};

use crate::pretend::{ALL, client, contents, done, told, two};
use crate::support::database::Database;
use crate::support::migrations_of_projects::{self, DECIDED, Migrator};
use crate::support::schemas;
use crate::support::steps;

async fn versions(database: &Database) -> Vec<String> {
    let sql = format!("SELECT {} FROM seaql_migrations ORDER BY version", database.dialect.text("version"));
    database.query(&sql).await.into_iter().flatten().flatten().collect()
}

/// What is in a database, a line each. Its own name is in the text of a view, and one line of the schema puts columns of
/// tables together whose names differ in case only.
pub async fn compared(database: &Database) -> Vec<String> {
    let name = database.url().rsplit('/').next().unwrap_or_default().to_owned();
    let text = contents(database).await.replace(&name, "DATABASE");
    text.lines().filter(|line| !line.to_lowercase().starts_with("columns of orders ")).map(str::to_owned).collect()
}

async fn holds(dialect: Dialect, limit: Option<usize>) {
    let (run, scripted) = two(dialect).await;
    migrations_of_projects::choose(DECIDED, dialect);
    let count = DECIDED.iter().filter(|migration| migration.on.contains(&dialect)).count();
    for _ in 0..limit.map_or(1, |limit| count.div_ceil(limit)) {
        let up = Action::Up(Up { limit, ..Up::default() });
        let told = told::<Migrator>(&scripted, std::slice::from_ref(&up)).await;
        let text: String = told.script.iter().map(|sql| scripted.dialect.script(sql) + "\n").collect();
        done::<Migrator>(&run, up).await;
        assert_eq!(told.outcome, Ok(()), "{dialect:?}: {:?}\n{text}", told.notes);
        client(&scripted, &text);
        assert_eq!(versions(&scripted).await, versions(&run).await, "{dialect:?}: {text}");
    }
    let (left, right) = (compared(&scripted).await, compared(&run).await);
    let only = |one: &[String], other: &[String]| -> Vec<String> {
        one.iter().filter(|line| !other.contains(line)).cloned().collect()
    };
    assert!(left == right, "{dialect:?}: script {:#?}, run {:#?}", only(&left, &right), only(&right, &left));
    let wrong = run.tables().await.into_iter().filter(|table| table.starts_with("wrong")).collect::<Vec<_>>();
    assert!(wrong.is_empty(), "{dialect:?}: {wrong:?}");
}

#[tokio::test]
async fn scripts_on_an_empty_sqlite_database_leave_what_a_run_leaves() {
    holds(Dialect::Sqlite, None).await;
}

#[tokio::test]
async fn scripts_on_an_empty_postgres_database_leave_what_a_run_leaves() {
    holds(Dialect::Postgres, None).await;
}

#[tokio::test]
async fn scripts_on_an_empty_mysql_database_leave_what_a_run_leaves() {
    holds(Dialect::MySql, None).await;
}

#[tokio::test]
async fn scripts_of_a_few_migrations_leave_what_a_run_leaves() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql] {
        holds(dialect, Some(4)).await;
    }
}

/// Holds the law for one migration that makes a whole schema.
async fn holds_for_schema(dialect: Dialect, name: &str, statements: &[String]) {
    let (run, scripted) = two(dialect).await;
    let whole = statements.iter().map(|sql| steps::Op::Sql(sql.clone())).collect();
    // Foreign keys cannot be switched off in a transaction of SQLite's.
    let bare = dialect == Dialect::Sqlite && statements.iter().any(|sql| sql.contains("PRAGMA foreign_keys"));
    steps::set(&[steps::Step::new("m1_schema", whole, Vec::new()).with_transaction(bare.then_some(false))]);
    let up = Action::Up(Up::default());
    let told = told::<steps::Migrator>(&scripted, std::slice::from_ref(&up)).await;
    assert_eq!(told.outcome, Ok(()), "{name} on {dialect:?}: {:?}", told.notes);
    done::<steps::Migrator>(&run, up).await;
    let text: String = told.script.iter().map(|sql| scripted.dialect.script(sql) + "\n").collect();
    client(&scripted, &text);
    let (left, right) = (compared(&scripted).await, compared(&run).await);
    let missing = |one: &str, other: &str| -> Vec<String> {
        one.lines().filter(|line| !other.contains(*line)).map(|line| line.chars().take(400).collect()).take(5).collect()
    };
    let (left, right) = (left.join("\n"), right.join("\n"));
    assert!(
        left == right,
        "{name} on {dialect:?}: script {:#?}, run {:#?}",
        missing(&left, &right),
        missing(&right, &left)
    );
}

#[tokio::test]
async fn a_schema_of_hostile_names_is_scripted_as_it_is_run() {
    for dialect in ALL {
        holds_for_schema(dialect, "hostile", &schemas::hostile(dialect)).await;
    }
}

async fn hold_for_public_schemas(dialect: Dialect) {
    for script in schemas::public().into_iter().filter(|script| script.dialect == dialect) {
        holds_for_schema(dialect, script.name, &script.pieces()).await;
    }
}

#[tokio::test]
async fn public_schemas_are_scripted_as_they_are_run_on_sqlite() {
    hold_for_public_schemas(Dialect::Sqlite).await;
}

#[tokio::test]
async fn public_schemas_are_scripted_as_they_are_run_on_postgres() {
    hold_for_public_schemas(Dialect::Postgres).await;
}

#[tokio::test]
async fn public_schemas_are_scripted_as_they_are_run_on_mysql() {
    hold_for_public_schemas(Dialect::MySql).await;
}
