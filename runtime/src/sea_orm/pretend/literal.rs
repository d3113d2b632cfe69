//! Values of SeaORM's as they stand in SQL.

use sea_orm_migration::sea_orm::{Statement, Value};

use super::backend_of;
use crate::dialect::Dialect;

/// A value as it stands in a statement, where that is the same for every driver.
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
        Value::Bytes(Some(value)) => dialect.bytes(value.as_slice()),
        Value::Char(Some(value)) => return dialect.whole_text(&value.to_string()),
        Value::Uuid(Some(value)) if dialect.keeps_uuids_as_bytes() => dialect.bytes(value.as_bytes()),
        other => match text(other) {
            Some(text) => return dialect.whole_text(text),
            None if is_null(other, dialect) => "NULL".to_owned(),
            None => return None,
        },
    })
}

/// The text that a value is.
pub fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(Some(value)) => Some(value.as_str()),
        _ => None,
    }
}

fn is_null(value: &Value, dialect: Dialect) -> bool {
    let sql = dialect.placeholder(1);
    Statement::from_sql_and_values(backend_of(dialect), sql, [value.clone()]).to_string() == "NULL"
}
