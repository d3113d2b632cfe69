//! Names that a user gives: of migrations, tables and columns. It returns them normalised, or says
//! why they cannot be used. It does not know what a name will be used for, nor which are taken.

use heck::ToSnakeCase;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::project::settings::Naming;
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

/// The name of an index: `idx_{table}_{columns}`, `ux_…` if it is unique.
pub fn index(naming: Naming, unique: bool, table: &str, columns: &[String]) -> String {
    let mut words = vec![if unique { "ux" } else { "idx" }, table];
    words.extend(columns.iter().map(String::as_str));
    joined(naming, &words)
}

/// The name of a foreign key: `fk_{table}_{column}`, or `fk-{table}-{column}-to-{other}`.
pub fn foreign_key(naming: Naming, table: &str, column: &str, other: &str) -> String {
    match naming {
        Naming::Underscore => joined(naming, &["fk", table, column]),
        Naming::Dash => joined(naming, &["fk", table, column, "to", other]),
    }
}

/// The name of the type of an enum, where it is one. In lower case: SeaORM quotes it where the type is made, and not where a
/// column has it.
pub fn of_type(table: &str, column: &str) -> String {
    joined(Naming::Underscore, &[table, column]).to_ascii_lowercase()
}

/// The words as one, or, where that is longer than databases allow, its beginning and a digest of all of it.
fn joined(naming: Naming, words: &[&str]) -> String {
    let separator = match naming {
        Naming::Underscore => "_",
        Naming::Dash => "-",
    };
    let name = words.join(separator);
    if name.len() <= OBJECT_LENGTH {
        return name;
    }
    let digest: String = Sha256::digest(name.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let beginning: String = name.chars().take(OBJECT_LENGTH - 9).collect();
    format!("{beginning}{separator}{digest}")
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
        let of = |column: &str| index(Naming::Underscore, false, &table, &[column.to_owned()]);
        let (one, two) = (of("slug"), of("title"));
        assert_eq!((one.len(), two.len()), (63, 63));
        assert_ne!(one, two);
    }

    #[test]
    fn objects_are_named_after_what_they_are_on() {
        let columns = ["slug".to_owned(), "title".to_owned()];
        assert_eq!(index(Naming::Underscore, false, "posts", &columns), "idx_posts_slug_title");
        assert_eq!(index(Naming::Dash, true, "prompt_templates", &columns), "ux-prompt_templates-slug-title");
        assert_eq!(foreign_key(Naming::Underscore, "posts", "user_id", "users"), "fk_posts_user_id");
        assert_eq!(foreign_key(Naming::Dash, "posts", "user_id", "users"), "fk-posts-user_id-to-users");
    }
}
