//! The features of SeaORM's packages that entities can need, as both lines name them.

/// The derive macros.
pub const MACROS: &str = "macros";

/// Fields that are a `Vec` of anything but bytes.
pub const ARRAYS: &str = "postgres-array";

/// What `default` turns on, as far as entities can need it.
pub const DEFAULT: [&str; 6] = [MACROS, "with-json", "with-chrono", "with-rust_decimal", "with-uuid", "with-time"];

/// Features, and what each turns on.
pub const IMPLIED: [(&str, &str); 4] =
    [("sqlx-all", ARRAYS), ("sqlx-postgres", ARRAYS), ("json-array", ARRAYS), ("rbac", MACROS)];

/// Features, and the types of the prelude that each brings.
pub const TYPES: [(&str, &[&str]); 8] = [
    ("with-json", &["Json", "JsonValue"]),
    ("with-chrono", &["Date", "Time", "DateTime", "DateTimeWithTimeZone", "DateTimeUtc", "DateTimeLocal"]),
    ("with-time", &["TimeDate", "TimeTime", "TimeDateTime", "TimeDateTimeWithTimeZone"]),
    ("with-rust_decimal", &["Decimal"]),
    ("with-bigdecimal", &["BigDecimal"]),
    ("with-uuid", &["Uuid"]),
    ("postgres-vector", &["PgVector"]),
    ("with-ipnetwork", &["IpNetwork"]),
];
