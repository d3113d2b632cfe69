//! `migrate:repair --rename`: both tables follow a renamed file, and the report of a missing migration leads there.

use kit::error::Error;
use kit_runtime::wire::Failure;

use crate::status::{checksum, ledger, side};
use crate::support::database::Database;
use crate::support::projects::{On, creates, index};
use crate::support::{Sandbox, assert_error, assert_failure};

/// `m1_users` is applied; its file was renamed to `new`.
async fn renamed(database: &Database, new: &str) -> Sandbox {
    let sandbox = Sandbox::new().file("migrations/mod.rs", &index(&[new, "m9_last"])).env("USER", "ann");
    sandbox.write(&format!("migrations/{new}.rs"), &creates("users"));
    sandbox.write("migrations/m9_last.rs", &creates("last"));
    On::new(&sandbox, database).ok(&["migrate:install"]);
    let sum = checksum(&creates("users"));
    database.execute(&[&ledger("m1_users", 7), &side("m1_users", "applied", "up", &sum, Some(7), None)]).await;
    sandbox
}

#[tokio::test]
async fn both_tables_follow_and_the_hint_leads_there() {
    for new in ["m2_users", "m1_people"] {
        for database in Database::all().await {
            let sandbox = renamed(&database, new).await;
            let on = On::new(&sandbox, &database);
            assert_eq!(on.states(), ["pending", "pending", "missing"]);
            let command = format!("migrate:repair --rename m1_users={new}");
            assert!(on.ok(&["migrate:status"]).shows(&command), "{}", on.ok(&["migrate:status"]));
            on.ok(&command.split(' ').collect::<Vec<_>>());
            assert_eq!(on.states(), ["ran", "pending"]);
            let status = on.ok(&["migrate:status", "--json"]).json()["migrations"].clone();
            assert_eq!(
                (status[0]["batch"].as_i64(), status[0]["applied_at"].as_str()),
                (Some(3), Some("1970-01-01T00:00:07Z"))
            );
            let text = |column: &str| database.dialect.text(column);
            let sql = format!("SELECT {}, {}, {} FROM kit_history", text("person"), text("version"), text("what"));
            let kept = ["ann".to_owned(), "m1_users".to_owned(), format!("renamed to {new}")].map(Some);
            assert_eq!(database.query(&sql).await, [kept]);
        }
    }
}

/// Running it again would do twice what it does; rolling back needs its file.
#[tokio::test]
async fn commands_that_meet_a_renamed_migration_stop_and_their_hint_leads_on() {
    for new in ["m2_users", "m1_people"] {
        for database in Database::all().await {
            let sandbox = renamed(&database, new).await;
            let on = On::new(&sandbox, &database);
            let before = database.everything().await;
            for command in [
                &["migrate", "--force"][..],
                &["migrate", "--pretend"],
                &["migrate", "--strict"],
                &["migrate:rollback", "--force"],
                &["migrate:reset", "--force"],
                &["migrate:redo", "--force"],
            ] {
                let refused = on.fails(command);
                assert_error!(refused, Error::Renamed { old, new: found } if old == "m1_users" && found == new);
                assert_eq!(before, database.everything().await);
            }
            let checked = on.fails(&["migrate:status", "--check"]);
            assert_error!(checked, Error::Unsettled { renamed, .. } if renamed.len() == 1);
            let hinted = checked.hinted().remove(0);
            assert_eq!(hinted, on.fails(&["migrate", "--force"]).hinted().remove(0));
            on.ok(&hinted.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(on.states(), ["ran", "pending"]);
            assert_eq!(on.kit(&["migrate:status", "--check"]).code, 3);
        }
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_nothing_changes() {
    for database in Database::all().await {
        let sandbox = renamed(&database, "m2_users").await;
        let on = On::new(&sandbox, &database);
        database.execute(&[&ledger("m9_last", 8)]).await;
        let before = database.everything().await;
        for names in ["m0_never=m2_users", "m1_users=m9_last", "m9_last=m2_users"] {
            assert_error!(on.fails(&["migrate:repair", "--rename", names]), Error::Rename { .. });
        }
        assert_error!(on.fails(&["migrate:repair", "--rename", "m1_users=nothing"]), Error::NoSuchMigration { .. });
        for names in ["m1_users", "=m2_users", "m1_users="] {
            assert_eq!(on.kit(&["migrate:repair", "--rename", names]).code, 2);
        }
        database.execute(&[&side("m2_users", "failed", "up", "x", None, None)]).await;
        let halted = on.fails(&["migrate:repair", "--rename", "m1_users=m2_users"]);
        assert_failure!(halted, Failure::Halted { .. });
        assert_eq!(on.states(), ["failed", "ran", "missing"]);
        database.execute(&["DELETE FROM kit_migrations WHERE version = 'm2_users'"]).await;
        assert_eq!(before, database.everything().await);
    }
}
