//! Tests of `{{ table }}`.

use {{ migrations }}::{Migrator, MigratorTrait};
use {{ models }}::{{ module }};
use sea_orm::{Database, DbErr, EntityTrait};

/// The migrations make the table that the entity reads.
#[tokio::test]
#[ignore = "needs an empty database: TEST_DATABASE_URL"]
async fn {{ module }}_are_read() -> Result<(), DbErr> {
    let url = std::env::var("TEST_DATABASE_URL").unwrap_or_default();
    let database = Database::connect(url).await?;
    Migrator::up(&database, None).await?;
    {{ module }}::Entity::find().all(&database).await?;
    Ok(())
}
