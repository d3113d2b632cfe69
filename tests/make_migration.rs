//! Transcripts of `kit make:migration` and `kit stub:publish`.

mod support;

use support::{EMPTY_INDEX, Sandbox};

#[test]
fn a_table_is_created() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "CreatePosts"]), @"
    migrations/m20260102_030405_create_posts.rs
    --- stderr ---
      INFO  Created a migration that creates table `posts`
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.read("migrations/m20260102_030405_create_posts.rs"), @"
    use sea_orm_migration::prelude::*;

    #[derive(DeriveMigrationName)]
    pub struct Migration;

    #[async_trait::async_trait]
    impl MigrationTrait for Migration {
        async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            manager
                .create_table(
                    Table::create()
                        .table(Posts::Table)
                        .col(
                            ColumnDef::new(Posts::Id)
                                .integer()
                                .not_null()
                                .auto_increment()
                                .primary_key(),
                        )
                        .col(
                            ColumnDef::new(Posts::CreatedAt)
                                .timestamp()
                                .not_null()
                                .default(Expr::current_timestamp()),
                        )
                        .col(
                            ColumnDef::new(Posts::UpdatedAt)
                                .timestamp()
                                .not_null()
                                .default(Expr::current_timestamp()),
                        )
                        .to_owned(),
                )
                .await
        }

        async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            manager
                .drop_table(Table::drop().table(Posts::Table).to_owned())
                .await
        }
    }

    #[derive(DeriveIden)]
    enum Posts {
        Table,
        Id,
        CreatedAt,
        UpdatedAt,
    }
    ");
    insta::assert_snapshot!(sandbox.read("migrations/mod.rs"), @"
    pub use sea_orm_migration::prelude::*;

    mod m20260102_030405_create_posts;

    pub struct Migrator;

    #[async_trait::async_trait]
    impl MigratorTrait for Migrator {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![Box::new(m20260102_030405_create_posts::Migration)]
        }
    }
    ");
}

#[test]
fn what_is_assumed_is_said() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "add_email_and_phone_to_users"]), @"
    migrations/m20260102_030405_add_email_and_phone_to_users.rs
    --- stderr ---
      INFO  Created a migration that adds `email`, `phone` to `users`

      WARN  Only the name is known of `email`, `phone`: assumed nullable string
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.read("migrations/m20260102_030405_add_email_and_phone_to_users.rs"), @"
    use sea_orm_migration::prelude::*;

    #[derive(DeriveMigrationName)]
    pub struct Migration;

    #[async_trait::async_trait]
    impl MigrationTrait for Migration {
        async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            manager
                .alter_table(
                    Table::alter()
                        .table(Users::Table)
                        .add_column(ColumnDef::new(Users::Email).string().null())
                        .to_owned(),
                )
                .await?;
            manager
                .alter_table(
                    Table::alter()
                        .table(Users::Table)
                        .add_column(ColumnDef::new(Users::Phone).string().null())
                        .to_owned(),
                )
                .await
        }

        async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            manager
                .alter_table(
                    Table::alter()
                        .table(Users::Table)
                        .drop_column(Users::Phone)
                        .to_owned(),
                )
                .await?;
            manager
                .alter_table(
                    Table::alter()
                        .table(Users::Table)
                        .drop_column(Users::Email)
                        .to_owned(),
                )
                .await
        }
    }

    #[derive(DeriveIden)]
    enum Users {
        Table,
        Email,
        Phone,
    }
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "remove_email_from_users"]), @"
    migrations/m20260102_030406_remove_email_from_users.rs
    --- stderr ---
      INFO  Created a migration that removes `email` from `users`

      WARN  What `email` held is not known: `down` adds nullable string
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.read("migrations/m20260102_030406_remove_email_from_users.rs"), @"
    use sea_orm_migration::prelude::*;

    #[derive(DeriveMigrationName)]
    pub struct Migration;

    #[async_trait::async_trait]
    impl MigrationTrait for Migration {
        async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            manager
                .alter_table(
                    Table::alter()
                        .table(Users::Table)
                        .drop_column(Users::Email)
                        .to_owned(),
                )
                .await
        }

        async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            // What these columns were is not known: give them their type back.
            manager
                .alter_table(
                    Table::alter()
                        .table(Users::Table)
                        .add_column(ColumnDef::new(Users::Email).string().null())
                        .to_owned(),
                )
                .await
        }
    }

    #[derive(DeriveIden)]
    enum Users {
        Table,
        Email,
    }
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "drop_posts_table"]), @"
    migrations/m20260102_030407_drop_posts_table.rs
    --- stderr ---
      INFO  Created a migration that drops table `posts`

      WARN  What `posts` held is not known: `down` fails until you write it
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.read("migrations/m20260102_030407_drop_posts_table.rs"), @r#"
    use sea_orm_migration::prelude::*;

    #[derive(DeriveMigrationName)]
    pub struct Migration;

    #[async_trait::async_trait]
    impl MigrationTrait for Migration {
        async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            manager
                .drop_table(Table::drop().table(Posts::Table).to_owned())
                .await
        }

        // What the table held is gone: to make this reversible, create it here as it was.
        async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
            Err(DbErr::Migration(
                "`posts` was dropped, it cannot be brought back".to_owned(),
            ))
        }
    }

    #[derive(DeriveIden)]
    enum Posts {
        Table,
    }
    "#);
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_join_table_users_and_groups"]), @"
    migrations/m20260102_030408_create_join_table_users_and_groups.rs
    --- stderr ---
      INFO  Created a migration that creates table `users_groups`, linking `users` and `groups`

      WARN  Assumed an integer `id` in `users`, `groups`
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.read("migrations/m20260102_030408_create_join_table_users_and_groups.rs"), @r#"
    use sea_orm_migration::prelude::*;

    #[derive(DeriveMigrationName)]
    pub struct Migration;

    #[async_trait::async_trait]
    impl MigrationTrait for Migration {
        async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            manager
                .create_table(
                    Table::create()
                        .table(UsersGroups::Table)
                        .col(ColumnDef::new(UsersGroups::UserId).integer().not_null())
                        .col(ColumnDef::new(UsersGroups::GroupId).integer().not_null())
                        .col(
                            ColumnDef::new(UsersGroups::CreatedAt)
                                .timestamp()
                                .not_null()
                                .default(Expr::current_timestamp()),
                        )
                        .col(
                            ColumnDef::new(UsersGroups::UpdatedAt)
                                .timestamp()
                                .not_null()
                                .default(Expr::current_timestamp()),
                        )
                        .primary_key(
                            Index::create()
                                .col(UsersGroups::UserId)
                                .col(UsersGroups::GroupId),
                        )
                        .foreign_key(
                            ForeignKey::create()
                                .name("fk_users_groups_user_id")
                                .from(UsersGroups::Table, UsersGroups::UserId)
                                .to(Users::Table, Users::Id)
                                .on_delete(ForeignKeyAction::Cascade)
                                .on_update(ForeignKeyAction::Cascade),
                        )
                        .foreign_key(
                            ForeignKey::create()
                                .name("fk_users_groups_group_id")
                                .from(UsersGroups::Table, UsersGroups::GroupId)
                                .to(Groups::Table, Groups::Id)
                                .on_delete(ForeignKeyAction::Cascade)
                                .on_update(ForeignKeyAction::Cascade),
                        )
                        .to_owned(),
                )
                .await?;
            manager
                .create_index(
                    Index::create()
                        .name("idx_users_groups_group_id")
                        .table(UsersGroups::Table)
                        .col(UsersGroups::GroupId)
                        .to_owned(),
                )
                .await
        }

        async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            manager
                .drop_table(Table::drop().table(UsersGroups::Table).to_owned())
                .await
        }
    }

    #[derive(DeriveIden)]
    enum UsersGroups {
        Table,
        UserId,
        GroupId,
        CreatedAt,
        UpdatedAt,
    }

    #[derive(DeriveIden)]
    enum Users {
        Table,
        Id,
    }

    #[derive(DeriveIden)]
    enum Groups {
        Table,
        Id,
    }
    "#);
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "add_index_to_posts_user_id"]), @"
    migrations/m20260102_030409_add_index_to_posts_user_id.rs
    --- stderr ---
      INFO  Created a migration that creates index `idx_posts_user_id`

      WARN  Took `posts` for the table (--table=TABLE names another)
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "tidy up"]), @"
    migrations/m20260102_030410_tidy_up.rs
    --- stderr ---
      INFO  Created a migration that does nothing yet

      WARN  The name says no table: `up` and `down` are empty (--create=TABLE, --table=TABLE)
    --- exit 0 ---
    ");
}

#[test]
fn earlier_migrations_tell_tables_from_columns() {
    let sandbox = Sandbox::project();
    assert_eq!(sandbox.kit(&["make:migration", "create_order_items"]).code, 0);
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "add_index_to_order_items_sku"]), @"
    migrations/m20260102_030406_add_index_to_order_items_sku.rs
    --- stderr ---
      INFO  Created a migration that creates index `idx_order_items_sku`
    --- exit 0 ---
    ");
}

#[test]
fn a_dry_run_shows_and_writes_nothing() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "rename_posts_to_articles", "--dry-run"]), @"
    use sea_orm_migration::prelude::*;

    #[derive(DeriveMigrationName)]
    pub struct Migration;

    #[async_trait::async_trait]
    impl MigrationTrait for Migration {
        async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            manager
                .rename_table(
                    Table::rename()
                        .table(Posts::Table, Articles::Table)
                        .to_owned(),
                )
                .await
        }

        async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
            manager
                .rename_table(
                    Table::rename()
                        .table(Articles::Table, Posts::Table)
                        .to_owned(),
                )
                .await
        }
    }

    #[derive(DeriveIden)]
    enum Posts {
        Table,
    }

    #[derive(DeriveIden)]
    enum Articles {
        Table,
    }

    pub use sea_orm_migration::prelude::*;

    mod m20260102_030405_rename_posts_to_articles;

    pub struct Migrator;

    #[async_trait::async_trait]
    impl MigratorTrait for Migrator {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![
                Box::new(m20260102_030405_rename_posts_to_articles::Migration),
            ]
        }
    }

    --- stderr ---
      INFO  Would create [migrations/m20260102_030405_rename_posts_to_articles.rs]

      INFO  Would update [migrations/mod.rs]
    --- exit 0 ---
    ");
    assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
    assert_eq!(sandbox.read("migrations/mod.rs"), EMPTY_INDEX);
}

#[test]
fn a_name_is_asked_for() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["make:migration"]), @"
    --- stderr ---
      ERROR  missing argument: NAME
      hint: run `kit make:migration --help` for its usage
    --- exit 2 ---
    ");
    insta::assert_snapshot!(sandbox.kit_answering(&["make:migration"], &["create_tags"]), @"
    migrations/m20260102_030405_create_tags.rs
    --- stderr ---
      What is the migration to do (create_posts_table)? create_tags
      INFO  Created a migration that creates table `tags`
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.kit_answering(&["make:migration"], &["../tags"]), @"
    --- stderr ---
      What is the migration to do (create_posts_table)? ../tags
      ERROR  `../tags` cannot be the name of a migration: it contains '.'
      hint: use letters, digits and _, starting with a letter: create_posts_table
    --- exit 1 ---
    ");
    assert_eq!(sandbox.files().len(), 2);
}

#[test]
fn bad_names_make_no_file() {
    let long = "a".repeat(300);
    for name in [
        "",
        " ",
        ".",
        "..",
        "../x",
        "/etc/x",
        "a/b",
        "a\\b",
        "a;b",
        "a; pub fn f(){} mod b",
        "a\"b",
        "a'b",
        "a\nb",
        "a\tb",
        "a\0b",
        "a\u{1b}[31mb",
        "a\u{202e}b",
        "🦀",
        "créer",
        &long,
        "fn",
        "self",
        "Self",
        "crate",
        "super",
        "r#x",
        "_",
        "123",
        "-x",
        "--help",
        "con",
        "mod",
        "lib",
        "main",
    ] {
        let sandbox = Sandbox::project();
        let transcript = sandbox.kit(&["make:migration", "--", name]);
        assert_eq!((transcript.code, transcript.stdout.as_str()), (1, ""), "{name:?}\n{transcript}");
        assert!(transcript.stderr.contains("cannot be the name of a migration"), "{transcript}");
        assert!(transcript.stderr.contains("hint: "), "{transcript}");
        assert!(!transcript.stderr.contains(['\u{1b}', '\u{202e}', '\0', '\t']), "{transcript}");
        assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
        assert_eq!(sandbox.read("migrations/mod.rs"), EMPTY_INDEX);
    }
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "a; pub fn f(){} mod b"]), @"
    --- stderr ---
      ERROR  `a; pub fn f(){} mod b` cannot be the name of a migration: it contains ';'
      hint: use letters, digits and _, starting with a letter: create_posts_table
    --- exit 1 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "x", "--create=a\"b"]), @r#"
    --- stderr ---
      ERROR  `a"b` cannot be the name of a table: it contains '"'
      hint: use letters, digits and _, starting with a letter
    --- exit 1 ---
    "#);
    let name = format!("create_{}", "a".repeat(80));
    insta::assert_snapshot!(sandbox.kit(&["make:migration", &name]), @"
    --- stderr ---
      ERROR  `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…` cannot be the name of a table: it has 80 characters, databases allow 63
      hint: use letters, digits and _, starting with a letter
    --- exit 1 ---
    ");
    assert_eq!(sandbox.kit(&["make:migration", "x", "--create=a", "--table=b"]).code, 2);
    assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
}

#[test]
fn a_name_is_taken_once() {
    let sandbox = Sandbox::project().file("migrations/m1_Old_Name.rs", "").file("migrations/m2_folder/mod.rs", "");
    assert_eq!(sandbox.kit(&["make:migration", "create_posts"]).code, 0);
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "CREATE-posts"]), @"
    --- stderr ---
      ERROR  a migration named `create_posts` exists: [ROOT]/migrations/m20260102_030405_create_posts.rs
      hint: choose another name, or delete the file first
    --- exit 1 ---
    ");
    assert_eq!(sandbox.kit(&["make:migration", "old_name"]).code, 1);
    assert_eq!(sandbox.kit(&["make:migration", "folder"]).code, 1);
    assert_eq!(sandbox.files().len(), 4);
}

#[test]
fn a_taken_second_moves_on() {
    let sandbox = Sandbox::project()
        .file("migrations/m20260102_030405_a.rs", "")
        .file("migrations/m20260102_030406_b/mod.rs", "")
        .file("migrations/m20260102_050405_c.rs", "");
    assert_eq!(sandbox.kit(&["make:migration", "d"]).stdout, "migrations/m20260102_030407_d.rs\n");
    assert_eq!(sandbox.kit(&["make:migration", "e", "--local-time"]).stdout, "migrations/m20260102_050406_e.rs\n");
}

#[test]
fn a_list_of_another_kind_is_left_alone() {
    let index = EMPTY_INDEX.replace("vec![]", "all().collect()");
    let sandbox = Sandbox::new().file("migrations/mod.rs", &index);
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_posts"]), @"
    --- stderr ---
      ERROR  cannot register `m20260102_030405_create_posts` in [ROOT]/migrations/mod.rs: `migrations` is more than one `vec![…]`
      hint: add by hand:
            mod m20260102_030405_create_posts;
            Box::new(m20260102_030405_create_posts::Migration),
    --- exit 1 ---
    ");
    assert_eq!(sandbox.files(), ["migrations/mod.rs"]);
    assert_eq!(sandbox.read("migrations/mod.rs"), index);
}

#[test]
fn all_layouts_and_folders() {
    let loco =
        EMPTY_INDEX.replace("vec![]", "vec![\n            // inject-above (do not remove this comment)\n        ]");
    let sandbox = Sandbox::new().file("migration/src/lib.rs", &loco).file("src/models/_entities/mod.rs", "").cwd("src");
    assert_eq!(
        sandbox.kit(&["make:migration", "create_posts"]).stdout,
        "migration/src/m20260102_030405_create_posts.rs\n"
    );
    insta::assert_snapshot!(sandbox.read("migration/src/lib.rs"), @"
    pub use sea_orm_migration::prelude::*;

    mod m20260102_030405_create_posts;

    pub struct Migrator;

    #[async_trait::async_trait]
    impl MigratorTrait for Migrator {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            vec![
                Box::new(m20260102_030405_create_posts::Migration),
                // inject-above (do not remove this comment)
            ]
        }
    }
    ");
    let sandbox = Sandbox::project().file("other/mod.rs", EMPTY_INDEX);
    let made = sandbox.kit(&["make:migration", "create_a", "--path", "migrations/billing"]);
    assert_eq!(made.stdout, "migrations/billing/m20260102_030405_create_a.rs\n");
    assert!(sandbox.read("migrations/mod.rs").contains("#[path = \"billing/m20260102_030405_create_a.rs\"]\nmod "));
    assert_eq!(sandbox.kit(&["make:migration", "create_b", "--path", "other"]).code, 0);
    assert!(sandbox.read("other/mod.rs").contains("create_b::Migration"));
    assert!(!sandbox.read("migrations/mod.rs").contains("create_b"));
    for path in ["../outside", "/tmp", "nowhere"] {
        let refused = sandbox.kit(&["make:migration", "create_c", "--path", path]);
        assert_eq!((refused.code, sandbox.files().len()), (1, 4), "{refused}");
    }
}

#[test]
fn outside_of_a_project_nothing_is_made() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "create_posts"]), @"
    --- stderr ---
      ERROR  not in a project: no kit.toml, migrations/mod.rs, src/migrations/mod.rs or migration/src/lib.rs in [ROOT] or above
      hint: run `kit init` to start one, or name it with --project DIR
    --- exit 1 ---
    ");
    assert!(sandbox.files().is_empty());
}

#[test]
fn stubs_are_published_and_win() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["stub:publish", "--existing"]), @"
    --- stderr ---
      INFO  Nothing to publish
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["stub:publish"]), @"
    stubs/migration.rs
    stubs/migration.create.rs
    stubs/migration.update.rs
    stubs/migration.join.rs
    stubs/migration.drop.rs
    --- stderr ---

      INFO  Published 5 stubs
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["stub:publish"]), @"
    --- stderr ---
      INFO  Nothing to publish
    --- exit 0 ---
    ");
    let own = sandbox.read("stubs/migration.rs").replace("use ", "// {{ name }}\nuse ");
    sandbox.write("stubs/migration.rs", &own);
    assert_eq!(sandbox.kit(&["make:migration", "tidy_up"]).code, 0);
    assert!(sandbox.read("migrations/m20260102_030405_tidy_up.rs").starts_with("// tidy_up\nuse "));
    assert_eq!(sandbox.kit(&["stub:publish"]).stdout, "");
    assert_eq!(sandbox.read("stubs/migration.rs"), own);
    assert_eq!(sandbox.kit(&["stub:publish", "--existing"]).stdout, "stubs/migration.rs\n");
    assert_ne!(sandbox.read("stubs/migration.rs"), own);
}

#[test]
fn a_broken_stub_writes_nothing() {
    let sandbox = Sandbox::project().file("stubs/migration.rs", "use x;\nfn {{ nam }}() {}\n");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "tidy_up"]), @"
    --- stderr ---
      ERROR  stub migration.rs: line 2: no placeholder {{ nam }}, there are {{ name }}, {{ note }}, {{ enums }}
    --- exit 1 ---
    ");
    sandbox.write("stubs/migration.rs", "use x;\nfn {{ name }}( {}\n");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "tidy_up"]), @"
    --- stderr ---
      ERROR  stub migration.rs: what it makes is no Rust: line 2: cannot parse string into token stream
    --- exit 1 ---
    ");
    assert_eq!(sandbox.files(), ["migrations/mod.rs", "stubs/migration.rs"]);
    assert_eq!(sandbox.read("migrations/mod.rs"), EMPTY_INDEX);
}
