//! An application that lives on entities: what it is made of, as text. It is compiled and run by the tests of `db:sync`.

/// Its manifest.
pub const APP: &str = r#"[package]
name = "app"
version = "0.1.0"
edition = "2024"

[dependencies]
tokio = { version = "1", features = ["macros", "rt", "time"] }

[dependencies.sea-orm]
version = "2.0.4"
default-features = false
features = ["macros", "runtime-tokio-rustls", "sqlx-sqlite", "sqlx-postgres", "sqlx-mysql", "with-chrono", "with-json", "with-rust_decimal", "with-uuid", "postgres-array"]

# What entities for a frontend name.
[dependencies.chrono]
version = "0.4"

[dependencies.rust_decimal]
version = "1"

[dependencies.serde_json]
version = "1"

[dependencies.uuid]
version = "1"
"#;

/// Insert, find with relations, update and delete through what kit wrote.
pub const MAIN: &str = r#"#![deny(warnings)]
#[path = "compact/mod.rs"]
#[allow(unused_imports, dead_code)]
mod compact;
#[path = "dense/mod.rs"]
#[allow(unused_imports, dead_code)]
mod dense;
#[path = "expanded/mod.rs"]
#[allow(unused_imports, dead_code)]
mod expanded;
#[path = "frontend/mod.rs"]
#[allow(unused_imports, dead_code)]
mod frontend;
#[allow(unused_imports, dead_code)]
mod models;

use models::{notes, posts, posts_tags, tags, users};
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, Database, IntoActiveModel};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), DbErr> {
    let database = &Database::connect(std::env::var("DATABASE_URL").unwrap()).await?;
    let ada = users::ActiveModel { email: Set("ada@example.com".into()), name: Set("Ada".into()), ..Default::default() };
    let ada = ada.insert(database).await?;
    let post = posts::ActiveModel { user_id: Set(ada.id), title: Set("Hello".into()), ..Default::default() };
    let post = post.insert(database).await?;
    assert!(!post.published && post.at.is_some());
    let tag = tags::ActiveModel { label: Set("new".into()), ..Default::default() }.insert(database).await?;
    posts_tags::ActiveModel { post_id: Set(post.id), tag_id: Set(tag.id) }.insert(database).await?;
    let found = users::Entity::find().find_with_related(posts::Entity).all(database).await?;
    assert_eq!(found[0].1[0].title, "Hello");
    let through = post.find_related(tags::Entity).all(database).await?;
    assert_eq!(through[0].label, "new");
    let mut change = post.into_active_model();
    change.title = Set("Changed".into());
    let post = change.update(database).await?;
    assert_eq!(posts::Entity::find_by_id(post.id).one(database).await?.unwrap().title, "Changed");
    assert_eq!(compact::published_posts::Entity::find().count(database).await?, 0);
    ada.delete(database).await?;
    assert_eq!(posts::Entity::find().count(database).await?, 0);
    // The user's half sets what the database does not: both times of a new row, one of a row that changes.
    let note = notes::ActiveModel { body: Set(Some("first".into())), ..Default::default() }.insert(database).await?;
    let (created, updated) = (note.created_at, note.updated_at.unwrap());
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let same = note.into_active_model().update(database).await?;
    assert_eq!(same.updated_at, Some(updated));
    let mut change = same.into_active_model();
    change.body = Set(Some("second".into()));
    let note = change.update(database).await?;
    assert_eq!(note.created_at, created);
    let later = note.updated_at.unwrap();
    assert!(later > updated);
    let mut change = note.into_active_model();
    (change.body, change.updated_at) = (Set(None), Set(Some(updated)));
    assert_eq!(change.update(database).await?.updated_at, Some(updated));
    relations(database).await
}

/// What is found by each relation, whatever the format.
async fn relations(database: &DatabaseConnection) -> Result<(), DbErr> {
    for statement in [
        "INSERT INTO teams (id) VALUES (1)",
        "INSERT INTO people (id, boss_id, team_id, name) VALUES (1, NULL, 1, 'Ada'), (2, 1, 1, 'Bob'), (3, 1, NULL, 'Cleo')",
        "UPDATE teams SET lead_id = 2",
        "INSERT INTO places (id, parent_id, twin_id) VALUES (1, NULL, NULL), (2, 1, 1), (3, 1, NULL)",
        "INSERT INTO articles (id, author_id, editor_id) VALUES (1, 1, 2), (2, 1, 3), (3, 2, 1)",
        "INSERT INTO likes (person_id, article_id) VALUES (3, 1)",
        "INSERT INTO clubs (id, owner_id) VALUES (1, 1)",
        "INSERT INTO members (person_id, club_id) VALUES (2, 1), (3, 1)",
        "INSERT INTO courses (id) VALUES (1)",
        "INSERT INTO enrolments (person_id, course_id, added_by) VALUES (2, 1, 1)",
        "INSERT INTO marks (id, person_id, course_id) VALUES (1, 2, 1)",
        "INSERT INTO profiles (id, person_id) VALUES (7, 1)",
        "INSERT INTO passports (id, holder_id, issuer_id) VALUES (1, 1, 2), (2, 3, 2)",
        "INSERT INTO stores (id, region, number, name) VALUES (1, 'north', 1, 'first'), (2, 'north', 2, 'second')",
        "INSERT INTO sales (id, region, number) VALUES (1, 'north', 2)",
    ] {
        database.execute_unprepared(statement).await?;
    }
    // One row of people, and what is counted from there.
    macro_rules! check {
        ($format:ident) => {{
            use $format::{articles, clubs, courses, enrolments, liked, marks, passports, people, places, profiles, sales, stores, teams};
            use sea_orm::{JoinType, QuerySelect, RelationTrait};
            macro_rules! count {
                ($from:ident, $relation:expr, $id:expr) => {
                    $from::Entity::find()
                        .join(JoinType::InnerJoin, $relation.def())
                        .filter($from::Column::Id.eq($id))
                        .count(database)
                        .await?
                };
            }
            assert_eq!(count!(people, people::Relation::ArticlesByAuthor, 1), 2);
            assert_eq!(count!(people, people::Relation::ArticlesByEditor, 1), 1);
            assert_eq!(count!(people, people::Relation::Profiles, 1), 1);
            assert_eq!(count!(people, people::Relation::PassportsByIssuer, 2), 2);
            assert_eq!(count!(people, people::Relation::PassportsByHolder, 2), 0);
            assert_eq!(count!(people, people::Relation::TeamsByLead, 2), 1);
            assert_eq!(count!(teams, teams::Relation::People, 1), 1);
            assert_eq!(count!(teams, teams::Relation::PeopleByTeam, 1), 2);
            assert!(places::Relation::PlacesByTwin.def().is_owner && places::Relation::PlacesByParent.def().is_owner);
            assert_eq!(count!(stores, stores::Relation::Sales, 2), 1);
            assert_eq!(count!(stores, stores::Relation::Sales, 1), 0);
            assert_eq!(count!(articles, articles::Relation::Editor, 1), 1);
            assert_eq!(people::Relation::ArticlesByAuthor.def().rel_type, sea_orm::RelationType::HasMany);
            assert_eq!(people::Relation::Profiles.def().rel_type, sea_orm::RelationType::HasOne);
            assert!(matches!(articles::Relation::Author.def().on_delete, Some(sea_orm::sea_query::ForeignKeyAction::Cascade)));
            let sale = sales::Entity::find_by_id(1).one(database).await?.unwrap();
            assert_eq!(sale.find_related(stores::Entity).one(database).await?.unwrap().name.as_deref(), Some("second"));
            let ada = people::Entity::find_by_id(1).one(database).await?.unwrap();
            assert_eq!(ada.find_related(profiles::Entity).one(database).await?.unwrap().id, 7);
            let mark = marks::Entity::find_by_id(1).one(database).await?.unwrap();
            assert_eq!(mark.find_related(enrolments::Entity).one(database).await?.unwrap().added_by, Some(1));
            assert_eq!(liked::Entity::find().all(database).await?.len(), 1);
            let _ = (clubs::Entity, courses::Entity, passports::Entity);
            ada
        }};
    }
    let ada = check!(compact);
    // As sea-orm-cli has it: through the link table, where there is one and nothing else.
    assert_eq!(ada.find_related(compact::articles::Entity).count(database).await?, 0);
    assert_eq!(ada.find_related(compact::clubs::Entity).count(database).await?, 0);
    let bob = compact::people::Entity::find_by_id(2).one(database).await?.unwrap();
    assert_eq!(bob.find_related(compact::clubs::Entity).count(database).await?, 1);
    assert_eq!(bob.find_related(compact::courses::Entity).count(database).await?, 1);
    assert_eq!(compact::people::Relation::PeopleByBoss.def().rel_type, sea_orm::RelationType::HasMany);
    let ada = check!(expanded);
    assert_eq!(ada.find_related(expanded::clubs::Entity).count(database).await?, 0);
    let ada = check!(dense);
    assert_eq!(ada.find_related(dense::clubs::Entity).count(database).await?, 1);
    let ada = dense::people::Entity::load()
        .filter(dense::people::Column::Id.eq(1))
        .with(dense::people::Relation::ArticlesByAuthor)
        .with(dense::profiles::Entity)
        .one(database)
        .await?
        .unwrap();
    assert_eq!(ada.articles_by_author.len(), 2);
    assert_eq!(ada.profiles.unwrap().id, 7);
    let model = frontend::people::Model { id: 1, boss_id: None, team_id: None, name: None };
    assert_eq!(model.clone(), model);
    Ok(())
}
"#;

/// Types that SeaORM has no words for, a schema that is not the default, arrays.
pub const ODD: &str = r#"
#[path = "other/mod.rs"]
#[allow(unused_imports, dead_code)]
mod other;

async fn odd(database: &DatabaseConnection) -> Result<(), DbErr> {
    macro_rules! check {
        ($format:ident, $id:literal) => {{
            use $format::{extended, odd};
            let row = extended::ActiveModel {
                id: Set($id),
                words: Set("Some Words".into()),
                place: Set(Some("(1, 2)".into())),
                extra: Set(Some("\"a\"=>\"1\"".into())),
                code: Set(Some("X".into())),
            };
            let row = row.insert(database).await?;
            assert_eq!((row.place.as_deref(), row.extra.as_deref()), (Some("(1, 2)"), Some("\"a\"=>\"1\"")));
            let mut row = row.into_active_model();
            row.place = Set(Some("(3)".into()));
            assert_eq!(row.update(database).await?.place.as_deref(), Some("(3)"));
            let row = odd::ActiveModel {
                span: Set(Some("1 day".into())),
                place: Set("(1,2)".into()),
                words: Set(Some(vec!["a".into(), "b".into()])),
                net: Set(Some("10.0.0.0/8".into())),
                one: Set($format::sea_orm_active_enums::OptionEnum::Alpha),
                ..Default::default()
            };
            let row = row.insert(database).await?;
            let found = odd::Entity::find_by_id(row.id).one(database).await?.unwrap();
            assert_eq!((found.span.as_deref(), found.place.as_str()), (Some("1 day"), "(1,2)"));
            assert_eq!((found.net.as_deref(), found.words.unwrap().len()), (Some("10.0.0.0/8"), 2));
        }};
    }
    check!(compact, 1);
    check!(expanded, 2);
    check!(dense, 3);
    let thing = other::things::ActiveModel { id: Set(1), note: Set(None), tags: Set(Some(vec!["x".into()])) };
    thing.insert(database).await?;
    assert_eq!(other::things::Entity::find().one(database).await?.unwrap().tags.unwrap(), ["x"]);
    Ok(())
}
"#;

/// The guide's own migration.
pub const POSTS: &str = r#"use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(Posts::Table)
                    .if_not_exists()
                    .col(
                        ColumnDef::new(Posts::Id)
                            .integer()
                            .not_null()
                            .auto_increment()
                            .primary_key(),
                    )
                    .col(ColumnDef::new(Posts::Title).string().not_null())
                    .col(ColumnDef::new(Posts::Body).text().not_null())
                    .col(ColumnDef::new(Posts::Published).boolean().not_null().default(false))
                    .col(ColumnDef::new(Posts::CreatedAt).timestamp().not_null())
                    .col(ColumnDef::new(Posts::UpdatedAt).timestamp().not_null())
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(Posts::Table).to_owned())
            .await
    }
}

#[derive(DeriveIden)]
enum Posts {
    Table,
    Id,
    Title,
    Body,
    Published,
    CreatedAt,
    UpdatedAt,
}
"#;
