//! The types of the field language: what each is called, what follows its name, what it can be. A type is what SeaORM
//! can say on every database, and arrays.

use super::Literal;

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are SeaORM's words")]
pub enum Type {
    /// Of varying length, up to this one; 255 or no limit if none is given.
    String(Option<u32>),
    /// Of this length.
    Char(u32),
    Text,
    /// With its width in bits.
    Integer {
        bits: u8,
        unsigned: bool,
    },
    Float,
    Double,
    /// With precision and scale.
    Decimal(u32, u32),
    Boolean,
    Date,
    Time,
    DateTime,
    Timestamp,
    TimestampWithTimeZone,
    Uuid,
    Json,
    JsonBinary,
    Blob,
    /// Of this length.
    Binary(u32),
    /// Up to this length.
    VarBinary(u32),
    /// One of these.
    Enum(Vec<String>),
    /// Several of these.
    Array(Box<Type>),
}

/// The names of all types and what else each is called, in the order in which they are shown.
pub const WORDS: [(&str, &[&str]); 31] = [
    ("string", &["varchar", "string_len"]),
    ("text", &[]),
    ("char", &[]),
    ("int", &["integer", "i32"]),
    ("big_int", &["bigint", "big_integer", "i64"]),
    ("small_int", &["smallint", "small_integer", "i16"]),
    ("tiny_int", &["tinyint", "tiny_integer", "i8"]),
    ("unsigned", &["u32"]),
    ("big_unsigned", &["u64"]),
    ("small_unsigned", &["u16"]),
    ("tiny_unsigned", &["u8"]),
    ("float", &["f32"]),
    ("double", &["f64"]),
    ("decimal", &["decimal_len", "numeric"]),
    ("money", &[]),
    ("bool", &["boolean"]),
    ("date", &[]),
    ("time", &[]),
    ("date_time", &["datetime"]),
    ("ts", &["timestamp"]),
    ("tstz", &["timestamptz", "timestamp_with_time_zone"]),
    ("uuid", &[]),
    ("uuid_col", &[]),
    ("json", &[]),
    ("jsonb", &["json_binary"]),
    ("blob", &["binary"]),
    ("binary_len", &[]),
    ("var_binary", &["varbinary"]),
    ("enum", &[]),
    ("array", &[]),
    ("references", &["reference", "belongs_to"]),
];

/// What an array may hold.
pub const ELEMENTS: [&str; 7] = ["string", "text", "int", "big_int", "float", "double", "bool"];

/// Most digits of a decimal, and most of them behind the point, on every database.
pub(super) const DIGITS: (u32, u32) = (65, 30);

/// What a decimal is of which no more is said.
pub(super) const DECIMAL: (u32, u32) = (19, 4);

/// The name of the type that is called so.
pub(super) fn named(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    WORDS.iter().find(|(name, others)| *name == word || others.contains(&word.as_str())).map(|(name, _)| *name)
}

/// Returns the type of this name if it needs no argument.
pub fn plain(name: &str) -> Option<Type> {
    let integer = |bits, unsigned| Type::Integer { bits, unsigned };
    Some(match name {
        "string" => Type::String(None),
        "text" => Type::Text,
        "char" => Type::Char(1),
        "int" => integer(32, false),
        "big_int" => integer(64, false),
        "small_int" => integer(16, false),
        "tiny_int" => integer(8, false),
        "unsigned" => integer(32, true),
        "big_unsigned" => integer(64, true),
        "small_unsigned" => integer(16, true),
        "tiny_unsigned" => integer(8, true),
        "float" => Type::Float,
        "double" => Type::Double,
        "decimal" | "money" => Type::Decimal(DECIMAL.0, DECIMAL.1),
        "bool" => Type::Boolean,
        "date" => Type::Date,
        "time" => Type::Time,
        "date_time" => Type::DateTime,
        "ts" => Type::Timestamp,
        "tstz" => Type::TimestampWithTimeZone,
        "uuid" | "uuid_col" => Type::Uuid,
        "json" => Type::Json,
        "jsonb" => Type::JsonBinary,
        "blob" => Type::Blob,
        _ => return None,
    })
}

impl Type {
    /// 32 bits, as keys have them where nothing else is said.
    pub const INTEGER: Self = Self::Integer { bits: 32, unsigned: false };

    /// Why an index over it cannot be on every database, if it cannot.
    pub(super) fn without_index(&self) -> Option<&'static str> {
        match self {
            Self::Text | Self::Blob => Some("it has no limit, and an index needs one: string:N, var_binary:N"),
            Self::Json | Self::JsonBinary => Some("no two documents are compared"),
            Self::Boolean => Some("it has two values"),
            Self::Array(_) => Some("it holds several values"),
            Self::String(Some(length)) if *length > 768 => Some("an index has room for 768 characters"),
            Self::VarBinary(length) if *length > 3072 => Some("an index has room for 3072 bytes"),
            _ => None,
        }
    }

    /// Whether an index can be over it on every database.
    pub fn has_index(&self) -> bool {
        self.without_index().is_none() || *self == Self::Boolean
    }

    /// What rows can be given that are there already: nothing, zero, no. `None` where no value means that.
    pub fn neutral(&self) -> Option<Literal> {
        match self {
            Self::String(_) | Self::Text => Some(Literal::Text(String::new())),
            Self::Integer { .. } => Some(Literal::Number("0".to_owned())),
            Self::Float | Self::Double | Self::Decimal(..) => Some(Literal::Number("0.0".to_owned())),
            Self::Boolean => Some(Literal::Bool(false)),
            Self::Json | Self::JsonBinary => Some(Literal::Text("{}".to_owned())),
            Self::Enum(values) => values.first().cloned().map(Literal::Text),
            _ => None,
        }
    }
}
