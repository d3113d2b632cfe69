use kit_runtime::schema::*;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create_table(m, "categories", &[("name", ColType::StringUniq)], &[]).await?;
        add_reference(m, "posts", "category?", "").await?;
        let rows = "INSERT INTO categories (name) VALUES ('news'), ('essays'), ('notes')";
        m.get_connection().execute_unprepared(rows).await.map(|_| ())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        remove_reference(m, "posts", "category?", "").await?;
        drop_table(m, "categories").await
    }
}
