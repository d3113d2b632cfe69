//! Random tables as field lists, and what a schema must say of them. It knows what a field means in words of its own, so
//! that it is no copy of what it tests.

use std::collections::BTreeSet;

use kit::schema::model::{Kind, Schema, What};
use kit_runtime::dialect::Dialect;

use crate::support::random_numbers::Random;

/// A table.
pub struct Table {
    pub name: String,
    pub created: Vec<Field>,
    pub added: Vec<Field>,
    /// `--unique a,b` and the like.
    pub flags: Vec<String>,
    together: Vec<(bool, Vec<String>)>,
    timestamps: bool,
    key: &'static str,
}

/// A field, and what is to become of it.
pub struct Field {
    pub written: String,
    column: String,
    of: &'static str,
    nullable: bool,
    index: Option<bool>,
    table: Option<(String, &'static str)>,
}

/// The types, and whether they can have an index.
const TYPES: [(&str, bool); 28] = [
    ("string", true),
    ("string:40", true),
    ("text", false),
    ("char:3", true),
    ("int", true),
    ("big_int", true),
    ("small_int", true),
    ("tiny_int", true),
    ("unsigned", true),
    ("big_unsigned", true),
    ("small_unsigned", true),
    ("tiny_unsigned", true),
    ("float", true),
    ("double", true),
    ("decimal", true),
    ("decimal:12:3", true),
    ("bool", false),
    ("date", true),
    ("time", true),
    ("date_time", true),
    ("ts", true),
    ("tstz", true),
    ("uuid_col", true),
    ("json", false),
    ("blob", false),
    ("binary_len:7", true),
    ("var_binary:9", true),
    ("enum:x,y-y", true),
];

/// Names that are ordinary, and some that are not.
const NAMES: [&str; 14] = [
    "title",
    "type",
    "self",
    "order",
    "user_name",
    "userName",
    "a1",
    "a_1",
    "group",
    "table",
    "index",
    "x2fa",
    "values",
    "select",
];

impl Random {
    /// The table of this number, which may refer to earlier ones.
    pub fn table(&mut self, number: usize, earlier: &[Table]) -> Table {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let key = ["int", "int", "big_int", "uuid"][self.below(4)];
        let mut created: Vec<Field> = Vec::new();
        if key != "int" {
            created.push(Field {
                written: format!("id:{key}"),
                column: "id".into(),
                of: key,
                nullable: false,
                index: None,
                table: None,
            });
        }
        let count = 1 + self.below(6);
        created.extend((0..count).filter_map(|_| self.field(&mut names, earlier)).collect::<Vec<_>>());
        let count = self.below(4);
        let added = (0..count).filter_map(|_| self.field(&mut names, earlier)).collect();
        let mut flags = Vec::new();
        let mut together = Vec::new();
        let indexable: Vec<String> =
            created.iter().filter(|field| field.indexable()).map(|field| field.column.clone()).collect();
        for unique in [true, false] {
            if indexable.len() >= 2 && self.one_in(2) {
                let columns = vec![indexable[0].clone(), indexable[1].clone()];
                flags.extend([if unique { "--unique" } else { "--index" }.to_owned(), columns.join(",")]);
                together.push((unique, columns));
            }
        }
        let timestamps = !self.one_in(3);
        flags.extend((!timestamps).then(|| "--no-timestamps".to_owned()));
        Table { name: format!("things{number}s"), created, added, flags, together, timestamps, key }
    }

    fn field(&mut self, names: &mut BTreeSet<String>, earlier: &[Table]) -> Option<Field> {
        let name = NAMES[self.below(NAMES.len())];
        if !names.insert(name.to_ascii_lowercase()) {
            return None;
        }
        if !earlier.is_empty() && self.one_in(4) {
            let to = &earlier[self.below(earlier.len())];
            let (nullable, unique) = (self.one_in(2), self.one_in(4));
            let (null, unique_mark) = (if nullable { "?" } else { "" }, if unique { "^" } else { "" });
            let written = match self.one_in(2) {
                true => format!("{name}:references{null}{unique_mark}:{}", to.name),
                false => {
                    let (null, unique) = (if nullable { ":null" } else { "" }, if unique { ":unique" } else { "" });
                    format!("{name}:references:{}{unique}{null}", to.name)
                }
            };
            let table = Some((to.name.clone(), to.key));
            return Some(Field { written, column: name.into(), of: to.key, nullable, index: Some(unique), table });
        }
        let (of, indexable) = TYPES[self.below(TYPES.len())];
        let unique = indexable && self.one_in(4);
        let nullable = self.one_in(2);
        let index = indexable && !unique && self.one_in(4);
        let default = if of == "int" && self.one_in(2) { ":default=7" } else { "" };
        let marks = match (nullable, unique) {
            (true, true) => ["^?", ":null:unique"],
            (false, true) => ["^", ":unique"],
            (false, false) => ["!", ":required"],
            (true, false) => ["", ":null"],
        };
        let mark = marks[self.below(2)];
        let written = format!("{name}:{of}{mark}{}{default}", if index { ":index" } else { "" });
        let index = if unique { Some(true) } else { index.then_some(false) };
        Some(Field { written, column: name.into(), of, nullable, index, table: None })
    }
}

impl Field {
    fn indexable(&self) -> bool {
        self.column != "id" && TYPES.iter().find(|(of, _)| *of == self.of).is_none_or(|(_, indexable)| *indexable)
    }
}

impl Table {
    /// Lines that say what the schema must be.
    pub fn expected(&self, dialect: Dialect) -> BTreeSet<String> {
        let mut lines = BTreeSet::new();
        lines.insert(format!("id {} required", kind(self.key, dialect, &self.name, "id")));
        for field in self.created.iter().chain(&self.added).filter(|field| field.column != "id") {
            let null = if field.nullable { "null" } else { "required" };
            lines.insert(format!("{} {} {null}", field.column, kind(field.of, dialect, &self.name, &field.column)));
            if let Some(unique) = field.index {
                lines.insert(index(&self.name, unique, std::slice::from_ref(&field.column)));
            }
            if let Some((table, _)) = &field.table {
                let action = if field.nullable { "set null" } else { "cascade" };
                lines.insert(format!("{} -> {table}.id {action} cascade", field.column));
            }
        }
        for (unique, columns) in &self.together {
            lines.insert(index(&self.name, *unique, columns));
        }
        for stamp in ["created_at", "updated_at"].iter().filter(|_| self.timestamps) {
            lines.insert(format!("{stamp} {} required", kind("ts", dialect, &self.name, stamp)));
        }
        lines
    }

    /// Lines that say what it is.
    pub fn found(&self, schema: &Schema) -> BTreeSet<String> {
        let table = schema.table(&self.name).unwrap();
        let mut lines = BTreeSet::new();
        for column in &table.columns {
            let null = if column.nullable { "null" } else { "required" };
            lines.insert(format!("{} {} {null}", column.name, written(&column.kind)));
        }
        for found in &table.indexes {
            let columns: Vec<String> = found
                .parts
                .iter()
                .map(|part| match &part.what {
                    What::Column(name) => name.clone(),
                    What::Expression(text) => text.clone(),
                })
                .collect();
            lines.insert(format!("{} {} {}", found.name, found.unique, columns.join(",")));
        }
        for key in &table.uniques {
            lines.insert(format!("{} true {}", key.name.clone().unwrap_or_default(), key.columns.join(",")));
        }
        for key in &table.foreign_keys {
            let (delete, update) = (key.on_delete.words(), key.on_update.words());
            lines.insert(format!("{} -> {}.{} {delete} {update}", key.columns[0], key.table, key.references[0]));
        }
        lines
    }
}

fn index(table: &str, unique: bool, columns: &[String]) -> String {
    let prefix = if unique { "ux" } else { "idx" };
    format!("{prefix}_{table}_{} {unique} {}", columns.join("_"), columns.join(","))
}

fn written(kind: &Kind) -> String {
    format!("{kind:?}")
}

/// What a field's type is on each database.
fn kind(of: &str, dialect: Dialect, table: &str, column: &str) -> String {
    use Dialect::{MySql, Postgres, Sqlite};
    let integer = |bits, unsigned| Kind::Integer { bits, unsigned };
    let kind = match (of, dialect) {
        ("string", MySql) => Kind::String(Some(255)),
        ("string", _) => Kind::String(None),
        ("string:40", _) => Kind::String(Some(40)),
        ("text", _) => Kind::Text,
        ("char:3", _) => Kind::Char(Some(3)),
        ("int" | "unsigned" | "big_int" | "big_unsigned", Sqlite) => integer(64, false),
        ("small_int" | "small_unsigned", Sqlite) => integer(16, false),
        ("tiny_int" | "tiny_unsigned", Sqlite) => integer(8, false),
        ("int" | "small_unsigned", Postgres) => integer(32, false),
        ("unsigned" | "big_int" | "big_unsigned", Postgres) => integer(64, false),
        ("small_int" | "tiny_int" | "tiny_unsigned", Postgres) => integer(16, false),
        ("int", MySql) => integer(32, false),
        ("big_int", MySql) => integer(64, false),
        ("small_int", MySql) => integer(16, false),
        ("tiny_int", MySql) => integer(8, false),
        ("unsigned", MySql) => integer(32, true),
        ("big_unsigned", MySql) => integer(64, true),
        ("small_unsigned", MySql) => integer(16, true),
        ("tiny_unsigned", MySql) => integer(8, true),
        ("float", _) => Kind::Float,
        ("double", _) => Kind::Double,
        ("decimal", _) => Kind::Decimal(Some((19, 4))),
        ("decimal:12:3", _) => Kind::Decimal(Some((12, 3))),
        ("bool", _) => Kind::Boolean,
        ("date", _) => Kind::Date,
        ("time", _) => Kind::Time,
        ("date_time", _) | ("ts", Postgres) => Kind::DateTime,
        ("ts", _) | ("tstz", MySql) => Kind::Timestamp,
        ("tstz", _) => Kind::TimestampWithTimeZone,
        ("uuid_col" | "uuid", MySql) => Kind::Binary(Some(16)),
        ("uuid_col" | "uuid", _) => Kind::Uuid,
        ("json", _) => Kind::Json,
        ("blob", _) | ("binary_len:7" | "var_binary:9", Postgres) => Kind::Blob,
        ("binary_len:7", _) => Kind::Binary(Some(7)),
        ("var_binary:9", _) => Kind::VarBinary(Some(9)),
        (_, Sqlite) => Kind::Text,
        (_, MySql) => Kind::Enum { schema: None, name: None, values: vec!["x".into(), "y-y".into()] },
        (_, Postgres) => {
            Kind::Enum { schema: None, name: Some(format!("{table}_{column}")), values: vec!["x".into(), "y-y".into()] }
        }
    };
    written(&kind)
}
