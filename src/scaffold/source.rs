//! The source of a migration: from an [`Intent`] to `up` and `down` in plain SeaORM, laid out as rustfmt
//! does. It returns the whole file, or what is wrong with the stub. It knows neither where the file goes
//! nor how the migration was named.

use std::path::Path;

use super::identifiers::Enums;
use super::intent::{Column, Definition, Index, Intent, Reference};
use super::{name, stub};
use crate::error::Result;

/// Widest chain of calls that rustfmt leaves on one line.
const CHAIN: usize = 60;

/// The source of a migration that does this, from the stubs of the project at `root`.
///
/// # Errors
/// Those of [`stub::fill`].
pub fn source(root: &Path, migration: &str, intent: &Intent) -> Result<String> {
    let mut enums = Enums::default();
    let mut values = vec![("name", migration.to_owned())];
    if let Some(table) = intent.names().0.first() {
        values.push(("table", (*table).to_owned()));
    }
    let stub = match intent {
        Intent::Blank => {
            values.push(("note", String::new()));
            "migration.rs"
        }
        Intent::Alter { table } => {
            values.push(("note", format!("// Alter the table `{table}` here, and undo it in `down`.")));
            "migration.rs"
        }
        Intent::CreateTable { table, columns } => {
            values.push(("Table", enums.table(table)));
            let lines: Vec<String> = columns.iter().map(|column| define("col", &mut enums, table, column)).collect();
            values.push(("columns", lines.join("\n")));
            "migration.create.rs"
        }
        Intent::JoinTable { table, sides } => {
            values.push(("Table", enums.table(table)));
            values.push(("columns", pairs(&mut enums, table, sides)));
            let index = Index { table: table.clone(), columns: vec![sides[1].column.clone()], unique: false };
            values.push(("index", create_index(&mut enums, &index)));
            "migration.join.rs"
        }
        Intent::DropTable { table } => {
            values.push(("Table", enums.table(table)));
            values.push(("message", format!("{:?}", format!("`{table}` was dropped, it cannot be brought back"))));
            "migration.drop.rs"
        }
        _ => {
            let (up, down) = both_ways(&mut enums, intent);
            values.push(("up", up));
            values.push(("down", down));
            "migration.update.rs"
        }
    };
    values.push(("enums", enums.source()));
    stub::fill(root, stub, &values)
}

fn both_ways(enums: &mut Enums, intent: &Intent) -> (String, String) {
    match intent {
        Intent::AddColumns { table, columns } => {
            (add_columns(enums, table, columns), drop_columns(enums, table, columns))
        }
        Intent::RemoveColumns { table, columns } => {
            let note = "// What these columns were is not known: give them their type back.\n";
            let added = add_columns(enums, table, columns);
            (drop_columns(enums, table, columns), format!("{note}{added}"))
        }
        Intent::RenameColumn { table, from, to } => {
            let (from, to) = (enums.column(table, from), enums.column(table, to));
            let mut rename = |from: &str, to: &str| alter(enums, table, format!(".rename_column({from}, {to})"));
            (rename(&from, &to), rename(&to, &from))
        }
        Intent::RenameTable { from, to } => {
            let (from, to) = (enums.table(from), enums.table(to));
            let rename = |from: &str, to: &str| {
                let call = chain("Table::rename()", &[format!(".table({from}, {to})"), ".to_owned()".to_owned()]);
                statement("rename_table", &call)
            };
            (rename(&from, &to), rename(&to, &from))
        }
        Intent::AddIndex(index) => (create_index(enums, index), drop_index(enums, index)),
        Intent::DropIndex(index) => (drop_index(enums, index), create_index(enums, index)),
        // The others have stubs of their own.
        _ => (String::new(), String::new()),
    }
}

/// One statement a column: SQLite takes no more in one ALTER TABLE.
fn add_columns(enums: &mut Enums, table: &str, columns: &[Column]) -> String {
    let alters = columns.iter().map(|column| {
        let call = define("add_column", enums, table, column);
        alter(enums, table, call)
    });
    sequence(alters.collect())
}

fn drop_columns(enums: &mut Enums, table: &str, columns: &[Column]) -> String {
    let alters = columns.iter().rev().map(|column| {
        let column = enums.column(table, &column.name);
        alter(enums, table, format!(".drop_column({column})"))
    });
    sequence(alters.collect())
}

fn alter(enums: &mut Enums, table: &str, call: String) -> String {
    let table = format!(".table({})", enums.table(table));
    statement("alter_table", &chain("Table::alter()", &[table, call, ".to_owned()".to_owned()]))
}

fn create_index(enums: &mut Enums, index: &Index) -> String {
    let mut calls = vec![format!(".name({:?})", index.name()), format!(".table({})", enums.table(&index.table))];
    calls.extend(index.columns.iter().map(|column| format!(".col({})", enums.column(&index.table, column))));
    if index.unique {
        calls.push(".unique()".to_owned());
    }
    calls.push(".to_owned()".to_owned());
    statement("create_index", &chain("Index::create()", &calls))
}

fn drop_index(enums: &mut Enums, index: &Index) -> String {
    let table = format!(".table({})", enums.table(&index.table));
    let calls = [format!(".name({:?})", index.name()), table, ".to_owned()".to_owned()];
    statement("drop_index", &chain("Index::drop()", &calls))
}

/// Columns, primary key and foreign keys of a link table. All of it stands in CREATE TABLE: SQLite adds
/// no foreign key later.
fn pairs(enums: &mut Enums, table: &str, sides: &[Reference; 2]) -> String {
    let mut calls = Vec::new();
    let columns = [0, 1].map(|side| enums.column(table, &sides[side].column));
    for column in &columns {
        let modifiers = [".integer()".to_owned(), ".not_null()".to_owned()];
        calls.push(argument("col", &chain(&format!("ColumnDef::new({column})"), &modifiers)));
    }
    let key = columns.each_ref().map(|column| format!(".col({column})"));
    calls.push(argument("primary_key", &chain("Index::create()", &key)));
    for (reference, column) in sides.iter().zip(&columns) {
        let own = enums.table(table);
        let (other, id) = (enums.table(&reference.table), enums.column(&reference.table, "id"));
        let constraint = [
            format!(".name({:?})", name::of_object("fk", table, &[&reference.column])),
            format!(".from({own}, {column})"),
            format!(".to({other}, {id})"),
            ".on_delete(ForeignKeyAction::Cascade)".to_owned(),
            ".on_update(ForeignKeyAction::Cascade)".to_owned(),
        ];
        calls.push(argument("foreign_key", &chain("ForeignKey::create()", &constraint)));
    }
    calls.join("\n")
}

fn define(method: &str, enums: &mut Enums, table: &str, column: &Column) -> String {
    let path = enums.column(table, &column.name);
    let modifiers: &[&str] = match column.definition {
        Definition::Id => &[".integer()", ".not_null()", ".auto_increment()", ".primary_key()"],
        Definition::Now => &[".timestamp()", ".not_null()", ".default(Expr::current_timestamp())"],
        Definition::Moment => &[".timestamp()", ".null()"],
        Definition::Assumed => &[".string()", ".null()"],
    };
    let modifiers: Vec<String> = modifiers.iter().map(|modifier| (*modifier).to_owned()).collect();
    argument(method, &chain(&format!("ColumnDef::new({path})"), &modifiers))
}

/// Statements one after the other; the last one is the function's value.
fn sequence(statements: Vec<String>) -> String {
    statements.join("?;\n")
}

fn statement(method: &str, call: &str) -> String {
    format!("manager\n{}\n    .await", indented(&argument(method, call)))
}

/// `.method(call)`, the call on lines of its own if it has several.
fn argument(method: &str, call: &str) -> String {
    if call.contains('\n') { format!(".{method}(\n{},\n)", indented(call)) } else { format!(".{method}({call})") }
}

fn chain(head: &str, calls: &[String]) -> String {
    let line = format!("{head}{}", calls.concat());
    if line.len() <= CHAIN && !line.contains('\n') {
        return line;
    }
    let calls: Vec<String> = calls.iter().map(|call| indented(call)).collect();
    format!("{head}\n{}", calls.join("\n"))
}

fn indented(text: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| if line.is_empty() { String::new() } else { format!("    {line}") }).collect();
    lines.join("\n")
}
