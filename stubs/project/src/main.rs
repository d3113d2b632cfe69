use {{ crate }}::migrations::Migrator;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::Database;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Variables of the process win over those in the file, which may be absent.
    dotenvy::dotenv().ok();
    let url = std::env::var("DATABASE_URL").map_err(|_| "DATABASE_URL is not set")?;
    let database = Database::connect(url).await?;
    Migrator::up(&database, None).await?;
    println!("The database is up to date, migrations: {}", Migrator::migrations().len());
    Ok(())
}
