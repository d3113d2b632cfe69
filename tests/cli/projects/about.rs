//! `kit about`: every setting with the place that it comes from.

use serde_json::Value;

use crate::support::Sandbox;

/// A setting as `FILE:LINE`, or the flag or variable.
fn place(about: &Value, name: &str) -> String {
    let settings = about["settings"].as_array().unwrap();
    let row = settings.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name} in {about:#}"));
    match (&row["file"], &row["line"]) {
        (Value::String(file), line) => format!("{file}:{line}"),
        _ => format!("{} {}", row["source"].as_str().unwrap(), row["key"].as_str().unwrap()),
    }
}

#[test]
fn every_setting_is_named_with_its_file_and_line() {
    let sandbox = Sandbox::project()
        .file(
            "kit.toml",
            "environment = \"staging\"\n[project]\nlayout = \"kit\"\n\n[connections.main]\nenv = \"SHOP_URL\"\nschema = \"shop\"\n\
             [connections.other]\nurl = \"postgres://u:s3cr3t@h/x?password=s3cr3t\"\n[database]\ndefault = \"main\"\n",
        )
        .file(".env", "\nSHOP_URL=postgres://u:s3cr3t@localhost/shop\n");
    let run = sandbox.kit(&["about", "--json"]);
    let about = run.json();
    for (name, expected) in [
        ("environment", "kit.toml:1"),
        ("layout", "kit.toml:3"),
        ("migrations", "detected "),
        ("database", "kit.toml:5"),
        ("SHOP_URL", ".env:2"),
        ("schema", "kit.toml:7"),
        ("connections.other.url", "kit.toml:9"),
        ("database.default", "kit.toml:11"),
    ] {
        assert_eq!(place(&about, name), expected, "{name}");
    }
    let text = sandbox.kit(&["about"]);
    assert!(!run.to_string().contains("s3cr3t") && !text.to_string().contains("s3cr3t"), "{run}{text}");
    for there in ["kit.toml:1", "kit.toml:5", ".env:2", "kit.toml:7"] {
        assert!(text.shows(there), "{there}\n{text}");
    }
    let told =
        sandbox.seeing("DATABASE_URL", "postgres://localhost/y").env("DATABASE_SCHEMA", "s").env("APP_ENV", "test");
    let about = told.kit(&["about", "--json"]).json();
    for (name, expected) in [
        ("environment", "environment APP_ENV"),
        ("database", "environment DATABASE_URL"),
        ("schema", "environment DATABASE_SCHEMA"),
    ] {
        assert_eq!(place(&about, name), expected);
    }
    let flags = told.kit(&["about", "--json", "--env", "demo", "-d", "sqlite://x.db"]).json();
    assert_eq!(place(&flags, "environment"), "flag --env");
    assert_eq!(place(&flags, "database"), "flag --database");
}

#[test]
fn a_schema_of_kit_toml_holds_for_a_url_of_the_environment_too() {
    let toml = "[connections.main]\nurl = \"postgres://localhost/x\"\nschema = \"shop\"\n";
    let sandbox = Sandbox::project().file("kit.toml", toml).env("DATABASE_URL", "postgres://localhost/y");
    assert_eq!(place(&sandbox.kit(&["about", "--json"]).json(), "schema"), "kit.toml:3");
}
