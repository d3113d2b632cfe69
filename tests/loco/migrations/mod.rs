//! Migrations as Loco's generator and documents write them, with `kit_runtime` in the place of `loco_rs`.

pub use sea_orm_migration::prelude::*;

mod m20231103_114510_users;
mod m20240101_000001_posts;
mod m20240101_000002_groups;
mod m20240101_000003_create_join_table_users_and_groups;
mod m20240101_000004_add_amount_to_users;
mod m20240101_000005_add_user_ref_to_posts;
mod m20240101_000006_directors;
mod m20240101_000007_movies;
mod m20240101_000008_users_votes;
mod m20240101_000009_add_role_to_users;
mod m20240101_000010_remove_api_key_from_users;
mod m20240101_000011_rename_password_to_secret_on_users;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20231103_114510_users::Migration),
            Box::new(m20240101_000001_posts::Migration),
            Box::new(m20240101_000002_groups::Migration),
            Box::new(m20240101_000003_create_join_table_users_and_groups::Migration),
            Box::new(m20240101_000004_add_amount_to_users::Migration),
            Box::new(m20240101_000005_add_user_ref_to_posts::Migration),
            Box::new(m20240101_000006_directors::Migration),
            Box::new(m20240101_000007_movies::Migration),
            Box::new(m20240101_000008_users_votes::Migration),
            Box::new(m20240101_000009_add_role_to_users::Migration),
            Box::new(m20240101_000010_remove_api_key_from_users::Migration),
            Box::new(m20240101_000011_rename_password_to_secret_on_users::Migration),
        ]
    }
}
