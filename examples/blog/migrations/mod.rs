//! The blog's migrations, with Loco's helpers.

pub use sea_orm_migration::prelude::*;

mod m20240201_000001_create_users;
mod m20240201_000002_create_posts;
mod m20240201_000003_create_comments;
mod m20240202_000001_create_tags;
mod m20240203_000001_create_categories;
mod m20240204_000001_add_views_to_posts;

/// Lists them.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20240201_000001_create_users::Migration),
            Box::new(m20240201_000002_create_posts::Migration),
            Box::new(m20240201_000003_create_comments::Migration),
            Box::new(m20240202_000001_create_tags::Migration),
            Box::new(m20240203_000001_create_categories::Migration),
            Box::new(m20240204_000001_add_views_to_posts::Migration),
        ]
    }
}
