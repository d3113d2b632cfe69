//! Random schemas with rows, as SQL: columns of every type with odd values, keys of every kind, references in circles, computed
//! columns, and what only one database has. It knows what may be refused; what is done with it is the law's business.

use kit_runtime::dialect::Dialect;

use super::generated_types::{MYSQL, POSTGRES, SQLITE, STRICT, Type};
use crate::support::random_numbers::Random;

/// A schema with rows, and what kit has to do with it.
pub struct Generated {
    /// Creates the schema and the rows, in order.
    pub statements: Vec<String>,
    /// Queries for rows that kit's model of a schema does not show, such as those of virtual tables.
    pub queries: Vec<String>,
    /// Triggers would change rows on their way back, and cannot be disabled.
    pub is_refused: bool,
}

const TABLES: [&str; 9] =
    ["plain", "Mixed Case", "select", "\u{fc}n\u{ef}", "semi; --", "q'q", "per%cent", "a.b", "d\"q"];

const COLUMNS: [&str; 12] = [
    "a",
    "order",
    "a b",
    "\u{dc}nder",
    "q'c",
    "@at",
    "<<",
    "null",
    "yes",
    "x\"y",
    "c.d",
    "A_long_name_of_a_column_indeed",
];

/// How rows of a table are told apart.
#[derive(Clone, Copy, PartialEq)]
enum Key {
    None,
    Number,
    Text,
    Pair,
}

struct Table {
    name: String,
    key: Key,
    /// Neither refers nor is referred to.
    is_apart: bool,
    rows: usize,
}

impl Table {
    /// The column that others refer to.
    fn target(&self) -> &'static str {
        if self.key == Key::Text { "code" } else { "id" }
    }
}

struct Column {
    name: &'static str,
    values: &'static [&'static str],
    is_required: bool,
}

struct Maker<'a> {
    random: &'a mut Random,
    dialect: Dialect,
    /// Tables and their rows.
    first: Vec<String>,
    /// References from row to row, when all rows are in.
    values: Vec<String>,
    /// Foreign keys, triggers and policies, when all references are.
    last: Vec<String>,
    queries: Vec<String>,
    is_refused: bool,
}

/// A schema of a few tables.
pub fn schema(random: &mut Random, dialect: Dialect) -> Generated {
    let (first, values, last, queries) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut maker = Maker { random, dialect, first, values, last, queries, is_refused: false };
    let before: &[&str] = match dialect {
        Dialect::Postgres => &[
            "CREATE TYPE mood AS ENUM ('it''s', 'null', 'A b')",
            "CREATE TYPE pair AS (x int, label text)",
            "CREATE DOMAIN short AS varchar(5) CHECK (VALUE <> 'no')",
        ],
        Dialect::MySql => &["SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0"],
        Dialect::Sqlite => &["PRAGMA foreign_keys = OFF"],
    };
    maker.first.extend(before.iter().map(|sql| (*sql).to_owned()));
    let count = 2 + maker.random.below(4);
    let tables: Vec<Table> = (0..count).map(|number| maker.plan(number)).collect();
    tables.iter().for_each(|table| maker.table(table, &tables));
    match dialect {
        Dialect::Postgres => maker.only_on_postgres(&tables),
        Dialect::MySql => maker.only_on_mysql(&tables),
        Dialect::Sqlite => maker.only_on_sqlite(&tables),
    }
    let statements = [maker.first, maker.values, maker.last].concat();
    Generated { statements, queries: maker.queries, is_refused: maker.is_refused }
}

impl Maker<'_> {
    fn first(&mut self, sql: &str) {
        self.first.push(sql.to_owned());
    }

    fn quote(&self, name: &str) -> String {
        self.dialect.quote(name)
    }

    fn plan(&mut self, number: usize) -> Table {
        let key = [Key::None, Key::Number, Key::Number, Key::Text, Key::Pair][self.random.below(5)];
        let is_apart = self.dialect == Dialect::MySql && self.random.one_in(5);
        let rows = self.random.below(6);
        Table { name: format!("{}{number}", self.random.pick(&TABLES)), key, is_apart, rows }
    }

    fn table(&mut self, table: &Table, all: &[Table]) {
        let is_strict = self.dialect == Dialect::Sqlite && self.random.one_in(4);
        let (int, text) = (self.int(is_strict), self.key_text());
        let (mut parts, mut keys) = self.keys(table, int);
        parts.push(format!("tag {int}"));
        let columns = self.columns(is_strict, &mut parts);
        if self.random.one_in(3) {
            let stored =
                if self.dialect == Dialect::Postgres { "STORED" } else { self.random.pick(&["STORED", "VIRTUAL"]) };
            parts.push(format!("twice {int} GENERATED ALWAYS AS (tag * 2) {stored}"));
        }
        let targets: Vec<&Table> =
            all.iter().filter(|one| matches!(one.key, Key::Number | Key::Text) && !one.is_apart).collect();
        let mut references = Vec::new();
        if !table.is_apart && !targets.is_empty() {
            for number in 0..self.random.below(3) {
                let target = targets[self.random.below(targets.len())];
                parts.push(format!("ref{number} {}", if target.key == Key::Text { text } else { int }));
                references.push((format!("ref{number}"), target));
            }
        }
        if table.key == Key::Pair {
            parts.push("PRIMARY KEY (place, code)".to_owned());
        }
        self.foreign_keys(table, &references, &mut parts);
        let end = self.options(table, is_strict);
        let name = self.quote(&table.name);
        self.first(&format!("CREATE TABLE {name} ({}){end}", parts.join(", ")));
        (0..table.rows).for_each(|row| self.row(table, &mut keys, &columns, row));
        for (column, target) in references {
            let (key, other) = (target.target(), self.quote(&target.name));
            for row in 0..table.rows {
                let at = self.random.below(6);
                self.values.push(format!(
                    "UPDATE {name} SET {column} = (SELECT {key} FROM (SELECT {key} FROM {other}) AS x \
                     ORDER BY 1 LIMIT 1 OFFSET {at}) WHERE tag = {row}"
                ));
            }
        }
    }

    fn int(&self, is_strict: bool) -> &'static str {
        if self.dialect == Dialect::Sqlite && !is_strict { "integer" } else { "int" }
    }

    fn key_text(&self) -> &'static str {
        match self.dialect {
            Dialect::MySql => "varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
            Dialect::Postgres | Dialect::Sqlite => "text",
        }
    }

    /// The columns of the key, as they are written and by name.
    fn keys(&mut self, table: &Table, int: &str) -> (Vec<String>, Vec<&'static str>) {
        let text = self.key_text();
        match table.key {
            Key::None => (Vec::new(), Vec::new()),
            Key::Number => {
                let kinds: &[&str] = match self.dialect {
                    Dialect::Postgres => &[
                        "serial PRIMARY KEY",
                        "int GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
                        "int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
                    ],
                    Dialect::MySql => &["int AUTO_INCREMENT PRIMARY KEY", "int NOT NULL PRIMARY KEY"],
                    Dialect::Sqlite => &["integer PRIMARY KEY", "integer PRIMARY KEY AUTOINCREMENT"],
                };
                (vec![format!("id {}", self.random.pick(kinds))], vec!["id"])
            }
            Key::Text => (vec![format!("code {text} NOT NULL PRIMARY KEY")], vec!["code"]),
            Key::Pair => {
                (vec![format!("code {text} NOT NULL"), format!("place {int} NOT NULL")], vec!["code", "place"])
            }
        }
    }

    fn columns(&mut self, is_strict: bool, parts: &mut Vec<String>) -> Vec<Column> {
        let mut columns: Vec<Column> = Vec::new();
        let types: &[Type] = match self.dialect {
            Dialect::Postgres => &POSTGRES,
            Dialect::MySql => &MYSQL,
            Dialect::Sqlite if is_strict => &STRICT,
            Dialect::Sqlite => &SQLITE,
        };
        for _ in 0..1 + self.random.below(6) {
            let name = COLUMNS[self.random.below(COLUMNS.len())];
            let (kind, values) = types[self.random.below(types.len())];
            let is_required = self.random.one_in(4) && !kind.contains("NULL");
            if columns.iter().all(|column| column.name != name) {
                let required = if is_required { " NOT NULL" } else { "" };
                parts.push(format!("{} {kind}{required}", self.quote(name)));
                columns.push(Column { name, values, is_required });
            }
        }
        columns
    }

    fn foreign_keys(&mut self, table: &Table, references: &[(String, &Table)], parts: &mut Vec<String>) {
        let name = self.quote(&table.name);
        for (column, target) in references {
            let action = self.random.pick(&["", " ON DELETE CASCADE", " ON DELETE SET NULL"]);
            let other = self.quote(&target.name);
            let clause = format!("FOREIGN KEY ({column}) REFERENCES {other} ({}){action}", target.target());
            match self.dialect {
                Dialect::Sqlite => parts.push(clause),
                _ => self.last.push(format!("ALTER TABLE {name} ADD {clause}")),
            }
        }
    }

    fn options(&mut self, table: &Table, is_strict: bool) -> &'static str {
        let without_rowid = matches!(table.key, Key::Text | Key::Pair) && self.random.one_in(2);
        match self.dialect {
            Dialect::Postgres => "",
            Dialect::MySql if table.is_apart => " ENGINE = MyISAM CHARACTER SET utf8mb4",
            Dialect::MySql => " CHARACTER SET utf8mb4",
            Dialect::Sqlite => match (is_strict, without_rowid) {
                (true, true) => " STRICT, WITHOUT ROWID",
                (true, false) => " STRICT",
                (false, true) => " WITHOUT ROWID",
                (false, false) => "",
            },
        }
    }

    fn row(&mut self, table: &Table, keys: &mut [&'static str], columns: &[Column], row: usize) {
        let mut cells: Vec<(String, String)> = vec![("tag".to_owned(), row.to_string())];
        for key in keys {
            match *key {
                // Some numbers are the database's own choice, the others leave gaps before them.
                "id" if self.dialect == Dialect::Postgres && self.random.one_in(2) => {}
                "id" => cells.push(("id".to_owned(), (row * 7 + 100).to_string())),
                "place" => cells.push(("place".to_owned(), (row / 2).to_string())),
                other => {
                    let text = self.random.pick(&["k", "K ", "it''s", "\u{e9}"]);
                    cells.push((other.to_owned(), format!("'{text}{row}'")));
                }
            }
        }
        for column in columns {
            let is_null = !column.is_required && self.random.one_in(5);
            let value = if is_null { "NULL" } else { self.random.pick(column.values) };
            cells.push((self.quote(column.name), value.to_owned()));
        }
        let (names, values): (Vec<String>, Vec<String>) = cells.into_iter().unzip();
        let overriding = if self.dialect == Dialect::Postgres { "OVERRIDING SYSTEM VALUE " } else { "" };
        let name = self.quote(&table.name);
        self.first(&format!("INSERT INTO {name} ({}) {overriding}VALUES ({})", names.join(", "), values.join(", ")));
    }

    fn only_on_postgres(&mut self, tables: &[Table]) {
        if self.random.one_in(2) {
            let (how, values) = [
                ("LIST (tag)", "IN (1, 2)"),
                ("RANGE (tag)", "FROM (0) TO (3)"),
                ("HASH (tag)", "WITH (MODULUS 1, REMAINDER 0)"),
            ][self.random.below(3)];
            self.first(&format!("CREATE TABLE parts (id serial, tag int NOT NULL, said text) PARTITION BY {how}"));
            self.first(&format!("CREATE TABLE \"Part 1\" PARTITION OF parts FOR VALUES {values}"));
            if !how.starts_with("HASH") {
                self.first("CREATE TABLE rest PARTITION OF parts DEFAULT");
            }
            self.first("INSERT INTO parts (tag, said) SELECT n, 'p' || n FROM generate_series(0, 5) n");
        }
        if self.random.one_in(2) {
            self.first("CREATE TABLE heirs_of (id serial PRIMARY KEY, said text)");
            self.first("CREATE TABLE heir (more mood, PRIMARY KEY (id)) INHERITS (heirs_of)");
            self.first("INSERT INTO heirs_of (said) VALUES ('own'), (NULL)");
            self.first("INSERT INTO heir (said, more) VALUES ('heir', 'null'), ('other', NULL)");
        }
        if self.random.one_in(3) {
            let name = self.quote(&tables[0].name);
            self.last.push(format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"));
            self.last.push(format!("CREATE POLICY few ON {name} USING (tag = 1)"));
        }
        if self.random.one_in(2) {
            self.first("CREATE TABLE log (at int)");
            let name = self.quote(&tables[tables.len() - 1].name);
            let body = self.random.pick(&["NEW.tag := NEW.tag + 1;", "INSERT INTO log VALUES (NEW.tag);"]);
            let state = self.random.pick(&["ENABLE", "DISABLE", "ENABLE ALWAYS"]);
            self.last.extend([
                format!("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {body} RETURN NEW; END'"),
                format!("CREATE TRIGGER t BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION f()"),
                format!("ALTER TABLE {name} {state} TRIGGER t"),
            ]);
        }
    }

    fn only_on_mysql(&mut self, tables: &[Table]) {
        if self.random.one_in(3) {
            self.first("CREATE TABLE kept (id int PRIMARY KEY, said varchar(9)) WITH SYSTEM VERSIONING");
            self.first("INSERT INTO kept VALUES (1, 'a'), (2, NULL)");
        }
        self.last.push("SET foreign_key_checks = 1".to_owned());
        if self.random.one_in(4) {
            let name = self.quote(&tables[0].name);
            self.last.push(format!("CREATE TRIGGER t BEFORE INSERT ON {name} FOR EACH ROW SET NEW.tag = 5"));
            // A table without rows has none to change.
            self.is_refused = tables[0].rows > 0;
        }
    }

    fn only_on_sqlite(&mut self, tables: &[Table]) {
        if self.random.one_in(2) {
            self.first("CREATE VIRTUAL TABLE docs USING fts5(body, title)");
            self.first(
                "INSERT INTO docs (rowid, body, title) VALUES (7, 'running', 'a'), (3, '', NULL), (4, '@x ''', 'null')",
            );
            self.queries.push("SELECT rowid || '', body, title FROM docs".to_owned());
            self.queries.push("SELECT rowid || '' FROM docs WHERE docs MATCH 'running'".to_owned());
        }
        if self.random.one_in(2) {
            self.first("CREATE VIRTUAL TABLE areas USING rtree(id, x0, x1, +label TEXT)");
            self.first("INSERT INTO areas VALUES (1, 0.1, 2.5, 'here'), (4, -1, 1, NULL)");
            self.queries.push("SELECT id || '', x0 || '', x1 || '', label FROM areas".to_owned());
        }
        if self.random.one_in(2) {
            self.first("CREATE TABLE log (at, what)");
            let name = self.quote(&tables[0].name);
            self.last.extend([
                format!(
                    "CREATE TRIGGER added AFTER INSERT ON {name} BEGIN INSERT INTO log VALUES (NEW.tag, 'in'); END"
                ),
                format!(
                    "CREATE TRIGGER gone AFTER DELETE ON {name} BEGIN INSERT INTO log VALUES (OLD.tag, 'out'); END"
                ),
                "INSERT INTO log VALUES (1, 'before')".to_owned(),
            ]);
        }
    }
}
