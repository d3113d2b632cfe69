//! Reads the main schema of SQLite: pragmas joined over all tables at once, and from the statements it keeps
//! what no pragma says (generated expressions, collations, checks, predicates). Virtual tables' own are left out.

use std::collections::{BTreeMap, BTreeSet};

use kit_runtime::connection::{Connection, Error};
use kit_runtime::dialect::sqlite_sql::{self, Definitions};

use super::{Cells, Tables};
use crate::schema::model::{
    Action, Check, Column, ForeignKey, Generated, Identity, Index, Key, Part, Schema, Table, View, What,
};
use crate::schema::types::sqlite as types;

pub(super) async fn read(session: &impl Connection) -> Result<Schema, Error> {
    let mut schema = Schema { is_default: true, ..Schema::default() };
    let mut tables = Tables::default();
    let mut statements = BTreeMap::new();
    for row in session.query(RELATIONS, &[]).await? {
        let mut cells = Cells::new(row);
        let (kind, name, sql) = (cells.must()?, cells.must()?, cells.maybe().unwrap_or_default());
        if kind == "view" {
            schema.views.push(View { name, materialized: false, definition: sql, columns: Vec::new() });
        } else {
            let definitions = sqlite_sql::table(&sql);
            tables.add(name.clone(), None);
            if let Some(table) = tables.get(&name) {
                let check = |(name, expression): &(Option<String>, String)| Check {
                    name: name.clone(),
                    expression: expression.clone(),
                };
                table.checks = definitions.checks.iter().map(check).collect();
            }
            statements.insert(name, definitions);
        }
    }
    let nothing = Definitions::default();
    for row in session.query(COLUMNS, &[]).await? {
        let mut cells = Cells::new(row);
        let relation = cells.must()?;
        let (place, column) = column(cells, statements.get(&relation).unwrap_or(&nothing))?;
        if let Some(view) = schema.views.iter_mut().find(|view| view.name == relation) {
            view.columns.push(column);
        } else if let Some(table) = tables.get(&relation) {
            if place > 0 {
                let key = table.primary_key.get_or_insert_with(|| Key { name: None, columns: Vec::new() });
                key.columns.resize(key.columns.len().max(place), String::new());
                key.columns[place - 1].clone_from(&column.name);
            }
            table.columns.push(column);
        }
    }
    let mut indexed_keys = BTreeSet::new();
    for row in session.query(INDEXES, &[]).await? {
        indexed_keys.extend(index(&mut tables, Cells::new(row))?);
    }
    for row in session.query(FOREIGN_KEYS, &[]).await? {
        foreign_key(&mut tables, Cells::new(row))?;
    }
    schema.tables = tables.finish();
    for table in schema.tables.iter_mut().filter(|table| !indexed_keys.contains(&table.name)) {
        number(table);
    }
    complete(&mut schema.tables);
    Ok(schema)
}

/// Names in foreign keys as the tables themselves write them, since SQLite takes names in any case, and the
/// other table's primary key where a foreign key names no columns.
fn complete(tables: &mut [Table]) {
    let named: BTreeMap<String, Table> =
        tables.iter().map(|table| (table.name.to_ascii_lowercase(), table.clone())).collect();
    let correct = |table: &Table, columns: &mut Vec<String>| {
        for column in columns {
            let found = table.columns.iter().find(|one| one.name.eq_ignore_ascii_case(column));
            column.clone_from(found.map_or(&column.clone(), |found| &found.name));
        }
    };
    for table in tables {
        let Some(own) = named.get(&table.name.to_ascii_lowercase()) else { continue };
        for key in &mut table.foreign_keys {
            correct(own, &mut key.columns);
            let Some(other) = named.get(&key.table.to_ascii_lowercase()) else { continue };
            key.table.clone_from(&other.name);
            if key.references.is_empty() {
                key.references = other.primary_key.as_ref().map(|key| key.columns.clone()).unwrap_or_default();
            }
            correct(other, &mut key.references);
        }
    }
}

/// A column, and its place in the primary key, from 1.
fn column(mut cells: Cells, definitions: &Definitions) -> Result<(usize, Column), Error> {
    let (name, type_name, nullable, default) = (cells.must()?, cells.must()?, !cells.yes(), cells.maybe());
    let place: usize = cells.must()?.parse().unwrap_or(0);
    let hidden = cells.must()?;
    let written = definitions.columns.iter().find(|column| column.name.eq_ignore_ascii_case(&name));
    let generated = matches!(hidden.as_str(), "2" | "3").then(|| Generated {
        expression: written.and_then(|column| column.generated.clone()).unwrap_or_default(),
        stored: hidden == "3",
    });
    let kind = types::kind(&type_name);
    let column = Column {
        cast: Some(types::cast(&kind, &type_name)),
        kind,
        type_name,
        nullable: nullable && place == 0,
        default,
        identity: written.is_some_and(|column| column.auto_increment).then_some(Identity::AutoIncrement),
        generated,
        collation: written.and_then(|column| column.collation.clone()),
        comment: None,
        name,
    };
    Ok((place, column))
}

/// A single `INTEGER` primary key is the row's number, whether or not it says AUTOINCREMENT, unless it has an index of its own:
/// the key of a table WITHOUT ROWID, or one that says DESC.
fn number(table: &mut Table) {
    let Some(Key { columns, .. }) = &table.primary_key else { return };
    let [only] = columns.as_slice() else { return };
    if let Some(column) = table.columns.iter_mut().find(|column| column.name == *only)
        && column.type_name.eq_ignore_ascii_case("integer")
    {
        column.identity = Some(Identity::AutoIncrement);
    }
}

/// Adds an index, or one more part of it. Returns the table if it is the index of its primary key.
fn index(tables: &mut Tables, mut cells: Cells) -> Result<Option<String>, Error> {
    let (table, name, unique, origin, sql) =
        (cells.must()?, cells.must()?, cells.yes(), cells.must()?, cells.maybe().unwrap_or_default());
    let (place, column, descending) = (cells.must()?, cells.maybe(), cells.yes());
    let Some(table) = tables.get(&table) else { return Ok(None) };
    if origin == "pk" {
        return Ok(Some(table.name.clone()));
    }
    if origin == "u" {
        let column = column.unwrap_or_default();
        match table.uniques.last_mut() {
            Some(last) if place != "0" => last.columns.push(column),
            // What it is called, the database has made up.
            _ => table.uniques.push(Key { name: None, columns: vec![column] }),
        }
        return Ok(None);
    }
    let place: usize = place.parse().unwrap_or(0);
    let what =
        column.map_or_else(|| What::Expression(sqlite_sql::index_part(&sql, place).unwrap_or_default()), What::Column);
    let part = Part { what, descending, nulls: None, length: None, operators: None };
    match table.indexes.last_mut() {
        Some(last) if last.name == name => last.parts.push(part),
        _ => {
            let predicate = sqlite_sql::predicate(&sql);
            table.indexes.push(Index { name, unique, method: None, parts: vec![part], include: Vec::new(), predicate });
        }
    }
    Ok(None)
}

fn foreign_key(tables: &mut Tables, mut cells: Cells) -> Result<(), Error> {
    let (table, first, from, other, to) =
        (cells.must()?, cells.must()? == "0", cells.must()?, cells.must()?, cells.maybe());
    let (on_delete, on_update) = (cells.must()?, cells.must()?);
    let Some(table) = tables.get(&table) else { return Ok(()) };
    match table.foreign_keys.last_mut() {
        Some(last) if !first => {
            last.columns.push(from);
            last.references.extend(to);
        }
        _ => table.foreign_keys.push(ForeignKey {
            name: None,
            columns: vec![from],
            schema: None,
            table: other,
            references: to.into_iter().collect(),
            on_delete: Action::of(&on_delete),
            on_update: Action::of(&on_update),
        }),
    }
    Ok(())
}

macro_rules! relations {
    () => {
        "FROM pragma_table_list l JOIN sqlite_master m ON m.name = l.name AND m.type = \
         CASE l.type WHEN 'view' THEN 'view' ELSE 'table' END \
         WHERE l.schema = 'main' AND l.type IN ('table', 'view') AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    };
}

const RELATIONS: &str = concat!("SELECT m.type, m.name, m.sql ", relations!());

const COLUMNS: &str = concat!(
    "SELECT t.name, c.name, c.type, CAST(c.\"notnull\" AS TEXT), CAST(c.dflt_value AS TEXT), CAST(c.pk AS TEXT), \
     CAST(c.hidden AS TEXT) FROM (SELECT m.name ",
    relations!(),
    ") t JOIN pragma_table_xinfo(t.name) c WHERE c.hidden <> 1 ORDER BY t.name, c.cid"
);

const INDEXES: &str = "\
SELECT m.name, i.name, CAST(i.\"unique\" AS TEXT), i.origin, s.sql, CAST(c.seqno AS TEXT), c.name, CAST(c.desc AS TEXT) \
FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_xinfo(i.name) c \
LEFT JOIN sqlite_master s ON s.type = 'index' AND s.name = i.name \
WHERE m.type = 'table' AND c.key = 1 ORDER BY m.name, i.name, c.seqno";

const FOREIGN_KEYS: &str = "\
SELECT m.name, CAST(k.seq AS TEXT), k.\"from\", k.\"table\", k.\"to\", k.on_delete, k.on_update \
FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) k WHERE m.type = 'table' ORDER BY m.name, k.id DESC, k.seq";
