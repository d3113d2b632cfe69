//! How a migration gets its name, told from the text alone where the file begins as kit and sea-orm-cli write
//! it: reading hundreds of files as syntax takes longer than all the rest of `migrate:status`. It returns nothing
//! where there is any doubt, and does not read files.

/// Where a migration's name comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum Naming {
    /// `#[derive(DeriveMigrationName)]`: the name of the file.
    Stem,
    /// `impl MigrationName` with a plain string.
    Literal(String),
}

/// How `migration` is named. Certain only if the single mention of `MigrationName` stands at the top of the file, with
/// nothing but comments, `use` and the type itself before it; `None` otherwise.
pub fn naming(text: &str, migration: &str) -> Option<Naming> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.matches("MigrationName").count() != 1 {
        return None;
    }
    let own = format!("pub struct {migration};");
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    let mut before = String::new();
    let first = loop {
        let line = lines.next()?;
        if line.contains("MigrationName") {
            break line;
        }
        before.push_str(line);
        before.push('\n');
    };
    if !only_uses(&before, &own) {
        return None;
    }
    if first == "#[derive(DeriveMigrationName)]" {
        return (lines.next()? == own).then_some(Naming::Stem);
    }
    if first != format!("impl MigrationName for {migration} {{") || lines.next()? != "fn name(&self) -> &str {" {
        return None;
    }
    let name = lines.next()?.strip_prefix('"')?.strip_suffix('"')?;
    let plain = !name.contains(['"', '\\']);
    (plain && lines.next()? == "}" && lines.next()? == "}").then(|| Naming::Literal(name.to_owned()))
}

/// Whether a text is made of `use …;` and `own`: neither opens anything that what follows could be inside of.
fn only_uses(text: &str, own: &str) -> bool {
    !text.contains("/*")
        && text.trim_end().split_inclusive(';').map(str::trim).all(|statement| {
            statement == own
                || (statement.ends_with(';') && (statement.starts_with("use ") || statement.starts_with("pub use ")))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const USE: &str = "//! Doc.\n\nuse sea_orm_migration::{\n    prelude::*, // all of it\n    schema::*,\n};\n\n";

    fn by_hand(name: &str) -> String {
        format!(
            "{USE}pub struct Migration;\n\nimpl MigrationName for Migration {{\n    fn name(&self) -> &str {{\n        \
             {name}\n    }}\n}}\n"
        )
    }

    #[test]
    fn what_the_tools_write_is_told() {
        let derived = "#[derive(DeriveMigrationName)]\npub struct Migration;\n";
        for text in
            [derived.to_owned(), format!("{USE}{derived}"), format!("\u{feff}{USE}{derived}").replace('\n', "\r\n")]
        {
            assert_eq!(naming(&text, "Migration"), Some(Naming::Stem), "{text}");
        }
        assert_eq!(naming(&by_hand("\"m1_a\""), "Migration"), Some(Naming::Literal("m1_a".to_owned())));
    }

    #[test]
    fn any_doubt_is_left_to_the_syntax() {
        for text in [
            String::new(),
            USE.to_owned(),
            "#[derive(DeriveMigrationName)]\npub struct Other;".to_owned(),
            "// #[derive(DeriveMigrationName)]\npub struct Migration;".to_owned(),
            "/*\n#[derive(DeriveMigrationName)]\npub struct Migration;\n*/".to_owned(),
            "use a; /* ;\n#[derive(DeriveMigrationName)]\npub struct Migration;\n*/".to_owned(),
            "mod inner {\n#[derive(DeriveMigrationName)]\npub struct Migration;\n}".to_owned(),
            "const A: &str = \"\n#[derive(DeriveMigrationName)]\npub struct Migration;\n\";".to_owned(),
            "#[cfg(unix)]\n#[derive(DeriveMigrationName)]\npub struct Migration;".to_owned(),
            "#[derive(DeriveMigrationName)]\npub struct Migration;\nimpl MigrationName for Other {}".to_owned(),
            by_hand("concat!(\"a\", \"b\")"),
            by_hand("\"a\\\"\""),
            by_hand("NAME"),
            by_hand("if true { return \"b\" }\n\"a\""),
        ] {
            assert_eq!(naming(&text, "Migration"), None, "{text}");
        }
    }
}
