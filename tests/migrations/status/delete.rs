//! `migrate:delete`: what it removes, what it refuses, and that nothing is half-done.

use kit::error::Error;

use crate::status::ledger;
use crate::support::database::Database;
use crate::support::projects::{On, creates, index, migration_manifest};
use crate::support::{Sandbox, assert_error};

const NAMES: [&str; 3] = ["m1_a", "m2_b", "m3_c"];

fn project() -> Sandbox {
    let sandbox = Sandbox::new().file("migrations/mod.rs", &index(&NAMES));
    NAMES.iter().fold(sandbox, |sandbox, name| sandbox.file(&format!("migrations/{name}.rs"), &creates(name)))
}

#[test]
fn file_and_registration_are_removed_in_every_layout() {
    for (manifest, folder, file) in [
        (None, "migrations", "migrations/mod.rs"),
        (Some("migration/Cargo.toml"), "migration/src", "migration/src/lib.rs"),
    ] {
        let marker = "            // inject-above (do not remove this comment)\n        ]";
        for loco in [false, true] {
            let text = |names: &[&str]| {
                let text = index(names);
                if loco { text.replace("        ]", marker) } else { text }
            };
            let sandbox = Sandbox::new().file(file, &text(&NAMES));
            if let Some(manifest) = manifest {
                sandbox.write(manifest, &migration_manifest("2.0.4"));
            }
            for name in NAMES {
                sandbox.write(&format!("{folder}/{name}.rs"), &creates(name));
            }
            let before = (sandbox.files(), sandbox.read(file));
            let shown = sandbox.kit(&["migrate:delete", "m2_b", "--dry-run"]);
            assert_eq!(shown.code, 0, "{shown}");
            assert!(shown.shows("-mod m2_b;") && shown.shows("-            Box::new(m2_b::Migration),"), "{shown}");
            assert_eq!(before, (sandbox.files(), sandbox.read(file)));

            let refused = sandbox.kit(&["migrate:delete", "m2_b"]);
            assert_error!(refused, Error::Unconfirmed { .. });
            assert_error!(sandbox.kit_answering(&["migrate:delete", "m2_b"], &["n"]), Error::Cancelled);
            assert_eq!(before, (sandbox.files(), sandbox.read(file)));

            // By a part of its name.
            let deleted = sandbox.kit(&["migrate:delete", "2_b", "--force"]);
            assert_eq!(deleted.code, 0, "{deleted}");
            assert_eq!(sandbox.read(file), text(&["m1_a", "m3_c"]));
            assert!(!sandbox.files().contains(&format!("{folder}/m2_b.rs")));
        }
    }
}

#[test]
fn a_file_or_a_registration_alone_is_removed() {
    let sandbox = project().file("migrations/m9_stray.rs", &creates("stray"));
    let index_before = sandbox.read("migrations/mod.rs");
    assert_eq!(sandbox.kit(&["migrate:delete", "migrations/m9_stray.rs", "--force"]).code, 0);
    assert!(!sandbox.files().contains(&"migrations/m9_stray.rs".to_owned()));
    assert_eq!(sandbox.read("migrations/mod.rs"), index_before);

    let folder = Sandbox::new().file("migrations/mod.rs", &index(&["m1_a", "m2_b"]));
    folder.write("migrations/m1_a.rs", &creates("a"));
    folder.write("migrations/m2_b/mod.rs", &creates("b").replace("pub struct", "mod sql;\npub struct"));
    folder.write("migrations/m2_b/sql.rs", "");
    let deleted = folder.kit(&["migrate:delete", "m2_b", "--force"]);
    assert_eq!(deleted.code, 0, "{deleted}");
    assert_eq!(folder.files(), ["migrations/m1_a.rs", "migrations/mod.rs"]);
    assert_eq!(folder.read("migrations/mod.rs"), index(&["m1_a"]));
}

#[tokio::test]
async fn an_applied_or_half_done_migration_is_refused_and_the_hint_leads_on() {
    for database in Database::all().await {
        let sandbox = project();
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate:install"]);
        database.execute(&[&ledger("m1_a", 1), &ledger("m2_b", 2)]).await;
        let before = (sandbox.files(), sandbox.read("migrations/mod.rs"));
        let last = on.fails(&["migrate:delete", "m2_b", "--force"]);
        assert_error!(last, Error::StillApplied { name, state: "applied", last: true, .. } if name == "m2_b");
        assert_eq!(last.hinted(), [["migrate:rollback"]]);
        let refused = on.fails(&["migrate:delete", "m1_a", "--force"]);
        assert_error!(refused, Error::StillApplied { name, state: "applied", last: false, .. } if name == "m1_a");
        assert_eq!(before, (sandbox.files(), sandbox.read("migrations/mod.rs")));
        for command in refused.hinted() {
            let command: Vec<&str> = command.iter().map(String::as_str).chain(["--force"]).collect();
            on.ok(&command);
        }
        assert_eq!(sandbox.read("migrations/mod.rs"), index(&["m2_b", "m3_c"]));

        let half = "INSERT INTO kit_migrations (version, state, direction, kit_version, started_at) \
                    VALUES ('m3_c', 'failed', 'up', '0.1.0', 1)";
        database.execute(&[half]).await;
        assert_error!(on.fails(&["migrate:delete", "m3_c", "--force"]), Error::StillApplied { state: "failed", .. });
    }
}

#[test]
fn other_uses_and_lists_that_kit_cannot_read_are_refused_untouched() {
    let uses = project().file("migrations/m3_c.rs", &format!("use super::m2_b::Migration as B;\n{}", creates("c")));
    let pushed =
        index(&NAMES).replace("vec![", "let list = vec![").replace("        ]\n", "        ];\n        list\n");
    let unread = project().file("migrations/mod.rs", &pushed);
    for (sandbox, used) in [(uses, true), (unread, false)] {
        let before = (sandbox.files(), sandbox.read("migrations/mod.rs"));
        let refused = sandbox.kit(&["migrate:delete", "m2_b", "--force"]);
        if used {
            assert_error!(refused, Error::StillUsed { places, .. } if places == &["migrations/m3_c.rs:1"]);
        } else {
            assert_error!(refused, Error::NoSuchMigration { .. } | Error::Registration { .. });
        }
        assert_eq!(before, (sandbox.files(), sandbox.read("migrations/mod.rs")));
    }
}

#[test]
fn without_a_database_to_ask_it_asks_the_user() {
    let sandbox = project().env("DATABASE_URL", "postgres://u:s3cr3t@127.0.0.1:1/x");
    let refused = sandbox.kit(&["migrate:delete", "m2_b"]);
    assert_error!(refused, Error::Unconfirmed { .. });
    assert!(refused.shows("postgres://u:***@127.0.0.1:1/x") && refused.hides("s3cr3t"), "{refused}");
    assert_eq!(sandbox.kit(&["migrate:delete", "m2_b", "--force"]).code, 0);
    let prohibited = project().file("kit.toml", "[database]\nprohibit_destructive = true\n");
    assert_error!(prohibited.kit(&["migrate:delete", "m2_b", "--force"]), Error::Prohibited { .. });
    assert_error!(project().kit(&["migrate:delete", "nothing", "--force"]), Error::NoSuchMigration { .. });
    assert_error!(project().kit(&["migrate:delete", "m", "--force"]), Error::NoSuchMigration { similar, .. } if similar.len() == 3);
}
