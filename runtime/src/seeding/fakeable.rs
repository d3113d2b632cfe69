//! Which value a type of a column gets where nobody says more. Whole seconds and two digits behind the point, since not every
//! database keeps more; moments lie in the quarter of a century before 2025.

use sea_orm_migration::sea_orm::prelude::{
    ChronoDate, ChronoDateTime, ChronoDateTimeUtc, ChronoDateTimeWithTimeZone, ChronoTime, Decimal, Json, TimeDate,
    TimeDateTime, TimeDateTimeWithTimeZone, TimeTime, Uuid,
};

use super::Faker;

/// A type of which [`Faker::value`] makes values.
pub trait Fakeable: Sized {
    /// Makes one.
    fn fake(faker: &mut Faker<'_>) -> Self;
}

/// By an expression each, `$faker` in it.
macro_rules! fakeable {
    ($($type:ty => |$faker:ident| $value:expr;)+) => {
        $(impl Fakeable for $type {
            fn fake($faker: &mut Faker<'_>) -> Self {
                $value
            }
        })+
    };
}

/// Lists, which are arrays of the database.
macro_rules! lists {
    ($($type:ty)+) => {
        $(impl Fakeable for Vec<$type> {
            fn fake(faker: &mut Faker<'_>) -> Self {
                let count = faker.number(1..=3);
                (0..count).map(|_| faker.value()).collect()
            }
        })+
    };
}

fakeable! {
    bool => |faker| faker.chance(50);
    i8 => |faker| faker.number(0..100);
    i16 => |faker| faker.number(0..10_000);
    i32 => |faker| faker.number(0..1_000_000);
    i64 => |faker| faker.number(0..1_000_000);
    u8 => |faker| faker.number(0..100);
    u16 => |faker| faker.number(0..10_000);
    u32 => |faker| faker.number(0..1_000_000);
    u64 => |faker| faker.number(0..1_000_000);
    // In quarters, which have an end in binary digits, too.
    f32 => |faker| f32::from(faker.number::<u16>(0..40_000)) / 4.0;
    f64 => |faker| f64::from(faker.number::<u32>(0..4_000_000)) / 4.0;
    Decimal => |faker| Decimal::new(faker.number(0..100_000), 2);
    String => |faker| faker.words(3);
    Vec<u8> => |faker| faker.code(16).into_bytes();
    Json => |faker| serde_json::json!({ faker.word(): faker.number(0..100) });
    Uuid => |faker| uuid(faker);
    ChronoDate => |faker| moment(faker).date_naive();
    ChronoTime => |faker| moment(faker).time();
    ChronoDateTime => |faker| moment(faker).naive_utc();
    ChronoDateTimeUtc => |faker| moment(faker);
    ChronoDateTimeWithTimeZone => |faker| moment(faker).fixed_offset();
    TimeDate => |faker| point(faker).date();
    TimeTime => |faker| point(faker).time();
    TimeDateTime => |faker| TimeDateTime::new(point(faker).date(), point(faker).time());
    TimeDateTimeWithTimeZone => |faker| point(faker);
}

lists!(bool i16 i32 i64 f32 f64 Decimal String Uuid);

impl<T: Fakeable> Fakeable for Option<T> {
    fn fake(faker: &mut Faker<'_>) -> Self {
        faker.maybe(T::fake)
    }
}

/// Seconds since 1970, from 2000 to 2025.
fn seconds(faker: &mut Faker<'_>) -> i64 {
    faker.number(946_684_800..1_735_689_600)
}

fn moment(faker: &mut Faker<'_>) -> ChronoDateTimeUtc {
    ChronoDateTimeUtc::from_timestamp(seconds(faker), 0).unwrap_or_default()
}

fn point(faker: &mut Faker<'_>) -> TimeDateTimeWithTimeZone {
    TimeDateTimeWithTimeZone::from_unix_timestamp(seconds(faker)).unwrap_or(TimeDateTimeWithTimeZone::UNIX_EPOCH)
}

/// One of version 4.
fn uuid(faker: &mut Faker<'_>) -> Uuid {
    let mut bytes = faker.number::<u128>(0..=u128::MAX).to_be_bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Uuid::from_bytes(bytes)
}
