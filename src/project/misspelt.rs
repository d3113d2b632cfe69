//! Variables whose names are almost those that kit reads: `DATABSE_URL`. It compares names and returns them.

use crate::error::Misspelt;
use kit_runtime::config::origin::Origin;

impl Misspelt {
    /// Whether it is set in this line.
    pub fn is_at(&self, file: &str, line: usize) -> bool {
        self.origin.file.as_deref() == Some(file) && self.origin.line == Some(line)
    }
}

/// Shorter names are one letter off from too many others.
const MIN_LENGTH: usize = 6;

/// Those of `set` that are one letter off from a name that kit reads and that is not set beside them.
pub fn find<'a>(read: &[String], set: impl Iterator<Item = (&'a str, Origin)>) -> Vec<Misspelt> {
    let set: Vec<(&str, Origin)> = set.collect();
    let is_set = |name: &str| set.iter().any(|(one, _)| *one == name);
    let mut found = Vec::new();
    for (name, origin) in set.iter().filter(|(name, _)| !read.iter().any(|known| known == name)) {
        let meant = read.iter().find(|known| known.len() >= MIN_LENGTH && !is_set(known) && is_near(name, known));
        if let Some(meant) = meant {
            found.push(Misspelt { name: (*name).to_owned(), origin: origin.clone(), meant: meant.clone() });
        }
    }
    found
}

/// One letter more, less, other or in the wrong place; or the same letters in another case.
fn is_near(name: &str, known: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    // A number tells one of several databases.
    digits(name) == digits(known) && strsim::osa_distance(&name.to_ascii_uppercase(), &known.to_ascii_uppercase()) <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(name: &str) -> Option<String> {
        let read = ["DATABASE_URL", "APP_ENV", "DB1_URL", "URL"].map(str::to_owned);
        find(&read, std::iter::once((name, Origin::variable(name)))).pop().map(|found| found.meant)
    }

    #[test]
    fn a_name_that_is_one_letter_off_is_found() {
        for name in ["DATABSE_URL", "DATABASE_URI", "DATBAASE_URL", "DATABASE__URL", "database_url", "DATABASE-URL"] {
            assert_eq!(meant(name).as_deref(), Some("DATABASE_URL"), "{name}");
        }
        assert_eq!(meant("APP_EVN").as_deref(), Some("APP_ENV"));
    }

    #[test]
    fn another_name_is_no_misspelling() {
        for name in ["DATABASE_URL", "TEST_DATABASE_URL", "DATABASE_URL2", "DB2_URL", "UR", "DATABASE_PASSWORD"] {
            assert_eq!(meant(name), None, "{name}");
        }
        let both = [("DATABASE_URI", Origin::variable("a")), ("DATABASE_URL", Origin::variable("b"))];
        assert_eq!(find(&["DATABASE_URL".to_owned()], both.into_iter()), []);
    }
}
