//! What a generated migration says where databases differ: conditions, and the words of one database. It is the one file
//! here that names databases; what is put between its words are names that have been checked.

use super::layout::{Step, chain, indented, only_if};
use crate::schema::model::Action;

/// Holds where there are no enums, and a foreign key comes with its column or never.
pub const BARE: &str = "manager.get_database_backend() == sea_orm::DbBackend::Sqlite";

/// Holds elsewhere.
pub const NOT_BARE: &str = "manager.get_database_backend() != sea_orm::DbBackend::Sqlite";

/// Holds where enums are types of their own.
pub const TYPED_ENUMS: &str = "manager.get_database_backend() == sea_orm::DbBackend::Postgres";

/// Makes a type.
pub const CREATE_TYPE: &str = "extension::postgres::Type::create()";

/// Takes a type away.
pub const DROP_TYPE: &str = "extension::postgres::Type::drop()";

/// Says how an enum is kept.
pub const OF_ENUMS: &str = "// PostgreSQL has enums as types, MySQL in their columns; SQLite gets a check.";

/// Ends a migration on databases without arrays.
pub fn arrays_only(column: &str) -> Step {
    let message = format!("{:?}", format!("`{column}` is an array, which only PostgreSQL has"));
    Step::Whole(format!(
        "if manager.get_database_backend() != sea_orm::DbBackend::Postgres {{\n    return Err(DbErr::Migration(\n        \
         {message}.to_owned(),\n    ));\n}}"
    ))
}

/// Gives a column that is added its foreign key on SQLite, where it comes with the column or never.
pub fn referring(variable: &str, table: &str, column: &str, actions: [Action; 2]) -> Step {
    let text = format!("{:?}", references(table, column, actions));
    let extra = chain(variable, &[format!(".extra({text})")]);
    only_if(BARE, &[Step::Whole(format!("// A foreign key comes with its column there, or never.\n{extra};"))])
}

/// Drops a foreign key: on SQLite the text of it goes from the table's, elsewhere `drop` does it.
pub fn without_reference(own: [&str; 2], other: [&str; 2], actions: [Action; 2], drop: &Step) -> Step {
    let [table, column] = own;
    let key = format!(", FOREIGN KEY (\"{column}\") {}", references(other[0], other[1], actions));
    let update =
        format!("UPDATE sqlite_master SET sql = replace(sql, '{key}', '') WHERE type = 'table' AND name = '{table}'");
    let statements = ["PRAGMA writable_schema = ON", &update, "PRAGMA writable_schema = RESET"];
    let lines: Vec<String> = statements.iter().map(|sql| format!("    {sql:?},\n")).collect();
    let run = format!(
        "// As https://www.sqlite.org/lang_altertable.html takes a foreign key out of a table.\nfor statement in [\n{}] {{\n    \
         manager\n        .get_connection()\n        .execute_unprepared(statement)\n        .await?;\n}}",
        lines.concat()
    );
    let Step::Awaited(drop) = drop else { return Step::Whole(run) };
    Step::Whole(format!("if {BARE} {{\n{}\n}} else {{\n{}?;\n}}", indented(&run), indented(drop)))
}

/// As SeaORM writes it.
fn references(table: &str, column: &str, [on_delete, on_update]: [Action; 2]) -> String {
    let (on_delete, on_update) = (on_delete.words().to_uppercase(), on_update.words().to_uppercase());
    format!("REFERENCES \"{table}\" (\"{column}\") ON DELETE {on_delete} ON UPDATE {on_update}")
}
