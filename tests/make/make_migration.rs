//! Transcripts of `kit make:migration` and `kit stub:publish`: what is written here, the rest by theme beside it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod fields;
mod files;
mod helpers;
mod names;
mod refused;
mod stubs;
mod unknown;

use crate::support::Sandbox;

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

      WARN  there is no table `groups`: `group_id` refers to it
      hint: run `kit migrate:delete --force m20260102_030408_create_join_table_users_and_groups`, then `kit make:model group`, then this command again
      WARN  Assumed an integer `id` in `users`
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

      WARN  table `order_items` has no column `sku`; its columns are created_at, id, updated_at
      hint: run `kit migrate:delete --force m20260102_030406_add_index_to_order_items_sku`, then `kit make:migration add_sku_to_order_items`, then this command again
    --- exit 0 ---
    ");
}
