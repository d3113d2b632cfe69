//! Schema, entities, schema: equal, but for a list of what entities do not say, each with its reason. And life with the
//! entities on the database they come from. One program for every database and format is compiled and run once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "cargo inherits the environment of the test")]

#[path = "support/database.rs"]
mod database;
#[path = "law/everything.rs"]
mod everything;
#[path = "support/projects.rs"]
mod projects;
#[path = "law/silences.rs"]
mod silences;
mod support;

use std::path::Path;
use std::process::Command;

use database::Database;
use everything::everything;
use kit::schema::model::Schema;
use kit_runtime::dialect::Dialect;
use projects::ok;
use silences::SILENCES;
use support::Sandbox;

/// Those that are for a database.
const FORMATS: [&str; 3] = ["compact", "expanded", "dense"];

/// A schema, and what came of it by way of the entities in one format.
struct Case {
    name: String,
    dialect: Dialect,
    before: Schema,
    copy: Database,
}

#[tokio::test]
async fn entities_say_the_schema_and_live_with_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("law");
    let _ = std::fs::remove_dir_all(folder.join("src"));
    let sandbox = Sandbox::at(&folder)
        .file("Cargo.toml", &projects::application_manifest("law"))
        .file("Cargo.lock", include_str!("../Cargo.lock"))
        .file("migrations/mod.rs", support::EMPTY_INDEX);
    let (mut modules, mut calls) = (String::new(), String::new());
    let mut urls = Vec::new();
    let (mut cases, mut originals) = (Vec::new(), Vec::new());
    for database in Database::all().await {
        for statement in everything(database.dialect) {
            database.execute(&[&statement]).await;
        }
        let before = kit::schema::read(&database.session).await.unwrap();
        for format in FORMATS {
            let name = format!("{}_{format}", format!("{:?}", database.dialect).to_lowercase());
            let output = format!("src/{name}");
            let arguments = ["--entity-format", format, "--output-dir", &output, "--database-url", database.url()];
            let arguments: Vec<&str> = ["db:sync", "--skip-migrations"].into_iter().chain(arguments).collect();
            ok(std::thread::scope(|scope| scope.spawn(|| sandbox.kit(&arguments)).join().unwrap()));
            let tables: Vec<&str> = before.tables.iter().map(|table| table.name.as_str()).collect();
            // A key of a table to itself.
            let own = if format == "dense" { "Boss BesideHouseBesideNumber" } else { "SelfRef SelfRef" };
            modules += &format!(
                "mod {name} {{\n    use super::*;\n    use entities::*;\n    #[path = \"../{name}/mod.rs\"]\n    \
                 #[allow(dead_code, unused_imports)]\n    pub mod entities;\n    create!({});\n    live!({own});\n}}\n",
                tables.join(" ")
            );
            calls += &format!(
                "    {name}::create(&url(\"COPY_{name}\")).await.unwrap_or_else(|error| panic!(\"{name}: {{error}}\"));\n    \
                 {name}::live(&url(\"ORIGINAL_{name}\")).await.unwrap_or_else(|error| panic!(\"{name}: {{error}}\"));\n"
            );
            let copy = match database.dialect {
                Dialect::Sqlite => Database::sqlite().await,
                Dialect::Postgres => Database::postgres().await,
                Dialect::MySql => Database::mysql().await,
            };
            urls.push((format!("COPY_{name}"), copy.url().to_owned()));
            urls.push((format!("ORIGINAL_{name}"), database.url().to_owned()));
            cases.push(Case { name, dialect: database.dialect, before: before.clone(), copy });
        }
        originals.push(database);
    }
    let program = include_str!("law/program.rs.txt").replace("{{modules}}", "").replace("{{calls}}", &calls);
    sandbox.write("src/main.rs", &program.replace("trait Join {", &format!("{modules}\ntrait Join {{")));
    let output = Command::new("cargo")
        .args(["run", "--quiet", "--message-format", "short"])
        .current_dir(sandbox.root())
        .env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/entities"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0")
        .envs(urls)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}", said.lines().take(100).collect::<Vec<_>>().join("\n"));

    let mut different = Vec::new();
    let mut needed = vec![false; SILENCES.len()];
    for case in &cases {
        let after = kit::schema::read(&case.copy.session).await.unwrap();
        let equal = |without: Option<usize>| {
            let (mut before, mut after) = (case.before.clone(), after.clone());
            for (_, silence) in SILENCES.iter().enumerate().filter(|(number, _)| Some(*number) != without) {
                (silence.forget)(&mut before, case.dialect);
                (silence.forget)(&mut after, case.dialect);
            }
            before.sort();
            after.sort();
            (before == after, before.to_string(), after.to_string())
        };
        let (same, before, after) = equal(None);
        if !same {
            different.push(format!("{}\n{}", case.name, difference(&before, &after)));
        }
        for (number, needed) in needed.iter_mut().enumerate() {
            *needed |= !equal(Some(number)).0;
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
    for (silence, needed) in SILENCES.iter().zip(needed) {
        assert!(needed, "entities say {} by now", silence.what);
    }
}

/// What entities do not say is known to whoever reads the README.
#[test]
fn the_readme_names_what_entities_do_not_say() {
    let readme = include_str!("../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    for silence in SILENCES {
        assert!(readme.contains(silence.what), "{}", silence.what);
        assert!(!silence.reason.is_empty());
    }
}

/// Lines that only one of two texts has.
fn difference(before: &str, after: &str) -> String {
    let mut table = "";
    let mut lines = Vec::new();
    let of = |text: &'static str| text;
    for (text, other, sign) in [(before, after, of("-")), (after, before, of("+"))] {
        let tables = |text: &str| -> Vec<(String, String)> {
            let mut table = String::new();
            text.lines()
                .map(|line| {
                    if !line.starts_with(' ') {
                        table = line.to_owned();
                    }
                    (table.clone(), line.to_owned())
                })
                .collect()
        };
        let there = tables(other);
        lines.extend(
            tables(text).into_iter().filter(|line| !there.contains(line)).map(|(table, line)| (table, sign, line)),
        );
    }
    lines.sort();
    let mut text = String::new();
    for (of, sign, line) in &lines {
        if of != table {
            text += &format!("{of}\n");
            table = of;
        }
        text += &format!("{sign} {line}\n");
    }
    if text.is_empty() { format!("in more than the text:\n{before}\n{after}") } else { text }
}
