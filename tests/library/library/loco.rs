//! `kit_runtime::config` in a project of Loco's, and where no URL is: the same database as kit's command line.
#![allow(clippy::disallowed_methods, reason = "a test writes its own configuration")]

use std::fs;
use std::path::Path;

use kit_runtime::config::{Config, Error, Protection};
use tempfile::TempDir;

use super::{App, FAMILY};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn config(root: &Path, variables: &[(&str, &str)]) -> Config {
    let variables: Vec<(String, String)> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let value = move |name: &str| variables.iter().find(|(one, _)| one == name).map(|(_, value)| value.clone());
    Config::with(root, value).unwrap()
}

const ENTITIES: (&str, &str) = ("src/models/_entities/mod.rs", "");

#[tokio::test]
async fn the_file_of_the_environment_says_how_a_database_is_opened() {
    let text = "database:\n  uri: sqlite://{{ get_env(name=\"FILE\", default=\"loco.db\") }}?mode=rwc\n  auto_migrate: true\n  \
                min_connections: 1\n  max_connections: 3\n  connect_timeout: 900\n  idle_timeout: 500\n  enable_logging: false\n\
                initializers:\n  multi_db:\n    reports:\n      uri: \"sqlite::memory:\"\n      auto_migrate: true\n      dangerously_truncate: false\n\
                \u{20}   stock:\n      uri: \"sqlite::memory:\"\n      auto_migrate: true\n";
    let folder = folder(&[ENTITIES, ("config/staging.yaml", text)]);
    let config = config(folder.path(), &[("LOCO_ENV", "staging")]);
    let main = config.main().unwrap();
    let options = main.connect_options();
    assert_eq!((options.get_min_connections(), options.get_max_connections()), (Some(1), Some(3)));
    let pool = main.connect::<App>().await.unwrap();
    assert_eq!(kit_runtime::pending::<App>(&pool).await.unwrap().len(), 0);
    assert!(folder.path().join("loco.db").is_file() && FAMILY.len() > 1);
    let all = config.open_all().await.unwrap();
    assert_eq!(all.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["reports", "stock"]);
    // Loco's initializer does not migrate.
    assert!(matches!(all.get("main"), Err(Error::NoMigrator { .. } | Error::Unknown { .. })));
}

#[tokio::test]
async fn dangerous_switches_of_locos_are_refused_in_production() {
    let text = "database:\n  uri: sqlite://loco.db?mode=rwc\n  dangerously_recreate: true\n";
    // The file is that of the exact name, and every spelling is production.
    for name in ["production", "prod", "Production"] {
        let folder = folder(&[ENTITIES, (&format!("config/{name}.yaml"), text)]);
        let refused = config(folder.path(), &[("LOCO_ENV", name)]).main().unwrap().connect::<App>().await;
        assert!(matches!(refused, Err(Error::Refused { switch: "dangerously_recreate", why: Protection::Production })));
        assert!(!folder.path().join("loco.db").exists());
    }
    let folder = folder(&[ENTITIES]);
    fs::create_dir(folder.path().join("config")).unwrap();
    // Another database than the file's is not what the switch was written for.
    let elsewhere: &[_] =
        &[("LOCO_ENV", "production"), ("APP_ENV", "test"), ("DATABASE_URL", "sqlite://x.db?mode=rwc")];
    let text = text.replace("loco.db", "test.db");
    fs::write(folder.path().join("config/test.yaml"), text).unwrap();
    let refused = config(folder.path(), elsewhere).main().unwrap().connect::<App>().await;
    assert!(matches!(refused, Err(Error::Refused { why: Protection::Elsewhere, .. })), "{refused:?}");
    assert!(!folder.path().join("x.db").exists());
}

#[test]
fn a_missing_url_is_an_error_outside_of_development() {
    let folder = folder(&[ENTITIES]);
    let main = |variables: &[(&str, &str)]| config(folder.path(), variables).main().map(drop);
    for variables in
        [&[("APP_ENV", "production")], &[("APP_ENV", "PROD")], &[("LOCO_ENV", "test")], &[("NODE_ENV", "staging")]]
    {
        assert!(matches!(main(variables), Err(Error::Missing { .. })), "{variables:?}");
    }
    assert_eq!(main(&[]), Ok(()));
    for name in ["development", "Development", "DEV"] {
        assert_eq!(main(&[("APP_ENV", name)]), Ok(()), "{name}");
    }
    // An unset variable of a template is named.
    fs::create_dir(folder.path().join("config")).unwrap();
    let text = "database:\n  uri: {{ get_env(name=\"SHOP_URL\") }}\n";
    fs::write(folder.path().join("config/production.yaml"), text).unwrap();
    let error = main(&[("LOCO_ENV", "production")]).unwrap_err();
    assert!(
        matches!(&error, Error::Config { origin, message } if origin.ends_with("production.yaml:2") && message.contains("SHOP_URL"))
    );
}
