//! `kit_runtime::config`: the databases of kit.toml as an application opens them, and what its switches do and do not.
#![allow(clippy::disallowed_methods, reason = "a test writes its own kit.toml")]

use std::collections::BTreeMap;
use std::fs;

use kit_runtime::config::{Config, Error, Protection};
use kit_runtime::connection::Connection;
use kit_runtime::ledger::LEDGER;
use sea_orm::ConnectionTrait;
use tempfile::TempDir;

use super::{App, FAMILY};
use crate::support::database::Database;

/// A folder with a kit.toml, and variables.
struct Project {
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

impl Project {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("kit.toml"), text).unwrap();
        Self { folder, variables: BTreeMap::new() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn config(&self) -> Result<Config, Error> {
        let variables = self.variables.clone();
        Config::with(self.folder.path(), move |name| variables.get(name).cloned())
    }
}

async fn rows(database: &Database, table: &str) -> String {
    database.value(&format!("(SELECT COUNT(*) FROM {table})")).await.unwrap()
}

#[tokio::test]
async fn switches_do_what_they_say_in_this_order() {
    for database in Database::all().await {
        let project = |switches: &str| {
            Project::new(&format!("[connections.main]\nenv = \"URL\"\n{switches}")).with("URL", database.url())
        };
        let open = async |switches: &str| {
            let config = project(switches).config().unwrap();
            config.main().unwrap().connect::<App>().await.unwrap().close().await.unwrap();
        };
        open("").await;
        assert_eq!(database.tables().await, Vec::<String>::new(), "all are off");
        open("auto_migrate = true").await;
        assert_eq!((rows(&database, "a").await, rows(&database, LEDGER).await), ("1".to_owned(), "4".to_owned()));
        database
            .execute(&["CREATE TABLE mine (id integer)", "INSERT INTO mine VALUES (1)", "INSERT INTO b (n) VALUES (1)"])
            .await;
        open("auto_migrate = true\ndangerously_truncate = true").await;
        assert_eq!(
            database.query("SELECT '1' FROM a UNION ALL SELECT '1' FROM b UNION ALL SELECT '1' FROM mine").await.len(),
            0
        );
        assert_eq!(rows(&database, LEDGER).await, "4", "the ledgers stay");
        open("dangerously_recreate = true").await;
        assert!(!database.has_table("mine").await);
        assert_eq!((rows(&database, "a").await, rows(&database, LEDGER).await), ("1".to_owned(), "4".to_owned()));
        open("dangerously_recreate = true\ndangerously_truncate = true").await;
        assert_eq!((rows(&database, "a").await, rows(&database, LEDGER).await), ("0".to_owned(), "4".to_owned()));
    }
}

/// Whatever refers to whatever, and numbers begin anew.
#[tokio::test]
async fn truncating_begins_anew() {
    for database in Database::all().await {
        let key = match database.dialect.alters_tables() {
            true => database
                .dialect
                .placeholder(1)
                .replace("$1", "serial PRIMARY KEY")
                .replace('?', "int AUTO_INCREMENT PRIMARY KEY"),
            false => "integer PRIMARY KEY AUTOINCREMENT".to_owned(),
        };
        database
            .execute(&[
                &format!("CREATE TABLE parents (id {key}, n int)"),
                &format!(
                    "CREATE TABLE children (id {key}, parent_id int, FOREIGN KEY (parent_id) REFERENCES parents (id))"
                ),
                "INSERT INTO parents (n) VALUES (1), (2)",
                "INSERT INTO children (parent_id) VALUES (2)",
            ])
            .await;
        assert_eq!(kit_runtime::truncate::truncate(&database.session, &["nobody"]).await.unwrap(), 2);
        database.execute(&["INSERT INTO parents (n) VALUES (7)", "INSERT INTO children (parent_id) VALUES (1)"]).await;
        assert_eq!(
            database.value("(SELECT MAX(id) FROM children)").await.as_deref(),
            Some("1"),
            "{:?}",
            database.dialect
        );
        // The session looks at keys again.
        let dangling = "INSERT INTO children (parent_id) VALUES (9)";
        assert!(database.session.execute(dangling, &[]).await.is_err());
    }
}

#[tokio::test]
async fn what_is_dangerous_is_refused_where_it_must_not_be_and_touches_nothing() {
    let database = Database::postgres().await;
    database.execute(&["CREATE TABLE mine (id integer)", "INSERT INTO mine VALUES (1)"]).await;
    let (url, name) = (database.url(), database.url().rsplit('/').next().unwrap());
    let main = |more: &str, switch: &str| format!("{more}\n[connections.main]\nenv = \"URL\"\n{switch} = true\n");
    for switch in ["dangerously_truncate", "dangerously_recreate"] {
        let plain = || Project::new(&main("", switch)).with("URL", url);
        for (project, why, named) in [
            (plain().with("APP_ENV", "production"), Protection::Production, "this is production"),
            (plain().with("APP_ENV", "prod"), Protection::Production, ""),
            (plain().with("APP_ENV", "PRODUCTION"), Protection::Production, ""),
            (Project::new(&main("environment = \"Prod \"", switch)).with("URL", url), Protection::Production, ""),
            (Project::new(&main("environment = \"production\"", switch)).with("URL", url), Protection::Production, ""),
            (
                Project::new(&main("[database]\nprohibit_destructive = true", switch)).with("URL", url),
                Protection::Prohibited,
                "`prohibit_",
            ),
            (plain().with("KIT_PROTECT", &format!("a, {name}")), Protection::Protected, "KIT_PROTECT"),
            (plain().with("KIT_PROTECT", "main"), Protection::Protected, "KIT_PROTECT"),
            (
                Project::new(&main("", switch)).with("URL", "postgres://h/x").with("DATABASE_URL", url),
                Protection::Elsewhere,
                "DATABASE_URL",
            ),
        ] {
            let error = project.config().unwrap().main().unwrap().connect::<App>().await.unwrap_err();
            let Error::Refused { why: said, .. } = &error else { panic!("{error:?}") };
            assert_eq!(*said, why);
            assert!([switch, named].iter().all(|name| error.to_string().contains(name)), "{error}");
        }
    }
    assert_eq!(database.tables().await, ["mine"]);
    assert_eq!(rows(&database, "mine").await, "1");
    // A file that is not there is not made either; migrating is no danger.
    let file = "[connections.main]\nurl = \"sqlite://app.sqlite?mode=rwc\"\nauto_migrate = true\n";
    let project = Project::new(&format!("{file}dangerously_truncate = true\n")).with("APP_ENV", "production");
    project.config().unwrap().main().unwrap().connect::<App>().await.unwrap_err();
    let path = project.folder.path().join("app.sqlite");
    assert!(!path.exists());
    let protected = Project::new(&format!("{file}dangerously_truncate = true\n"));
    let place = protected.folder.path().join("app.sqlite").display().to_string();
    let protected = protected.with("KIT_PROTECT", &place);
    protected.config().unwrap().named("main").unwrap().connect::<App>().await.unwrap_err();
    fs::write(project.folder.path().join("kit.toml"), file).unwrap();
    project.config().unwrap().main().unwrap().connect::<App>().await.unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn several_databases_by_name() {
    let [one, two] = [Database::postgres().await, Database::mysql().await];
    let text = "[connections.third_db]\nenv = \"THIRD\"\nmin_connections = 1\nmax_connections = 3\nidle_timeout = 500\n\
                acquire_timeout = 700\nconnect_timeout = 900\nenable_logging = true\n\n\
                [connections.reports]\nenv = \"REPORTS\"\n\n[connections.local]\nurl = \"sqlite::memory:\"\n";
    let project = Project::new(text).with("THIRD", one.url()).with("REPORTS", &two.url().replace("mysql:", "mariadb:"));
    let config = project.config().unwrap();
    let options = config.named("third_db").unwrap().connect_options();
    assert_eq!((options.get_min_connections(), options.get_max_connections()), (Some(1), Some(3)));
    let millis = |time: Option<std::time::Duration>| time.map(|time| time.as_millis());
    assert_eq!(millis(options.get_connect_timeout()), Some(900));
    assert_eq!(millis(options.get_acquire_timeout()), Some(700));
    assert!(options.get_sqlx_logging());
    let plain = config.named("reports").unwrap().connect_options();
    assert_eq!(
        (plain.get_max_connections(), plain.get_connect_timeout(), plain.get_sqlx_logging()),
        (None, None, false)
    );
    let all = config.open_all().await.unwrap();
    assert_eq!(all.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["local", "reports", "third_db"]);
    all.get("third_db").unwrap().execute_unprepared("CREATE TABLE third (id integer)").await.unwrap();
    assert_eq!((one.tables().await, two.tables().await.len()), (vec!["third".to_owned()], 0));
    let error = all.get("thrid_db").unwrap_err().to_string();
    assert_eq!(error, "kit.toml has no connection `thrid_db`, but local, reports, third_db");
    // Nothing says which of them is meant; the usual file is not there.
    assert!(matches!(config.main().unwrap().open().await, Err(Error::Connect { .. })));
}

#[tokio::test]
async fn the_same_database_as_kit_takes_and_the_way_past_a_pooler() {
    let database = Database::postgres().await;
    let (url, text) = (database.url(), "[connections.main]\nenv = \"DATABASE_URL\"\nauto_migrate = true\n");
    let nobody = "postgres://u:s3cr3t@127.0.0.1:1/other";
    let through = Project::new(text).with("DATABASE_URL", url).with("DIRECT_DATABASE_URL", nobody);
    let error = through.config().unwrap().main().unwrap_err().to_string();
    assert_eq!(error, "DIRECT_DATABASE_URL: it names another database than DATABASE_URL");
    // Migrations go past it: what is there is a way that leads nowhere.
    let name = url.rsplit('/').next().unwrap();
    let direct = Project::new(&format!("{text}acquire_timeout = 500\n")).with("DATABASE_URL", url);
    let direct = direct.with("DIRECT_DATABASE_URL", &nobody.replace("other", name));
    let error = direct.config().unwrap().main().unwrap().connect::<App>().await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }) && !error.to_string().contains("s3cr3t"), "{error}");
    assert_eq!(database.tables().await, Vec::<String>::new());
    let direct = Project::new(text).with("DATABASE_URL", url).with("DIRECT_DATABASE_URL", url);
    let target = direct.config().unwrap().main().unwrap();
    assert!(!format!("{target:?} {:?}", direct.config().unwrap()).contains("s3cr3t"));
    let db = target.connect::<App>().await.unwrap();
    assert_eq!(kit_runtime::pending::<App>(&db).await.unwrap().len(), 0);
    assert_eq!(rows(&database, LEDGER).await, FAMILY.len().to_string());
}

#[tokio::test]
async fn what_is_wrong_is_said_without_values() {
    for (text, named) in [
        ("[connections.main]\nauto_migrat = true\n", ["kit.toml line 2", "`auto_migrat`"]),
        ("[connections.main]\nurl = 7\n", ["kit.toml line 2", "7"]),
        ("[connections.main]\nurl = \"sqlite::memory:\"\nauto_migrate = \"s3cr3t\"\n", ["kit.toml line 3", "boolean"]),
        ("[connections.main]\nauto_migrate = true\n", ["[connections.main]", "`url`"]),
    ] {
        let error = Project::new(text).config().unwrap_err().to_string();
        assert!(named.iter().all(|name| error.contains(name)) && !error.contains("s3cr3t"), "{error}");
    }
    let project =
        Project::new("[connections.main]\nenv = \"NOBODY\"\n[connections.odd]\nurl = \"oracle://s3cr3t@h/x\"\n");
    let config = project.config().unwrap();
    for (name, named) in [
        ("main", &["[connections.main] in kit.toml:1", "NOBODY"][..]),
        ("odd", &["[connections.odd] in kit.toml:3", "`oracle`"]),
        ("other", &["`other`", "main", "odd"]),
    ] {
        let error = config.named(name).unwrap_err().to_string();
        assert!(named.iter().all(|name| error.contains(name)) && !error.contains("s3cr3t"), "{error}");
    }
    for switch in ["auto_migrate", "dangerously_recreate", "dangerously_truncate"] {
        let project = Project::new(&format!("[connections.main]\nurl = \"sqlite::memory:\"\n{switch} = true\n"));
        let all = project.config().unwrap().open_all().await.unwrap();
        let error = all.get("main").unwrap_err().to_string();
        assert!(error.contains(switch) && error.contains("`connect::<Migrator>()`"), "{error}");
    }
    let nothing = Config::with(tempfile::tempdir().unwrap().path(), |_| None).unwrap();
    assert_eq!((nothing.environment().as_str(), nothing.main().unwrap().name), ("development", None));
}
