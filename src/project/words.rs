//! The words of a source that may be the name of a table, whatever role they have there: it knows no grammar.

use std::collections::BTreeSet;

use heck::ToSnakeCase;

/// Returns the words in lower case: runs of letters, digits and `_`, and each in snake case, as identifiers of Rust name
/// tables (`GenerationLogs::Table`).
pub fn words_of(source: &str) -> BTreeSet<String> {
    let words = source.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words.flat_map(|word| [word.to_lowercase(), word.to_snake_case()]).collect()
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn names_are_found_in_every_form() {
        let words =
            words_of("Table::alter().table(GenerationLogs::Table); \"UPDATE \\\"Posts\\\" SET a\"; \"user_roles\"");
        for name in ["generation_logs", "posts", "user_roles"] {
            assert!(words.contains(name), "{name}: {words:?}");
        }
        assert!(!words.contains("post"));
    }
}
