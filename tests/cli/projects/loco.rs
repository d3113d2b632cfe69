//! A project of Loco's: its environment and its configuration.

use kit::error::Error;

use crate::support::{EMPTY_INDEX, Sandbox, Transcript};

/// The file that `loco new` writes, as far as it concerns databases.
const DEVELOPMENT: &str = "\
# Loco configuration file documentation
server:
  port: {{ get_env(name=\"NODE_PORT\", default=5150) }}
  host: http://localhost
auth:
  jwt: { secret: abc, expiration: 604800 }

{# the database #}
database:
  uri: {{ get_env(name=\"DATABASE_URL\", default=\"postgres://loco:s3cr3t@localhost:5432/app_development\") }}
  enable_logging: false
  connect_timeout: {{ get_env(name=\"DB_CONNECT_TIMEOUT\", default=\"500\") }}
  min_connections: 1
  max_connections: 2
  auto_migrate: true
  dangerously_truncate: false
";

fn loco() -> Sandbox {
    Sandbox::new()
        .file("migration/Cargo.toml", "[package]\nname = \"migration\"\nversion = \"0.1.0\"\n")
        .file("migration/src/lib.rs", EMPTY_INDEX)
        .file("src/models/_entities/mod.rs", "")
        .file("config/development.yaml", DEVELOPMENT)
}

/// The database, its origin and the environment.
fn about(run: &Transcript) -> [String; 3] {
    let about = run.json();
    ["database", "database_from", "environment"].map(|name| about[name].as_str().unwrap_or_default().to_owned())
}

fn seen(sandbox: &Sandbox) -> [String; 3] {
    let run = sandbox.kit(&["about", "--json"]);
    assert!(!run.to_string().contains("s3cr3t"), "{run}");
    about(&run)
}

#[test]
fn the_url_is_that_of_the_file_of_the_environment_with_its_line() {
    let database = "postgres://loco:***@localhost:5432/app_development";
    let from = "database.uri in config/development.yaml:10";
    assert_eq!(seen(&loco()), [database, from, "development"]);
    // A template's variable may be in .env; DATABASE_URL itself is kit's too, and wins.
    let other = loco().file("config/development.yaml", "database:\n  uri: \"postgres://{{get_env(name='HOST')}}/x\"\n");
    let other = other.file(".env", "HOST=db.internal\n");
    assert_eq!(seen(&other)[0], "postgres://db.internal/x");
    assert_eq!(seen(&loco().env("DATABASE_URL", "sqlite:///a.db"))[..2], ["sqlite:///a.db", "DATABASE_URL"]);
    assert_eq!(seen(&loco().file(".env", "DATABASE_URL=sqlite:///b.db\n"))[1], "DATABASE_URL in .env:1");
    let toml = loco().file("kit.toml", "[connections.main]\nurl = \"sqlite:///c.db\"\n");
    assert_eq!(seen(&toml)[0], "sqlite:///c.db");
    // A local file takes the place of the other one, and the folder may be another.
    let local = loco().file("config/development.local.yaml", "database:\n  uri: sqlite:///local.db\n");
    assert_eq!(seen(&local)[1], "database.uri in config/development.local.yaml:2");
    let moved = loco().file("settings/development.yaml", "database: { uri: 'sqlite:///moved.db' }\n");
    assert_eq!(seen(&moved.env("LOCO_CONFIG_FOLDER", "settings"))[1], "database.uri in settings/development.yaml:1");
}

#[test]
fn the_environment_is_locos_unless_kit_is_told_another() {
    let file = |name: &str| format!("database:\n  uri: sqlite:///{name}.db\n");
    let sandbox = || {
        ["production", "test", "staging"]
            .iter()
            .fold(loco(), |sandbox, name| sandbox.file(&format!("config/{name}.yaml"), &file(name)))
    };
    let environment = |sandbox: Sandbox, expected: &str| {
        let [database, _, environment] = seen(&sandbox);
        assert_eq!((environment.as_str(), database), (expected, format!("sqlite:///{expected}.db")));
    };
    environment(sandbox().env("LOCO_ENV", "production"), "production");
    environment(sandbox().env("RAILS_ENV", "test"), "test");
    environment(sandbox().env("NODE_ENV", "staging").env("RAILS_ENV", "test"), "test");
    environment(sandbox().env("LOCO_ENV", "production").env("APP_ENV", "staging"), "staging");
    environment(sandbox().file(".env", "LOCO_ENV=production\n"), "production");
    environment(sandbox().file(".env", "APP_ENV=test\n").env("LOCO_ENV", "production"), "production");
    environment(sandbox().file("kit.toml", "environment = \"test\"\n"), "test");
    let flag = sandbox().env("LOCO_ENV", "production").kit(&["about", "--json", "--env", "test"]);
    assert_eq!(about(&flag)[2], "test");
    // In production kit asks a question; without a terminal the command fails.
    let run = sandbox().env("LOCO_ENV", "production").kit(&["migrate", "-n"]);
    assert!(matches!(run.error(), Error::Unconfirmed { .. } | Error::NoDatabase { .. }), "{run}");
    // Elsewhere, other people's variables are other people's.
    let other = Sandbox::project().env("LOCO_ENV", "production").env("NODE_ENV", "production");
    assert_eq!(about(&other.kit(&["about", "--json"]))[2], "development");
}

#[test]
fn what_cannot_be_told_is_an_error_with_the_line() {
    let with = |text: &str| loco().file("config/development.yaml", text).kit(&["migrate:status"]);
    let unset = with("database:\n  uri: {{ get_env(name=\"SHOP_URL\") }}\n");
    let Error::MissingUrl(missing) = unset.error() else { panic!("{unset}") };
    assert_eq!(missing.variable, "SHOP_URL");
    for (text, place) in [
        ("database:\n  uri: \"{{ get_env(name='A', default='x') | upper }}\"\n", "config/development.yaml:2"),
        ("a: 1\n{% if true %}\ndatabase:\n  uri: s3cr3t\n{% endif %}\n", "config/development.yaml:2"),
        ("database:\n  uri: sqlite:///x.db\n  max_connections: s3cr3t\n", "config/development.yaml:3"),
        ("database:\n  uri: [\n", "config/development.yaml:"),
    ] {
        let run = with(text);
        let Error::Config { origin, .. } = run.error() else { panic!("{run}") };
        assert!(origin.contains(place), "{origin}");
        assert!(!run.to_string().contains("s3cr3t"), "{run}");
        // Where the URL is said otherwise, the file does not matter.
        let said = loco().file("config/development.yaml", text).env("DATABASE_URL", "sqlite:///x.db");
        assert_eq!(seen(&said)[0], "sqlite:///x.db");
    }
    let none = loco().env("LOCO_ENV", "production").kit(&["migrate", "--force"]);
    let Error::MissingUrl(missing) = none.error() else { panic!("{none}") };
    assert_eq!(missing.loco.as_deref(), Some("config/production.yaml"));
    assert_eq!(missing.elsewhere[0].file, "config/development.yaml");
}

#[test]
fn further_databases_have_names() {
    let text = "database:\n  uri: sqlite:///main.db\ninitializers:\n  extra_db:\n    uri: sqlite:///extra.db\n  \
                multi_db:\n    reports:\n      uri: sqlite:///reports.db\n";
    let sandbox = loco().file("config/development.yaml", text);
    for (name, line) in [("extra_db", 5), ("reports", 8)] {
        let run = sandbox.kit(&["about", "--json", "-d", name]);
        assert!(about(&run)[1].ends_with(&format!("config/development.yaml:{line}")), "{run}");
    }
    let run = sandbox.kit(&["about", "-d", "nosuch"]);
    assert!(
        matches!(run.error(), Error::UnknownConnection { known, .. } if known == &["extra_db", "reports"]),
        "{run}"
    );
}
