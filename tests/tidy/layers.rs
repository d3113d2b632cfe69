//! Which folder of `src` may use which other: a strict order, so that there are no circles.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::{Line, lines};

/// Each module of `src` with all modules that it uses. A module uses only those above it in this table.
const LAYERS: [(&str, &[&str]); 16] = [
    ("interrupt", &[]),
    ("similar", &[]),
    ("schema", &[]),
    ("fields", &["schema"]),
    ("error", &["fields", "similar"]),
    ("project", &["error"]),
    ("migrator", &["error", "interrupt", "project"]),
    ("database", &["error", "migrator", "project"]),
    ("ui", &["database", "error", "migrator"]),
    ("scaffold", &["error", "fields", "migrator", "project", "schema", "ui"]),
    ("codegen", &["error", "project", "scaffold", "schema"]),
    ("seeds", &["database", "error", "schema", "similar"]),
    ("doctor", &["database", "error", "migrator", "project", "scaffold", "schema", "seeds", "ui"]),
    ("app", &["database", "error", "migrator", "project", "scaffold", "ui"]),
    (
        "commands",
        &[
            "app",
            "codegen",
            "database",
            "doctor",
            "error",
            "fields",
            "interrupt",
            "migrator",
            "project",
            "scaffold",
            "schema",
            "seeds",
            "similar",
            "ui",
        ],
    ),
    ("cli", &["app", "commands", "database", "error", "fields", "project", "scaffold", "similar", "ui"]),
];

/// The module of `src` that a file is in; `None` for `lib.rs`, `main.rs` and the other package.
fn module(file: &str) -> Option<&str> {
    let name = file.strip_prefix("src/")?.split('/').next()?.trim_end_matches(".rs");
    (name != "lib" && name != "main").then_some(name)
}

/// The modules after `crate::` in a text of code.
fn used(code: &str) -> BTreeSet<String> {
    let path = Regex::new(r"\bcrate::(\{[^}]*\}|\w+)").unwrap();
    let first = Regex::new(r"(?:^\{|,)\s*(\w+)").unwrap();
    let mut modules = BTreeSet::new();
    for captures in path.captures_iter(code) {
        match &captures[1] {
            group if group.starts_with('{') => {
                modules.extend(first.captures_iter(group).map(|captures| captures[1].to_owned()));
            }
            one => drop(modules.insert(one.to_owned())),
        }
    }
    modules
}

#[test]
fn modules_of_a_path_are_found() {
    let found = used("use crate::error::{Error, Result};\nuse crate::{ui, schema::read};\nlet a = crate::app::b();\n");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["app", "error", "schema", "ui"]);
}

#[test]
fn modules_use_only_those_of_lower_layers() {
    let names: Vec<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    for (at, (name, uses)) in LAYERS.iter().enumerate() {
        let above: Vec<&&str> = uses.iter().filter(|used| !names[..at].contains(used)).collect();
        assert!(above.is_empty(), "the table itself has a circle: {name} uses {above:?}");
    }
    let mut code: BTreeMap<&str, String> = BTreeMap::new();
    for Line { file, code: line, .. } in lines() {
        if let Some(module) = module(file) {
            *code.entry(module).or_default() += &format!("{line}\n");
        }
    }
    // Only for tests.
    code.remove("test_files");
    assert_eq!(
        code.keys().copied().collect::<BTreeSet<_>>(),
        names.iter().copied().collect(),
        "each module is a layer"
    );
    for (name, uses) in LAYERS {
        let mut found = used(&code[name]);
        found.retain(|used| used != name && names.contains(&used.as_str()));
        let uses: BTreeSet<String> = uses.iter().map(|&used| used.to_owned()).collect();
        assert_eq!(found, uses, "what src/{name} uses, and what tests/tidy/layers.rs allows");
    }
}
