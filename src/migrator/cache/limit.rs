//! How large the cache may become: `KIT_CACHE_LIMIT`.

use crate::error::{Error, Result};

/// The limit where none is set: more than several projects on several versions take.
pub const DEFAULT_LIMIT: u64 = 20 << 30;

/// The units of a size, in lower case.
const UNITS: [(&str, u64); 12] = [
    ("k", 1 << 10),
    ("kb", 1_000),
    ("kib", 1 << 10),
    ("m", 1 << 20),
    ("mb", 1_000_000),
    ("mib", 1 << 20),
    ("g", 1 << 30),
    ("gb", 1_000_000_000),
    ("gib", 1 << 30),
    ("t", 1 << 40),
    ("tb", 1_000_000_000_000),
    ("tib", 1 << 40),
];

/// Bytes that the cache may take: the value of `KIT_CACHE_LIMIT`, or the default. `None` if it is `none`.
///
/// # Errors
/// [`Error::BadValue`].
pub fn limit(value: Option<&str>) -> Result<Option<u64>> {
    match value {
        None => Ok(Some(DEFAULT_LIMIT)),
        Some("none") => Ok(None),
        Some(value) => match bytes(value) {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(Error::BadValue {
                flag: "KIT_CACHE_LIMIT",
                value: value.to_owned(),
                expected: "a size with its unit, such as 20GiB or 500MB, or `none`".to_owned(),
            }),
        },
    }
}

fn bytes(value: &str) -> Option<u64> {
    let value = value.trim().to_ascii_lowercase();
    let digits = value.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = value.split_at(digits);
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_size_with_its_unit() {
        for (value, expected) in [
            ("20GiB", 20 << 30),
            ("20 gib", 20 << 30),
            ("20G", 20 << 30),
            ("500MB", 500_000_000),
            ("1TiB", 1 << 40),
            ("0k", 0),
        ] {
            assert_eq!(limit(Some(value)).unwrap(), Some(expected), "{value}");
        }
        assert_eq!(limit(None).unwrap(), Some(DEFAULT_LIMIT));
        assert_eq!(limit(Some("none")).unwrap(), None);
        for value in ["", "20", "GiB", "-1GiB", "1.5GiB", "20 parsecs", "99999999999TiB"] {
            assert!(matches!(limit(Some(value)), Err(Error::BadValue { .. })), "{value}");
        }
    }
}
