//! Hints that name commands are followed: no migration is run for them.

use kit::error::Error;
use kit::error::HiddenMigrator;

use super::{checksum, ledger, project, side};
use crate::support::database::Database;
use crate::support::projects::{self, On, creates, index};
use crate::support::{Sandbox, assert_error};

#[tokio::test]
async fn each_state_is_settled_by_the_command_in_its_hint() {
    let sum = checksum(&creates("a"));
    for (state, sql) in [
        ("Modified", [ledger("m1_a", 1), side("m1_a", "applied", "up", "otherwise", Some(1), None)].to_vec()),
        ("Unregistered", [ledger("m1_a", 1), side("m1_a", "applied", "up", &sum, Some(1), None)].to_vec()),
        ("Missing", [ledger("m1_a", 1), ledger("m2_gone", 2)].to_vec()),
    ] {
        let (sandbox, database) = (project(&["m1_a"]), Database::sqlite().await);
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate:install"]);
        database.execute(&sql.iter().map(String::as_str).collect::<Vec<_>>()).await;
        if state == "Unregistered" {
            sandbox.write("migrations/m99_stray.rs", &creates("stray"));
        }
        let refused = on.fails(&["migrate:status", "--check"]);
        assert_error!(refused, Error::Unsettled { migrations, .. } if migrations[0].1 == state);
        if state == "Missing" {
            // The file comes back from version control.
            sandbox.write("migrations/m2_gone.rs", &creates("gone"));
            sandbox.write("migrations/mod.rs", &index(&["m1_a", "m2_gone"]));
        }
        let more: &[&str] = if state == "Unregistered" { &["--force"] } else { &[] };
        on.follow(&refused.hint(), more);
        on.ok(&["migrate:status", "--check"]);
    }
}

#[tokio::test]
async fn an_applied_migration_without_a_file_is_deleted_by_the_commands_in_the_hint() {
    for database in Database::all().await {
        let names = ["m1_gone", "m2_b"];
        let sandbox =
            Sandbox::new().file("migrations/mod.rs", &index(&names)).file("migrations/m2_b.rs", &creates("b"));
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate:install"]);
        database.execute(&[&ledger(names[0], 1), &ledger(names[1], 2)]).await;
        let refused = on.fails(&["migrate:delete", names[0], "--force"]);
        assert_error!(refused, Error::StillApplied { state: "applied", last: false, has_file: false, .. });
        on.follow(&refused.hint(), &["--force"]);
        assert_eq!(sandbox.read("migrations/mod.rs"), index(&names[1..]));
        on.ok(&["migrate:status", "--check"]);
    }
}

/// A name that is not interrupted is listed, or recorded in another state.
#[tokio::test]
async fn a_migration_that_was_not_interrupted_is_marked_by_the_command_in_the_hint() {
    let (sandbox, database) = (project(&["m1_a"]), Database::sqlite().await);
    let on = On::new(&sandbox, &database);
    let refused = on.fails(&["migrate:repair", "--applied", "m1_a"]);
    assert_error!(refused, Error::NotHalted { .. });
    on.follow(&refused.hint(), &[]);
    assert_eq!(on.states(), ["ran"]);
}

#[tokio::test]
async fn a_table_that_exists_gets_its_columns_and_its_entity() {
    let (sandbox, database) = (projects::started(), Database::sqlite().await);
    database.execute(&["CREATE TABLE companies (id integer PRIMARY KEY)"]).await;
    let on = On::new(&sandbox, &database);
    let refused = on.fails(&["make:model", "company"]);
    assert_error!(refused, Error::TableExists { .. });
    // Before the migration, which would have to be built.
    let hint = refused.hint();
    let (add, sync) = hint.split_once(';').unwrap();
    on.follow(sync, &[]);
    assert!(sandbox.files().contains(&"src/models/entities/companies.rs".to_owned()));
    on.follow(&add.replace("NAME", "email").replace("FIELD", "email:string"), &[]);
    assert!(sandbox.files().iter().any(|file| file.ends_with("_add_email_to_companies.rs")));
}

#[test]
fn a_command_without_a_project_starts_one() {
    let sandbox = Sandbox::new();
    let refused = sandbox.kit(&["db:sync", "-d", "sqlite::memory:"]);
    assert_error!(refused, Error::NoProject { optional: true, .. });
    for command in refused.hinted() {
        projects::ok(sandbox.kit(&command));
    }
    let found = sandbox.kit(&["db:sync", "--dry-run"]);
    assert!(!matches!(&found.error, Some(error) if matches!(**error, Error::NoProject { .. })), "{found}");
}

/// A workspace is no project; the hint names the form of the command that starts one in a member.
#[test]
fn a_workspace_gets_its_project_in_a_member() {
    let sandbox = Sandbox::new()
        .file("Cargo.toml", "[workspace]\nmembers = [\"app\"]\n")
        .file("app/Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\n")
        .file("app/src/lib.rs", "");
    let refused = sandbox.kit(&["init"]);
    assert_error!(refused, Error::NoPackage { .. });
    let [command] = <[_; 1]>::try_from(refused.hinted()).unwrap();
    let command: Vec<String> = command.iter().map(|word| word.replace("MEMBER", "app")).collect();
    projects::ok(sandbox.kit(&command));
    assert!(sandbox.files().contains(&"app/migrations/mod.rs".to_owned()));
}

/// kit reads only a Migrator at the top level of the file; nothing is built, and the error has the line of the other one.
#[test]
fn a_migrator_inside_of_a_module_or_a_macro_is_named_with_its_line() {
    let whole = index(&["m1_a"]);
    let (before, migrator) = whole.split_at(whole.find("pub struct").unwrap());
    let in_module = format!("{before}pub mod inner {{\n    use super::*;\n{migrator}}}\n");
    let by_macro = format!("{before}macro_rules! migrator {{ () => {{\n{migrator}}} }}\nmigrator!();\n");
    let line = |text: &str, part: &str| text.lines().position(|line| line.contains(part)).unwrap() + 1;
    for (text, expected) in [
        // The `impl` begins at its attribute.
        (
            &in_module,
            HiddenMigrator::InModule { path: "inner::Migrator".to_owned(), line: line(&in_module, "#[async_trait") },
        ),
        (&by_macro, HiddenMigrator::Macro { name: "migrator".to_owned(), line: line(&by_macro, "migrator!();") }),
    ] {
        let sandbox = Sandbox::new()
            .file("Cargo.toml", &projects::migrating_manifest("app"))
            .file("src/lib.rs", "#[path = \"../migrations/mod.rs\"]\npub mod migrations;\n")
            .file("migrations/mod.rs", text)
            .file("migrations/m1_a.rs", &creates("a"))
            .file("database/app.sqlite", "");
        let sandbox = sandbox.env("KIT_CACHE_DIR", "cache");
        let before = sandbox.files();
        let refused = sandbox.kit(&["migrate"]);
        assert_eq!(refused.code, 1, "{refused}");
        assert_error!(refused, Error::NoMigrator { several, hidden, .. } if several.is_empty() && *hidden == [expected.clone()]);
        assert!(refused.hint().contains("[migrator] command"), "{refused}");
        let after: Vec<String> = sandbox.files().into_iter().filter(|file| !file.contains("cache/")).collect();
        assert_eq!(after, before);
    }
}

/// Names of tables are checked without a build where no migration is pending.
#[tokio::test]
async fn a_table_that_does_not_exist_is_reported_without_a_build() {
    for database in Database::all().await {
        database.execute(&["CREATE TABLE posts (id int PRIMARY KEY)"]).await;
        let sandbox = project(&["m1_a"]);
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate:mark", "--all"]);
        let before = sandbox.files();
        let refused = on.fails(&["db:sync", "--tables", "nothing"]);
        assert_error!(refused, Error::NoSuchTable { name, .. } if name == "nothing");
        assert_eq!(sandbox.files(), before);
    }
}
