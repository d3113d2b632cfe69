//! Reads a database of MySQL or MariaDB from information_schema, a query for each kind of thing: the
//! server opens a table anew for each row that it joins, so what belongs together is put together here. Where the two
//! differ, which columns the server's own catalog has decides, not its version.

use std::collections::BTreeMap;

use kit_runtime::connection::{Connection, Error};

use super::{Cells, Tables};
use crate::schema::model::{
    Action, Check, Column, ForeignKey, Generated, Identity, Index, Key, Kind, Part, Schema, Sequence, View, What,
};
use crate::schema::types::mysql as types;

pub(super) async fn read(session: &impl Connection) -> Result<Schema, Error> {
    let mut schema = Schema { is_default: true, ..Schema::default() };
    let mut tables = Tables::default();
    let mut collations = BTreeMap::new();
    let features = session.query(FEATURES, &[]).await?;
    let has = |name: &str| features.iter().flatten().flatten().any(|feature| feature.eq_ignore_ascii_case(name));
    for row in session.query(TABLES, &[]).await? {
        let mut cells = Cells::new(row);
        let (name, kind, comment, collation) = (cells.must()?, cells.must()?, cells.text(), cells.maybe());
        collations.extend(collation.map(|collation| (name.clone(), collation)));
        match kind.as_str() {
            "VIEW" => {}
            "SEQUENCE" => schema.sequences.push(Sequence { name, counting: None }),
            _ => tables.add(name, comment),
        }
    }
    for row in session.query(VIEWS, &[]).await? {
        let mut cells = Cells::new(row);
        let (name, definition) = (cells.must()?, cells.maybe().unwrap_or_default());
        schema.views.push(View { name, materialized: false, definition, columns: Vec::new() });
    }
    // Where the default is an expression as it was written, a text stands in quotes, and NULL is a word.
    let quoted = has("CHECK_CONSTRAINTS.TABLE_NAME");
    for row in session.query(COLUMNS, &[]).await? {
        let mut cells = Cells::new(row);
        let relation = cells.must()?;
        let mut column = column(cells, quoted)?;
        column.collation.take_if(|collation| collations.get(&relation).is_none_or(|own| own == collation));
        if let Some(table) = tables.get(&relation) {
            table.columns.push(column);
        } else if let Some(view) = schema.views.iter_mut().find(|view| view.name == relation) {
            view.columns.push(column);
        }
    }
    let expression = if has("STATISTICS.EXPRESSION") { "CAST(s.expression AS CHAR)" } else { "NULL" };
    for row in session.query(&INDEXES.replace("{expression}", expression), &[]).await? {
        index(&mut tables, Cells::new(row))?;
    }
    let mut rules = BTreeMap::new();
    for row in session.query(RULES, &[]).await? {
        let mut cells = Cells::new(row);
        rules.insert((cells.must()?, cells.must()?), (Action::of(&cells.must()?), Action::of(&cells.must()?)));
    }
    for row in session.query(FOREIGN_KEYS, &[]).await? {
        foreign_key(&mut tables, &rules, Cells::new(row))?;
    }
    let checks = match (has("CHECK_CONSTRAINTS.TABLE_NAME"), has("CHECK_CONSTRAINTS.CHECK_CLAUSE")) {
        (true, _) => Some(CHECKS_WITH_TABLE),
        (false, true) => Some(CHECKS),
        (false, false) => None,
    };
    if let Some(checks) = checks {
        for row in session.query(checks, &[]).await? {
            check(&mut tables, Cells::new(row))?;
        }
    }
    schema.tables = tables.finish();
    Ok(schema)
}

fn column(mut cells: Cells, quoted: bool) -> Result<Column, Error> {
    let (name, type_name, nullable) = (cells.must()?, cells.must()?, cells.yes());
    let (default, extra, expression) = (cells.maybe(), cells.must()?.to_uppercase(), cells.text());
    let (collation, comment) = (cells.maybe(), cells.text());
    let generated = expression.map(|expression| Generated { expression, stored: !extra.contains("VIRTUAL") });
    let default = match default {
        _ if generated.is_some() => None,
        Some(null) if quoted && null == "NULL" => None,
        other => other,
    };
    let identity = extra.contains("AUTO_INCREMENT").then_some(Identity::AutoIncrement);
    let kind = types::kind(&type_name);
    let cast = types::cast(&kind, &type_name);
    Ok(Column { name, type_name, kind, cast, nullable, default, identity, generated, collation, comment })
}

fn index(tables: &mut Tables, mut cells: Cells) -> Result<(), Error> {
    let (table, name, unique) = (cells.must()?, cells.must()?, cells.yes());
    let (method, column, expression, descending) = (cells.maybe(), cells.maybe(), cells.maybe(), cells.yes());
    let length = cells.maybe().and_then(|length| length.parse().ok());
    let Some(table) = tables.get(&table) else { return Ok(()) };
    let what = match (column, expression) {
        (Some(column), _) => What::Column(column),
        (None, expression) => What::Expression(expression.unwrap_or_default()),
    };
    match &what {
        What::Column(column) if name == "PRIMARY" => {
            let key = table.primary_key.get_or_insert_with(|| Key { name: None, columns: Vec::new() });
            key.columns.push(column.clone());
            return Ok(());
        }
        _ => {}
    }
    let part = Part { what, descending, nulls: None, length, operators: None };
    match table.indexes.last_mut() {
        Some(last) if last.name == name => last.parts.push(part),
        _ => table.indexes.push(Index {
            name,
            unique,
            method: method.map(|method| method.to_lowercase()),
            parts: vec![part],
            include: Vec::new(),
            predicate: None,
        }),
    }
    Ok(())
}

/// What the foreign keys do on delete and on update, by table and name.
type Rules = BTreeMap<(String, String), (Action, Action)>;

fn foreign_key(tables: &mut Tables, rules: &Rules, mut cells: Cells) -> Result<(), Error> {
    let (table, name, column) = (cells.must()?, cells.must()?, cells.must()?);
    let (schema, other, reference) = (cells.maybe(), cells.must()?, cells.must()?);
    let key = (table, name);
    let (on_delete, on_update) = rules.get(&key).copied().unwrap_or_default();
    let Some(table) = tables.get(&key.0) else { return Ok(()) };
    let name = Some(key.1);
    match table.foreign_keys.last_mut() {
        Some(last) if last.name == name => {
            last.columns.push(column);
            last.references.push(reference);
        }
        _ => table.foreign_keys.push(ForeignKey {
            name,
            columns: vec![column],
            schema,
            table: other,
            references: vec![reference],
            on_delete,
            on_update,
        }),
    }
    Ok(())
}

fn check(tables: &mut Tables, mut cells: Cells) -> Result<(), Error> {
    let (table, name, expression) = (cells.must()?, cells.must()?, cells.must()?);
    let Some(table) = tables.get(&table) else { return Ok(()) };
    // One of the two has no type for JSON, only a check that says so.
    let json = table.columns.iter_mut().find(|column| {
        column.name == name && expression == format!("json_valid(`{}`)", column.name.replace('`', "``"))
    });
    match json {
        Some(column) => column.kind = Kind::Json,
        None => table.checks.push(Check { name: Some(name), expression }),
    }
    Ok(())
}

const FEATURES: &str = "\
SELECT CAST(CONCAT(table_name, '.', column_name) AS CHAR) FROM information_schema.columns \
WHERE table_schema = 'information_schema' AND table_name IN ('CHECK_CONSTRAINTS', 'STATISTICS')";

const TABLES: &str = "\
SELECT CAST(t.table_name AS CHAR), CAST(t.table_type AS CHAR), CASE WHEN t.table_type <> 'VIEW' THEN CAST(t.table_comment AS CHAR) END, \
CAST(t.table_collation AS CHAR) FROM information_schema.tables t WHERE t.table_schema = DATABASE() ORDER BY 1";

const VIEWS: &str = "\
SELECT CAST(table_name AS CHAR), CAST(view_definition AS CHAR) FROM information_schema.views \
WHERE table_schema = DATABASE() ORDER BY 1";

const COLUMNS: &str = "\
SELECT CAST(c.table_name AS CHAR), CAST(c.column_name AS CHAR), CAST(c.column_type AS CHAR), CAST(c.is_nullable AS CHAR), \
CAST(c.column_default AS CHAR), CAST(c.extra AS CHAR), CAST(c.generation_expression AS CHAR), \
CAST(c.collation_name AS CHAR), CAST(c.column_comment AS CHAR) \
FROM information_schema.columns c WHERE c.table_schema = DATABASE() ORDER BY c.table_name, c.ordinal_position";

const INDEXES: &str = "\
SELECT CAST(s.table_name AS CHAR), CAST(s.index_name AS CHAR), CAST(1 - s.non_unique AS CHAR), CAST(s.index_type AS CHAR), \
CAST(s.column_name AS CHAR), {expression}, CAST(COALESCE(s.collation, '') = 'D' AS CHAR), CAST(s.sub_part AS CHAR) \
FROM information_schema.statistics s WHERE s.table_schema = DATABASE() ORDER BY s.table_name, s.index_name, s.seq_in_index";

const FOREIGN_KEYS: &str = "\
SELECT CAST(k.table_name AS CHAR), CAST(k.constraint_name AS CHAR), CAST(k.column_name AS CHAR), \
CASE WHEN k.referenced_table_schema <> k.table_schema THEN CAST(k.referenced_table_schema AS CHAR) END, \
CAST(k.referenced_table_name AS CHAR), CAST(k.referenced_column_name AS CHAR) \
FROM information_schema.key_column_usage k WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL \
ORDER BY k.table_name, k.constraint_name, k.ordinal_position";

const RULES: &str = "\
SELECT CAST(table_name AS CHAR), CAST(constraint_name AS CHAR), CAST(delete_rule AS CHAR), CAST(update_rule AS CHAR) \
FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()";

const CHECKS_WITH_TABLE: &str = "\
SELECT CAST(table_name AS CHAR), CAST(constraint_name AS CHAR), CAST(check_clause AS CHAR) \
FROM information_schema.check_constraints WHERE constraint_schema = DATABASE() ORDER BY 1, 2";

const CHECKS: &str = "\
SELECT CAST(t.table_name AS CHAR), CAST(c.constraint_name AS CHAR), CAST(c.check_clause AS CHAR) \
FROM information_schema.check_constraints c JOIN information_schema.table_constraints t \
ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name AND t.constraint_type = 'CHECK' \
WHERE c.constraint_schema = DATABASE() ORDER BY 1, 2";
