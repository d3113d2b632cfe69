//! Rows of public schemas, those that come with them and generated ones, move through the entities of their tables.

use kit::schema::model::{Column, Kind, Schema};
use kit_runtime::dialect::Dialect;
use kit_runtime::rows;

use super::{Program, complaint, ok, run};
use crate::support::Sandbox;
use crate::support::database::Database;
use crate::support::projects;
use crate::support::schemas;
use crate::support::schemas::Script;

schemas::for_each_public!(
    rows_move:
    chinook,
    #[ignore = "takes minutes: ./test.sh --all"]
    sakila,
    #[ignore = "takes minutes: ./test.sh --all"]
    northwind,
    #[ignore = "takes minutes: ./test.sh --all"]
    adventureworks,
    #[ignore = "takes minutes: ./test.sh --all"]
    roundcube,
    #[ignore = "takes minutes: ./test.sh --all"]
    mediawiki,
    #[ignore = "takes minutes: ./test.sh --all"]
    wordpress,
    #[ignore = "takes minutes: ./test.sh --all"]
    zabbix,
);

async fn rows_move(name: &str) {
    let sandbox = projects::application(&format!("rows_of_{name}"));
    let mut program = Program::default();
    let mut databases = Vec::new();
    for script in schemas::public().into_iter().filter(|script| script.name == name) {
        let database = Database::empty(script.dialect).await;
        script.load(&database).unwrap();
        add(&sandbox, &mut program, &script, &database).await;
        databases.push(database);
    }
    if databases.is_empty() {
        return;
    }
    program.write(&sandbox);
    assert_eq!(complaint(run(&sandbox).envs(program.urls)), None);
}

/// Fills what is empty, writes the entities, and has the program move the rows of each.
async fn add(sandbox: &Sandbox, program: &mut Program, script: &Script, database: &Database) {
    let dialect = format!("{:?}", script.dialect).to_lowercase();
    let schemas: Vec<Option<&str>> = match script.schemas {
        [] => vec![None],
        several => several.iter().copied().map(Some).collect(),
    };
    for schema in schemas {
        if let Some(schema) = schema {
            database.execute(&[&format!("SET search_path TO {schema}, public")]).await;
        }
        // Tables in a circle cannot be filled one after the other.
        let off = match script.dialect {
            Dialect::Sqlite => "PRAGMA foreign_keys = OFF",
            Dialect::Postgres => "SET session_replication_role = replica",
            Dialect::MySql => "SET foreign_key_checks = 0",
        };
        database.execute(&[off]).await;
        let filling = rows::fill(&database.session, 3, &[]).await.unwrap();
        let name = schema.map_or_else(|| dialect.clone(), |schema| format!("{dialect}_{schema}"));
        let output = format!("src/{name}");
        let arguments = ["db:sync", "--skip-migrations", "--include-hidden-tables", "--json", "--output-dir", &output];
        let more = ["--database-url", database.url()].into_iter();
        let more = more.chain(schema.into_iter().flat_map(|schema| ["--database-schema", schema]));
        let arguments: Vec<&str> = arguments.into_iter().chain(more).collect();
        let told = ok(std::thread::scope(|scope| scope.spawn(|| sandbox.kit(&arguments)).join().unwrap())).json();
        assert_eq!(told["left_out"], serde_json::json!([]), "{name}");
        let read = kit::schema::read(&database.session).await.unwrap();
        settle(database, &read).await;
        let mut tables = Vec::new();
        for (table, module) in kit::codegen::modules(&read) {
            let (count, keyless) = (
                database.value(&format!("(SELECT COUNT(*) FROM {})", script.dialect.quote(&table))).await,
                told["without_primary_key"].as_array().unwrap().iter().any(|one| one == table.as_str()),
            );
            if !keyless && count.as_deref() != Some("0") {
                tables.push(module);
            }
        }
        eprintln!(
            "{} on {name}: rows of {} of {} tables; {:?}",
            script.name,
            tables.len(),
            read.tables.len(),
            filling.notes
        );
        assert!(tables.len() * 10 >= read.tables.len() * 7, "too few tables have rows");
        program.add(&name, database.url(), &read, &tables);
    }
}

/// Values that no driver has for the type of their column become some that it has: times that are none
/// (`0000-00-00 00:00:00`, a default of Roundcube's and WordPress's), and on a database that takes anything everywhere, times in
/// another form than the driver's, texts for bytes, and bytes for texts.
async fn settle(database: &Database, schema: &Schema) {
    if database.dialect == Dialect::Sqlite {
        // Sakila's would write times in their own form again; elsewhere the session switches them off.
        for row in database.query("SELECT name FROM sqlite_master WHERE type = 'trigger'").await {
            database.execute(&[&format!("DROP TRIGGER {}", database.dialect.quote(row[0].as_ref().unwrap()))]).await;
        }
    }
    let zero = |column: &Column| column.default.as_ref().is_some_and(|default| default.contains("0000-00-00"));
    for table in &schema.tables {
        for column in &table.columns {
            let (name, quoted) = (database.dialect.quote(&table.name), database.dialect.quote(&column.name));
            let change = |to: String, is: String| format!("UPDATE {name} SET {quoted} = {to} WHERE {is}");
            let time = "'2024-01-01 00:00:00'".to_owned();
            let form = match column.kind {
                Kind::DateTime => Some("%Y-%m-%d %H:%M:%S"),
                Kind::Timestamp | Kind::TimestampWithTimeZone => Some("%Y-%m-%dT%H:%M:%S+00:00"),
                _ => None,
            };
            let statement = match (database.dialect, form) {
                (Dialect::Sqlite, _) if zero(column) => change(time, format!("{quoted} LIKE '0000%'")),
                (Dialect::Sqlite, Some(form)) => {
                    change(format!("strftime('{form}', {quoted})"), format!("{quoted} IS NOT NULL"))
                }
                (Dialect::Sqlite, _) if column.kind == Kind::Blob => {
                    change(format!("CAST({quoted} AS BLOB)"), format!("typeof({quoted}) = 'text'"))
                }
                (Dialect::Sqlite, _) if column.kind == Kind::Text => {
                    change("'text'".to_owned(), format!("typeof({quoted}) = 'blob'"))
                }
                (Dialect::MySql, _) if zero(column) => change(time, format!("{quoted} = '0000-00-00 00:00:00'")),
                _ => continue,
            };
            database
                .execute(&["SET sql_mode = ''", &statement][usize::from(database.dialect != Dialect::MySql)..])
                .await;
        }
    }
}
