//! Factories and seeders in a program: states, sequences, relations, and rows by the thousand; on each database. The same number
//! makes the same rows.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::support::database::Database;
use kit_runtime::seeding::prelude::*;
use kit_runtime::wire::Event;

mod users {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        pub email: String,
        pub role: String,
        pub age: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod posts {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "posts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub user_id: i32,
        pub title: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

struct UserFactory;

impl Factory for UserFactory {
    type Row = users::ActiveModel;

    fn definition(&self, faker: &mut Faker<'_>) -> users::ActiveModel {
        users::ActiveModel {
            name: Set(faker.name()),
            email: Set(faker.email()),
            age: Set(faker.maybe(|faker| faker.number(18..=99))),
            ..Default::default()
        }
    }
}

impl UserFactory {
    fn admin(self) -> Batch<Self> {
        self.state(|user, _| user.role = Set("admin".to_owned()))
    }
}

struct PostFactory;

impl Factory for PostFactory {
    type Row = posts::ActiveModel;

    fn definition(&self, faker: &mut Faker<'_>) -> posts::ActiveModel {
        posts::ActiveModel { title: Set(faker.title()), ..Default::default() }
    }

    async fn relate(&self, post: &mut posts::ActiveModel, seeds: &Seeds<'_>) -> Result<(), DbErr> {
        if post.user_id.is_not_set() {
            post.user_id = Set(UserFactory.create(seeds).await?.id);
        }
        Ok(())
    }
}

/// Two of the others.
struct Blog;

impl Seeder for Blog {
    async fn run(&self, seeds: &Seeds<'_>) -> Result<(), DbErr> {
        seeds.call(Readers { count: 3 }).await?;
        let writers = UserFactory.admin().count(2).has(PostFactory.count(3), |post, user| post.user_id = Set(user.id));
        for writer in writers.create(seeds).await? {
            assert_eq!(writer.role, "admin");
        }
        PostFactory.state(|post, _| post.title = Set("Alone".to_owned())).create(seeds).await?;
        let title = seeds.fake(|faker| faker.sentence());
        let row = posts::ActiveModel { user_id: Set(1), title: Set(title), ..Default::default() };
        row.insert(seeds.db()).await?;
        Ok(())
    }
}

struct Readers {
    count: usize,
}

impl Seeder for Readers {
    async fn run(&self, seeds: &Seeds<'_>) -> Result<(), DbErr> {
        let roles = ["reader".to_owned(), "guest".to_owned()];
        let users =
            UserFactory.count(self.count).sequence(roles, |user, role| user.role = Set(role)).create(seeds).await?;
        let roles: Vec<&str> = users.iter().map(|user| user.role.as_str()).collect();
        assert_eq!(roles, ["reader", "guest", "reader"]);
        Ok(())
    }
}

/// The tables, with a default that is not NULL.
async fn tables(database: &Database) {
    let key = match database.dialect {
        kit_runtime::dialect::Dialect::Sqlite => "integer PRIMARY KEY AUTOINCREMENT",
        kit_runtime::dialect::Dialect::Postgres => "serial PRIMARY KEY",
        kit_runtime::dialect::Dialect::MySql => "int AUTO_INCREMENT PRIMARY KEY",
    };
    let users = format!(
        "CREATE TABLE users (id {key}, name varchar(100) NOT NULL, email varchar(100) NOT NULL UNIQUE, \
         role varchar(20) NOT NULL DEFAULT 'nobody', age int)"
    );
    let posts = format!("CREATE TABLE posts (id {key}, user_id int NOT NULL, title text NOT NULL)");
    database.execute(&["DROP TABLE IF EXISTS posts", "DROP TABLE IF EXISTS users", &users, &posts]).await;
}

async fn everything(database: &Database) -> (Vec<users::Model>, Vec<posts::Model>) {
    let db = database.connect().await;
    let users = users::Entity::find().order_by_asc(users::Column::Id).all(&db).await.unwrap();
    (users, posts::Entity::find().order_by_asc(posts::Column::Id).all(&db).await.unwrap())
}

#[tokio::test]
async fn the_same_number_makes_the_same_rows() {
    for database in Database::all().await {
        let mut runs = Vec::new();
        for number in [7, 7, 8] {
            tables(&database).await;
            let db = database.connect().await;
            let told = Mutex::new(Vec::new());
            let seeds = Seeds::telling(&db, number, |event| told.lock().unwrap().push(event));
            seeds.call(Blog).await.unwrap();
            assert_eq!((seeds.number(), seeds.rows()), (number, 3 + 2 + 6 + 2));
            drop(seeds);
            let done: Vec<(String, u64)> = told
                .into_inner()
                .unwrap()
                .into_iter()
                .filter_map(|event| match event {
                    Event::Seeded { seeder, rows, .. } => Some((seeder, rows)),
                    _ => None,
                })
                .collect();
            assert_eq!(done, [("Readers".to_owned(), 3), ("Blog".to_owned(), 13)]);
            runs.push(everything(&database).await);
        }
        let [first, again, other] = runs.try_into().unwrap();
        assert_eq!(first, again, "{:?}", database.dialect);
        assert_ne!(first.0[0].email, other.0[0].email);
        let (users, posts) = first;
        let role = |of: &posts::Model| users.iter().find(|user| user.id == of.user_id).unwrap().role.clone();
        let of_admins = posts.iter().filter(|post| role(post) == "admin").count();
        assert_eq!((of_admins, posts.len()), (6, 8), "{posts:?}");
        assert_eq!(role(posts.iter().find(|post| post.title == "Alone").unwrap()), "nobody");
    }
}

/// Many at a time: as many values as each database takes, and defaults where rows set other columns than those before.
#[tokio::test]
async fn rows_by_the_thousand() {
    for database in Database::all().await {
        tables(&database).await;
        let db = database.connect().await;
        let seeds = Seeds::new(&db, 1);
        let batch = UserFactory.count(12_345).state(|user, faker| {
            if faker.index() % 1_000 == 7 {
                user.role = Set("seventh".to_owned());
            }
        });
        assert_eq!(batch.insert(&seeds).await.unwrap(), 12_345);
        let made = PostFactory.count(40).insert(&seeds).await.unwrap();
        assert_eq!((made, seeds.rows()), (40, 12_345 + 40 + 40));
        assert_eq!(UserFactory.count(0).insert(&seeds).await.unwrap(), 0);
        let (users, posts) = everything(&database).await;
        let emails: BTreeSet<&str> = users.iter().map(|user| user.email.as_str()).collect();
        assert_eq!((users.len(), emails.len(), posts.len()), (12_385, 12_385, 40));
        let roles = |role: &str| users.iter().filter(|user| user.role == role).count();
        assert_eq!((roles("seventh"), roles("nobody")), (13, 12_372), "{:?}", database.dialect);
    }
}

/// What is unlike each other stays so, and what cannot be goes on.
#[tokio::test]
async fn values_are_what_they_say() {
    let database = Database::sqlite().await;
    let db = database.connect().await;
    let seeds = Seeds::new(&db, 3);
    seeds.fake(|faker| {
        let digits: BTreeSet<u8> = (0..10).map(|_| faker.unique(|faker| faker.number(0..10_u8))).collect();
        assert_eq!(digits.len(), 10);
        assert!(faker.unique(|faker| faker.number(0..10_u8)) < 10);
        assert_ne!(faker.serial(), faker.serial());
        assert_eq!(faker.code(12).len(), 12);
        assert!((0..100).all(|_| faker.text(9).chars().count() <= 9));
        assert!((0..100).any(|_| faker.value::<Option<i32>>().is_none()));
        let version = faker.value::<Uuid>().to_string();
        assert_eq!((&version[14..15], version.len()), ("4", 36));
        let word: String = faker.fake(kit_runtime::seeding::fake::faker::company::en::Buzzword());
        assert!(!word.is_empty());
    });
    let made = UserFactory.admin().count(2).make(&seeds);
    assert_eq!((made.len(), made[0].role.clone()), (2, Set("admin".to_owned())));
    assert_eq!(seeds.rows(), 0);
    // A seeder's future may go from thread to thread, as those of a web application do.
    fn is_send(_: impl Send) {}
    is_send(seeds.call(Blog));
}
