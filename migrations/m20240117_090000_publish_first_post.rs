use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let user = Query::insert()
            .into_table(Users::Table)
            .columns([Users::Id, Users::Email, Users::Name])
            .values_panic([1.into(), "ann@example.com".into(), "Ann".into()])
            .to_owned();
        manager.execute(user).await?;
        let post = Query::insert()
            .into_table(Posts::Table)
            .columns([Posts::UserId, Posts::Title, Posts::Body, Posts::Published])
            .values_panic([1.into(), "Hello".into(), "The first post".into(), true.into()])
            .to_owned();
        manager.execute(post).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let user = Query::delete().from_table(Users::Table).and_where(Expr::col(Users::Id).eq(1)).to_owned();
        manager.execute(user).await
    }
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
    Email,
    Name,
}

#[derive(DeriveIden)]
enum Posts {
    Table,
    UserId,
    Title,
    Body,
    Published,
}
