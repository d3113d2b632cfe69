//! `migrate:status --check` and `--pending`: exit codes, and how a live run differs from an interrupted one.

use kit::error::Error;
use kit_runtime::lock;
use kit_runtime::wire::Locking;

use crate::status::{checksum, ledger, project, side};
use crate::support::assert_error;
use crate::support::database::Database;
use crate::support::projects::{On, creates};

#[tokio::test]
async fn each_state_has_its_exit_code() {
    let then = checksum(&creates("a"));
    let applied = |name: &str, sum: &str| [ledger(name, 1), side(name, "applied", "up", sum, Some(1), None)];
    let one = |sql: String| vec![sql];
    let databases = Database::all().await;
    for database in &databases {
        On::new(&project(&["m1_a"]), database).ok(&["migrate:install"]);
    }
    for (rows, stray, code, state) in [
        (Vec::new(), false, 3, None),
        (applied("m1_a", &then).to_vec(), false, 0, None),
        (one(ledger("m1_a", 1)), false, 0, None),
        (applied("m1_a", "otherwise").to_vec(), false, 1, Some("Modified")),
        ([applied("m1_a", &then), applied("m0_gone", &then)].concat(), false, 1, Some("Missing")),
        (applied("m1_a", &then).to_vec(), true, 1, Some("Unregistered")),
        (one(side("m1_a", "failed", "up", &then, None, Some("no"))), false, 1, Some("Failed")),
        (one(side("m1_a", "running", "up", &then, None, None)), false, 1, Some("Interrupted")),
        (one(side("m1_a", "starting", "up", &then, None, None)), false, 1, Some("Interrupted")),
        // Stopped half-way, and its file was deleted since.
        (
            [applied("m1_a", &then).to_vec(), one(side("m0_gone", "failed", "up", &then, None, None))].concat(),
            false,
            1,
            Some("Failed"),
        ),
    ] {
        let sandbox = project(&["m1_a"]);
        if stray {
            sandbox.write("migrations/m99_stray.rs", &creates("stray"));
        }
        for database in &databases {
            let on = On::new(&sandbox, database);
            database.execute(&["DELETE FROM seaql_migrations", "DELETE FROM kit_migrations"]).await;
            for sql in &rows {
                database.execute(&[sql]).await;
            }
            let checked = on.kit(&["migrate:status", "--check"]);
            assert_eq!(checked.code, code, "{rows:?}\n{checked}");
            if let Some(state) = state {
                assert_error!(checked, Error::Unsettled { migrations, .. } if migrations.iter().any(|(_, found)| found == &state));
                assert_ne!(checked.hint(), "");
            }
            let half_done = matches!(state, Some("Failed" | "Interrupted"));
            let pending = on.kit(&["migrate:status", "--pending=9", "--json"]);
            assert_eq!(
                pending.code,
                if half_done {
                    1
                } else if code == 3 {
                    9
                } else {
                    0
                },
                "{rows:?}\n{pending}"
            );
            let listed = pending.json()["migrations"].as_array().unwrap().len();
            assert_eq!(listed, usize::from(half_done || code == 3), "{pending}");
            assert_eq!(
                on.kit(&["migrate:status", "--check", "--json"]).json()["migrations"],
                on.ok(&["migrate:status", "--json"]).json()["migrations"]
            );
        }
    }
}

#[tokio::test]
async fn a_migration_is_running_only_while_a_live_run_holds_the_lock() {
    let sandbox = project(&["m1_a", "m2_b"]);
    for database in Database::all().await {
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate:install"]);
        database.execute(&[&side("m1_a", "running", "up", "sum", None, None)]).await;
        let session = database.session().await;
        let held = lock::acquire(&session, "seaql_migrations", &Locking::default(), &mut |_| {}).await.unwrap();
        assert_eq!(on.states(), ["running", "pending"]);
        assert_eq!(on.kit(&["migrate:status", "--check"]).code, 3, "it is at work");
        let found = on.kit(&["migrate:repair", "--json"]).json();
        assert_eq!(found["halted"][0]["state"], "running", "{found}");
        held.release(&session).await.unwrap();
        assert_eq!(on.states(), ["interrupted", "pending"]);
        assert_eq!(on.kit(&["migrate:status", "--check"]).code, 1);
        let found = on.kit(&["migrate:repair", "--json"]).json();
        assert_eq!(found["halted"][0]["state"], "interrupted", "{found}");
    }
}
