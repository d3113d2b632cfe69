//! Defaults: the value after `default=`, checked against the type. It returns a value that is right on every
//! database, or why there is none.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::Type;

/// A default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A text, or what databases read from one.
    Text(String),
    /// Digits, with a sign and a point if there is one.
    Number(String),
    /// Yes or no.
    Bool(bool),
    /// The moment at which the row is written.
    Now,
}

impl Literal {
    /// Reads a default of this type.
    ///
    /// # Errors
    /// What would have been right.
    pub(super) fn read(of: &Type, text: &str) -> Result<Self, String> {
        let whole = || Ok(Self::Text(text.to_owned()));
        let expect = |right: bool, what: &str| if right { whole() } else { Err(what.to_owned()) };
        match of {
            Type::String(length) => {
                let most = length.map_or(255, |length| length as usize);
                expect(text.chars().count() <= most, &format!("at most {most} characters"))
            }
            Type::Char(length) => {
                let most = *length as usize;
                expect(text.chars().count() <= most, &format!("at most {most} characters"))
            }
            Type::Text => whole(),
            Type::Integer { bits, unsigned } => {
                let (low, high) = range(*bits, *unsigned);
                match text.parse::<i128>() {
                    Ok(number) if (low..=high).contains(&number) => Ok(Self::Number(number.to_string())),
                    _ => Err(format!("a number from {low} to {high}")),
                }
            }
            Type::Float | Type::Double => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Self::Number(pointed(text))),
                _ => Err("a number such as 1.5".to_owned()),
            },
            Type::Decimal(precision, scale) => {
                let (before, after) = (precision - scale, *scale as usize);
                let digits = text.strip_prefix('-').unwrap_or(text);
                let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
                let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
                let fits = whole.len() <= before as usize && rest.len() <= after;
                match !whole.is_empty() && digits(whole) && digits(rest) && fits {
                    true => Ok(Self::Number(pointed(text))),
                    false => {
                        Err(format!("a number, with at most {before} digits before the point and {after} after it"))
                    }
                }
            }
            Type::Boolean => match text {
                "true" => Ok(Self::Bool(true)),
                "false" => Ok(Self::Bool(false)),
                _ => Err("true or false".to_owned()),
            },
            Type::Date => expect(NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(), "a date such as 2026-01-31"),
            Type::Time => {
                expect(NaiveTime::parse_from_str(text, "%H:%M:%S").is_ok(), "a time in quotes: default='12:30:00'")
            }
            Type::DateTime | Type::Timestamp | Type::TimestampWithTimeZone if text == "now" => Ok(Self::Now),
            Type::DateTime | Type::Timestamp | Type::TimestampWithTimeZone => expect(
                NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").is_ok(),
                "now, or a timestamp in quotes: default='2026-01-31 12:30:00'",
            ),
            Type::Json | Type::JsonBinary => {
                let right = serde_json::from_str::<serde_json::Value>(text).is_ok();
                expect(right, "JSON in quotes: default='{\"a\": 1}'")
            }
            Type::Enum(values) => expect(values.iter().any(|value| value == text), &values.join(", ")),
            Type::Uuid | Type::Blob | Type::Binary(_) | Type::VarBinary(_) | Type::Array(_) => {
                Err("no default: none is the same on every database".to_owned())
            }
        }
    }
}

fn range(bits: u8, unsigned: bool) -> (i128, i128) {
    match unsigned {
        true => (0, (1 << bits) - 1),
        false => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
    }
}

/// With a point, so that it is no integer in Rust.
fn pointed(text: &str) -> String {
    let text = text.strip_prefix('+').unwrap_or(text);
    match text {
        text if text.ends_with('.') => format!("{text}0"),
        text if text.contains(['.', 'e', 'E']) => text.to_owned(),
        text => format!("{text}.0"),
    }
}
