//! What a script cannot say is marked, and ends the command with a failure; what fails in a run fails when it is pretended.

use kit_runtime::dialect::Dialect;
use kit_runtime::engine;
use kit_runtime::sea_orm::Project;
use kit_runtime::wire::{Failure, Note};

use crate::pretend::{ALL, contents, request, step, steps_told, told, two, up};
use crate::support::database::Database;
use crate::support::migrations_of_projects::{self, ABORTED, Migrator, UNDECIDED};
use crate::support::script::try_client;
use crate::support::steps;
use crate::support::steps::Op;

fn scripted(database: &Database, script: &[String]) -> String {
    script.iter().map(|sql| database.dialect.script(sql) + "\n").collect()
}

#[tokio::test]
async fn what_only_a_run_can_answer_is_marked_and_fails() {
    for dialect in ALL {
        let (database, _) = two(dialect).await;
        for at in 0..UNDECIDED.len() {
            let Some(one) = UNDECIDED.get(at..=at).filter(|one| one[0].on.contains(&dialect)) else { continue };
            migrations_of_projects::choose(one, dialect);
            let told = told::<Migrator>(&database, &[up()]).await;
            let count = told.notes.iter().filter(|note| note.is_undecided()).count();
            let name = one[0].name;
            assert!(count > 0, "{name} on {dialect:?}: {:?}\n{}", told.outcome, scripted(&database, &told.script));
            assert_eq!(told.outcome, Err(Failure::Undecided { count }), "{name} on {dialect:?}: {:?}", told.notes);
            // The script is whole none the less.
            assert!(told.script.iter().any(|sql| sql.contains(name)), "{name}: {:?}", told.script);
        }
    }
}

#[tokio::test]
async fn an_error_that_the_server_does_not_ignore_fails_in_both() {
    let (run, other) = two(Dialect::Postgres).await;
    migrations_of_projects::choose(ABORTED, Dialect::Postgres);
    let told = told::<Migrator>(&other, &[up()]).await;
    let Err(Failure::Pretended { name, .. }) = &told.outcome else { panic!("{:?}", told.outcome) };
    assert_eq!(name, "a02_ignores_an_error");
    assert!(told.notes.iter().any(|note| matches!(note, Note::LeftOut { .. })), "{:?}", told.notes);
    let outcome = engine::run(&request(up()), &Project::of::<Migrator>(), &run.session, &mut |_| ()).await;
    assert!(outcome.is_err(), "the run went well");
    // What is printed before the failure leaves what the failed run has left.
    try_client(&other, &scripted(&other, &told.script)).unwrap();
    assert_eq!(contents(&other).await, contents(&run).await);
}

/// The duplicate row is marked, and the script fails where the run fails.
#[tokio::test]
async fn a_script_that_fails_leaves_nothing_of_the_migration_that_fails() {
    for dialect in ALL {
        let (run, other) = two(dialect).await;
        let list = [
            step("m1", &["CREATE TABLE a (x int PRIMARY KEY)", "INSERT INTO a VALUES (1)"]),
            step("m2", &["INSERT INTO a VALUES (2)", "INSERT INTO a VALUES (1)"]),
            step("m3", &["CREATE TABLE b (x int)"]),
        ];
        let told = steps_told(&other, list.to_vec(), &[up()]).await;
        assert_eq!(told.outcome, Err(Failure::Undecided { count: 1 }), "{dialect:?}: {:?}", told.notes);
        assert!(told.notes.iter().any(|note| matches!(note, Note::Broken { table, .. } if table == "a")));
        assert!(try_client(&other, &scripted(&other, &told.script)).is_err(), "{dialect:?}");
        steps::set(&list);
        let project = Project::of::<steps::Migrator>();
        assert!(engine::run(&request(up()), &project, &run.session, &mut |_| ()).await.is_err(), "{dialect:?}");
        assert_eq!(contents(&other).await, contents(&run).await, "{dialect:?}");
        let sql = format!("SELECT {} FROM seaql_migrations", dialect.text("version"));
        let applied: Vec<String> = other.query(&sql).await.into_iter().flatten().flatten().collect();
        assert_eq!(applied, ["m1"], "{dialect:?}");
    }
}

/// A statement of a failing migration is shown with what it would have done, and what was open is ended.
#[tokio::test]
async fn a_migration_that_fails_is_rolled_back_in_its_script() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let (database, _) = two(dialect).await;
        let mut failing = step("m2", &["CREATE TABLE b (x int)"]);
        failing.up.push(Op::Fail("not today"));
        let told = steps_told(&database, vec![step("m1", &["CREATE TABLE a (x int)"]), failing], &[up()]).await;
        assert!(matches!(told.outcome, Err(Failure::Pretended { .. })), "{:?}", told.outcome);
        assert_eq!(told.script.last().map(String::as_str), Some("ROLLBACK"), "{:?}", told.script);
        try_client(&database, &scripted(&database, &told.script)).unwrap();
        assert!(database.has_table("a").await && !database.has_table("b").await, "{dialect:?}");
    }
}

/// The role can read the schema, and cannot change it.
#[tokio::test]
async fn a_role_that_may_only_read_can_pretend() {
    let database = Database::postgres().await;
    database.execute(&["CREATE TABLE a (x int)", "INSERT INTO a VALUES (1)"]).await;
    let role = format!("kit_reader_{}", std::process::id());
    database
        .execute(&[&format!("CREATE ROLE {role} LOGIN PASSWORD 'reads'"), &format!("GRANT SELECT ON a TO {role}")])
        .await;
    let mut url = url::Url::parse(database.url()).unwrap();
    url.set_username(&role).unwrap();
    url.set_password(Some("reads")).unwrap();
    let reader = Database::of(Dialect::Postgres, url.as_str()).await;
    let list = vec![step(
        "m1",
        &["ALTER TABLE a ADD COLUMN y int", "UPDATE a SET y = x", "CREATE TABLE b AS SELECT y FROM a"],
    )];
    let told = steps_told(&reader, list, &[up()]).await;
    drop(reader);
    database.execute(&[&format!("DROP OWNED BY {role}"), &format!("DROP ROLE {role}")]).await;
    assert_eq!(told.outcome, Ok(()), "{:?}", told.notes);
    assert_eq!(told.statements.len(), 3, "{:?}", told.script);
}
