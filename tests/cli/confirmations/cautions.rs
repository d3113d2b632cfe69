//! A pending migration that deletes data is named before anything is asked or run.

use kit::error::Error;

use crate::support::assert_error;
use crate::support::database::Database;
use crate::support::projects::{FAMILY, On, creates, executes, family, migration, seaorm};

#[tokio::test]
async fn a_migration_that_deletes_data_is_named_with_its_line() {
    let drops = executes("ALTER TABLE a DROP COLUMN n", "ALTER TABLE a ADD COLUMN n int");
    let line = drops.lines().position(|line| line.contains("DROP COLUMN")).unwrap() + 1;
    let sandbox = seaorm("2.0.4", &[("m1_a", creates("a")), ("m2_drop", drops), ("m3_b", creates("b"))]);
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        // Nothing can be lost in an empty database.
        let empty = on.fails(&["migrate", "--env", "production"]);
        assert!(empty.hides("m2_drop"), "{empty}");
        database
            .execute(&[
                "CREATE TABLE seaql_migrations (version varchar(255) NOT NULL PRIMARY KEY, applied_at bigint NOT NULL)",
                "INSERT INTO seaql_migrations VALUES ('m1_a', 1)",
            ])
            .await;
        let asked = on.fails(&["migrate", "--env", "production"]);
        assert_error!(asked, Error::Unconfirmed { .. });
        assert!(asked.shows("m2_drop") && asked.shows(format!("m2_drop.rs:{line}")), "{asked}");
        assert!(asked.shows("DROP COLUMN") && asked.hides("m3_b"), "{asked}");
        // One that does not run is not named.
        let limited = on.fails(&["migrate", "--env", "production", "--path", "m3_b"]);
        assert!(limited.hides("m2_drop"), "{limited}");
    }
}

/// MariaDB takes `SET DEFAULT` and does another thing, and finds no index without its table: the user hears of it before the
/// migration runs.
#[tokio::test]
async fn what_the_database_does_not_do_is_named() {
    let adds = executes(
        "ALTER TABLE a ADD FOREIGN KEY (n) REFERENCES b (n) ON DELETE SET DEFAULT",
        "ALTER TABLE a DROP FOREIGN KEY a_ibfk_1",
    );
    let drops = migration(
        "manager.drop_index(Index::drop().name(\"x\").to_owned()).await",
        "manager.drop_index(Index::drop().name(\"x\").table(Alias::new(\"a\")).to_owned()).await",
    );
    let sandbox = seaorm("2.0.4", &[("m1_a", creates("a")), ("m2_key", adds), ("m3_index", drops)]);
    for database in Database::all().await {
        let asked = On::new(&sandbox, &database).fails(&["migrate", "--env", "production"]);
        let replaces = !database.dialect.has_set_default();
        assert_eq!(asked.shows("m2_key") && asked.shows("SET DEFAULT"), replaces, "{asked}");
        assert_eq!(asked.shows("m3_index") && asked.shows(".table("), replaces, "{asked}");
    }
}

/// One migration is rolled back alone where no later one names its tables; else all that came after it go with it.
#[tokio::test]
async fn one_migration_is_rolled_back_alone_only_where_that_is_safe() {
    let sandbox = family();
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate"]);
        let [a, b, _, c] = FAMILY;
        // A later one writes into the table of the first.
        let refused = on.fails(&["migrate:rollback", "--only", a, "--force"]);
        assert_error!(refused, Error::Dependents { name, steps: 4, .. } if name == a);
        assert_eq!(refused.hinted(), [["migrate:rollback", "--step", "4"]]);
        assert!(database.has_table("a").await);
        on.ok(&["migrate:rollback", "--only", b, "--force"]);
        assert!(!database.has_table("b").await && database.has_table("a").await && database.has_table("c").await);
        let unknown = on.fails(&["migrate:rollback", "--only", b, "--force"]);
        assert!(unknown.shows(b), "{unknown}");
        // It is pending again, and comes back out of order.
        on.ok(&["migrate"]);
        assert!(database.has_table("b").await);
        on.ok(&["migrate:rollback", "--only", b, "--force"]);
        on.ok(&["migrate:rollback", "--only", c, "--force"]);
        // The hint arrives.
        on.ok(&["migrate:rollback", "--step", "2", "--force"]);
        assert!(!database.has_table("a").await);
    }
}
