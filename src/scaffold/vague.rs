//! Names that do not describe what a migration changes: `update_users`, `misc_changes`. It returns a clearer name as an
//! example. It refuses nothing.

use super::intent::{Column, Intent};

/// Verbs that do not describe what happens to their object.
const VERBS: [&str; 13] = [
    "adjust", "change", "clean", "cleanup", "edit", "fix", "improve", "modify", "patch", "refactor", "rework", "tweak",
    "update",
];

/// Words that do not describe a change, alone or together.
const WORDS: [&str; 62] = [
    "add",
    "all",
    "alter",
    "and",
    "bug",
    "bugs",
    "bugfix",
    "change",
    "changes",
    "column",
    "columns",
    "create",
    "data",
    "database",
    "db",
    "delete",
    "drop",
    "edits",
    "field",
    "fields",
    "final",
    "fixes",
    "hotfix",
    "improvements",
    "it",
    "latest",
    "migrate",
    "migration",
    "migrations",
    "minor",
    "misc",
    "miscellaneous",
    "model",
    "models",
    "more",
    "my",
    "new",
    "old",
    "other",
    "remove",
    "rename",
    "schema",
    "schemas",
    "small",
    "some",
    "stuff",
    "table",
    "tables",
    "temp",
    "test",
    "the",
    "thing",
    "things",
    "tmp",
    "to",
    "todo",
    "tweaks",
    "up",
    "updates",
    "various",
    "wip",
    "work",
];

/// Returns a clearer name than this one, as an example, if the name is vague.
pub fn clearer(name: &str, intent: &Intent) -> Option<String> {
    let words: Vec<&str> = name.split('_').collect();
    let is_known = |word: &&str| {
        let plain = word.trim_end_matches(|c: char| c.is_ascii_digit());
        plain.is_empty() || plain == "v" || WORDS.contains(&plain) || VERBS.contains(&plain)
    };
    let telling = words.iter().filter(|word| !is_known(word)).count();
    let object = words.split_first().filter(|(verb, _)| VERBS.contains(verb)).map(|(_, rest)| rest.join("_"));
    let object = object.as_deref().map(|object| object.strip_suffix("_table").unwrap_or(object));
    let only_object = object.is_some() && (telling == 1 || object == intent.table());
    if telling > 0 && !only_object {
        return None;
    }
    let example = match intent {
        Intent::AddColumns(shape) if !shape.columns.is_empty() => {
            format!("add_{}_to_{}", listed(&shape.columns), shape.table)
        }
        Intent::RemoveColumns(shape) if !shape.columns.is_empty() => {
            format!("remove_{}_from_{}", listed(&shape.columns), shape.table)
        }
        Intent::AddColumns(shape) => {
            let columns = shape.indexes.first().map(|index| index.columns.join("_and_")).unwrap_or_default();
            format!("add_index_to_{}_{columns}", shape.table)
        }
        Intent::AddIndex(index) => format!("add_index_to_{}_{}", index.table, index.columns.join("_and_")),
        Intent::Alter { table } => format!("add_email_to_{table}"),
        Intent::CreateTable(shape) | Intent::JoinTable(shape) => format!("create_{}_table", shape.table),
        Intent::Blank if name.starts_with("data") => "data_fix_users_timezone".to_owned(),
        Intent::Blank => "add_email_to_users".to_owned(),
        _ => return None,
    };
    (example != name).then_some(example)
}

/// Returns `a_and_b_and_c` of the first columns, so that the name stays short.
fn listed(columns: &[Column]) -> String {
    columns.iter().take(3).map(|column| column.name.as_str()).collect::<Vec<_>>().join("_and_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaffold::intent::Shape;

    #[test]
    fn vague_names_get_an_example_and_telling_names_do_not() {
        let users = Intent::Alter { table: "users".to_owned() };
        let items = Intent::Alter { table: "order_items".to_owned() };
        let age = Intent::AddColumns(Shape::of("users", vec![Column::assumed("age")]));
        for (name, intent, example) in [
            ("update_users", &users, "add_email_to_users"),
            ("modify_users_table", &users, "add_email_to_users"),
            ("update_order_items", &items, "add_email_to_order_items"),
            ("update_users", &age, "add_age_to_users"),
            ("fix_login", &Intent::Blank, "add_email_to_users"),
            ("change_table", &Intent::Blank, "add_email_to_users"),
            ("fix", &Intent::Blank, "add_email_to_users"),
            ("fix2", &Intent::Blank, "add_email_to_users"),
            ("misc_changes", &Intent::Blank, "add_email_to_users"),
            ("add_column", &Intent::Blank, "add_email_to_users"),
            ("data_fix", &Intent::Blank, "data_fix_users_timezone"),
        ] {
            assert_eq!(clearer(name, intent).as_deref(), Some(example), "{name}");
        }
        for (name, intent) in [
            ("alter_users", &users),
            ("add_columns_to_users", &age),
            ("backfill_slugs", &Intent::Blank),
            ("data_fix_users_timezone_issue_315", &Intent::Blank),
            ("update_users_timezone", &Intent::Blank),
            ("initial", &Intent::Blank),
            ("create_posts", &Intent::CreateTable(Shape::of("posts", Vec::new()))),
        ] {
            assert_eq!(clearer(name, intent), None, "{name}");
        }
    }
}
