//! Registering, case by case: what was there stays to the byte, what comes is where it belongs.

use super::*;

const NAME: &str = "m20260102_030405_create_posts";

fn registered(text: &str) -> Result<String> {
    register(Path::new("mod.rs"), text, Module { name: NAME, path: None }, None)
}

/// A file with these modules and this body of `migrations`.
fn file(modules: &str, body: &str) -> String {
    format!(
        "{modules}\npub struct Migrator;\n\n#[async_trait::async_trait]\nimpl MigratorTrait for Migrator {{\n    \
         fn migrations() -> Vec<Box<dyn MigrationTrait>> {{\n        {body}\n    }}\n}}\n"
    )
}

fn check(before: (&str, &str), after: (&str, &str)) {
    let (before, after) = (file(before.0, before.1), file(after.0, after.1));
    let edited = registered(&before).unwrap();
    assert_eq!(edited, after);
    assert_eq!(registered(&edited).unwrap(), edited, "twice is once");
    // The same with the line ends of Windows, with a byte order mark, and without the last line end.
    let windows = before.replace('\n', "\r\n");
    assert_eq!(registered(&windows).unwrap(), after.replace('\n', "\r\n"));
    assert_eq!(registered(&format!("\u{feff}{windows}")).unwrap(), format!("\u{feff}{}", after.replace('\n', "\r\n")));
    assert_eq!(registered(before.trim_end()).unwrap(), after.trim_end());
}

#[test]
fn every_list_keeps_its_looks() {
    let (mods, with) = ("mod a;\n", format!("mod a;\nmod {NAME};\n"));
    let new = format!("Box::new({NAME}::Migration),");
    let cases = [
        ("vec![]", format!("vec![Box::new({NAME}::Migration)]")),
        (
            "vec![Box::new(a::Migration)]",
            format!("vec![\n            Box::new(a::Migration),\n            {new}\n        ]"),
        ),
        (
            "vec![Box::new(a::Migration),]",
            format!("vec![\n            Box::new(a::Migration),\n            {new}\n        ]"),
        ),
        (
            "vec![Box::new(a::Migration), Box::new(b::Migration) /* b */]",
            format!(
                "vec![\n            Box::new(a::Migration),\n            Box::new(b::Migration), /* b */\n            {new}\n        ]"
            ),
        ),
        (
            "vec![\n            Box::new(a::Migration),\n        ]",
            format!("vec![\n            Box::new(a::Migration),\n            {new}\n        ]"),
        ),
        (
            "vec![\n            Box::new(a::Migration)\n        ]",
            format!("vec![\n            Box::new(a::Migration),\n            {new}\n        ]"),
        ),
        (
            "vec![\n            Box::new(a::Migration), // the first\n            // Box::new(old::Migration),\n        ]",
            format!(
                "vec![\n            Box::new(a::Migration), // the first\n            {new}\n            // Box::new(old::Migration),\n        ]"
            ),
        ),
        (
            "vec![\n            Box::new(a::Migration) // no comma\n        ]",
            format!("vec![\n            Box::new(a::Migration), // no comma\n            {new}\n        ]"),
        ),
        (
            "vec![\n            Box::new(a::Migration), /* more\n            lines */\n        ]",
            format!(
                "vec![\n            Box::new(a::Migration), /* more\n            lines */\n            {new}\n        ]"
            ),
        ),
        (
            "vec![\n            Box::new(a::Migration),\n            // inject-above (do not remove this comment)\n        ]",
            format!(
                "vec![\n            Box::new(a::Migration),\n            {new}\n            // inject-above (do not remove this comment)\n        ]"
            ),
        ),
        (
            "vec![\n            Box::new(a::Migration)\n            // inject-above\n        ]",
            format!(
                "vec![\n            Box::new(a::Migration),\n            {new}\n            // inject-above\n        ]"
            ),
        ),
        (
            "vec![\n            // inject-above (do not remove this comment)\n        ]",
            format!("vec![\n            {new}\n            // inject-above (do not remove this comment)\n        ]"),
        ),
        (
            "vec![\n            // oldest first\n        ]",
            format!("vec![\n            // oldest first\n            {new}\n        ]"),
        ),
        ("vec![\n        ]", format!("vec![Box::new({NAME}::Migration)]")),
        (
            "vec![\n            #[cfg(feature = \"x\")]\n            Box::new(a::Migration),\n            Box::new(other::m1::Migration),\n        ]",
            format!(
                "vec![\n            #[cfg(feature = \"x\")]\n            Box::new(a::Migration),\n            Box::new(other::m1::Migration),\n            {new}\n        ]"
            ),
        ),
        (
            "vec![\n            Box::new(a::Migration::new(vec![1, 2])),\n            helper(),\n        ]",
            format!(
                "vec![\n            Box::new(a::Migration::new(vec![1, 2])),\n            helper(),\n            {new}\n        ]"
            ),
        ),
        (
            "vec![\n            Box::new(a::Migration)]",
            format!("vec![\n            Box::new(a::Migration),\n            {new}]"),
        ),
    ];
    for (before, after) in cases {
        // rustfmt breaks what is longer.
        check((mods, before), (&with, &after));
    }
}

#[test]
fn the_module_comes_after_its_like() {
    let body = ("vec![Box::new(a::M)]", format!("vec![Box::new(a::M), Box::new({NAME}::Migration)]"));
    for (before, after) in [
        ("mod a; // first\nmod helper;\n", format!("mod a; // first\nmod {NAME};\nmod helper;\n")),
        ("pub mod a;\n", format!("pub mod a;\npub mod {NAME};\n")),
        ("pub(crate) mod a;\n", format!("pub(crate) mod a;\npub(crate) mod {NAME};\n")),
        ("mod helper;\nmod zebra;\n", format!("mod helper;\nmod zebra;\nmod {NAME};\n")),
        (
            "#![allow(x)]\npub use sea_orm_migration::prelude::*;\n",
            format!("#![allow(x)]\npub use sea_orm_migration::prelude::*;\n\nmod {NAME};\n"),
        ),
        (
            "//! Docs.\n\n// Of the type.\n/// A type.",
            format!("//! Docs.\n\nmod {NAME};\n\n// Of the type.\n/// A type."),
        ),
        ("mod a; mod b;\n", format!("mod a;\nmod {NAME}; mod b;\n")),
        (
            "#[cfg(test)]\nmod tests {\n    fn f() {}\n}\nmod a;\n",
            format!("#[cfg(test)]\nmod tests {{\n    fn f() {{}}\n}}\nmod a;\nmod {NAME};\n"),
        ),
    ] {
        let edited = registered(&file(before, body.0)).unwrap();
        let start = edited.find("\npub struct Migrator").unwrap();
        assert_eq!(&edited[..start], after.as_str());
    }
}

#[test]
fn the_rest_of_the_file_stays() {
    let text = "mod a;\r\n\r\npub struct M;\r\nimpl sea_orm_migration::MigratorTraitSelf for M {\r\n\tfn migrations(&self) -> \
                Vec<Box<dyn MigrationTrait>> {\r\n\t\tvec![\r\n\t\t\tBox::new(a::Migration),\r\n\t\t]\r\n\t}\r\n}\r\n\r\n\
                fn helper() -> Vec<u8> { vec![1] } // \"quotes\" 'c' é";
    let edited = registered(text).unwrap();
    let expected = text
        .replace("mod a;", &format!("mod a;\r\nmod {NAME};"))
        .replace("a::Migration),", &format!("a::Migration),\r\n\t\t\tBox::new({NAME}::Migration),"));
    assert_eq!(edited, expected);
}

#[test]
fn a_path_is_written_where_rust_would_not_look() {
    let text = file("mod a;\n", "vec![]");
    let module = Module { name: NAME, path: Some("billing/m1.rs") };
    let edited = register(Path::new("mod.rs"), &text, module, None).unwrap();
    assert!(edited.starts_with(&format!("mod a;\n#[path = \"billing/m1.rs\"]\nmod {NAME};\n")), "{edited}");
}

#[test]
fn half_of_it_is_completed() {
    let text = file(&format!("mod {NAME};\n"), "vec![\n            Box::new(a::Migration),\n        ]");
    let edited = registered(&text).unwrap();
    assert_eq!(edited.matches(NAME).count(), 2);
}

#[test]
fn other_lists_are_refused_with_the_lines() {
    for body in [
        "let mut v = vec![]; v.push(a()); v",
        "vec![a(); 3]",
        "Vec::from([Box::new(a::Migration)])",
        "other::migrations().into_iter().chain(vec![]).collect()",
        "my_macro![]",
        "return vec![];",
    ] {
        let error = registered(&file("mod a;\n", body)).unwrap_err();
        assert!(matches!(error, Error::Registration { .. }), "{body}: {error}");
        let hint = error.hint().unwrap();
        assert!(hint.contains(&format!("mod {NAME};\nBox::new({NAME}::Migration),")), "{hint}");
    }
    for text in ["mod a;\n", "struct A;\nimpl MigratorTrait for A {}\n", &file("", "vec![]").repeat(2)] {
        assert!(matches!(registered(text).unwrap_err(), Error::Registration { .. }), "{text}");
    }
    assert!(matches!(registered("fn {").unwrap_err(), Error::Unreadable { .. }));
}
