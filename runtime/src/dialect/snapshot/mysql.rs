//! Queries for a schema on MySQL and MariaDB: a list of its objects, then `SHOW CREATE` for each, which the dump programs
//! print as well.

use super::Definition;
use crate::connection::Row;
use crate::dialect::Dialect;
use crate::snapshot::Object;

macro_rules! view {
    () => {
        "SELECT 'view', CAST(table_name AS CHAR), NULL, CAST(view_definition AS CHAR), CONCAT('check option ', CAST(check_option AS CHAR)), \
         CONCAT('definer ', CAST(definer AS CHAR)), CONCAT('security ', CAST(security_type AS CHAR)), \
         CONCAT('client ', CAST(character_set_client AS CHAR), ' ', CAST(collation_connection AS CHAR))"
    };
}

macro_rules! views {
    () => {
        " FROM information_schema.views WHERE table_schema = DATABASE()"
    };
}

/// Alternatives for each part of a schema: the first query that the server understands is used.
const QUERIES: &[&[&str]] = &[
    &[
        "SELECT CASE table_type WHEN 'BASE TABLE' THEN 'table' WHEN 'SYSTEM VERSIONED' THEN 'table' ELSE LOWER(CAST(table_type AS CHAR)) END, \
     CAST(table_name AS CHAR), NULL FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type <> 'VIEW'",
    ],
    // A prepared `SHOW CREATE VIEW` may return an old definition when it is executed again. MySQL does not list the algorithm.
    &[concat!(view!(), ", CONCAT('algorithm ', CAST(algorithm AS CHAR))", views!()), concat!(view!(), views!())],
    &["SELECT LOWER(CAST(routine_type AS CHAR)), CAST(routine_name AS CHAR), NULL, \
     CONCAT('returns ', CAST(dtd_identifier AS CHAR)), CONCAT('security ', CAST(security_type AS CHAR)), \
     CONCAT('data access ', CAST(sql_data_access AS CHAR)), CONCAT('deterministic ', CAST(is_deterministic AS CHAR)), \
     CONCAT('definer ', CAST(definer AS CHAR)), CONCAT('sql_mode ', CAST(sql_mode AS CHAR)), CAST(routine_comment AS CHAR) \
     FROM information_schema.routines WHERE routine_schema = DATABASE()"],
    // Not every version lets a prepared statement show a trigger.
    &["SELECT 'trigger', CAST(event_object_table AS CHAR), CAST(trigger_name AS CHAR), \
     LOWER(CONCAT(action_timing, ' ', event_manipulation)), CONCAT('order ', action_order), CONCAT('definer ', CAST(definer AS CHAR)), \
     CONCAT('sql_mode ', CAST(sql_mode AS CHAR)), CONCAT('client ', CAST(character_set_client AS CHAR), ' ', CAST(collation_connection AS CHAR)), \
     CAST(action_statement AS CHAR) FROM information_schema.triggers WHERE trigger_schema = DATABASE()"],
    &["SELECT 'event', CAST(event_name AS CHAR), NULL, CONCAT('status ', CAST(status AS CHAR)), \
     CASE WHEN starts NOT IN (created, last_altered) THEN CONCAT('starts ', CAST(starts AS CHAR)) END \
     FROM information_schema.events WHERE event_schema = DATABASE()"],
    &["SELECT 'database', NULL, NULL, CONCAT('character set ', CAST(default_character_set_name AS CHAR)), \
     CONCAT('collation ', CAST(default_collation_name AS CHAR)) FROM information_schema.schemata WHERE schema_name = DATABASE()"],
];

/// See [`Dialect::snapshot`].
pub(super) fn queries() -> Vec<Vec<String>> {
    QUERIES.iter().map(|list| list.iter().map(|sql| (*sql).to_owned()).collect()).collect()
}

/// See [`Dialect::show_create`].
pub(super) fn show_create(definition: &Definition) -> Option<String> {
    let kind = definition.kind.as_str();
    let shown = matches!(kind, "table" | "sequence" | "procedure" | "function" | "event" | "package" | "package body");
    let name = Dialect::MySql.quote(definition.relation.as_ref()?);
    shown.then(|| format!("SHOW CREATE {} {name}", kind.to_uppercase()))
}

/// The objects of a row of `SHOW CREATE`: the statement and the settings that it was made under.
pub(super) fn shown(definition: &Definition, row: &Row) -> Vec<Object> {
    let cells: Vec<&str> = row.iter().flatten().map(String::as_str).collect();
    let is_statement = |cell: &str| cell.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("CREATE "));
    // The first cell is the name, which may look like anything.
    let Some(at) = cells.iter().skip(1).position(|cell| is_statement(cell)).map(|at| at + 1) else {
        // Without the privilege for a routine's statement, the catalog's description has to do.
        return vec![definition.clone().object()];
    };
    if definition.kind == "table" {
        return table(definition.relation.as_deref().unwrap_or_default(), cells[at]);
    }
    let settings = cells.iter().enumerate().skip(1).filter(|(place, _)| *place != at);
    let mut lines: Vec<String> = if definition.kind == "event" {
        let catalog = definition.lines.iter().cloned();
        [without_start(cells[at])].into_iter().chain(catalog).collect()
    } else {
        cells[at].split('\n').map(str::to_owned).collect()
    };
    lines.extend(settings.map(|(_, cell)| format!("setting {cell}")));
    vec![Definition { lines, ..definition.clone() }.object()]
}

/// The objects of `CREATE TABLE` as the server prints it, a line a column, an index or a constraint.
fn table(relation: &str, statement: &str) -> Vec<Object> {
    let mut parts: Vec<Definition> = vec![part("table", relation, None)];
    let mut columns = part("columns of", relation, None);
    let mut options = false;
    for line in statement.split('\n').skip(1) {
        let line = line.trim_end_matches(',');
        let words: Vec<&str> = line.split_whitespace().collect();
        options = options || line.starts_with(") ") || line == ")";
        if options {
            parts[0].lines.push(without_counter(line));
        } else if line.starts_with("  `") {
            let name = name_in(line);
            columns.lines.extend(name.clone());
            parts.push(Definition { lines: vec![line.trim().to_owned()], ..part("column", relation, name) });
        } else if line.starts_with("  ") && !words.is_empty() {
            let kind = if matches!(words[0], "CONSTRAINT" | "PERIOD") { "constraint" } else { "index" };
            parts.push(Definition { lines: vec![line.trim().to_owned()], ..part(kind, relation, name_in(line)) });
        } else if let Some(last) = parts.last_mut() {
            last.lines.push(line.to_owned());
        }
    }
    parts.push(columns);
    parts.into_iter().map(Definition::object).collect()
}

fn part(kind: &str, relation: &str, name: Option<String>) -> Definition {
    Definition { kind: kind.to_owned(), relation: Some(relation.to_owned()), name, lines: Vec::new() }
}

/// Returns the first name in a line, if no parenthesis comes before it.
fn name_in(line: &str) -> Option<String> {
    let (before, rest) = line.split_once('`')?;
    if before.contains('(') {
        return None;
    }
    let mut name = String::new();
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '`' if chars.peek() == Some(&'`') => name.extend(chars.next()),
            '`' => break,
            c => name.push(c),
        }
    }
    Some(name)
}

/// The options of a table without the number that its next row gets: that is data.
fn without_counter(options: &str) -> String {
    let Some((before, rest)) = options.split_once(" AUTO_INCREMENT=") else { return options.to_owned() };
    format!("{before}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// An event without the time at which it starts: unless one is given, that is when it was created.
fn without_start(statement: &str) -> String {
    let Some((before, rest)) = statement.split_once(" STARTS '") else { return statement.to_owned() };
    format!("{before}{}", rest.split_once('\'').map_or("", |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_taken_apart() {
        let statement = "CREATE TABLE `t` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `a``b` varchar(9) DEFAULT 'x',\n  PRIMARY KEY (`id`),\n  \
                         UNIQUE KEY `k` (`a``b`),\n  CONSTRAINT `c` CHECK (`id` > 0)\n) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4\n \
                         PARTITION BY HASH (`id`)";
        let objects = table("t", statement);
        let texts: Vec<String> =
            objects.iter().map(|one| format!("{}: {}", one.name, one.definition.join("; "))).collect();
        assert_eq!(
            texts,
            [
                "table t: ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;  PARTITION BY HASH (`id`)",
                "column t.id: `id` int(11) NOT NULL AUTO_INCREMENT",
                "column t.a`b: `a``b` varchar(9) DEFAULT 'x'",
                "index t: PRIMARY KEY (`id`)",
                "index t.k: UNIQUE KEY `k` (`a``b`)",
                "constraint t.c: CONSTRAINT `c` CHECK (`id` > 0)",
                "columns of t: id; a`b",
            ]
        );
    }
}
