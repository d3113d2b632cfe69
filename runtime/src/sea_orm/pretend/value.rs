//! Values between SeaORM and SQL: as they are read from a row, as they stand in a statement, as they are compared.

use sea_orm_migration::sea_orm::prelude::{
    ChronoDate, ChronoDateTime, ChronoDateTimeLocal, ChronoDateTimeUtc, ChronoDateTimeWithTimeZone, ChronoTime, Decimal,
    Json, TimeDate, TimeDateTime, TimeDateTimeWithTimeZone, TimeTime, Uuid,
};
use sea_orm_migration::sea_orm::{QueryResult, Statement, Value};

use super::super::backend_of;
use crate::dialect::Dialect;

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

    /// A whole number as this.
    pub fn number(self, number: i64) -> Option<Value> {
        Some(match self {
            Self::BigInt => number.into(),
            Self::Int => i32::try_from(number).ok()?.into(),
            Self::SmallInt => i16::try_from(number).ok()?.into(),
            Self::TinyInt => i8::try_from(number).ok()?.into(),
            Self::BigUnsigned => u64::try_from(number).ok()?.into(),
            Self::Unsigned => u32::try_from(number).ok()?.into(),
            Self::SmallUnsigned => u16::try_from(number).ok()?.into(),
            Self::TinyUnsigned => u8::try_from(number).ok()?.into(),
            Self::Bool => (number != 0).into(),
            Self::String => number.to_string().into(),
            _ => return None,
        })
    }
}

/// NULL, whatever is asked for.
pub fn null() -> Value {
    Value::from(None::<String>)
}

/// A value as it stands in a statement, where that is the same for every database's driver.
pub fn literal(value: &Value, dialect: Dialect) -> Option<String> {
    Some(match value {
        Value::Bool(Some(value)) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        Value::TinyInt(Some(value)) => value.to_string(),
        Value::SmallInt(Some(value)) => value.to_string(),
        Value::Int(Some(value)) => value.to_string(),
        Value::BigInt(Some(value)) => value.to_string(),
        Value::TinyUnsigned(Some(value)) => value.to_string(),
        Value::SmallUnsigned(Some(value)) => value.to_string(),
        Value::Unsigned(Some(value)) => value.to_string(),
        Value::BigUnsigned(Some(value)) => value.to_string(),
        Value::Double(Some(value)) if value.is_finite() => format!("{value:?}"),
        Value::Char(Some(value)) => return dialect.text_literal(&value.to_string()),
        Value::String(Some(value)) => return dialect.text_literal(value.as_str()),
        Value::Bytes(Some(value)) => dialect.bytes(value.as_slice()),
        other if plain(other, dialect) == "NULL" => "NULL".to_owned(),
        _ => return None,
    })
}

/// A value as SeaORM writes it into a statement.
pub fn plain(value: &Value, dialect: Dialect) -> String {
    Statement::from_sql_and_values(backend_of(dialect), dialect.placeholder(1), [value.clone()]).to_string()
}

/// A value as it is compared with others; `None` for NULL.
pub fn comparable(value: &Value, dialect: Dialect) -> Option<String> {
    match value {
        Value::Bool(Some(value)) => Some(u8::from(*value).to_string()),
        Value::String(Some(value)) => Some(value.as_str().to_owned()),
        Value::Char(Some(value)) => Some(value.to_string()),
        other => Some(plain(other, dialect)).filter(|text| text != "NULL"),
    }
}
