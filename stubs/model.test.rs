//! Tests of `{{ table }}`.

use {{ migrations }}::{Migrator, MigratorTrait};
use {{ models }}::{{ module }};
use sea_orm::{Database, DbErr, EntityTrait};

/// The migrations make the table that the entity reads.
#[tokio::test]
async fn {{ module }}_are_read() -> Result<(), DbErr> {
    let database = Database::connect("sqlite::memory:").await?;
    Migrator::up(&database, None).await?;
    {{ module }}::Entity::find().all(&database).await?;
    Ok(())
}
