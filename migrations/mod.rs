//! A sample project's migrations: `cargo run -- migrate` in a clone of kit runs them.

pub use sea_orm_migration::prelude::*;

mod m20240115_120000_create_users_table;
mod m20240115_130000_create_posts_table;
mod m20240116_090000_add_phone_number_to_users;
mod m20240117_090000_publish_first_post;

/// Lists them.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20240115_120000_create_users_table::Migration),
            Box::new(m20240115_130000_create_posts_table::Migration),
            Box::new(m20240116_090000_add_phone_number_to_users::Migration),
            Box::new(m20240117_090000_publish_first_post::Migration),
        ]
    }
}
