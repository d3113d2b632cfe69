//! No URL of a database: which default is taken where, what the error names, and that its hint leads on.

use kit::error::Error;
use kit::error::NoDefault;

use crate::support::{EMPTY_INDEX, Sandbox, Transcript};

/// A migration crate whose SeaORM has these drivers.
fn seaorm(drivers: &str) -> Sandbox {
    let manifest = format!(
        "[package]\nname = \"migration\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         sea-orm-migration = {{ version = \"2.0\", features = [\"runtime-tokio-rustls\"{drivers}] }}\n"
    );
    Sandbox::new().file("migration/Cargo.toml", &manifest).file("migration/src/lib.rs", EMPTY_INDEX)
}

fn missing(run: &Transcript) -> &kit::error::MissingUrl {
    match run.error() {
        Error::MissingUrl(missing) => missing,
        other => panic!("{other:?}\n{run}"),
    }
}

/// Commands that must not reach a database, reading and writing ones.
const COMMANDS: [&[&str]; 4] =
    [&["migrate", "--force"], &["migrate:status"], &["migrate:fresh", "--force"], &["db:seed", "--force"]];

#[test]
fn outside_of_development_there_is_no_default_database_and_no_file_is_created() {
    for name in ["production", "Prod", "staging", "test"] {
        let sandbox = Sandbox::project().env("APP_ENV", name);
        for command in COMMANDS {
            let run = sandbox.kit(command);
            assert_eq!(run.code, 1, "{run}");
            assert_eq!((&missing(&run).reason, missing(&run).environment.as_str()), (&NoDefault::Environment, name));
        }
        assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
        let by_flag = Sandbox::project().kit(&["migrate", "--force", "--env", name]);
        assert_eq!(missing(&by_flag).reason, NoDefault::Environment);
    }
    for name in ["", "development", "Development", "dev"] {
        let development = Sandbox::project().env("APP_ENV", name).kit(&["about", "--json"]);
        assert!(development.json()["database"].as_str().unwrap().ends_with("database/app.sqlite"), "{development}");
    }
}

#[test]
fn a_project_without_the_default_driver_gets_an_error_in_development_too() {
    let postgres = ", \"sqlx-postgres\"";
    let both = ", \"sqlx-postgres\", \"sqlx-sqlite\"";
    let driver = |run: &Transcript| match &missing(run).reason {
        NoDefault::Driver { drivers } => drivers.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(driver(&seaorm(postgres).kit(&["migrate:status"])), ["sqlx-postgres"]);
    assert_eq!(driver(&seaorm("").kit(&["migrate", "--force"])), Vec::<String>::new());
    let here = seaorm(both).kit(&["about", "--json"]);
    assert!(here.json()["database"].as_str().unwrap().starts_with("sqlite://"), "{here}");
    // The application's own driver counts, and what a workspace says for all of its members.
    let application = "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\nsea-orm.workspace = true\n\
                       [workspace.dependencies]\nsea-orm = { version = \"2.0\", features = [\"sqlx-sqlite\"] }\n";
    let inherited = seaorm(postgres).file("Cargo.toml", application).kit(&["about", "--json"]);
    assert!(inherited.json()["database"].as_str().is_some(), "{inherited}");
    // kit's own layout too, if it names drivers.
    let manifest = "[package]\nname = \"a\"\nversion = \"0.1.0\"\n[dependencies]\n\
                    sea-orm = { version = \"2.0\", features = [\"sqlx-mysql\"] }\n";
    let kit = Sandbox::new().file("Cargo.toml", manifest).file("migrations/mod.rs", EMPTY_INDEX);
    assert_eq!(driver(&kit.kit(&["migrate:status"])), ["sqlx-mysql"]);
}

#[test]
fn a_variable_that_is_one_letter_off_is_named_and_renaming_it_helps() {
    for (wrong, file) in [
        ("DATABSE_URL", "# comment\nDATABSE_URL=sqlite://a.db\n"),
        ("DATABASE_URI", "A=1\nexport DATABASE_URI='sqlite://a.db'\n"),
        ("database_url", "\ndatabase_url=sqlite://a.db\n"),
    ] {
        let sandbox = Sandbox::project().env("APP_ENV", "production").file(".env", file);
        let run = sandbox.kit(&["migrate", "--force"]);
        let [misspelt] = missing(&run).misspelt.as_slice() else { panic!("{run}") };
        assert_eq!((misspelt.name.as_str(), misspelt.origin.line), (wrong, Some(2)));
        assert!(run.hint().contains(wrong) && run.hint().contains("DATABASE_URL"), "{run}");
        sandbox.write(".env", &file.replace(wrong, &misspelt.meant));
        let run = sandbox.kit(&["about", "--json"]);
        assert!(run.json()["database"].as_str().unwrap().ends_with("a.db"), "{run}");
    }
    // A user who wrote a URL does not mean the default.
    let development =
        Sandbox::project().file(".env", "DATABSE_URL=postgres://u:s3cr3t@h/x\n").kit(&["migrate", "--force"]);
    assert_eq!(missing(&development).reason, NoDefault::Misspelt);
    assert_eq!(missing(&development).elsewhere, []);
    assert!(development.hides("s3cr3t"), "{development}");
    // Typed before the command.
    let run = Sandbox::project().env("APP_ENV", "production").env("DATABASE_ULR", "x").kit(&["migrate:status"]);
    assert_eq!(missing(&run).misspelt[0].origin.file, None);
    // The variable of a connection.
    let sandbox = Sandbox::project()
        .file("kit.toml", "[connections.main]\nenv = \"SHOP_DATABASE\"\n")
        .file(".env", "SHOP_DATABSE=sqlite://a.db\n");
    let run = sandbox.kit(&["migrate:status"]);
    assert!(matches!(&missing(&run).reason, NoDefault::Connection { origin } if origin.line == Some(1)), "{run}");
    assert_eq!(missing(&run).misspelt[0].meant, "SHOP_DATABASE");
}

#[test]
fn a_misspelt_variable_is_a_warning_where_another_url_is_found() {
    let sandbox = Sandbox::project().env("DATABASE_URL", "sqlite://a.db").file(".env", "APP_EVN=production\n");
    let run = sandbox.kit(&["about"]);
    assert!(run.code == 0 && run.shows("APP_EVN") && run.shows(".env:1"), "{run}");
    // A file that sets both variables means both.
    let both = Sandbox::project().file(".env", "DATABASE_URL=sqlite://a.db\nDATABASE_URI=x\nAPP_ENV=test\n");
    assert_eq!(both.kit(&["about"]).stderr, "");
}

#[test]
fn a_url_in_another_place_is_named_and_not_used() {
    for (file, text, line) in [
        ("compose.yaml", "services:\n  app:\n    environment:\n      - DATABASE_URL=postgres://u:s3cr3t@db/x\n", 4),
        ("docker-compose.yml", "# postgres://u:s3cr3t@db/x\nx: mysql://u:s3cr3t@db/x\n", 2),
        ("config/default.toml", "[database]\nurl = \"postgres://u:s3cr3t@db/x\"\n", 2),
        ("configuration/base.yaml", "database:\n  url: postgresql://u:s3cr3t@db/x\n", 2),
        (".env.example", "\n\nDATABASE_URL=postgres://u:s3cr3t@db/x\n", 3),
        (".env.local", "DATABASE_URL=postgres://u:s3cr3t@db/x\n", 1),
        (".env.production", "DATABASE_URL=postgres://u:s3cr3t@db/x\n", 1),
        (".env", "PRIMARY_DB=postgres://u:s3cr3t@db/x\n", 1),
        ("Rocket.toml", "[default.databases.x]\nurl = \"mysql://u:s3cr3t@db/x\"\n", 2),
        (".cargo/config.toml", "[env]\nDATABASE_URL = \"postgres://u:s3cr3t@db/x\"\n", 2),
    ] {
        let sandbox = Sandbox::project().env("APP_ENV", "production").file(file, text);
        let run = sandbox.kit(&["migrate", "--force"]);
        let [place] = missing(&run).elsewhere.as_slice() else { panic!("{file}: {run}") };
        assert_eq!((place.file.as_str(), place.line), (file, line));
        assert!(!run.to_string().contains("s3cr3t"), "{run}");
        assert!(run.hint().contains(&format!("{file}:{line}")), "{run}");
        // The hint: the URL of that line, as a variable in .env.
        let there = text.lines().nth(line - 1).unwrap();
        let from = there.find("postgres").or_else(|| there.find("mysql")).unwrap();
        let url = there[from..].trim_end_matches('"');
        sandbox.write(".env", &format!("DATABASE_URL={url}\n"));
        let run = sandbox.kit(&["about", "--json"]);
        assert_eq!(run.json()["database"], url.replace("s3cr3t", "***").replace("postgresql:", "postgres:"), "{run}");
    }
}

#[test]
fn about_shows_everything_else_where_no_url_is() {
    let run = Sandbox::project().env("APP_ENV", "production").kit(&["about", "--json"]);
    let about = run.json();
    assert_eq!(
        (run.code, &about["database"], &about["environment"]),
        (0, &serde_json::Value::Null, &"production".into())
    );
    assert!(about["warnings"][0]["kind"] == "missing_url", "{run}");
}
