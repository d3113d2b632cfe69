//! The types of the field language, for tests that try all of them.

/// Each type of the field language.
pub const TYPES: [&str; 30] = [
    "string",
    "string:20",
    "text",
    "char:3",
    "int",
    "big_int",
    "small_int",
    "tiny_int",
    "unsigned",
    "big_unsigned",
    "small_unsigned",
    "tiny_unsigned",
    "float",
    "double",
    "decimal",
    "decimal:10:2",
    "decimal:4:3",
    "bool",
    "date",
    "time",
    "date_time",
    "ts",
    "tstz",
    "uuid_col",
    "json",
    "jsonb",
    "blob",
    "binary_len:3",
    "var_binary:9",
    "enum:draft,live",
];

/// A field of a type, with a mark after it: `a_char_3:char:3!`.
pub fn named(written: &str, mark: &str) -> String {
    format!("a_{}:{written}{mark}", written.replace([':', ','], "_"))
}
