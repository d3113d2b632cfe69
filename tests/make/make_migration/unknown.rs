//! Columns and tables that a migration names and that neither sources nor the database have.

use crate::support::database::Database;
use crate::support::projects::{self, On};
use crate::support::{Sandbox, Transcript};

const CREATES_USERS: &str = "create_table(m, \"users\", &[(\"email\", ColType::StringUniq)], &[]).await";

/// A migration with this `up`.
fn migration(up: &str) -> String {
    projects::migration(up, "Ok(())").replace("manager", "m")
}

#[tokio::test]
async fn the_columns_of_an_index_are_those_that_the_table_has() {
    for database in Database::all().await {
        let logs =
            "CREATE TABLE generation_logs (id int PRIMARY KEY, user_id int, created_at int, terms_and_notes int)";
        database.execute(&[logs, "CREATE TABLE posts (id int PRIMARY KEY, title varchar(20))"]).await;
        let sandbox = Sandbox::project();
        let kit = On::new(&sandbox, &database);
        for (name, index) in [
            ("index_generation_logs_user_id_created_at", "user_id_created_at"),
            ("add_index_to_generation_logs_created_at_and_user_id", "created_at_user_id"),
            ("add_unique_index_to_generation_logs_terms_and_notes_user_id", "terms_and_notes_user_id"),
        ] {
            let made = kit.ok(&["make:migration", name, "--dry-run"]);
            assert!(made.hides("WARN") && made.printed().is_empty(), "{made}");
            assert!(made.shows(format!("_generation_logs_{index}\"")), "{made}");
            assert!(index.contains("terms") == made.shows("GenerationLogs::TermsAndNotes"), "{made}");
            assert!(made.shows("GenerationLogs::UserId"), "{made}");
        }
        for (line, column) in [
            (&["add_unique_index_to_posts_slug"][..], "`slug`"),
            (&["index_generation_logs_user_id_nothing"], "`user_id_nothing`"),
            (&["index_logs", "--table", "generation_logs", "--index", "user_id,lost"], "`lost`"),
            (&["delete_posts_slug"], "`slug`"),
        ] {
            let warned = kit.ok(&[&["make:migration"], line, &["--dry-run"]].concat());
            assert!(warned.shows(column) && warned.shows("id, "), "{warned}");
        }
        // The migration is made, and the hint leads to one without a warning.
        let line = ["make:migration", "add_unique_index_to_posts_slug"];
        let warned = kit.ok(&line);
        assert!(warned.shows("migrations/m20260102_030405_add_unique_index_to_posts_slug.rs"), "{warned}");
        let hinted = warned.printed();
        assert_eq!(hinted.len(), 2, "{warned}");
        for command in &hinted {
            let command: Vec<&str> = command.iter().map(String::as_str).collect();
            kit.ok(&command);
        }
        // A pending migration adds it.
        assert!(kit.ok(&line).printed().is_empty());
    }
}

#[test]
fn sources_tell_the_columns_without_a_database() {
    let sandbox = Sandbox::project();
    let run = |line: &[&str]| {
        let made = sandbox.kit(&[&["make:migration"], line].concat());
        assert_eq!(made.code, 0, "{made}");
        made
    };
    run(&["create_users"]);
    run(&["create_generation_logs", "user:references", "slug"]);
    assert!(run(&["index_generation_logs_user_id_created_at"]).shows("`idx_generation_logs_user_id_created_at`"));
    let text = sandbox.read("migrations/m20260102_030407_index_generation_logs_user_id_created_at.rs");
    assert!(text.contains("GenerationLogs::CreatedAt"), "{text}");
    run(&["rename_slug_to_url_on_generation_logs"]);
    assert!(run(&["index_generation_logs_url"]).printed().is_empty());
    insta::assert_snapshot!(run(&["index_generation_logs_slug"]), @"
    migrations/m20260102_030410_index_generation_logs_slug.rs
    --- stderr ---
      INFO  Created a migration that creates index `idx_generation_logs_slug`

      WARN  table `generation_logs` has no column `slug`; its columns are created_at, id, updated_at, url, user_id
      hint: run `kit migrate:delete --force m20260102_030410_index_generation_logs_slug`, then `kit make:migration add_slug_to_generation_logs`, then this command again
    --- exit 0 ---
    ");
    // SQL in a migration may add the column.
    sandbox.write(
        "migrations/m20260101_000000_x.rs",
        &migration("m.get_connection().execute_unprepared(\"ALTER TABLE generation_logs ADD note int\").await"),
    );
    assert!(run(&["index_generation_logs_note"]).printed().is_empty());
    // kit does not know all columns of a table that migrations only alter.
    run(&["add_email_to_teams"]);
    assert!(run(&["index_teams_name"]).printed().is_empty());
}

#[test]
fn keys_of_tables_that_helpers_create_are_known() {
    for (up, column) in [
        (CREATES_USERS, "big_integer()"),
        ("create_table(m, \"users\", &[(\"id\", ColType::PkUuid)], &[]).await", "uuid()"),
        ("m.create_table(table_auto_tz(Users::Table).col(pk_auto(Users::Id)).to_owned()).await", "integer()"),
        (
            "m.create_table(Table::create().table(Users::Table).col(ColumnDef::new(Users::Id).big_integer().primary_key()).to_owned()).await",
            "big_integer()",
        ),
    ] {
        let sandbox = Sandbox::project().file("migrations/m20260101_000000_initial.rs", &migration(up));
        let made = sandbox.kit(&["make:migration", "create_posts", "user:references"]);
        assert!(made.code == 0 && made.hides("WARN"), "{made}");
        let text = sandbox.read("migrations/m20260102_030405_create_posts.rs");
        assert!(text.contains(&format!("Posts::UserId).{column}")), "{up}: {text}");
    }
}

#[test]
fn a_reference_to_an_unknown_table_is_a_warning() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_posts", "user:references", "parent:references?:posts"]), @"
    migrations/m20260102_030405_create_posts.rs
    --- stderr ---
      INFO  Created a migration that creates table `posts`

      INFO  `parent` refers to a row of `posts`
      WARN  there is no table `users`: `user_id` refers to it
      hint: run `kit migrate:delete --force m20260102_030405_create_posts`, then `kit make:model user`, then this command again
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_join_table_teams_and_news", "--dry-run"]).stderr, @"
    INFO  Would create [migrations/m20260102_030406_create_join_table_teams_and_news.rs]

    INFO  Would update [migrations/mod.rs]

    WARN  there are no tables `teams`, `news`: `team_id`, `news_id` refer to them
    hint: run `kit make:model team` and `kit make:model news` first
    ");
    // Each of these knows the table.
    let entity =
        "#[sea_orm(table_name = \"users\")]\npub struct Model {\n    #[sea_orm(primary_key)]\n    pub id: i32,\n}\n";
    let sql = migration("m.get_connection().execute_unprepared(\"CREATE TABLE users (id int)\").await");
    for (path, text) in [
        ("migrations/m20260101_000000_create_users.rs", String::new()),
        ("migrations/m20260101_000000_users.rs", String::new()),
        ("migrations/m20260101_000000_initial.rs", sql),
        ("migrations/m20260101_000000_initial.rs", migration(CREATES_USERS)),
        ("src/models/entities/users.rs", entity.to_owned()),
    ] {
        let sandbox = Sandbox::project().file(path, &text);
        let made = sandbox.kit(&["make:migration", "create_posts", "user:references"]);
        assert!(made.code == 0 && made.printed().is_empty(), "{path}: {made}");
    }
    // A later migration drops the table.
    let sandbox = Sandbox::project().file("migrations/m20260101_000000_create_users.rs", &migration(CREATES_USERS));
    assert_eq!(sandbox.kit(&["make:migration", "drop_users_table"]).code, 0);
    let dropped = "m.drop_table(Table::drop().table(Alias::new(\"users\")).to_owned()).await";
    sandbox.write("migrations/m20260102_030405_drop_users_table.rs", &migration(dropped));
    assert!(!sandbox.kit(&["make:migration", "create_posts", "user:references"]).printed().is_empty());
}

/// The commands in a warning, as they are printed, lead to a migration without one.
#[test]
fn warnings_lead_to_a_migration_without_one() {
    let sandbox = Sandbox::project();
    let run = |line: &[&str]| {
        let made = sandbox.kit(&[&["make:migration"], line].concat());
        assert_eq!(made.code, 0, "{made}");
        made
    };
    let follow = |warned: &Transcript| {
        assert!(!warned.printed().is_empty(), "{warned}");
        for command in warned.printed() {
            let followed = sandbox.kit(&command);
            assert!(followed.code == 0 && followed.printed().is_empty(), "{followed}");
        }
    };
    // A table that no model has.
    let reference = ["create_posts", "author:references:my_datas"];
    follow(&run(&reference));
    assert!(run(&reference).printed().is_empty());
    // A column that is not removed, since the table does not have it.
    follow(&run(&["remove_slug_from_posts"]));
    assert!(!sandbox.files().iter().any(|file| file.contains("remove_slug_from_posts")));
    // A name that does not describe the change.
    follow(&run(&["change"]));
}
