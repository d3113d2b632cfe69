use {{ crate }}::migrations::Migrator;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::Database;

#[tokio::main]
async fn main() -> Result<(), DbErr> {
    let url = std::env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite://database/app.sqlite?mode=rwc".to_owned());
    let database = Database::connect(url).await?;
    Migrator::up(&database, None).await?;
    println!("The database is up to date, migrations: {}", Migrator::migrations().len());
    Ok(())
}
