use std::path::Path;

use super::*;

const INDEX: &str = "\
pub use sea_orm_migration::prelude::*;

// The tables of the shop.
mod m1_users;
mod m2_posts; // with slugs
#[allow(dead_code)]
mod m3_tags;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m1_users::Migration),
            // m2_posts needs users.
            Box::new(m2_posts::Migration),
            Box::new(m3_tags::Migration)
            // inject-above (do not remove this comment)
        ]
    }
}
";

fn without(text: &str, module: &str) -> Result<String> {
    unregister(Path::new("migrations/mod.rs"), text, module, None)
}

#[test]
fn declaration_and_element_are_removed_with_what_belongs_to_them() {
    for (module, lines) in [
        ("m1_users", vec!["mod m1_users;", "            Box::new(m1_users::Migration),"]),
        (
            "m2_posts",
            vec![
                "mod m2_posts; // with slugs",
                "            // m2_posts needs users.",
                "            Box::new(m2_posts::Migration),",
            ],
        ),
        ("m3_tags", vec!["#[allow(dead_code)]", "mod m3_tags;", "            Box::new(m3_tags::Migration)"]),
        ("m9_unknown", vec![]),
    ] {
        let expected: String =
            lines.iter().fold(INDEX.to_owned(), |text, line| text.replacen(&format!("{line}\n"), "", 1));
        assert_eq!(without(INDEX, module).unwrap(), expected, "{module}");
        let windows = format!("\u{feff}{}", INDEX.replace('\n', "\r\n"));
        let expected = format!("\u{feff}{}", expected.replace('\n', "\r\n"));
        assert_eq!(without(&windows, module).unwrap(), expected, "{module}, as Windows writes it");
    }
}

#[test]
fn lists_on_one_line_stay_on_it() {
    let with = |list: &str| {
        format!("mod a;\nmod b;\nmod c;\nimpl MigratorTrait for M {{ fn migrations() -> V {{ vec![{list}] }} }}\n")
    };
    let [a, b, c] = ["a", "b", "c"].map(|name| format!("Box::new({name}::Migration)"));
    for (list, module, left) in [
        (format!("{a}, {b}, {c}"), "a", format!("{b}, {c}")),
        (format!("{a}, {b}, {c}"), "b", format!("{a}, {c}")),
        (format!("{a}, {b}, {c}"), "c", format!("{a}, {b}")),
        (format!("{a}, {b}, {c},"), "c", format!("{a}, {b},")),
        (c.clone(), "c", String::new()),
    ] {
        let expected = with(&left).replacen(&format!("mod {module};\n"), "", 1);
        assert_eq!(without(&with(&list), module).unwrap(), expected, "{list}");
    }
}

#[test]
fn the_only_element_leaves_an_empty_list() {
    let text = "mod a;\nimpl MigratorTrait for M {\n    fn migrations() -> V {\n        vec![\n            Box::new(a::Migration),\n        ]\n    }\n}\n";
    let expected = "impl MigratorTrait for M {\n    fn migrations() -> V {\n        vec![]\n    }\n}\n";
    assert_eq!(without(text, "a").unwrap(), expected);
}

#[test]
fn other_uses_are_refused_with_their_lines() {
    let pushed = "mod a;\nimpl MigratorTrait for M {\n    fn migrations() -> V {\n        let mut list = vec![];\n        list.push(Box::new(a::Migration));\n        list\n    }\n}\n";
    let exported = INDEX.replace("pub struct Migrator;", "pub use m1_users::Users;\npub struct Migrator;");
    let written_here = "mod a { pub struct Migration; }\nimpl MigratorTrait for M { fn migrations() -> V { vec![Box::new(a::Migration)] } }\n";
    let twice = "mod a;\nimpl MigratorTrait for M { fn migrations() -> V { vec![Box::new(a::Migration), Box::new(a::Migration)] } }\n";
    for (text, module, named) in [
        (pushed, "a", vec!["1: mod a;", "5: list.push(Box::new(a::Migration));"]),
        (exported.as_str(), "m1_users", vec!["4: mod m1_users;", "9: pub use m1_users::Users;"]),
        (written_here, "a", vec!["1: mod a {"]),
        (twice, "a", vec!["2: "]),
    ] {
        let Err(Error::Registration { lines, .. }) = without(text, module) else { panic!("not refused: {text}") };
        for line in named {
            assert!(lines.contains(line), "{line} is not in\n{lines}");
        }
    }
}

#[test]
fn comments_and_strings_are_no_uses() {
    assert_eq!(mentions("// a\nmod b; /* a */\nconst C: &str = \"a\";\nuse super::a::X;", "a"), [4]);
}
