//! Where the file goes and how it is registered.

use crate::support::{EMPTY_INDEX, Sandbox};

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
