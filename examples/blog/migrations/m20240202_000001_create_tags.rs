use kit_runtime::schema::*;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        create_table(m, "tags", &[("name", ColType::StringUniq)], &[]).await?;
        create_join_table(m, "post_tags", &[], &[("post", ""), ("tag", "")]).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        drop_table(m, "post_tags").await?;
        drop_table(m, "tags").await
    }
}
