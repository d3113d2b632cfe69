//! What to write instead of a statement that one database does not have.

/// The hint for a statement that SeaORM cannot write for the database, by the text of its panic.
pub(super) fn unsupported_hint(message: &str) -> String {
    let message = message.to_lowercase();
    let instead = if message.contains("modifying table column") {
        "call `change_column(m, \"table\", \"column\", ColType::…)` of `kit_runtime::schema`: it rebuilds the table with its rows"
    } else if message.contains("foreign key") {
        "call `add_reference(m, \"table\", \"other?\", \"column\")` of `kit_runtime::schema`, without `?` for a required column, or \
         `remove_reference`: they rebuild the table with its rows"
    } else if message.contains("multiple alter options") {
        "make each change with a `manager.alter_table(…)` of its own"
    } else {
        "create a new table, copy the rows and rename it (https://sqlite.org/lang_altertable.html#otheralter)"
    };
    format!("{instead}; or branch on `manager.get_database_backend()`")
}

/// The hint for `DROP INDEX` without a table, where an index belongs to its table.
pub(super) const INDEX_WITHOUT_TABLE: &str = "a statement ends too early; if it drops an index, name the table as well: \
     `Index::drop().name(\"index\").table(Alias::new(\"table\"))`; then run the command again";
