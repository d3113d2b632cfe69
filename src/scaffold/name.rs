//! Names that a user gives: of migrations, tables and columns. It returns them normalised, or says
//! why they cannot be used. It does not know what a name will be used for, nor which are taken.

use heck::ToSnakeCase;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::ui::printable;

/// Longest name of a migration, after normalising.
const MIGRATION_LENGTH: usize = 100;

/// Longest name of an object in a database; the shortest limit of those kit works with.
const OBJECT_LENGTH: usize = 63;

/// A migration's name in snake_case: `AddHTTPStatus`, `add-http-status` and `add http status` are all
/// `add_http_status`. The result matches `^[a-z][a-z0-9_]{0,99}$`.
///
/// # Errors
/// [`Error::BadName`] for anything but ASCII letters, digits, `_`, `-` and spaces, for a name without
/// a letter in front, for one that is too long, and for words that mean something to Rust or to a
/// file system.
pub fn migration(given: &str) -> Result<String> {
    let bad = |reason: String| bad_name("migration", given, reason);
    if let Some(c) = given.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' '))) {
        return Err(bad(format!("it contains {c:?}")));
    }
    if given.starts_with('-') {
        return Err(bad("it begins with `-`".to_owned()));
    }
    let name = given.to_snake_case();
    match name.chars().next() {
        None => return Err(bad("it has no letter".to_owned())),
        Some(first) if !first.is_ascii_lowercase() => return Err(bad("it begins with a digit".to_owned())),
        Some(_) => {}
    }
    if name.len() > MIGRATION_LENGTH {
        return Err(bad(format!("it has {} characters, {MIGRATION_LENGTH} are allowed", name.len())));
    }
    if is_keyword(&name) {
        return Err(bad("it is a keyword of Rust".to_owned()));
    }
    if is_reserved_file(&name) {
        return Err(bad("it means something else as a file name".to_owned()));
    }
    Ok(name)
}

/// A table's name as a flag gives it, unchanged: tables of an existing database need not be in snake_case.
///
/// # Errors
/// [`Error::BadName`] for anything but ASCII letters, digits and `_`, and for names that a database would cut.
pub fn table(given: &str) -> Result<String> {
    object("table", given)
}

/// A column's name, unchanged.
///
/// # Errors
/// As for [`table`].
pub fn column(given: &str) -> Result<String> {
    object("column", given)
}

/// The name of an index or a foreign key: `{prefix}_{table}_{columns}`, or, where that is longer than
/// databases allow, its beginning and a digest of all of it.
pub fn of_object(prefix: &str, table: &str, columns: &[&str]) -> String {
    let name = format!("{prefix}_{table}_{}", columns.join("_"));
    if name.len() <= OBJECT_LENGTH {
        return name;
    }
    let digest: String = Sha256::digest(name.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let beginning: String = name.chars().take(OBJECT_LENGTH - 9).collect();
    format!("{beginning}_{digest}")
}

fn object(kind: &'static str, given: &str) -> Result<String> {
    let bad = |reason: String| bad_name(kind, given, reason);
    if let Some(c) = given.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '_')) {
        return Err(bad(format!("it contains {c:?}")));
    }
    if !given.contains(|c: char| c.is_ascii_alphabetic()) {
        return Err(bad("it has no letter".to_owned()));
    }
    if given.len() > OBJECT_LENGTH {
        return Err(bad(format!("it has {} characters, databases allow {OBJECT_LENGTH}", given.len())));
    }
    Ok(given.to_owned())
}

fn bad_name(kind: &'static str, given: &str, reason: String) -> Error {
    const SHOWN: usize = 60;
    let mut name = printable(given).replace('\n', "\\n");
    if name.chars().count() > SHOWN {
        name = name.chars().take(SHOWN).chain(std::iter::once('…')).collect();
    }
    Error::BadName { name, kind, reason }
}

fn is_keyword(name: &str) -> bool {
    // syn takes `union` and other weak keywords for identifiers, as the compiler does.
    syn::parse_str::<syn::Ident>(name).is_err()
}

/// Names that cargo or Windows take for something else, with whatever extension.
fn is_reserved_file(name: &str) -> bool {
    let numbered = |device: &str| name.strip_prefix(device).is_some_and(|n| n.len() == 1 && n != "0");
    matches!(name, "mod" | "lib" | "main" | "build" | "con" | "prn" | "aux" | "nul")
        || numbered("com")
        || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalised() {
        for (given, name) in [
            ("create_posts_table", "create_posts_table"),
            ("AddHTTPStatus", "add_http_status"),
            ("CreatePosts", "create_posts"),
            ("create-posts", "create_posts"),
            ("  Create   Posts ", "create_posts"),
            ("add__email_to_users_", "add_email_to_users"),
            ("add_2fa_to_users", "add_2fa_to_users"),
            ("x", "x"),
            ("type_of_thing", "type_of_thing"),
        ] {
            assert_eq!(migration(given).unwrap(), name, "{given}");
        }
    }

    #[test]
    fn bad_names_are_refused() {
        let long = "a".repeat(300);
        for given in [
            "",
            " ",
            ".",
            "..",
            "../x",
            "/etc/x",
            "a/b",
            "a\\b",
            "a;b",
            "a; pub fn f(){} mod b",
            "a\"b",
            "a'b",
            "a\nb",
            "a\tb",
            "a\0b",
            "a\u{1b}[31mb",
            "a\u{202e}b",
            "🦀",
            "créer",
            &long,
            "fn",
            "self",
            "Self",
            "crate",
            "super",
            "r#x",
            "_",
            "123",
            "-x",
            "--help",
            "con",
            "mod",
            "lib",
            "main",
            "com1",
            "async",
            "type",
            "\u{feff}x",
        ] {
            let error = migration(given).unwrap_err();
            let Error::BadName { name, .. } = &error else { panic!("{given}: {error}") };
            assert!(!error.to_string().contains(|c: char| c.is_control() || c == '\u{202e}'), "{given:?}: {error:?}");
            assert!(name.chars().count() <= 61, "{name}");
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn tables_are_taken_as_they_are() {
        assert_eq!(table("Order_Items").unwrap(), "Order_Items");
        for given in ["", "_", "a.b", "a b", "a\"b", "a;b", "ü", &"a".repeat(64)] {
            assert!(table(given).is_err(), "{given}");
        }
    }

    #[test]
    fn long_object_names_stay_within_the_limit_and_differ() {
        let table = "a".repeat(60);
        let (one, two) = (of_object("idx", &table, &["slug"]), of_object("idx", &table, &["title"]));
        assert_eq!((one.len(), two.len()), (63, 63));
        assert_ne!(one, two);
        assert_eq!(of_object("idx", "posts", &["slug", "title"]), "idx_posts_slug_title");
    }
}
