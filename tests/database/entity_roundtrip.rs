//! Schema, entities, schema: equal, but for a list of what entities do not say, each with its reason. And life with the
//! entities on the database they come from. One program for every database and format is compiled and run once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "cargo inherits the environment of the test")]
#![allow(clippy::print_stderr, reason = "what was tried, and what was not, is said")]

mod full_schema;
mod known_gaps;
mod public_schemas;
mod types;

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::Sandbox;
use crate::support::database::Database;
use crate::support::projects;
use crate::support::projects::{complaint, ok};
use full_schema::everything;
use kit::schema::model::Schema;
use kit_runtime::dialect::Dialect;
use known_gaps::SILENCES;

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
    let sandbox = projects::application("law");
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
            let copy = Database::empty(database.dialect).await;
            urls.push((format!("COPY_{name}"), copy.url().to_owned()));
            urls.push((format!("ORIGINAL_{name}"), database.url().to_owned()));
            cases.push(Case { name, dialect: database.dialect, before: before.clone(), copy });
        }
        originals.push(database);
    }
    let program =
        include_str!("entity_roundtrip/program.rs.txt").replace("{{modules}}", "").replace("{{calls}}", &calls);
    sandbox.write("src/main.rs", &program.replace("trait Join {", &format!("{modules}\ntrait Join {{")));
    assert_eq!(complaint(run(&sandbox).envs(urls)), None);

    let mut different = Vec::new();
    let mut needed = vec![false; SILENCES.len()];
    for case in &cases {
        let after = kit::schema::read(&case.copy.session).await.unwrap();
        let equal = |without: Option<usize>| {
            let (mut before, mut after) = (case.before.clone(), after.clone());
            // It follows from the type, which may be among what is not said.
            for column in before.tables.iter_mut().chain(&mut after.tables).flat_map(|table| &mut table.columns) {
                column.cast = None;
            }
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

/// A row of every type the server knows is read, found, updated, deleted and inserted through the entity; what is in none is named.
#[tokio::test]
async fn rows_of_every_type_move_through_entities() {
    let sandbox = projects::application("types");
    let (mut program, mut databases) = (Program::default(), Vec::new());
    let mut page = String::from(TYPES_PAGE);
    for database in Database::all().await {
        for statement in types::every_type(database.dialect) {
            database.execute(&[&statement]).await;
        }
        let schema = kit::schema::read(&database.session).await.unwrap();
        for format in FORMATS {
            let name = format!("{}_{format}", format!("{:?}", database.dialect).to_lowercase());
            let output = format!("src/{name}");
            let arguments = ["--entity-format", format, "--output-dir", &output, "--database-url", database.url()];
            let arguments: Vec<&str> =
                ["db:sync", "--skip-migrations", "--json"].into_iter().chain(arguments).collect();
            let said = ok(std::thread::scope(|scope| scope.spawn(|| sandbox.kit(&arguments)).join().unwrap())).json();
            let left_out = said["left_out"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap());
            assert_eq!(left_out.collect::<Vec<_>>(), types::left_out(database.dialect), "{name}");
            assert_eq!(said["without_primary_key"], serde_json::json!([]), "{name}");
            program.add(&name, database.url(), &schema, types::tables(database.dialect));
            if format == "compact" {
                let entity = sandbox.read(&format!("{output}/every.rs"));
                page += &types::page(database.dialect, &entity);
            }
        }
        databases.push(database);
    }
    program.write(&sandbox);
    assert_eq!(complaint(run(&sandbox).envs(program.urls)), None);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/types.md");
    if std::env::var_os("KIT_TEST_WRITE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(written, page, "run with KIT_TEST_WRITE_DOCS=1 to update docs/types.md");
}

/// The top of docs/types.md.
const TYPES_PAGE: &str = "\
# Database types and Rust types

The type that `kit db:sync` gives the field of an entity for each type of a column. `Option` stands around it where the
column takes NULL. With `--date-time-crate time`, dates and times are those of the `time` crate, and with
`--big-integer-type i32`, `i64` is `i32`.

*Cast* means that the value is a text in the entity and the database casts it when it is read and written: SeaORM has no
type for it. Columns of types that are *left out* have no field, and `db:sync` warns of them.

A test writes this page from what each database says of its columns and what the entities have.
";

/// A program that moves rows through entities: see `law/rows.rs.txt`.
#[derive(Default)]
struct Program {
    modules: String,
    calls: String,
    urls: Vec<(String, String)>,
    uncomparable: BTreeSet<String>,
}

impl Program {
    /// Adds the entities in `src/NAME`, of which those of `tables`, modules, are to move rows.
    fn add(&mut self, name: &str, url: &str, schema: &Schema, tables: &[impl AsRef<str>]) {
        // Types that have no equality in the database.
        let bare = ["point", "box", "polygon", "xml", "json", "line", "path", "circle", "lseg", "jsonpath"];
        let columns = schema.tables.iter().flat_map(|table| &table.columns);
        let odd = columns.filter(|column| bare.contains(&column.type_name.as_str()));
        self.uncomparable.extend(odd.map(|column| format!("{:?}", column.name)));
        self.modules += &format!("#[path = \"{name}/mod.rs\"]\n#[allow(dead_code, unused_imports)]\nmod {name};\n");
        self.calls += &format!("    let database = connect(&url(\"{name}\")).await;\n");
        for table in tables {
            let table = table.as_ref();
            self.calls += &format!(
                "    wrong.extend(moves::<{name}::{table}::Entity, {name}::{table}::ActiveModel>(\"{name} {table}\", &database).await.err());\n"
            );
        }
        self.urls.push((name.to_owned(), url.to_owned()));
    }

    fn write(&self, sandbox: &Sandbox) {
        let uncomparable = self.uncomparable.iter().cloned().collect::<Vec<_>>().join(", ");
        let program = include_str!("entity_roundtrip/rows.rs.txt").replace("{{modules}}", &self.modules);
        let program = program.replace("{{calls}}", &self.calls).replace("{{uncomparable}}", &uncomparable);
        sandbox.write("src/main.rs", &program);
    }
}

/// What entities do not say is known to whoever reads the README.
#[test]
fn the_readme_names_what_entities_do_not_say() {
    let readme = include_str!("../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    for silence in SILENCES {
        assert!(readme.contains(silence.what), "{}", silence.what);
        assert!(!silence.reason.is_empty());
    }
}

fn run(sandbox: &Sandbox) -> Command {
    projects::cargo(sandbox, &["run", "--quiet", "--message-format", "short"])
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
