//! `--json`: every command prints one document with the keys that docs/json.md has for it, also when it fails.

#![expect(clippy::unwrap_used, reason = "a test that cannot read a document has to stop")]

use std::collections::BTreeSet;
use std::fs;

use crate::support::database::Database;
use crate::support::projects::{FAMILY, On, family, ok};
use crate::support::{Sandbox, Transcript};
use clap::CommandFactory;
use heck::ToSnakeCase;
use kit::cli::Cli;
use kit::error::{BuildObstacle, CacheError};
use kit::error::{Error, ScratchError, SeedError};
use serde_json::Value;
use strum::VariantNames;

/// Commands without a document: completion scripts call it and read one candidate a line.
const WITHOUT: [&str; 1] = ["__complete"];

fn document() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md")).unwrap()
}

fn section(heading: &str) -> String {
    let document = document();
    let (_, rest) = document.split_once(&format!("# {heading}\n")).unwrap_or_else(|| panic!("no section {heading}"));
    rest.split("\n## ").next().unwrap().to_owned()
}

fn code(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The second cell of the row that begins with `name`.
fn cell(heading: &str, name: &str) -> Option<String> {
    let text = section(heading);
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    let mut found = rows.filter_map(|row| row.split_once(" | ")).filter(|(first, _)| code(first).contains(name));
    found.next().map(|(_, rest)| rest.to_owned())
}

fn common() -> BTreeSet<String> {
    let text = section("Keys of every document");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap().to_owned()).collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

/// Returns the document of a run, which has the documented keys.
#[track_caller]
fn documented(run: &Transcript, command: Option<&str>) -> Value {
    let answer = run.json();
    let mut expected = common();
    // A command line that is wrong is none of a command's.
    if let Some(command) = command {
        expected.extend(code(&cell("Keys of each command", command).unwrap_or_else(|| panic!("{command}"))));
        assert_eq!(answer["command"], command, "{run}");
    }
    assert_eq!(keys(&answer), expected, "{run}");
    assert_eq!(answer["exit_code"], run.code, "{run}");
    assert_eq!(answer["error"].is_null(), run.error.is_none(), "{run}");
    if let Some(error) = &run.error {
        assert_eq!(answer["error"]["kind"], error.kind(), "{run}");
        assert_eq!(answer["error"]["exit_code"], run.code, "{run}");
    }
    for (key, value) in answer.as_object().unwrap() {
        let known = match (key.as_str(), cell("Values", key), cell("Keys of every document", key)) {
            ("migrations", ..) => code(&section("Migrations")),
            (_, Some(cell), _) | (_, _, Some(cell)) => code(&cell),
            _ => BTreeSet::new(),
        };
        let items = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for item in items.iter().filter(|item| item.is_object()) {
            let unknown: Vec<String> = keys(item).difference(&known).cloned().collect();
            assert!(unknown.is_empty(), "{key} has keys that docs/json.md does not name: {unknown:?}\n{run}");
        }
    }
    answer
}

/// A project with rows on SQLite that needs no compiler.
fn small() -> Sandbox {
    let sandbox = Sandbox::project()
        .file("Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\n\n[dependencies]\nsea-orm = \"2.0\"\n")
        .file("src/lib.rs", "")
        .env("DATABASE_URL", "sqlite://app.sqlite");
    let connection = rusqlite::Connection::open(sandbox.root().join("app.sqlite")).unwrap();
    connection
        .execute_batch("CREATE TABLE users (id integer PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'ann');")
        .unwrap();
    sandbox
}

#[test]
fn every_command_has_the_option_and_documented_keys() {
    let mut root = Cli::command();
    root.build();
    let names: BTreeSet<&str> = root.get_subcommands().map(clap::Command::get_name).collect();
    for command in root.get_subcommands().filter(|command| !WITHOUT.contains(&command.get_name())) {
        let name = command.get_name();
        assert!(command.get_arguments().any(|argument| argument.get_long() == Some("json")), "{name} has no --json");
        assert!(cell("Keys of each command", name).is_some(), "docs/json.md has no row for {name}");
    }
    for name in code(
        &section("Keys of each command")
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.split(" | ").next().unwrap())
            .collect::<String>(),
    ) {
        assert!(names.contains(name.as_str()), "docs/json.md has a row for {name}, which is no command");
    }
}

/// Whoever matches on a kind finds all of them in the document.
#[test]
fn the_kinds_of_errors_are_documented() {
    let wrappers = ["scratch", "seed", "obstacle", "cache", "migrator"];
    let own = Error::VARIANTS.iter().filter(|kind| !wrappers.contains(kind));
    let wrapped = [ScratchError::VARIANTS, SeedError::VARIANTS, BuildObstacle::VARIANTS, CacheError::VARIANTS].concat();
    let mut kinds: BTreeSet<String> = own.chain(&wrapped).map(|kind| (*kind).to_owned()).collect();
    let source = include_str!("../../runtime/src/wire/failure.rs");
    let items = syn::parse_file(source).unwrap().items;
    let failure = items.iter().find_map(|item| match item {
        syn::Item::Enum(item) if item.ident == "Failure" => Some(item),
        _ => None,
    });
    kinds.extend(failure.unwrap().variants.iter().map(|variant| variant.ident.to_string().to_snake_case()));
    assert_eq!(code(&section("Kinds of errors")), kinds);
}

#[test]
fn commands_without_a_compiler_print_their_documents() {
    let fixtures = "- id: 2\n  name: bob\n";
    for (command, arguments) in [
        ("about", &[] as &[&str]),
        ("cache", &[]),
        ("cache", &["--clear"]),
        ("completions", &["bash"]),
        ("doctor", &[]),
        ("help", &["migrate"]),
        ("init", &["new"]),
        ("init", &["new", "--dry-run"]),
        ("list", &[]),
        ("list", &["make"]),
        ("make:migration", &["create_posts_table"]),
        ("make:migration", &["create_posts_table", "--dry-run"]),
        ("make:model", &["post", "title:string", "--no-run"]),
        ("make:factory", &["user"]),
        ("make:seeder", &["user"]),
        ("stub:publish", &[]),
        ("db:sync", &["--skip-migrations"]),
        ("db:sync", &["--dry-run"]),
        ("db:seed", &[]),
        ("db:seed", &["--reset", "--force"]),
        ("db:seed", &["--dump", "--force"]),
        ("db:truncate", &["--force"]),
        ("migrate:status", &[]),
        ("migrate:install", &[]),
        ("migrate:mark", &["--all"]),
        ("migrate:repair", &[]),
    ] {
        let sandbox = small().file("database/fixtures/users.yaml", fixtures);
        let cache = sandbox.root().join("cache").display().to_string();
        let sandbox = sandbox.env("KIT_CACHE_DIR", &cache);
        let before = sandbox.files();
        let run = sandbox.kit(&[&[command, "--json"], arguments].concat());
        let answer = documented(&run, Some(command));
        assert!(run.error.is_none(), "{command}: {run}");
        // The files that the document lists are those that exist now and did not before.
        if let Some(files) = answer["files"].as_array() {
            let root = if command == "init" { "new/" } else { "" };
            let created = files.iter().filter(|file| file["action"] == "created" && answer["dry_run"] != true);
            let created: BTreeSet<String> =
                created.map(|file| format!("{root}{}", file["path"].as_str().unwrap())).collect();
            let after: BTreeSet<String> = sandbox
                .files()
                .into_iter()
                .filter(|file| !before.contains(file) && !file.starts_with("app.sqlite"))
                .collect();
            assert_eq!(created, after, "{command}: {run}");
            assert!(files.iter().all(|file| (answer["dry_run"] == true) == file["content"].is_string()), "{run}");
        }
        match (command, arguments) {
            ("db:truncate", _) => assert_eq!(answer["emptied"][0], "users"),
            ("db:seed", []) => assert_eq!(answer["tables"][0], serde_json::json!({"name": "users", "rows": 1})),
            ("db:seed", ["--dump", ..]) => assert_eq!(answer["files"][0]["action"], "changed"),
            ("db:seed", _) => assert_eq!(answer["emptied"][0], "users"),
            ("migrate:install", _) => assert_eq!(answer["created"], true),
            ("make:migration" | "make:model" | "make:factory" | "make:seeder", _) => {
                assert!(answer["path"].is_string(), "{run}");
            }
            _ => {}
        }
    }
}

#[test]
fn a_deleted_migration_is_in_the_document() {
    let sandbox = small();
    ok(sandbox.kit(&["make:migration", "create_posts_table"]));
    for more in [&["--dry-run"] as &[&str], &["--force"]] {
        let run = sandbox.kit(&[&["migrate:delete", "create_posts_table", "--json"], more].concat());
        let answer = documented(&run, Some("migrate:delete"));
        let actions: BTreeSet<&str> =
            answer["files"].as_array().unwrap().iter().map(|file| file["action"].as_str().unwrap()).collect();
        assert_eq!(actions, BTreeSet::from(["changed", "deleted"]), "{run}");
        assert_eq!(answer["migrations"].as_array().unwrap().len(), usize::from(more == ["--force"]), "{run}");
    }
}

#[tokio::test]
async fn commands_that_migrate_print_their_documents_on_every_database() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        for (command, arguments, actions) in [
            ("migrate:status", &[] as &[&str], None),
            ("migrate:install", &[], None),
            ("migrate", &["--pretend"], Some(&[] as &[&str])),
            ("migrate", &["--limit", "3"], Some(&["applied"; 3])),
            ("migrate", &[], Some(&["applied"])),
            ("migrate", &[], Some(&[])),
            ("migrate:status", &[], None),
            ("migrate:rollback", &["--pretend"], Some(&[])),
            ("migrate:rollback", &["--force"], Some(&["rolled_back"])),
            ("migrate:mark", &["--applied", FAMILY[3]], Some(&["marked_applied"])),
            ("migrate:mark", &["--pending", FAMILY[3]], Some(&["marked_pending"])),
            ("migrate:redo", &["--force"], Some(&["rolled_back", "applied"])),
            (
                "migrate:refresh",
                &["--force"],
                Some(&["rolled_back", "rolled_back", "rolled_back", "applied", "applied", "applied", "applied"]),
            ),
            ("migrate:repair", &[], Some(&[])),
            ("migrate:verify", &[], None),
            ("db:truncate", &["--force"], None),
            ("migrate:reset", &["--force"], Some(&["rolled_back"; 4])),
            ("migrate:fresh", &["--force"], Some(&["applied"; 4])),
        ] {
            let run = on.kit(&[&[command, "--json"], arguments].concat());
            let answer = documented(&run, Some(command));
            assert_eq!(run.code, 0, "{command}: {run}");
            if let Some(actions) = actions {
                let items = answer["migrations"].as_array().unwrap();
                let found: Vec<&str> = items.iter().map(|item| item["action"].as_str().unwrap()).collect();
                assert_eq!(found, actions, "{command}: {run}");
            }
            assert_eq!(arguments == ["--pretend"], answer["dry_run"] == true, "{run}");
            if arguments == ["--pretend"] {
                assert!(!answer["pretended"].as_array().unwrap().is_empty(), "{run}");
            }
        }
        // A question is refused, whoever could answer it, and nothing is done.
        let before = database.everything().await;
        for command in
            ["migrate:reset", "migrate:fresh", "migrate:redo", "migrate:refresh", "migrate:rollback", "db:truncate"]
        {
            let run = on.answering(&[command, "--json"], &["yes"]);
            assert_eq!(documented(&run, Some(command))["error"]["kind"], "unconfirmed", "{run}");
        }
        assert_eq!(database.everything().await, before);
    }
}

/// All that may go wrong before a command has begun, or soon after.
#[test]
fn failing_runs_print_their_documents() {
    let nowhere = Sandbox::new();
    for (command, arguments) in [
        ("migrate", &[] as &[&str]),
        ("migrate:status", &[]),
        ("migrate:rollback", &["--to", "x"]),
        ("migrate:rollback", &[]),
        ("migrate:reset", &[]),
        ("migrate:refresh", &[]),
        ("migrate:redo", &[]),
        ("migrate:fresh", &["--seed"]),
        ("migrate:install", &[]),
        ("migrate:delete", &["x"]),
        ("migrate:repair", &[]),
        ("migrate:mark", &["--all"]),
        ("migrate:verify", &[]),
        ("make:migration", &["x"]),
        ("make:model", &["x"]),
        ("make:seeder", &["x"]),
        ("make:factory", &["x"]),
        ("stub:publish", &[]),
        ("db:sync", &[]),
        ("db:seed", &[]),
        ("db:truncate", &[]),
        ("init", &["--library"]),
    ] {
        let run = nowhere.kit(&[&[command, "--json"], arguments].concat());
        let answer = documented(&run, Some(command));
        assert_eq!((run.code, answer["error"]["kind"].as_str()), (1, Some("no_project")), "{command}: {run}");
        assert!(answer["error"]["hint"].is_string(), "{run}");
    }
    assert_eq!(nowhere.files(), [""; 0]);
    // An argument is not asked for.
    let sandbox = small();
    let before = sandbox.files();
    for command in ["make:migration", "make:model", "make:seeder", "make:factory", "completions"] {
        let run = sandbox.kit_answering(&[command, "--json"], &["posts"]);
        let answer = documented(&run, Some(command));
        assert_eq!((run.code, answer["error"]["kind"].as_str()), (2, Some("missing_argument")), "{run}");
    }
    // The command line is wrong; the option may come before or after what is wrong.
    for (arguments, command, kind) in [
        (&["migrate:status", "--pendign", "--json"] as &[&str], Some("migrate:status"), "usage"),
        (&["m:s", "--json", "--pendign"], Some("migrate:status"), "usage"),
        (&["migrate", "--to", "--json"], Some("migrate"), "usage"),
        (&["xyzzy", "--json"], None, "unknown_command"),
        (&["--json", "xyzzy"], None, "unknown_command"),
        (&["make:m", "--json"], None, "ambiguous_command"),
    ] {
        let run = sandbox.kit(arguments);
        let answer = documented(&run, None);
        assert_eq!((run.code, answer["error"]["kind"].as_str()), (2, Some(kind)), "{arguments:?}: {run}");
        assert_eq!(answer["command"].as_str(), command, "{run}");
    }
    assert_eq!(sandbox.files(), before);
    // An error that the options turn into a warning.
    let graceful = sandbox.kit(&["migrate", "--graceful", "--json", "--to", "nowhere"]).json();
    assert_eq!((&graceful["exit_code"], &graceful["error"]["exit_code"]), (&0.into(), &1.into()), "{graceful}");
}

#[test]
fn help_and_version_are_documents() {
    let sandbox = Sandbox::new();
    for arguments in [&["--version", "--json"] as &[&str], &["migrate", "--help", "--json"], &["--json", "-V"]] {
        let run = ok(sandbox.kit(arguments));
        assert!(run.json()["text"].is_string(), "{run}");
    }
    assert_eq!(ok(sandbox.kit(&["--json"])).json()["command"], "list");
}
