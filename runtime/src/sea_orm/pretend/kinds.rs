//! Rows for a SeaORM that takes none of a database's own from whoever stands in for one: each cell in one type, which has to
//! be the one that it is asked for later. The likeliest comes first, and another one when SeaORM says that it was wrong.

use std::collections::HashMap;

use sea_orm_migration::sea_orm::prelude::{
    ChronoDate, ChronoDateTime, ChronoDateTimeLocal, ChronoDateTimeUtc, ChronoDateTimeWithTimeZone, ChronoTime,
    Decimal, Json, TimeDate, TimeDateTime, TimeDateTimeWithTimeZone, TimeTime, Uuid,
};
use sea_orm_migration::sea_orm::{ProxyRow, QueryResult, Value};

use super::Core;
use crate::dialect::Dialect;
use crate::pretend::statement::{self, Statement};

macro_rules! kinds {
    ($($kind:ident: $type:ty),* $(,)?) => {
        /// What a migration may ask a cell to be. Its own type is not told to whoever answers, so the likeliest comes
        /// first, and another one when that was wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($kind),* }

        impl Kind {
            /// All of them, the likeliest for an expression first.
            const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The cell as this; `None` if the driver says that it cannot be.
            pub fn decode(self, row: &QueryResult, at: usize) -> Option<Value> {
                match self {
                    $(Self::$kind => row.try_get_by_index::<Option<$type>>(at).ok().map(Value::from)),*
                }
            }
        }
    };
}

kinds! {
    BigInt: i64,
    Int: i32,
    SmallInt: i16,
    Double: f64,
    Float: f32,
    Bool: bool,
    String: String,
    Zoned: ChronoDateTimeWithTimeZone,
    DateTime: ChronoDateTime,
    Date: ChronoDate,
    Time: ChronoTime,
    Decimal: Decimal,
    Uuid: Uuid,
    Json: Json,
    Bytes: Vec<u8>,
    Utc: ChronoDateTimeUtc,
    Local: ChronoDateTimeLocal,
    TinyInt: i8,
    BigUnsigned: u64,
    Unsigned: u32,
    SmallUnsigned: u16,
    TinyUnsigned: u8,
    OtherZoned: TimeDateTimeWithTimeZone,
    OtherDateTime: TimeDateTime,
    OtherDate: TimeDate,
    OtherTime: TimeTime,
}

impl Kind {
    /// All of them, those first that fit a column declared so.
    pub fn of(declaration: &str, dialect: Dialect) -> Vec<Self> {
        let has = |word: &str| declaration.contains(word);
        let unsigned = has("unsigned");
        let first: &[Self] = if has("bool") || declaration.starts_with("tinyint(1)") {
            &[Self::Bool, Self::TinyInt]
        } else if has("bigint") || has("int8") || has("bigserial") {
            if unsigned { &[Self::BigUnsigned, Self::BigInt] } else { &[Self::BigInt] }
        } else if has("smallint") || has("int2") {
            if unsigned { &[Self::SmallUnsigned] } else { &[Self::SmallInt] }
        } else if has("tinyint") {
            if unsigned { &[Self::TinyUnsigned] } else { &[Self::TinyInt] }
        } else if declaration.starts_with("int") || has("serial") || has("mediumint") {
            if unsigned { &[Self::Unsigned] } else { &[Self::Int] }
        } else if has("numeric") || has("decimal") || declaration.starts_with("real(") {
            &[Self::Decimal, Self::Double]
        } else if has("double") || has("float8") {
            &[Self::Double]
        } else if has("real") || has("float") {
            &[Self::Float, Self::Double]
        } else if has("with time zone") || has("timestamptz") || has("with_timezone") {
            &[Self::Zoned, Self::Utc, Self::Local, Self::OtherZoned]
        } else if has("timestamp") && dialect == Dialect::MySql {
            &[Self::Utc, Self::DateTime, Self::Zoned, Self::OtherDateTime]
        } else if has("timestamp") || has("datetime") {
            &[Self::DateTime, Self::Utc, Self::Zoned, Self::OtherDateTime]
        } else if has("date") {
            &[Self::Date, Self::OtherDate]
        } else if declaration.starts_with("time") {
            &[Self::Time, Self::OtherTime]
        } else if has("uuid") || has("binary(16)") {
            &[Self::Uuid]
        } else if has("json") {
            &[Self::Json]
        } else if has("char") || has("text") || has("enum") || has("clob") {
            &[Self::String, Self::Json]
        } else {
            &[]
        };
        let rest = Self::ALL.iter().filter(|kind| !first.contains(kind));
        first.iter().chain(rest).copied().collect()
    }
}

/// A cell of an answer: the question, the column's name and place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Cell {
    sql: String,
    label: String,
    at: usize,
}

/// What was guessed, and how often that was wrong.
#[derive(Debug, Default)]
pub struct Guesses {
    wrong: HashMap<Cell, usize>,
    /// Cells that were given since the last mistake, and how many kinds they could be.
    given: Vec<(Cell, usize)>,
}

impl Guesses {
    /// Takes another kind for the cell that SeaORM could not make what was asked for; false if it is about none.
    pub fn learn(&mut self, refusal: &str) -> bool {
        let named = refusal.split_once("while decoding ").map(|(_, rest)| rest.trim());
        let is = |(cell, kinds): &&(Cell, usize)| {
            let fits = match named {
                Some(named) => named == format!("{:?}", cell.label) || named == cell.at.to_string(),
                // It does not say which.
                None => refusal.contains("Failed to unpack last_insert_id") && cell.at == 0,
            };
            fits && self.wrong.get(cell).copied().unwrap_or(0) + 1 < *kinds
        };
        let Some((cell, _)) = self.given.iter().rev().find(is).cloned() else { return false };
        *self.wrong.entry(cell).or_default() += 1;
        self.given.clear();
        true
    }
}

impl Core {
    /// Rows in types that fit what they will be asked for, as far as that can be guessed.
    pub(super) async fn made(&mut self, sql: &str, found: Vec<QueryResult>) -> Vec<ProxyRow> {
        let Some(first) = found.first() else { return Vec::new() };
        let labels = first.column_names();
        let tables = match statement::read(sql, &self.names) {
            Statement::Select(select) => select.tables,
            Statement::Insert(insert) => vec![insert.table],
            Statement::Update(update) => vec![update.table],
            Statement::Delete(delete) => vec![delete.table],
            _ => Vec::new(),
        };
        let mut declared = HashMap::new();
        for table in tables {
            for column in self.columns(&table).await {
                declared.entry(column.name.to_lowercase()).or_insert(column.kind);
            }
        }
        // SeaORM finds a cell by name, or by its place in the order of the names: where that is another one than its own,
        // it is there a second time under a name that stands before all others.
        let sorted = labels.windows(2).all(|two| matches!(two, [a, b] if a < b));
        let mut rows: Vec<ProxyRow> = found.iter().map(|_| ProxyRow::default()).collect();
        for (at, label) in labels.iter().enumerate() {
            let kinds = Kind::of(declared.get(&label.to_lowercase()).map_or("", String::as_str), self.dialect());
            let column = |kind: Kind| found.iter().map(|row| kind.decode(row, at)).collect::<Option<Vec<Value>>>();
            let mut columns: Vec<Vec<Value>> = kinds.into_iter().filter_map(column).collect();
            let cell = Cell { sql: sql.to_owned(), label: label.clone(), at };
            let wrong = self.guesses.wrong.get(&cell).copied().unwrap_or(0).min(columns.len().saturating_sub(1));
            self.guesses.given.push((cell, columns.len()));
            if columns.is_empty() {
                continue;
            }
            for (row, value) in rows.iter_mut().zip(columns.swap_remove(wrong)) {
                if !sorted {
                    row.values.insert(format!("\0{at:05}"), value.clone());
                }
                row.values.insert(label.clone(), value);
            }
        }
        rows
    }
}
