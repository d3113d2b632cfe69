//! A pending migration that deletes data is named before anything is asked or run.

use kit::error::Error;

use crate::database::Database;
use crate::projects::{On, creates, executes, seaorm};
use crate::support::assert_error;

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
