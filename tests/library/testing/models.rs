//! Models with code of their own, as Loco's guide has them: functions of models, a hook before a row is saved, and the guide's
//! tests of models, each with a database of its own in the place of `boot_test`.

use kit_runtime::seeding::{Seeder, Seeds};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, DbErr, SqlErr};

use super::{SERVERS, fresh};

mod users {
    use sea_orm::ActiveValue::Set;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub pid: Uuid,
        pub email: String,
        pub name: String,
        pub password_hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    #[async_trait::async_trait]
    impl ActiveModelBehavior for ActiveModel {
        async fn before_save<C: ConnectionTrait>(mut self, _db: &C, insert: bool) -> Result<Self, DbErr> {
            if let Some(email) = self.email.try_as_ref() {
                if !email.contains('@') {
                    return Err(DbErr::Custom("not an email address".to_owned()));
                }
                self.email = Set(email.to_lowercase());
            }
            if insert && self.password_hash.is_not_set() {
                self.password_hash = Set("$2b$12$none".to_owned());
            }
            Ok(self)
        }
    }

    impl ActiveModel {
        /// "Adding functionality to the users activerecord is by extension".
        pub fn rename(&mut self, name: &str) -> Result<(), DbErr> {
            self.name = Set(name.to_owned());
            Ok(())
        }
    }

    impl Model {
        pub async fn find_by_pid(db: &impl ConnectionTrait, pid: &str) -> Result<Self, DbErr> {
            let pid = Uuid::parse_str(pid).map_err(|error| DbErr::Custom(error.to_string()))?;
            let user = Entity::find().filter(Column::Pid.eq(pid)).one(db).await?;
            user.ok_or_else(|| DbErr::RecordNotFound(pid.to_string()))
        }

        pub async fn find_by_email(db: &impl ConnectionTrait, email: &str) -> Result<Self, DbErr> {
            let user = Entity::find().filter(Column::Email.eq(email)).one(db).await?;
            user.ok_or_else(|| DbErr::RecordNotFound(email.to_owned()))
        }
    }
}

const PID: &str = "11111111-1111-1111-1111-111111111111";

/// In the place of `db::seed::<users::ActiveModel>`.
struct Users;

impl Seeder for Users {
    async fn run(&self, seeds: &Seeds<'_>) -> Result<(), DbErr> {
        user("User1@Example.com").insert(seeds.db()).await.map(drop)
    }
}

fn user(email: &str) -> users::ActiveModel {
    users::ActiveModel {
        pid: Set(PID.parse().unwrap()),
        email: Set(email.to_owned()),
        name: Set("user1".to_owned()),
        ..Default::default()
    }
}

#[tokio::test]
async fn the_tests_of_models_of_locos_guide() {
    for server in SERVERS {
        // "can_find_by_pid" and "is_user_exists"
        let db = fresh(server).await;
        db.seed(Users).await.unwrap();
        let existing = users::Model::find_by_pid(db.connection(), PID).await.unwrap();
        assert_eq!(existing.email, "user1@example.com");
        assert_eq!(users::Model::find_by_email(db.connection(), "user1@example.com").await.unwrap(), existing);
        let missing = users::Model::find_by_email(db.connection(), "23232323-2323-2323-2323-232323232323").await;
        assert!(matches!(missing, Err(DbErr::RecordNotFound(_))), "{missing:?}");
        // "handle_create_with_password_with_duplicate"
        let twice = user("USER1@example.com").insert(db.connection()).await.unwrap_err();
        assert!(matches!(twice.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))), "{twice}");
        // The functions of the model, and its hook on an update.
        let mut changed: users::ActiveModel = existing.into();
        changed.rename("Ann").unwrap();
        changed.email = Set("ANN@example.com".to_owned());
        let changed = changed.update(db.connection()).await.unwrap();
        assert_eq!(
            [changed.name.as_str(), &changed.email, &changed.password_hash],
            ["Ann", "ann@example.com", "$2b$12$none"]
        );
        let refused = user("no address").insert(db.connection()).await;
        assert!(matches!(refused, Err(DbErr::Custom(_))), "{refused:?}");
        // The next test has a database without these rows.
        let other = fresh(server).await;
        assert!(users::Model::find_by_pid(other.connection(), PID).await.is_err());
        for db in [db, other] {
            db.close().await.unwrap();
        }
    }
}
