use kit_runtime::schema::*;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        {{ up }}
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        {{ down }}
    }
}
