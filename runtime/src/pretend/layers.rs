//! Tables as they would be after statements that were only noted, as SQL: each statement makes of a table the next layer, a
//! query over the one before it, and a query of a migration's runs over the newest ones. So the database itself works out
//! what would be there, and nothing is sent that changes anything.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Names;
use super::references::references;
use super::schema::Column;
use super::token::{Token, tokens};
use crate::dialect::Dialect;

/// More layers of one table than this are too much for a database.
const DEEPEST: usize = 60;

/// All tables that statements have touched, and their layers.
#[derive(Clone, Debug)]
pub struct Layers {
    names: Names,
    tables: BTreeMap<String, Top>,
    layers: Vec<Layer>,
}

/// A table's newest layer.
#[derive(Clone, Debug)]
struct Top {
    columns: Vec<Column>,
    state: State,
    depth: usize,
    /// The highest number in the column that the database numbers, if it is known.
    highest: Option<i64>,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    /// The layer of that number.
    Is(usize),
    /// Gone.
    Gone,
    /// Not known any more.
    Opaque,
    /// A view: what its query answers when it is read. `real` says that the database has it, so that it is only expanded if a
    /// statement has touched what it reads.
    View { query: String, real: bool },
}

#[derive(Clone, Debug)]
struct Layer {
    columns: Vec<String>,
    sql: String,
    /// Rows that are only added to what `sql` selects, each a list of values.
    added: Vec<String>,
    /// Another layer stands on it.
    used: bool,
}

/// What a query runs into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The table would be gone.
    Gone(String),
    /// What would be in it is not known.
    Opaque(String),
}

impl Layers {
    /// Begins with the tables as the database has them.
    pub fn new(names: Names) -> Self {
        Self { names, tables: BTreeMap::new(), layers: Vec::new() }
    }

    /// Whether statements have touched any table.
    pub fn is_any(&self) -> bool {
        self.tables.values().any(|top| !matches!(top.state, State::View { real: true, .. }))
    }

    /// Whether statements have touched a table.
    pub fn has(&self, table: &str) -> bool {
        let top = self.tables.get(&self.names.table(table));
        top.is_some_and(|top| !matches!(top.state, State::View { real: true, .. }))
    }

    /// A table's columns, if statements have touched it.
    pub fn columns(&self, table: &str) -> Option<&[Column]> {
        self.tables.get(&self.names.table(table)).filter(|_| self.has(table)).map(|top| top.columns.as_slice())
    }

    /// Whether what would be in a table is not known.
    pub fn is_opaque(&self, table: &str) -> bool {
        self.tables.get(&self.names.table(table)).is_some_and(|top| top.state == State::Opaque)
    }

    /// Begins with a table as the database has it.
    pub fn begin(&mut self, table: &str, columns: Vec<Column>, dialect: Dialect) {
        let list = names(&columns, dialect);
        let sql = format!("SELECT {} FROM {}", list.join(", "), dialect.real_table(table));
        self.put(table, columns, sql, 0);
    }

    /// Begins with an empty table of these columns, each with NULL in its type.
    pub fn create(&mut self, table: &str, columns: Vec<Column>, nulls: &[String], dialect: Dialect) {
        let sql = format!("SELECT {}{} WHERE 1 = 0", nulls.join(", "), dialect.from_nothing());
        self.put(table, columns, sql, 0);
    }

    /// A view; `real` says that the database has it.
    pub fn view(&mut self, table: &str, columns: Vec<Column>, query: String, real: bool) {
        let top = Top { columns, state: State::View { query, real }, depth: 0, highest: None };
        self.tables.insert(self.names.table(table), top);
    }

    /// The query of a view.
    pub fn view_query(&self, table: &str) -> Option<&str> {
        match &self.tables.get(&self.names.table(table))?.state {
            State::View { query, .. } => Some(query),
            _ => None,
        }
    }

    /// The views whose queries mention a table, or a view over it.
    pub fn views_over(&self, table: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut left = vec![table.to_owned()];
        while let Some(table) = left.pop() {
            for (key, top) in &self.tables {
                let State::View { query, .. } = &top.state else { continue };
                let words = tokens(query, self.names.dialect.lexis());
                let own = self.names.own(&table).rsplit('.').next().unwrap_or_default();
                let mentions = words.iter().any(|word| word.is_name() && word.text.eq_ignore_ascii_case(own));
                if mentions && found.insert(key.clone()) {
                    left.push(key.clone());
                }
            }
        }
        found
    }

    /// Begins with what a query answers, under these names.
    pub fn query(&mut self, table: &str, columns: Vec<Column>, query: String) {
        self.put(table, columns, query, 0);
    }

    /// The table is gone.
    pub fn drop(&mut self, table: &str) {
        self.tables
            .insert(self.names.table(table), Top { columns: Vec::new(), state: State::Gone, depth: 0, highest: None });
    }

    /// What is in it is not known from here on.
    pub fn lose(&mut self, table: &str) {
        let columns = self.columns(table).map(<[Column]>::to_vec).unwrap_or_default();
        self.tables.insert(self.names.table(table), Top { columns, state: State::Opaque, depth: 0, highest: None });
    }

    /// What is in tables of these names, in any case, is not known from here on; `None` stands for all tables.
    pub fn lose_all(&mut self, names: Option<&BTreeSet<String>>) {
        for (key, top) in &mut self.tables {
            if top.state != State::Gone && names.is_none_or(|names| names.contains(&key.to_lowercase())) {
                (top.state, top.depth, top.highest) = (State::Opaque, 0, None);
            }
        }
    }

    /// It has another name.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some(top) = self.tables.remove(&self.names.table(from)) {
            self.drop(from);
            self.tables.insert(self.names.table(to), top);
        }
    }

    /// Makes of it what `list` selects of its rows, with these columns; `rest` follows the table.
    pub fn next(&mut self, table: &str, columns: Vec<Column>, list: &[String], rest: &str, dialect: Dialect) {
        let Some(Top { state: State::Is(number), depth, .. }) = self.tables.get(&self.names.table(table)).cloned()
        else {
            return;
        };
        if depth >= DEEPEST || list.is_empty() {
            return self.lose(table);
        }
        let from = format!("{} AS {}", layer_name(number, dialect), dialect.quote(table));
        let sql = format!("SELECT {} FROM {from} {rest}", list.join(", "));
        self.put(table, columns, sql, depth + 1);
    }

    /// Adds rows, each a list of values in the order of the columns; `highest` is the highest number in the column that the
    /// database numbers.
    pub fn add(&mut self, table: &str, rows: Vec<String>, highest: Option<i64>, dialect: Dialect) {
        let key = self.names.table(table);
        let Some(Top { state: State::Is(number), highest: before, .. }) = self.tables.get(&key) else { return };
        let highest = before.zip(highest).map(|(before, added)| before.max(added));
        if self.layers.get(*number).is_some_and(|layer| layer.used) {
            let columns = self.columns(table).map(<[Column]>::to_vec).unwrap_or_default();
            let list = names(&columns, dialect);
            self.next(table, columns, &list, "", dialect);
        }
        let Some(Top { state: State::Is(number), highest: known, .. }) = self.tables.get_mut(&key) else { return };
        *known = highest;
        if let Some(layer) = self.layers.get_mut(*number) {
            layer.added.extend(rows);
        }
    }

    /// The highest number in the column that the database numbers, if it is known.
    pub fn highest(&self, table: &str) -> Option<i64> {
        self.tables.get(&self.names.table(table))?.highest
    }

    /// Takes note of the highest number in the column that the database numbers.
    pub fn set_highest(&mut self, table: &str, highest: i64) {
        if let Some(top) = self.tables.get_mut(&self.names.table(table)) {
            top.highest = Some(highest);
        }
    }

    /// Adds what a query answers, in the order of the columns.
    pub fn add_query(&mut self, table: &str, query: &str, dialect: Dialect) {
        let Some(columns) = self.columns(table).map(<[Column]>::to_vec) else { return };
        let list = names(&columns, dialect);
        self.next(table, columns, &list, &format!("UNION ALL {query}"), dialect);
    }

    fn put(&mut self, table: &str, columns: Vec<Column>, sql: String, depth: usize) {
        let named = columns.iter().map(|column| column.name.clone()).collect();
        for number in numbers_in(&sql) {
            if let Some(layer) = self.layers.get_mut(number) {
                layer.used = true;
            }
        }
        self.layers.push(Layer { columns: named, sql, added: Vec::new(), used: false });
        let state = State::Is(self.layers.len() - 1);
        self.tables.insert(self.names.table(table), Top { columns, state, depth, highest: None });
    }

    /// `sql` with the newest layers in the place of tables, and the names of new types gone.
    ///
    /// # Errors
    /// The table that cannot be read.
    pub fn over(&self, sql: &str, is_new_type: &dyn Fn(&str) -> bool, dialect: Dialect) -> Result<String, Trouble> {
        let words = tokens(sql, dialect.lexis());
        let places = references(&words);
        let mut text = String::new();
        let mut at = 0;
        for (index, word) in words.iter().enumerate() {
            if word.place.start < at {
                continue;
            }
            let is = |at: Option<usize>, sign: &str| at.and_then(|at| words.get(at)).is_some_and(|word| word.is(sign));
            let before = index.checked_sub(1);
            if word.is_name() && is_new_type(&word.text) && (is(before, "as") || is(before, ":")) {
                text.push_str(sql.get(at..word.place.start).unwrap_or_default());
                text.push_str("text");
                at = word.place.end;
                continue;
            }
            let Some(place) = places.iter().find(|place| place.start == index) else { continue };
            let parts = words.get(place.clone()).unwrap_or_default();
            let Some(name) = parts.last() else { continue };
            let whole: String = parts.iter().map(|part| part.text.as_str()).collect();
            let Some(top) = self.tables.get(&self.names.table(&whole)) else { continue };
            let place_of = match &top.state {
                State::Is(number) => layer_name(*number, dialect),
                State::Gone => return Err(Trouble::Gone(whole)),
                State::Opaque => return Err(Trouble::Opaque(whole)),
                State::View { query, real } => {
                    let inner = self.over(query, is_new_type, dialect);
                    let inner = inner.map_err(|_| Trouble::Opaque(whole.clone()))?;
                    if *real && inner == *query {
                        continue;
                    }
                    format!("({inner})")
                }
            };
            text.push_str(sql.get(at..word.place.start).unwrap_or_default());
            text.push_str(&place_of);
            if !has_alias(words.get(place.end)) {
                text.push_str(&format!(" AS {}", dialect.quote(&name.text)));
            }
            at = name.place.end;
        }
        text.push_str(sql.get(at..).unwrap_or_default());
        Ok(text)
    }

    /// A query over layers as the database takes it: with what they are before it.
    pub fn whole(&self, query: &str, dialect: Dialect) -> String {
        let mut wanted = BTreeSet::new();
        let mut left: Vec<usize> = numbers_in(query).collect();
        while let Some(number) = left.pop() {
            if wanted.insert(number) {
                left.extend(self.layers.get(number).into_iter().flat_map(|layer| numbers_in(&layer.sql)));
            }
        }
        if wanted.is_empty() {
            return query.to_owned();
        }
        let layers: Vec<String> = wanted
            .iter()
            .filter_map(|number| {
                let layer = self.layers.get(*number)?;
                let mut sql = layer.sql.clone();
                sql.push_str(&dialect.more_rows(&layer.added));
                let columns: Vec<String> = layer.columns.iter().map(|column| dialect.quote(column)).collect();
                let columns = if columns.is_empty() { String::new() } else { format!(" ({})", columns.join(", ")) };
                Some(format!("{}{columns} AS ({sql})", layer_name(*number, dialect)))
            })
            .collect();
        let words = tokens(query, dialect.lexis());
        match words.as_slice() {
            [with, recursive, next, ..] if with.is("with") && recursive.is("recursive") => {
                let rest = query.get(next.place.start..).unwrap_or_default();
                format!("WITH RECURSIVE {}, {rest}", layers.join(", "))
            }
            [with, next, ..] if with.is("with") => {
                format!("WITH {}, {}", layers.join(", "), query.get(next.place.start..).unwrap_or_default())
            }
            _ => format!("WITH {} {query}", layers.join(", ")),
        }
    }
}

/// Whether the word after a table begins another name for it.
pub fn has_alias(next: Option<&Token>) -> bool {
    next.is_some_and(|next| next.is_name() && !AFTER.iter().any(|known| next.is(known)))
}

/// Words that can follow a table and are no other name of it.
const AFTER: [&str; 26] = [
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "union",
    "intersect",
    "except",
    "window",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "natural",
    "on",
    "using",
    "for",
    "set",
    "returning",
    "straight_join",
    "use",
    "fetch",
    "tablesample",
];

/// Names of columns.
pub fn names(columns: &[Column], dialect: Dialect) -> Vec<String> {
    columns.iter().map(|column| dialect.quote(&column.name)).collect()
}

const PREFIX: &str = "kit_pretend_";

fn bare_name(number: usize) -> String {
    format!("{PREFIX}{number}_")
}

/// The numbers of the layers that a text names.
fn numbers_in(sql: &str) -> impl Iterator<Item = usize> {
    sql.split(PREFIX).skip(1).filter_map(|rest| rest.split_once('_')?.0.parse().ok())
}

fn layer_name(number: usize, dialect: Dialect) -> String {
    dialect.quote(&bare_name(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: Dialect = Dialect::Postgres;

    fn column(name: &str) -> Column {
        Column {
            name: name.to_owned(),
            kind: "int".to_owned(),
            default: None,
            numbered: false,
            nullable: true,
            computed: false,
        }
    }

    fn over(layers: &Layers, sql: &str) -> String {
        layers.over(sql, &|_| false, SQL).unwrap()
    }

    #[test]
    fn tables_in_a_query_are_their_newest_layers() {
        let mut layers = Layers::new(Names { schema: "public".to_owned(), ..Names::of(SQL) });
        layers.begin("a", vec![column("id")], SQL);
        layers.next("a", vec![column("id")], &["id + 1".to_owned()], "", SQL);
        for (sql, expected) in [
            ("SELECT id FROM a", "SELECT id FROM \"kit_pretend_1_\" AS \"a\""),
            ("SELECT a.id FROM \"public\".\"a\" WHERE x", "SELECT a.id FROM \"kit_pretend_1_\" AS \"a\" WHERE x"),
            (
                "SELECT 1 FROM b, a AS z JOIN a y ON 1",
                "SELECT 1 FROM b, \"kit_pretend_1_\" AS z JOIN \"kit_pretend_1_\" y ON 1",
            ),
            ("SELECT f(b, a) FROM b WHERE 'from a' = a.x", "SELECT f(b, a) FROM b WHERE 'from a' = a.x"),
            // One in another schema is another table.
            ("SELECT id FROM other.a", "SELECT id FROM other.a"),
            ("SELECT 1 FROM b JOIN c ON 1 = 1, A", "SELECT 1 FROM b JOIN c ON 1 = 1, \"kit_pretend_1_\" AS \"a\""),
            ("x IN (SELECT id FROM a)", "x IN (SELECT id FROM \"kit_pretend_1_\" AS \"a\")"),
        ] {
            assert_eq!(over(&layers, sql), expected);
        }
        let whole = layers.whole(&over(&layers, "SELECT id FROM a"), SQL);
        let first = "\"kit_pretend_0_\" (\"id\") AS (SELECT \"id\" FROM \"a\")";
        let second = "\"kit_pretend_1_\" (\"id\") AS (SELECT id + 1 FROM \"kit_pretend_0_\" AS \"a\" )";
        assert_eq!(whole, format!("WITH {first}, {second} SELECT id FROM \"kit_pretend_1_\" AS \"a\""));
        assert_eq!(layers.whole("SELECT 1", SQL), "SELECT 1");
        let with = layers.whole(&over(&layers, "WITH x AS (SELECT id FROM a) SELECT * FROM x"), SQL);
        assert!(with.starts_with("WITH \"kit_pretend_0_\"") && with.contains(", x AS (SELECT id"), "{with}");
    }

    #[test]
    fn what_is_gone_or_not_known_is_no_table() {
        let mut layers = Layers::new(Names::of(SQL));
        layers.drop("a");
        layers.lose("b");
        let trouble = |sql: &str| layers.over(sql, &|_| false, SQL).unwrap_err();
        assert_eq!(trouble("SELECT 1 FROM a"), Trouble::Gone("a".into()));
        assert_eq!(trouble("SELECT 1 FROM c JOIN b ON 1"), Trouble::Opaque("b".into()));
        // Too deep for a database is not known either.
        layers.begin("c", vec![column("id")], SQL);
        for _ in 0..=DEEPEST {
            layers.next("c", vec![column("id")], &["id".to_owned()], "", SQL);
        }
        assert!(layers.is_opaque("c"));
    }

    #[test]
    fn rows_that_are_added_stay_in_one_layer_until_another_stands_on_it() {
        let mut layers = Layers::new(Names::of(SQL));
        layers.begin("a", vec![column("id")], SQL);
        layers.add("a", vec!["1".to_owned()], None, SQL);
        layers.add("a", vec!["2".to_owned()], None, SQL);
        let whole = layers.whole(&over(&layers, "SELECT * FROM a"), SQL);
        assert!(whole.contains("UNION ALL VALUES (1), (2))") && !whole.contains("kit_pretend_1_"), "{whole}");
        layers.next("a", vec![column("id")], &["id".to_owned()], "WHERE id > 1", SQL);
        layers.add("a", vec!["3".to_owned()], None, SQL);
        let whole = layers.whole(&over(&layers, "SELECT * FROM a"), SQL);
        assert!(whole.contains("WHERE id > 1 UNION ALL VALUES (3))"), "{whole}");
    }
}
