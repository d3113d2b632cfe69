//! `.env` as `dotenvy` reads it for an application.

use std::fs::OpenOptions;
use std::io::Write;

use kit::error::Error;

use crate::support::{EMPTY_INDEX, Sandbox, assert_error};

/// What `kit about` says of the database, and of where it comes from.
fn database(sandbox: &Sandbox) -> (String, String) {
    let about = sandbox.kit(&["about", "--json"]).json();
    let text = |name: &str| about[name].as_str().unwrap_or_default().to_owned();
    (text("database").rsplit('/').next().unwrap_or_default().to_owned(), text("database_from"))
}

/// The value that an application gets: dotenvy's loading takes off the mark and keeps the first of two lines.
fn loaded(text: &str, name: &str) -> Option<String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut variables = dotenvy::from_read_iter(text.as_bytes()).map(Result::unwrap);
    variables.find(|(key, _)| key == name).map(|(_, value)| value)
}

#[test]
fn a_file_is_read_as_an_application_reads_it() {
    for (text, line) in [
        ("DATABASE_URL=sqlite://one.db\nDATABASE_URL=sqlite://two.db\n", 1),
        ("\u{feff}DATABASE_URL=sqlite://one.db\n", 1),
        ("# comment\n\nexport DATABASE_URL=\"sqlite://one.db\" # why\n", 3),
        ("NAME=one\r\nDATABASE_URL=sqlite://${NAME}.db\r\n", 2),
        ("KEY='a\nb'\nDATABASE_URL = 'sqlite://one.db'", 3),
        ("A=\"x\ny\nz\"\nDATABASE_URL=\"sqlite://one.db\"\n", 4),
    ] {
        assert_eq!(loaded(text, "DATABASE_URL").as_deref(), Some("sqlite://one.db"), "{text:?}");
        let sandbox = Sandbox::project().file(".env", text);
        assert_eq!(database(&sandbox), ("one.db".to_owned(), format!("DATABASE_URL in .env:{line}")), "{text:?}");
    }
}

#[test]
fn what_cannot_be_read_is_named_by_its_line_and_never_quoted() {
    for (bytes, line) in [
        (&b"A=1\nDATABASE_URL postgres://u:s3cr3t@h/x\n"[..], 2),
        (b"A=1\n\nDATABASE_URL=\"postgres://u:s3cr3t@h/x\nB=2\nC=3\n", 3),
        (b"DATABASE_URL=postgres://u:s3cr3t @h/x\n", 1),
        (b"A=1\nB=\xff\xfe s3cr3t\n", 2),
    ] {
        let sandbox = Sandbox::project().file(".env", "");
        OpenOptions::new().append(true).open(sandbox.root().join(".env")).unwrap().write_all(bytes).unwrap();
        let run = sandbox.kit(&["migrate:status", "-vvv"]);
        let Error::Unreadable { message, .. } = run.error() else { panic!("{run}") };
        assert!(message.contains(&format!("line {line} ")), "{message}");
        assert!(!run.to_string().contains("s3cr3t"), "{run}");
    }
}

#[test]
fn a_folder_without_the_file_takes_that_of_the_repository_or_workspace() {
    let in_repository = Sandbox::new()
        .file(".git/HEAD", "")
        .file(".env", "APP_ENV=test\nDATABASE_URL=sqlite://above.db\n")
        .file("app/migrations/mod.rs", EMPTY_INDEX)
        .cwd("app");
    assert_eq!(database(&in_repository), ("above.db".to_owned(), "DATABASE_URL in ../.env:2".to_owned()));
    // A relative path is relative to the file: that is where the application runs that finds it.
    let about = in_repository.kit(&["about"]).stdout;
    assert!(crate::support::shows(&about, "sqlite://[ROOT]/above.db"), "{about}");
    let in_workspace = Sandbox::new()
        .file("Cargo.toml", "[workspace]\nmembers = [\"crates/app\"]\n")
        .file(".env", "DATABASE_URL=sqlite://above.db\n")
        .file("crates/app/Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\n")
        .file("crates/app/migrations/mod.rs", EMPTY_INDEX)
        .cwd("crates/app");
    assert_eq!(database(&in_workspace), ("above.db".to_owned(), "DATABASE_URL in ../../.env:1".to_owned()));
    in_workspace.write("crates/app/.env", "DATABASE_URL=sqlite://own.db\n");
    assert_eq!(database(&in_workspace).0, "own.db");
    // Above a repository, nothing is the project's.
    let outside = Sandbox::new()
        .file(".env", "DATABASE_URL=sqlite://above.db\n")
        .file("clone/.git/HEAD", "")
        .file("clone/migrations/mod.rs", EMPTY_INDEX)
        .cwd("clone");
    assert_eq!(database(&outside), ("app.sqlite".to_owned(), "the default".to_owned()));
}

#[test]
fn variables_that_the_driver_reads_count_from_the_file_too() {
    let sandbox = Sandbox::project()
        .file(".env", "DATABASE_URL=postgres:shop\nPGHOST=db.internal\nPGUSER=me\nPGPASSWORD=s3cr3t\nPGPORT=6000\n");
    let run = sandbox.kit(&["about", "--json"]);
    assert_eq!(run.json()["database"], "postgres://me:***@db.internal:6000/shop");
    assert!(!run.to_string().contains("s3cr3t"));
    // The process wins, and a URL that says it wins over both.
    let sandbox = sandbox.env("PGHOST", "other");
    assert_eq!(sandbox.kit(&["about", "--json"]).json()["database"], "postgres://me:***@other:6000/shop");
    let whole = sandbox.kit(&["about", "--json", "-d", "postgres://a:b@h:1/x"]);
    assert_eq!(whole.json()["database"], "postgres://a:***@h:1/x");
}

/// Every error of `.env` has the file and the line, and no value.
#[test]
fn a_broken_dotenv_is_an_error_with_its_line() {
    for text in ["A=1\ns3cr3t line\n", "A=1\nDATABASE_URL=\"s3cr3t\n", "A=1\n1X=s3cr3t\n", "A=1\nB=s3cr3t b\n"] {
        let run = Sandbox::project().file(".env", text).kit(&["migrate:status", "-vvv"]);
        assert_eq!(run.code, 1, "{run}");
        assert_error!(run, Error::Unreadable { path, message } if path.ends_with(".env") && message.contains("line 2"));
        assert!(run.hides("s3cr3t"), "{run}");
    }
    // A URL that kit cannot use is named by the line that it comes from.
    for url in ["s3cr3t", "postgres://u:s3cr3t@h:99999999/x", "nonsense://u:s3cr3t@h/x"] {
        let run = Sandbox::project().file(".env", &format!("A=1\nDATABASE_URL={url}\n")).kit(&["migrate:status"]);
        assert_error!(run, Error::BadUrl { origin, .. } if origin.ends_with(".env:2"));
        assert!(run.hides("s3cr3t"), "{run}");
        let toml = format!("\n[connections.a]\nurl = \"{url}\"\n");
        let run = Sandbox::project().file("kit.toml", &toml).kit(&["migrate:status"]);
        assert_error!(run, Error::BadUrl { origin, .. } | Error::Config { origin, .. } if origin.contains("kit.toml"));
        assert!(run.hides("s3cr3t"), "{run}");
    }
}

/// What the types of kit.toml do not say is an error with the line of its table or key.
#[test]
fn a_contradiction_in_kit_toml_is_an_error_with_its_line() {
    for (text, place) in [
        ("\n[connections.a]\n", "[connections.a] in kit.toml:2"),
        ("[connections.a]\nurl = \"sqlite:s3cr3t\"\nenv = \"A\"\n", "[connections.a] in kit.toml:1"),
        ("\n\n[connections.a]\nenv = \"sqlite:s3cr3t\"\n", "[connections.a] in kit.toml:3"),
        ("[connections.\"a b\"]\nurl = \"sqlite:s3cr3t\"\n", "[connections.a b] in kit.toml:1"),
        ("[database]\ndefault = \"sqlite://s3cr3t\"\n", "database.default in kit.toml:2"),
    ] {
        let run = Sandbox::project().file("kit.toml", text).kit(&["migrate:status"]);
        assert_error!(run, Error::Config { origin, .. } if origin == place);
        assert_eq!(run.code, 1, "{run}");
        assert!(run.hides("s3cr3t"), "{run}");
    }
}

/// An unknown key has its line, and the hint the key that is meant; written so, the file is read.
#[test]
fn an_unknown_key_of_kit_toml_leads_to_the_nearest_one() {
    for (text, key, meant) in [
        ("\nenviroment = \"test\"\n", "enviroment", "environment"),
        ("\nnamming = \"dash\"\n", "namming", "naming"),
        ("[connections.main]\nulr = \"sqlite://a.db\"\n", "ulr", "url"),
        ("[entities]\nentity_formt = \"dense\"\n", "entity_formt", "entity_format"),
    ] {
        let run = Sandbox::project().file("kit.toml", text).kit(&["about"]);
        assert_error!(run, Error::UnknownKey { origin, key: found, known }
            if origin == "kit.toml line 2" && found == key && known.iter().any(|known| known == meant));
        assert_eq!((run.code, run.hint().split('`').nth(1)), (1, Some(meant)), "{run}");
        let corrected = Sandbox::project().file("kit.toml", &text.replace(key, meant)).kit(&["about"]);
        assert_eq!(corrected.code, 0, "{corrected}");
    }
    let run = Sandbox::project().file("kit.toml", "[database]\nxyz = 1\n").kit(&["about"]);
    assert_error!(run, Error::UnknownKey { known, .. } if *known == ["default", "prohibit_destructive"]);
}
