//! "Create a data fix" of Loco's guide to migrations: a migration changes rows with the models of the application.

use kit_runtime::schema::*;
use kit_runtime::wire::{Cause, Failure};
use sea_orm_migration::sea_orm::ActiveModelTrait;
use sea_orm_migration::sea_orm::ActiveValue::Set;

use super::run::{run, step, up};
use crate::support::database::Database;

mod cake {
    use sea_orm_migration::sea_orm;
    use sea_orm_migration::sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cakes")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub name: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn cake(name: &str) -> cake::ActiveModel {
    cake::ActiveModel { name: Set(name.to_owned()), ..Default::default() }
}

#[tokio::test]
async fn a_data_fix_uses_models_and_fails_whole() {
    for database in Database::all().await {
        let session = &database.session;
        up(session, step!(|m| create_table(m, "cakes", &[("name", ColType::StringUniq)], &[]).await)).await;
        let fix = step!(|m| {
            let db = m.get_connection();
            cake("Cheesecake").insert(db).await?;
            Ok(())
        });
        up(session, fix).await;
        assert_eq!(database.value("(SELECT name FROM cakes)").await.as_deref(), Some("Cheesecake"));
        // The second row is refused: the first one is not stored either, on any of the databases.
        let wrong = step!(|m| {
            let db = m.get_connection();
            cake("Sachertorte").insert(db).await?;
            cake("Cheesecake").insert(db).await?;
            Ok(())
        });
        let failed = run(session, wrong, None).await.unwrap_err();
        assert!(matches!(failed, Failure::Migration { cause: Cause::Error, rolled_back: true, .. }), "{failed:?}");
        assert_eq!(database.value("(SELECT COUNT(*) FROM cakes)").await.as_deref(), Some("1"));
    }
}
