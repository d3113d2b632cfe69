//! Names of which kit infers the table and the columns, and names that do not describe a change.

use kit::error::Error;

use crate::support::{Sandbox, assert_error};

/// The only migration.
fn source(sandbox: &Sandbox) -> String {
    let files = sandbox.files();
    sandbox.read(files.iter().find(|file| file.starts_with("migrations/m2")).unwrap())
}

fn words(line: &str) -> Vec<&str> {
    std::iter::once("make:migration").chain(line.split(' ')).collect()
}

#[test]
fn with_fields_the_columns_in_the_name_do_not_matter() {
    for (line, parts) in [
        ("AddColumnsToUsers name:string age:int", ["Users::Table", "add_column(ColumnDef::new(Users::Age)"]),
        ("add-field-to-users age:int", ["Users::Table", "add_column(ColumnDef::new(Users::Age)"]),
        ("RemoveColumnsFromUsers age:int", ["Users::Table", "drop_column(Users::Age)"]),
        ("DropConstraintFromUsers age:int", ["Users::Table", "drop_column(Users::Age)"]),
        ("AddForeignKeyToUsers team:references", ["Users::TeamId", "idx_users_team_id"]),
        ("AddUserForeignKeyToPosts user:references", ["Posts::UserId", "fk_posts_user_id"]),
        ("AddRefsToPosts user:references", ["Posts::UserId", "fk_posts_user_id"]),
        ("AddConstraintToUsers", ["pub struct Migration", "`users`"]),
        ("AddToUsers age:int", ["Users::Table", "add_column(ColumnDef::new(Users::Age)"]),
        ("alter_users age:int", ["Users::Table", "add_column(ColumnDef::new(Users::Age)"]),
        ("add_users_whatever age:int", ["Users::Table", "add_column(ColumnDef::new(Users::Age)"]),
        ("delete_users_whatever age:int", ["Users::Table", "drop_column(Users::Age)"]),
    ] {
        let sandbox = Sandbox::project();
        let made = sandbox.kit(&words(line));
        assert_eq!(made.code, 0, "{line}: {made}");
        let text = source(&sandbox);
        assert!(parts.iter().all(|part| text.contains(part)), "{line}: {text}");
        assert!(!text.contains("Whatever") && !text.contains("Columns"), "{line}: {text}");
    }
}

#[test]
fn options_name_the_columns_of_an_index() {
    for (line, name) in [
        ("index_logs --table generation_logs --index a,b", "idx_generation_logs_a_b"),
        ("index_logs --index a,b", "idx_logs_a_b"),
        ("add_index_to_logs --unique a", "ux_logs_a"),
        ("add_index_to_logs_c --index a,b", "idx_logs_a_b"),
        ("remove_index_from_logs --index a,b", "idx_logs_a_b"),
        ("add_foreign_key_to_logs --index a", "idx_logs_a"),
    ] {
        let sandbox = Sandbox::project();
        let made = sandbox.kit(&words(line));
        assert!(made.code == 0 && made.shows(format!("`{name}`")), "{line}: {made}");
        assert!(source(&sandbox).contains(&format!(".name(\"{name}\")")), "{line}: {}", source(&sandbox));
    }
    let sandbox = Sandbox::project();
    for line in ["index_logs a:int", "add_index_to_logs a:int --index a", "index_logs --soft-deletes"] {
        let refused = sandbox.kit(&words(line));
        assert_error!(refused, Error::FieldsUnused { .. });
    }
    let refused = sandbox.kit(&words("speed_up --index a,b --soft-deletes"));
    assert_error!(refused, Error::FieldsUnplaced { fields } if *fields == ["a", "b", "deleted_at"]);
    assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
}

/// The migration is made, and the name that the hint proposes gets no hint itself.
#[test]
fn a_vague_name_gets_a_clearer_one_as_an_example() {
    for (line, example) in [
        ("update_users", "add_email_to_users"),
        ("ModifyUsersTable", "add_email_to_users"),
        ("update_users age:int", "add_age_to_users"),
        ("modify_users --index name,age", "add_index_to_users_name_and_age"),
        ("change_table", "add_email_to_users"),
        ("fix", "add_email_to_users"),
        ("misc_changes", "add_email_to_users"),
        ("wip2", "add_email_to_users"),
        ("data_fix", "data_fix_users_timezone"),
        ("stuff --create=tags", "create_tags_table"),
    ] {
        let sandbox = Sandbox::project();
        let made = sandbox.kit(&words(line));
        assert_eq!(
            (made.code, made.printed()),
            (0, vec![vec!["make:migration".to_owned(), example.to_owned()]]),
            "{made}"
        );
        assert_eq!(sandbox.files().len(), 2);
        let clearer = sandbox.kit(&made.printed()[0]);
        assert!(clearer.code == 0 && clearer.printed().is_empty(), "{clearer}");
    }
    for line in
        ["data_fix_users_timezone", "alter_users", "movies", "add_columns_to_users age:int", "update_users_timezone"]
    {
        let made = Sandbox::project().kit(&words(line));
        assert!(made.code == 0 && made.printed().is_empty(), "{line}: {made}");
    }
    insta::assert_snapshot!(Sandbox::project().kit(&words("update_users")), @"
    migrations/m20260102_030405_update_users.rs
    --- stderr ---
      INFO  Created a migration that does nothing to `users` yet

      WARN  the name `update_users` does not describe what the migration changes
      hint: choose a name that describes the change, as in `kit make:migration add_email_to_users`
    --- exit 0 ---
    ");
    insta::assert_snapshot!(Sandbox::project().kit(&words("data_fix_users_timezone")), @"
    migrations/m20260102_030405_data_fix_users_timezone.rs
    --- stderr ---
      INFO  Created a migration that does nothing yet
    --- exit 0 ---
    ");
}

#[test]
fn a_plural_alone_is_a_new_table_once() {
    let sandbox = Sandbox::project();
    assert_eq!(sandbox.kit(&words("create_movies_table")).code, 0);
    let refused = sandbox.kit(&words("movies title:string"));
    assert_error!(refused, Error::FieldsUnplaced { .. });
    let sandbox = Sandbox::project();
    assert_eq!(sandbox.kit(&words("movies title:string created_at:tstz!")).code, 0);
    let text = source(&sandbox);
    assert!(text.contains("create_table") && text.contains("Movies::Title"), "{text}");
    // Those that come with the table win.
    assert_eq!(text.matches("ColumnDef::new(Movies::CreatedAt)").count(), 1, "{text}");
    assert!(!text.contains("timestamp_with_time_zone"), "{text}");
    // The name counts as a table for later names.
    assert!(sandbox.kit(&words("add_movies_year_seen")).hides("--table"));
    let own = Sandbox::project();
    assert_eq!(own.kit(&words("movies created_at:tstz! --no-timestamps")).code, 0);
    let text = source(&own);
    assert!(text.contains("timestamp_with_time_zone") && !text.contains("UpdatedAt"), "{text}");
}
