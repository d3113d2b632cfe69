//! A small blog: what an application does with its database. Its tests are `tests/testing.rs` in kit's repository.

pub mod migrations;
pub mod models;

use std::hash::{BuildHasher, Hasher, RandomState};

use models::{categories, comments, post_tags, posts, tags, users};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{Condition, QueryOrder, QuerySelect, Set, TransactionTrait};

/// A new user.
pub async fn register(db: &impl ConnectionTrait, email: &str, name: &str) -> Result<users::Model, DbErr> {
    let user = users::ActiveModel {
        pid: Set(Uuid::from_u64_pair(chance(), chance())),
        email: Set(email.trim().to_lowercase()),
        name: Set(name.to_owned()),
        password_hash: Set(HASH.to_owned()),
        ..Default::default()
    };
    user.insert(db).await
}

fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// What a library for passwords makes of one.
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$VE0e3g7DalWHgDwou3nuRA$uC6TER156UQpk0lNQ5+jHM0l5poVjPA1he/Tyn9J4Zw";

/// A draft with its tags: all of it, or nothing.
pub async fn draft(
    db: &DatabaseConnection,
    user: &users::Model,
    title: &str,
    labels: &[&str],
) -> Result<posts::Model, DbErr> {
    let transaction = db.begin().await?;
    let post = posts::ActiveModel {
        slug: Set(slug(title)),
        title: Set(title.to_owned()),
        body: Set(String::new()),
        user_id: Set(user.id),
        views: Set(0),
        ..Default::default()
    };
    let post = post.insert(&transaction).await?;
    for label in labels {
        let tag = match tags::Entity::find().filter(tags::Column::Name.eq(*label)).one(&transaction).await? {
            Some(tag) => tag,
            None => {
                tags::ActiveModel { name: Set((*label).to_owned()), ..Default::default() }.insert(&transaction).await?
            }
        };
        let link = post_tags::ActiveModel { post_id: Set(post.id), tag_id: Set(tag.id), ..Default::default() };
        link.insert(&transaction).await?;
    }
    transaction.commit().await?;
    Ok(post)
}

/// Publishes a post in a category.
pub async fn publish(db: &DatabaseConnection, post: posts::Model, category: &str) -> Result<posts::Model, DbErr> {
    let category = categories::Entity::find().filter(categories::Column::Name.eq(category)).one(db).await?;
    let category = category.ok_or_else(|| DbErr::RecordNotFound("no such category".to_owned()))?;
    let mut post: posts::ActiveModel = post.into();
    post.category_id = Set(Some(category.id));
    post.published_at = Set(Some(chrono::Utc::now().into()));
    post.update(db).await
}

/// A comment, of a guest if there is no user.
pub async fn comment(
    db: &impl ConnectionTrait,
    post: &posts::Model,
    user: Option<&users::Model>,
    body: &str,
) -> Result<comments::Model, DbErr> {
    let user_id = Set(user.map(|user| user.id));
    comments::ActiveModel { body: Set(body.to_owned()), post_id: Set(post.id), user_id, ..Default::default() }
        .insert(db)
        .await
}

/// Counts one more view, in the database.
pub async fn view(db: &impl ConnectionTrait, post: &posts::Model) -> Result<(), DbErr> {
    let views = posts::Entity::update_many().col_expr(posts::Column::Views, Expr::col(posts::Column::Views).add(1));
    views.filter(posts::Column::Id.eq(post.id)).exec(db).await.map(|_| ())
}

/// Titles of what is published, most read first.
pub async fn front_page(db: &impl ConnectionTrait, count: u64) -> Result<Vec<String>, DbErr> {
    let published = posts::Entity::find().filter(posts::Column::PublishedAt.is_not_null());
    let ordered = published.order_by_desc(posts::Column::Views).order_by_asc(posts::Column::Id).limit(count);
    Ok(ordered.all(db).await?.into_iter().map(|post| post.title).collect())
}

/// Removes a user, and with the user posts and what hangs on them.
pub async fn remove(db: &DatabaseConnection, user: &users::Model) -> Result<u64, DbErr> {
    let mine = Condition::all().add(posts::Column::UserId.eq(user.id));
    let posts = posts::Entity::find().filter(mine).count(db).await?;
    users::Entity::delete_by_id(user.id).exec(db).await?;
    Ok(posts)
}

fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}
