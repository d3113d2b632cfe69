//! [`ColType`]: what a column is, in the words of Loco's documents, each of them an enum's variant or, for the rest, a
//! builder. It becomes a [`Column`] and knows no database.

use sea_orm_migration::sea_orm::sea_query::{ColumnType, PgInterval, RcOrArc, Value};

use super::column::Column;

/// The type of a column, and what else is said of it.
///
/// A name alone is `NOT NULL`, `…Null` takes NULL, `…Uniq` is unique and `NOT NULL`, `…WithDefault` is `NOT NULL` with a
/// default. What has no variant is built: `ColType::string_len(40).null().unique()`, `ColType::integer().default(1)`,
/// `ColType::TextNull.default("")`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it, and they are Loco's")]
pub enum ColType {
    PkAuto,
    PkUuid,
    CharLen(u32),
    CharLenWithDefault(u32, char),
    CharLenNull(u32),
    CharLenUniq(u32),
    Char,
    CharWithDefault(char),
    CharNull,
    CharUniq,
    StringLen(u32),
    StringLenWithDefault(u32, String),
    StringLenNull(u32),
    StringLenUniq(u32),
    String,
    StringWithDefault(String),
    StringNull,
    StringUniq,
    Text,
    TextWithDefault(String),
    TextNull,
    TextUniq,
    TinyInteger,
    TinyIntegerWithDefault(i8),
    TinyIntegerNull,
    TinyIntegerUniq,
    SmallInteger,
    SmallIntegerWithDefault(i16),
    SmallIntegerNull,
    SmallIntegerUniq,
    Integer,
    IntegerWithDefault(i32),
    IntegerNull,
    IntegerUniq,
    BigInteger,
    BigIntegerWithDefault(i64),
    BigIntegerNull,
    BigIntegerUniq,
    TinyUnsigned,
    TinyUnsignedWithDefault(u8),
    TinyUnsignedNull,
    TinyUnsignedUniq,
    SmallUnsigned,
    SmallUnsignedWithDefault(u16),
    SmallUnsignedNull,
    SmallUnsignedUniq,
    Unsigned,
    UnsignedWithDefault(u32),
    UnsignedNull,
    UnsignedUniq,
    BigUnsigned,
    BigUnsignedWithDefault(u64),
    BigUnsignedNull,
    BigUnsignedUniq,
    Decimal,
    DecimalWithDefault(f64),
    DecimalNull,
    DecimalUniq,
    DecimalLen(u32, u32),
    DecimalLenWithDefault(u32, u32, f64),
    DecimalLenNull(u32, u32),
    DecimalLenUniq(u32, u32),
    Float,
    FloatWithDefault(f32),
    FloatNull,
    FloatUniq,
    Double,
    DoubleWithDefault(f64),
    DoubleNull,
    DoubleUniq,
    Boolean,
    BooleanWithDefault(bool),
    BooleanNull,
    Timestamp,
    TimestampNull,
    TimestampUniq,
    TimestampWithTimeZone,
    TimestampWithTimeZoneWithDefault(String),
    TimestampWithTimeZoneNull,
    Date,
    DateWithDefault(String),
    DateNull,
    DateUniq,
    DateTime,
    DateTimeWithDefault(String),
    DateTimeNull,
    DateTimeUniq,
    Time,
    TimeWithDefault(String),
    TimeNull,
    TimeUniq,
    Interval(Option<PgInterval>, Option<u32>),
    IntervalNull(Option<PgInterval>, Option<u32>),
    IntervalUniq(Option<PgInterval>, Option<u32>),
    Binary,
    BinaryNull,
    BinaryUniq,
    BinaryLen(u32),
    BinaryLenNull(u32),
    BinaryLenUniq(u32),
    VarBinary(u32),
    VarBinaryNull(u32),
    VarBinaryUniq(u32),
    Json,
    JsonNull,
    JsonUniq,
    JsonBinary,
    JsonBinaryNull,
    JsonBinaryUniq,
    Blob,
    BlobNull,
    BlobUniq,
    Money,
    MoneyWithDefault(f64),
    MoneyNull,
    MoneyUniq,
    Uuid,
    UuidNull,
    UuidUniq,
    UuidWithDefault(String),
    UuidUniqWithDefault(String),
    VarBitLen(u32),
    VarBitLenNull(u32),
    VarBitLenUniq(u32),
    Array(ColumnType),
    ArrayNull(ColumnType),
    ArrayUniq(ColumnType),
    Enum(String, Vec<String>),
    EnumNull(String, Vec<String>),
    EnumWithDefault(String, Vec<String>, String),
    EnumNullWithDefault(String, Vec<String>, String),
    /// What a builder makes.
    #[doc(hidden)]
    Built(Column),
}

/// What an array is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it, and they are Loco's")]
pub enum ArrayColType {
    String,
    Text,
    Char,
    Float,
    Double,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    TinyUnsigned,
    SmallUnsigned,
    Unsigned,
    BigUnsigned,
    Bool,
    Boolean,
}

/// The beginning of a builder: each of these is `NOT NULL`.
#[expect(missing_docs, reason = "the names say it")]
impl ColType {
    pub fn pk_auto() -> Self {
        Self::PkAuto
    }

    pub fn pk_uuid() -> Self {
        Self::PkUuid
    }

    pub fn char() -> Self {
        Self::Char
    }

    pub fn char_len(length: u32) -> Self {
        Self::CharLen(length)
    }

    pub fn string() -> Self {
        Self::String
    }

    pub fn string_len(length: u32) -> Self {
        Self::StringLen(length)
    }

    pub fn text() -> Self {
        Self::Text
    }

    pub fn tiny_integer() -> Self {
        Self::TinyInteger
    }

    pub fn small_integer() -> Self {
        Self::SmallInteger
    }

    pub fn integer() -> Self {
        Self::Integer
    }

    pub fn big_integer() -> Self {
        Self::BigInteger
    }

    pub fn tiny_unsigned() -> Self {
        Self::TinyUnsigned
    }

    pub fn small_unsigned() -> Self {
        Self::SmallUnsigned
    }

    pub fn unsigned() -> Self {
        Self::Unsigned
    }

    pub fn big_unsigned() -> Self {
        Self::BigUnsigned
    }

    pub fn decimal() -> Self {
        Self::Decimal
    }

    pub fn decimal_len(precision: u32, scale: u32) -> Self {
        Self::DecimalLen(precision, scale)
    }

    pub fn float() -> Self {
        Self::Float
    }

    pub fn double() -> Self {
        Self::Double
    }

    pub fn money() -> Self {
        Self::Money
    }

    pub fn boolean() -> Self {
        Self::Boolean
    }

    pub fn timestamp() -> Self {
        Self::Timestamp
    }

    pub fn timestamp_with_time_zone() -> Self {
        Self::TimestampWithTimeZone
    }

    pub fn date() -> Self {
        Self::Date
    }

    pub fn date_time() -> Self {
        Self::DateTime
    }

    pub fn time() -> Self {
        Self::Time
    }

    pub fn interval() -> Self {
        Self::Interval(None, None)
    }

    pub fn binary() -> Self {
        Self::Binary
    }

    pub fn binary_len(length: u32) -> Self {
        Self::BinaryLen(length)
    }

    pub fn var_binary(length: u32) -> Self {
        Self::VarBinary(length)
    }

    pub fn blob() -> Self {
        Self::Blob
    }

    pub fn json() -> Self {
        Self::Json
    }

    pub fn json_binary() -> Self {
        Self::JsonBinary
    }

    pub fn uuid() -> Self {
        Self::Uuid
    }

    pub fn var_bit_len(length: u32) -> Self {
        Self::VarBitLen(length)
    }

    pub fn enumeration<V: Into<String>>(name: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        Self::Enum(name.into(), values.into_iter().map(Into::into).collect())
    }

    pub fn array(kind: ArrayColType) -> Self {
        Self::Array(element(kind))
    }

    pub fn array_null(kind: ArrayColType) -> Self {
        Self::ArrayNull(element(kind))
    }

    pub fn array_uniq(kind: ArrayColType) -> Self {
        Self::ArrayUniq(element(kind))
    }
}

/// What else is said of a column.
impl ColType {
    /// It takes NULL.
    #[must_use]
    pub fn null(self) -> Self {
        Self::Built(self.into_column().null())
    }

    /// It does not take NULL.
    #[must_use]
    pub fn not_null(self) -> Self {
        Self::Built(self.into_column().not_null())
    }

    /// No two rows have the same.
    #[must_use]
    pub fn unique(self) -> Self {
        Self::Built(self.into_column().unique())
    }

    /// What a row has that does not say.
    #[must_use]
    pub fn default(self, value: impl Into<Value>) -> Self {
        Self::Built(self.into_column().default(value))
    }

    /// An expression of the database's as the default.
    #[must_use]
    pub fn default_sql(self, sql: impl Into<String>) -> Self {
        Self::Built(self.into_column().default_sql(sql))
    }

    /// The moment in which the row is made as the default.
    #[must_use]
    pub fn default_now(self) -> Self {
        self.default_sql("CURRENT_TIMESTAMP")
    }

    pub(super) fn into_column(self) -> Column {
        match self {
            Self::PkAuto => Column::of(ColumnType::BigInteger).counting_key(),
            Self::PkUuid => Column::of(ColumnType::Uuid).key(),
            Self::CharLen(a) => Column::of(ColumnType::Char(Some(a))),
            Self::CharLenWithDefault(a, value) => Column::of(ColumnType::Char(Some(a))).default(value),
            Self::CharLenNull(a) => Column::of(ColumnType::Char(Some(a))).null(),
            Self::CharLenUniq(a) => Column::of(ColumnType::Char(Some(a))).unique(),
            Self::Char => Column::of(ColumnType::Char(None)),
            Self::CharWithDefault(value) => Column::of(ColumnType::Char(None)).default(value),
            Self::CharNull => Column::of(ColumnType::Char(None)).null(),
            Self::CharUniq => Column::of(ColumnType::Char(None)).unique(),
            Self::StringLen(a) => Column::of(ColumnType::string(Some(a))),
            Self::StringLenWithDefault(a, value) => Column::of(ColumnType::string(Some(a))).default(value),
            Self::StringLenNull(a) => Column::of(ColumnType::string(Some(a))).null(),
            Self::StringLenUniq(a) => Column::of(ColumnType::string(Some(a))).unique(),
            Self::String => Column::of(ColumnType::string(None)),
            Self::StringWithDefault(value) => Column::of(ColumnType::string(None)).default(value),
            Self::StringNull => Column::of(ColumnType::string(None)).null(),
            Self::StringUniq => Column::of(ColumnType::string(None)).unique(),
            Self::Text => Column::of(ColumnType::Text),
            Self::TextWithDefault(value) => Column::of(ColumnType::Text).default(value),
            Self::TextNull => Column::of(ColumnType::Text).null(),
            Self::TextUniq => Column::of(ColumnType::Text).unique(),
            Self::TinyInteger => Column::of(ColumnType::TinyInteger),
            Self::TinyIntegerWithDefault(value) => Column::of(ColumnType::TinyInteger).default(value),
            Self::TinyIntegerNull => Column::of(ColumnType::TinyInteger).null(),
            Self::TinyIntegerUniq => Column::of(ColumnType::TinyInteger).unique(),
            Self::SmallInteger => Column::of(ColumnType::SmallInteger),
            Self::SmallIntegerWithDefault(value) => Column::of(ColumnType::SmallInteger).default(value),
            Self::SmallIntegerNull => Column::of(ColumnType::SmallInteger).null(),
            Self::SmallIntegerUniq => Column::of(ColumnType::SmallInteger).unique(),
            Self::Integer => Column::of(ColumnType::Integer),
            Self::IntegerWithDefault(value) => Column::of(ColumnType::Integer).default(value),
            Self::IntegerNull => Column::of(ColumnType::Integer).null(),
            Self::IntegerUniq => Column::of(ColumnType::Integer).unique(),
            Self::BigInteger => Column::of(ColumnType::BigInteger),
            Self::BigIntegerWithDefault(value) => Column::of(ColumnType::BigInteger).default(value),
            Self::BigIntegerNull => Column::of(ColumnType::BigInteger).null(),
            Self::BigIntegerUniq => Column::of(ColumnType::BigInteger).unique(),
            Self::TinyUnsigned => Column::of(ColumnType::TinyUnsigned),
            Self::TinyUnsignedWithDefault(value) => Column::of(ColumnType::TinyUnsigned).default(value),
            Self::TinyUnsignedNull => Column::of(ColumnType::TinyUnsigned).null(),
            Self::TinyUnsignedUniq => Column::of(ColumnType::TinyUnsigned).unique(),
            Self::SmallUnsigned => Column::of(ColumnType::SmallUnsigned),
            Self::SmallUnsignedWithDefault(value) => Column::of(ColumnType::SmallUnsigned).default(value),
            Self::SmallUnsignedNull => Column::of(ColumnType::SmallUnsigned).null(),
            Self::SmallUnsignedUniq => Column::of(ColumnType::SmallUnsigned).unique(),
            Self::Unsigned => Column::of(ColumnType::Unsigned),
            Self::UnsignedWithDefault(value) => Column::of(ColumnType::Unsigned).default(value),
            Self::UnsignedNull => Column::of(ColumnType::Unsigned).null(),
            Self::UnsignedUniq => Column::of(ColumnType::Unsigned).unique(),
            Self::BigUnsigned => Column::of(ColumnType::BigUnsigned),
            Self::BigUnsignedWithDefault(value) => Column::of(ColumnType::BigUnsigned).default(value),
            Self::BigUnsignedNull => Column::of(ColumnType::BigUnsigned).null(),
            Self::BigUnsignedUniq => Column::of(ColumnType::BigUnsigned).unique(),
            Self::Decimal => Column::of(ColumnType::Decimal(None)),
            Self::DecimalWithDefault(value) => Column::of(ColumnType::Decimal(None)).default(value),
            Self::DecimalNull => Column::of(ColumnType::Decimal(None)).null(),
            Self::DecimalUniq => Column::of(ColumnType::Decimal(None)).unique(),
            Self::DecimalLen(a, b) => Column::of(ColumnType::Decimal(Some((a, b)))),
            Self::DecimalLenWithDefault(a, b, value) => Column::of(ColumnType::Decimal(Some((a, b)))).default(value),
            Self::DecimalLenNull(a, b) => Column::of(ColumnType::Decimal(Some((a, b)))).null(),
            Self::DecimalLenUniq(a, b) => Column::of(ColumnType::Decimal(Some((a, b)))).unique(),
            Self::Float => Column::of(ColumnType::Float),
            Self::FloatWithDefault(value) => Column::of(ColumnType::Float).default(value),
            Self::FloatNull => Column::of(ColumnType::Float).null(),
            Self::FloatUniq => Column::of(ColumnType::Float).unique(),
            Self::Double => Column::of(ColumnType::Double),
            Self::DoubleWithDefault(value) => Column::of(ColumnType::Double).default(value),
            Self::DoubleNull => Column::of(ColumnType::Double).null(),
            Self::DoubleUniq => Column::of(ColumnType::Double).unique(),
            Self::Boolean => Column::of(ColumnType::Boolean),
            Self::BooleanWithDefault(value) => Column::of(ColumnType::Boolean).default(value),
            Self::BooleanNull => Column::of(ColumnType::Boolean).null(),
            Self::Timestamp => Column::of(ColumnType::Timestamp),
            Self::TimestampNull => Column::of(ColumnType::Timestamp).null(),
            Self::TimestampUniq => Column::of(ColumnType::Timestamp).unique(),
            Self::TimestampWithTimeZone => Column::of(ColumnType::TimestampWithTimeZone),
            Self::TimestampWithTimeZoneWithDefault(value) => {
                Column::of(ColumnType::TimestampWithTimeZone).default(value)
            }
            Self::TimestampWithTimeZoneNull => Column::of(ColumnType::TimestampWithTimeZone).null(),
            Self::Date => Column::of(ColumnType::Date),
            Self::DateWithDefault(value) => Column::of(ColumnType::Date).default(value),
            Self::DateNull => Column::of(ColumnType::Date).null(),
            Self::DateUniq => Column::of(ColumnType::Date).unique(),
            Self::DateTime => Column::of(ColumnType::DateTime),
            Self::DateTimeWithDefault(value) => Column::of(ColumnType::DateTime).default(value),
            Self::DateTimeNull => Column::of(ColumnType::DateTime).null(),
            Self::DateTimeUniq => Column::of(ColumnType::DateTime).unique(),
            Self::Time => Column::of(ColumnType::Time),
            Self::TimeWithDefault(value) => Column::of(ColumnType::Time).default(value),
            Self::TimeNull => Column::of(ColumnType::Time).null(),
            Self::TimeUniq => Column::of(ColumnType::Time).unique(),
            Self::Interval(a, b) => Column::of(ColumnType::Interval(a, b)),
            Self::IntervalNull(a, b) => Column::of(ColumnType::Interval(a, b)).null(),
            Self::IntervalUniq(a, b) => Column::of(ColumnType::Interval(a, b)).unique(),
            Self::Binary => Column::of(ColumnType::Binary(1)),
            Self::BinaryNull => Column::of(ColumnType::Binary(1)).null(),
            Self::BinaryUniq => Column::of(ColumnType::Binary(1)).unique(),
            Self::BinaryLen(a) => Column::of(ColumnType::Binary(a)),
            Self::BinaryLenNull(a) => Column::of(ColumnType::Binary(a)).null(),
            Self::BinaryLenUniq(a) => Column::of(ColumnType::Binary(a)).unique(),
            Self::VarBinary(a) => Column::of(ColumnType::var_binary(a)),
            Self::VarBinaryNull(a) => Column::of(ColumnType::var_binary(a)).null(),
            Self::VarBinaryUniq(a) => Column::of(ColumnType::var_binary(a)).unique(),
            Self::Json => Column::of(ColumnType::Json),
            Self::JsonNull => Column::of(ColumnType::Json).null(),
            Self::JsonUniq => Column::of(ColumnType::Json).unique(),
            Self::JsonBinary => Column::of(ColumnType::JsonBinary),
            Self::JsonBinaryNull => Column::of(ColumnType::JsonBinary).null(),
            Self::JsonBinaryUniq => Column::of(ColumnType::JsonBinary).unique(),
            Self::Blob => Column::of(ColumnType::Blob),
            Self::BlobNull => Column::of(ColumnType::Blob).null(),
            Self::BlobUniq => Column::of(ColumnType::Blob).unique(),
            Self::Money => Column::of(ColumnType::Money(None)),
            Self::MoneyWithDefault(value) => Column::of(ColumnType::Money(None)).default(value),
            Self::MoneyNull => Column::of(ColumnType::Money(None)).null(),
            Self::MoneyUniq => Column::of(ColumnType::Money(None)).unique(),
            Self::Uuid => Column::of(ColumnType::Uuid),
            Self::UuidNull => Column::of(ColumnType::Uuid).null(),
            Self::UuidUniq => Column::of(ColumnType::Uuid).unique(),
            Self::UuidWithDefault(sql) => Column::of(ColumnType::Uuid).default_sql(sql),
            Self::UuidUniqWithDefault(sql) => Column::of(ColumnType::Uuid).unique().default_sql(sql),
            Self::VarBitLen(a) => Column::of(ColumnType::VarBit(a)),
            Self::VarBitLenNull(a) => Column::of(ColumnType::VarBit(a)).null(),
            Self::VarBitLenUniq(a) => Column::of(ColumnType::VarBit(a)).unique(),
            Self::Array(a) => Column::of(ColumnType::Array(RcOrArc::new(a))),
            Self::ArrayNull(a) => Column::of(ColumnType::Array(RcOrArc::new(a))).null(),
            Self::ArrayUniq(a) => Column::of(ColumnType::Array(RcOrArc::new(a))).unique(),
            Self::Enum(name, values) => Column::one_of(name, values),
            Self::EnumNull(name, values) => Column::one_of(name, values).null(),
            Self::EnumWithDefault(name, values, value) => Column::one_of(name, values).default(value),
            Self::EnumNullWithDefault(name, values, value) => Column::one_of(name, values).null().default(value),
            Self::Built(column) => column,
        }
    }
}

fn element(kind: ArrayColType) -> ColumnType {
    match kind {
        ArrayColType::String => ColumnType::string(None),
        ArrayColType::Text => ColumnType::Text,
        ArrayColType::Char => ColumnType::Char(None),
        ArrayColType::Float => ColumnType::Float,
        ArrayColType::Double => ColumnType::Double,
        ArrayColType::TinyInt => ColumnType::TinyInteger,
        ArrayColType::SmallInt => ColumnType::SmallInteger,
        ArrayColType::Int => ColumnType::Integer,
        ArrayColType::BigInt => ColumnType::BigInteger,
        ArrayColType::TinyUnsigned => ColumnType::TinyUnsigned,
        ArrayColType::SmallUnsigned => ColumnType::SmallUnsigned,
        ArrayColType::Unsigned => ColumnType::Unsigned,
        ArrayColType::BigUnsigned => ColumnType::BigUnsigned,
        ArrayColType::Bool | ArrayColType::Boolean => ColumnType::Boolean,
    }
}
