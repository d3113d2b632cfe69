//! The names of files that rows of tables are written into. A character that a file name cannot have on some system, and upper
//! case where two tables differ in nothing else, is written as `%XX`, byte by byte. It reads and writes no file.

use std::collections::{BTreeMap, BTreeSet};

/// The file name of a table whose name is empty, which SQL allows.
const NAMELESS: &str = "%";

/// The file name of each table, without its extension.
pub fn file_names<'a>(tables: impl Iterator<Item = &'a str> + Clone) -> BTreeMap<&'a str, String> {
    let mut seen = BTreeSet::new();
    let alike: BTreeSet<String> =
        tables.clone().map(str::to_lowercase).filter(|name| !seen.insert(name.clone())).collect();
    tables.map(|table| (table, encoded(table, alike.contains(&table.to_lowercase())))).collect()
}

/// The table of a file of that name, without its extension.
pub fn table_of(name: &str) -> String {
    if name == NAMELESS {
        return String::new();
    }
    let bytes = name.as_bytes();
    let mut table = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%').and_then(code);
        table.push(code.unwrap_or(*byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(table).unwrap_or_else(|_| name.to_owned())
}

fn encoded(table: &str, alike: bool) -> String {
    let mut name = String::with_capacity(table.len());
    let last = table.chars().count().saturating_sub(1);
    for (at, (start, c)) in table.char_indices().enumerate() {
        let is_code =
            || table == NAMELESS || c == '%' && table.as_bytes().get(start + 1..start + 3).and_then(code).is_some();
        let is_no_file = c.is_control()
            || "/\\:*?\"<>|".contains(c)
            || c == '.' && (at == 0 || at == last)
            || c == ' ' && (at == 0 || at == last);
        if is_no_file || is_code() || alike && c.is_uppercase() {
            let mut bytes = [0; 4];
            name.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")));
        } else {
            name.push(c);
        }
    }
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

/// The byte that two upper-case hexadecimal digits mean.
fn code(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    let is_code = digits.bytes().all(|digit| digit.is_ascii_digit() || (b'A'..=b'F').contains(&digit));
    if is_code { u8::from_str_radix(digits, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_file_of_its_own_and_is_found_by_it() {
        let tables = [
            "users",
            "Users",
            "per%cent",
            "100%41",
            "a/b",
            "..",
            "",
            "x:y",
            "ÉCOLE",
            "école",
            " pad ",
            "new\nline",
            "a.b",
        ];
        let names = file_names(tables.into_iter());
        let folded: BTreeSet<String> = names.values().map(|name| name.to_lowercase()).collect();
        assert_eq!(folded.len(), tables.len(), "{names:?}");
        for (table, name) in &names {
            assert!(!name.contains(['/', '\n', ':']) && !name.starts_with('.'), "{name}");
            let found = table_of(name);
            assert_eq!(found, **table, "{name}");
        }
        assert_eq!(names["users"], "users");
        assert_eq!(names["per%cent"], "per%cent");
    }
}
