//! Columns as SeaORM defines them: from a type and a default to calls of `ColumnDef`. It returns calls, one text each,
//! and does not know where they stand.

use super::intent::{Definition, Shape};
use super::layout::Step;
use crate::fields::{Literal, Type};
use crate::project::sea_orm::Major;

/// The maximum number of digits for which SeaORM 1 can create a decimal on every database.
const MAX_DIGITS_OF_1: u32 = 16;

/// The calls that define a column. An enum's own is left out: it needs more than a call.
pub fn calls(definition: &Definition, release: Major) -> Vec<String> {
    let of = |calls: &[&str]| calls.iter().map(|call| (*call).to_owned()).collect();
    match definition {
        Definition::Id(key) => {
            let counting = matches!(key, Type::Integer { .. }).then(|| ".auto_increment()".to_owned());
            let end = [".not_null()".to_owned()].into_iter().chain(counting).chain([".primary_key()".to_owned()]);
            method(key, release).into_iter().chain(end).collect()
        }
        Definition::Now => of(&[".timestamp()", ".not_null()", ".default(Expr::current_timestamp())"]),
        Definition::Moment => of(&[".timestamp()", ".null()"]),
        Definition::Assumed => of(&[".string()", ".null()"]),
        Definition::Known { of, nullable, default } => {
            let null = if *nullable { ".null()" } else { ".not_null()" };
            let default = default.as_ref().map(|default| format!(".default({})", self::default(of, default)));
            method(of, release).into_iter().chain([null.to_owned()]).chain(default).collect()
        }
    }
}

/// The call that says a type.
pub fn method(of: &Type, release: Major) -> Option<String> {
    let call = match of {
        Type::String(None) => "string()",
        Type::String(Some(length)) => return Some(format!(".string_len({length})")),
        Type::Char(length) => return Some(format!(".char_len({length})")),
        Type::Text => "text()",
        Type::Integer { bits, unsigned } => match (bits, unsigned) {
            (8, false) => "tiny_integer()",
            (8, true) => "tiny_unsigned()",
            (16, false) => "small_integer()",
            (16, true) => "small_unsigned()",
            (64, false) => "big_integer()",
            (64, true) => "big_unsigned()",
            (_, false) => "integer()",
            (_, true) => "unsigned()",
        },
        Type::Float => "float()",
        Type::Double => "double()",
        Type::Decimal(precision, scale) if release == Major::One && *precision > MAX_DIGITS_OF_1 => {
            return Some(format!(".custom(Alias::new(\"decimal({precision}, {scale})\"))"));
        }
        Type::Decimal(precision, scale) => return Some(format!(".decimal_len({precision}, {scale})")),
        Type::Boolean => "boolean()",
        Type::Date => "date()",
        Type::Time => "time()",
        Type::DateTime => "date_time()",
        Type::Timestamp => "timestamp()",
        Type::TimestampWithTimeZone => "timestamp_with_time_zone()",
        Type::Uuid => "uuid()",
        Type::Json => "json()",
        Type::JsonBinary => "json_binary()",
        Type::Blob => "blob()",
        Type::Binary(length) => return Some(format!(".binary_len({length})")),
        Type::VarBinary(length) => return Some(format!(".var_binary({length})")),
        Type::Enum(_) => return None,
        Type::Array(of) => return Some(format!(".array(ColumnType::{})", element(of))),
    };
    Some(format!(".{call}"))
}

/// Returns the columns of a shape as `down` adds them again, with what a reader must know: a required column gets a default
/// for the rows that have no value.
pub fn given_back(shape: &Shape) -> (Shape, Vec<Step>) {
    let mut shape = shape.clone();
    let mut given = Vec::new();
    for column in &mut shape.columns {
        let wanting = column.is_wanting() && column.reference.is_none();
        if let Definition::Known { of, default, .. } = &mut column.definition
            && wanting
        {
            *default = of.neutral();
            given.extend(default.is_some().then(|| format!("`{}`", column.name)));
        }
    }
    let mut notes = Vec::new();
    if shape.columns.iter().any(|column| column.definition == Definition::Assumed) {
        let note = "// What these columns were is not known: give them their type back.";
        notes.push(Step::Whole(note.to_owned()));
    }
    if !given.is_empty() {
        let note = format!("// The rows need a value again: the default of {} is new.", given.join(", "));
        notes.push(Step::Whole(note));
    }
    (shape, notes)
}

/// The variant of `ColumnType`.
fn element(of: &Type) -> &'static str {
    match of {
        Type::Text => "Text",
        Type::Integer { bits: 64, .. } => "BigInteger",
        Type::Integer { .. } => "Integer",
        Type::Float => "Float",
        Type::Double => "Double",
        Type::Boolean => "Boolean",
        _ => "String(StringLen::None)",
    }
}

/// The expression of a default.
pub fn default(of: &Type, default: &Literal) -> String {
    match default {
        // In parentheses, as some databases want it for types without a limit.
        Literal::Text(text) if matches!(of, Type::Text | Type::Json | Type::JsonBinary) => {
            format!("Expr::tuple([Expr::value({text:?})])")
        }
        Literal::Text(text) => format!("{text:?}"),
        Literal::Bool(yes) => yes.to_string(),
        Literal::Now => "Expr::current_timestamp()".to_owned(),
        // More digits than Rust's numbers keep.
        Literal::Number(digits) if matches!(of, Type::Decimal(..)) && digits.len() > 15 => format!("{digits:?}"),
        Literal::Number(digits) if matches!(of, Type::Integer { .. }) && digits.parse::<i32>().is_err() => {
            let kind = if digits.parse::<i64>().is_ok() { "i64" } else { "u64" };
            format!("{digits}_{kind}")
        }
        Literal::Number(digits) => digits.clone(),
    }
}
