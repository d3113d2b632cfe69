//! What makes no migration: names that are bad or taken, and projects that kit cannot write to.

use kit::error::Error;

use crate::support::{EMPTY_INDEX, Sandbox, assert_error};

#[test]
fn a_name_is_asked_for() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["make:migration"]), @"
    --- stderr ---
      ERROR  missing argument: NAME
      hint: run `kit make:migration --help` for its usage
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit_answering(&["make:migration"], &["create_tags"]), @"
    migrations/m20260102_030405_create_tags.rs
    --- stderr ---
      What is the migration to do (create_posts_table)? create_tags
      INFO  Created a migration that creates table `tags`
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.kit_answering(&["make:migration"], &["../tags"]), @"
    --- stderr ---
      What is the migration to do (create_posts_table)? ../tags
      ERROR  `../tags` cannot be the name of a migration: it contains '.'
      hint: use letters, digits and _, starting with a letter: create_posts_table
    --- exit 1 ---
    ");
    assert_eq!(sandbox.files().len(), 2);
}

#[test]
fn bad_names_make_no_file() {
    let long = "a".repeat(300);
    for name in [
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
    ] {
        let sandbox = Sandbox::project();
        let transcript = sandbox.kit(&["make:migration", "--", name]);
        assert_eq!((transcript.code, transcript.stdout.as_str()), (1, ""), "{name:?}\n{transcript}");
        assert_error!(transcript, Error::BadName { kind: "migration", .. });
        assert!(!transcript.hint().is_empty(), "{transcript}");
        assert!(!transcript.stderr.contains(['\u{1b}', '\u{202e}', '\0', '\t']), "{transcript}");
        assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
        assert_eq!(sandbox.read("migrations/mod.rs"), EMPTY_INDEX);
    }
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "a; pub fn f(){} mod b"]), @"
    --- stderr ---
      ERROR  `a; pub fn f(){} mod b` cannot be the name of a migration: it contains ';'
      hint: use letters, digits and _, starting with a letter: create_posts_table
    --- exit 1 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "x", "--create=a\"b"]), @r#"
    --- stderr ---
      ERROR  `a"b` cannot be the name of a table: it contains '"'
      hint: use letters, digits and _, starting with a letter
    --- exit 1 ---
    "#);
    let name = format!("create_{}", "a".repeat(80));
    insta::assert_snapshot!(sandbox.kit(&["make:migration", &name]), @"
    --- stderr ---
      ERROR  `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…` cannot be the name of a table: it has 80 characters, databases allow 63
      hint: use letters, digits and _, starting with a letter
    --- exit 1 ---
    ");
    assert_eq!(sandbox.kit(&["make:migration", "x", "--create=a", "--table=b"]).code, 2);
    assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
}

#[test]
fn a_name_is_taken_once() {
    let sandbox = Sandbox::project().file("migrations/m1_Old_Name.rs", "").file("migrations/m2_folder/mod.rs", "");
    assert_eq!(sandbox.kit(&["make:migration", "create_posts"]).code, 0);
    let taken = sandbox.kit(&["make:migration", "CREATE-posts"]);
    insta::assert_snapshot!(taken, @"
    --- stderr ---
      ERROR  a migration named `create_posts` exists: [ROOT]/migrations/m20260102_030405_create_posts.rs
      hint: choose another name, or delete that migration first: `kit migrate:delete create_posts`
    --- exit 1 ---
    ");
    assert_eq!(sandbox.kit(&["make:migration", "old_name"]).code, 1);
    assert_eq!(sandbox.kit(&["make:migration", "folder"]).code, 1);
    // The hint arrives.
    for command in taken.hinted() {
        assert_eq!(sandbox.kit(&[command, vec!["--force".to_owned()]].concat()).code, 0);
    }
    assert_eq!(sandbox.kit(&["make:migration", "CREATE-posts"]).code, 0);
    assert_eq!(sandbox.files().len(), 4);
}

#[test]
fn a_list_of_another_kind_is_left_alone() {
    let index = EMPTY_INDEX.replace("vec![]", "all().collect()");
    let sandbox = Sandbox::new().file("migrations/mod.rs", &index);
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_posts"]), @"
    --- stderr ---
      ERROR  cannot register `m20260102_030405_create_posts` in [ROOT]/migrations/mod.rs: `migrations` is more than one `vec![…]`
      hint: add by hand:
            mod m20260102_030405_create_posts;
            Box::new(m20260102_030405_create_posts::Migration),
    --- exit 1 ---
    ");
    assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
    assert_eq!(sandbox.read("migrations/mod.rs"), index);
}

#[test]
fn outside_of_a_project_nothing_is_made() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_posts"]), @"
    --- stderr ---
      ERROR  not in a project: no migrations/mod.rs, src/migrations/mod.rs or migration/src/lib.rs in [ROOT] or above
      hint: run `kit init` to start one, or name it with --project DIR
    --- exit 1 ---
    ");
    assert!(sandbox.files().is_empty());
}
