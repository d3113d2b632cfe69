//! Queries for a schema on SQLite. Its dump contains statements as their author wrote them; statements that differ only in
//! spaces, quotes or the form of a clause are equal here, because kit and SeaORM write a rebuilt table differently.

use super::Definition;
use crate::dialect::sqlite_sql;
use crate::snapshot::Object;

/// The kind of a row that is a table's whole statement.
const STATEMENT: &str = "statement";

/// Passes for what is not SQLite's own.
macro_rules! own {
    () => {
        "m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    };
}

const QUERIES: &[&str] = &[
    concat!(
        "SELECT CASE WHEN m.sql LIKE 'CREATE VIRTUAL%' THEN 'virtual table' ELSE m.type END, m.tbl_name, \
         CASE m.type WHEN 'trigger' THEN m.name END, \
         CASE WHEN m.type <> 'table' OR m.sql LIKE 'CREATE VIRTUAL%' THEN m.sql END, \
         CASE WHEN l.strict THEN 'strict' END, CASE WHEN l.wr THEN 'without rowid' END \
         FROM sqlite_master m LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.type = 'table' AND l.name = m.name \
         WHERE m.type <> 'index' AND ",
        own!()
    ),
    concat!("SELECT 'statement', m.name, NULL, m.sql FROM sqlite_master m WHERE m.type = 'table' AND ", own!()),
    concat!(
        "SELECT 'column', m.name, c.name, lower(c.type), CASE WHEN c.\"notnull\" THEN 'not null' END, 'default ' || c.dflt_value, \
         CASE WHEN c.pk > 0 THEN 'primary key ' || c.pk END, CASE c.hidden WHEN 1 THEN 'hidden' WHEN 2 THEN 'virtual' WHEN 3 THEN 'stored' END \
         FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND ",
        own!()
    ),
    concat!(
        "SELECT 'columns of', name, NULL, group_concat(of_column, char(10)) FROM (SELECT m.name, c.name AS of_column \
         FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND ",
        own!(),
        " ORDER BY m.name, c.cid) GROUP BY name"
    ),
    concat!(
        "SELECT 'index', m.name, CASE i.origin WHEN 'c' THEN i.name END, CASE WHEN i.\"unique\" THEN 'unique' END, \
         CASE i.origin WHEN 'pk' THEN 'primary key' WHEN 'u' THEN 'constraint' END, \
         (SELECT group_concat(part, ', ') FROM (SELECT coalesce(c.name, '(expression)') || ' ' || c.coll || CASE WHEN c.\"desc\" \
         THEN ' desc' ELSE '' END AS part FROM pragma_index_xinfo(i.name) c WHERE c.key ORDER BY c.seqno)), \
         (SELECT s.sql FROM sqlite_master s WHERE s.type = 'index' AND s.name = i.name) \
         FROM sqlite_master m JOIN pragma_index_list(m.name) i WHERE m.type = 'table' AND ",
        own!()
    ),
    concat!(
        "SELECT 'foreign key', name, NULL, '(' || group_concat(\"from\", ', ') || ') references ' || other || \
         coalesce(' (' || group_concat(\"to\", ', ') || ')', ''), 'on update ' || on_update, 'on delete ' || on_delete \
         FROM (SELECT m.name, f.id, f.\"from\", f.\"table\" AS other, f.\"to\", lower(f.on_update) AS on_update, lower(f.on_delete) AS on_delete \
         FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND ",
        own!(),
        " ORDER BY m.name, f.id, f.seq) GROUP BY name, id"
    ),
    "SELECT 'pragma user_version', NULL, NULL, CAST(user_version AS text) FROM pragma_user_version WHERE user_version <> 0",
    "SELECT 'pragma application_id', NULL, NULL, CAST(application_id AS text) FROM pragma_application_id WHERE application_id <> 0",
];

/// See [`crate::dialect::Dialect::snapshot`].
pub(super) fn queries() -> Vec<Vec<String>> {
    QUERIES.iter().map(|sql| vec![(*sql).to_owned()]).collect()
}

/// The objects of a row.
pub(super) fn objects(mut definition: Definition) -> Vec<Object> {
    if definition.kind == STATEMENT {
        return written(&definition);
    }
    // A statement is one cell, and however many lines it was written on, the last of the row.
    let statement = definition.lines.iter().position(|line| {
        line.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("CREATE ")) && definition.kind != "column"
    });
    if let Some(at) = statement {
        let sql = definition.lines.split_off(at).join("\n");
        definition.lines.push(sqlite_sql::plain(&sql));
    }
    vec![definition.object()]
}

/// Returns the properties of a table that no pragma returns.
fn written(definition: &Definition) -> Vec<Object> {
    let part = |kind: &str, name: Option<String>, lines: Vec<String>| {
        let relation = definition.relation.clone();
        Definition { kind: kind.to_owned(), relation, name, lines }.object()
    };
    let table = sqlite_sql::table(&definition.lines.join("\n"));
    let checks = table.checks.into_iter();
    let mut objects: Vec<Object> =
        checks.map(|(name, expression)| part("check", name, vec![sqlite_sql::plain(&expression)])).collect();
    objects.extend(table.clauses.into_iter().map(|clause| part("clause of", None, vec![clause])));
    for column in table.columns {
        let mut lines = Vec::new();
        lines.extend(column.generated.map(|expression| format!("as ({})", sqlite_sql::plain(&expression))));
        lines.extend(column.collation.map(|collation| format!("collate {collation}")));
        lines.extend(column.auto_increment.then(|| "autoincrement".to_owned()));
        lines.extend(column.clauses);
        if !lines.is_empty() {
            objects.push(part("clauses of column", Some(column.name), lines));
        }
    }
    objects
}
