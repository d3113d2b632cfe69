//! The Rust type of a field: the second half of the table of types, of which the first is a file a database in
//! `schema/types`. All databases share it, since a [`Kind`] means the same on each.

use super::{BigIntegerType, DateTimeCrate, Options};
use crate::schema::model::Kind;

/// The type of a value that is there, by the names that SeaORM's prelude has; `None` for enums, which are types of their own.
pub(super) fn of(kind: &Kind, options: &Options) -> Option<String> {
    let by_crate = |chrono: &str, time: &str| match options.date_time_crate {
        DateTimeCrate::Chrono => chrono.to_owned(),
        DateTimeCrate::Time => time.to_owned(),
    };
    Some(match kind {
        Kind::Boolean | Kind::Bit(None | Some(1)) => "bool".to_owned(),
        Kind::Integer { bits: 64, unsigned: false } => match options.big_integer_type {
            BigIntegerType::I64 => "i64".to_owned(),
            BigIntegerType::I32 => "i32".to_owned(),
        },
        Kind::Integer { bits, unsigned } => format!("{}{bits}", if *unsigned { 'u' } else { 'i' }),
        Kind::Year => "u16".to_owned(),
        Kind::Bit(_) => "u64".to_owned(),
        Kind::Float => "f32".to_owned(),
        Kind::Double => "f64".to_owned(),
        Kind::Decimal(_) | Kind::Money => "Decimal".to_owned(),
        Kind::Date => by_crate("Date", "TimeDate"),
        Kind::Time => by_crate("Time", "TimeTime"),
        Kind::DateTime => by_crate("DateTime", "TimeDateTime"),
        Kind::Timestamp => by_crate("DateTimeUtc", "TimeDateTime"),
        Kind::TimestampWithTimeZone => by_crate("DateTimeWithTimeZone", "TimeDateTimeWithTimeZone"),
        Kind::Json | Kind::JsonBinary => "Json".to_owned(),
        Kind::Uuid => "Uuid".to_owned(),
        Kind::Binary(_) | Kind::VarBinary(_) | Kind::Blob => "Vec<u8>".to_owned(),
        Kind::Array(element) => format!("Vec<{}>", of(element, options)?),
        Kind::Enum { .. } => return None,
        // Read and written by a cast, see `schema/types`.
        Kind::Cidr | Kind::Inet | Kind::Castable | Kind::Other => "String".to_owned(),
        Kind::Char(_) | Kind::String(_) | Kind::Text => "String".to_owned(),
    })
}
