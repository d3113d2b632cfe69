//! Fifty tests of the blog, which `left_behind.rs` runs as a suite: `cargo test --test testing -- --ignored suite::` does, too. Each expects to be alone: they use the same addresses, titles and numbers.

use kit_runtime::pending;
use sea_orm::entity::prelude::*;
use sea_orm::{Database, SqlErr, TransactionTrait};

use crate::testing::blog::migrations::Migrator;
use crate::testing::blog::models::{categories, comments, post_tags, posts, tags, users};
use crate::testing::blog::{comment, draft, front_page, publish, register, remove, view};
use crate::testing::{SERVERS, fresh};

/// Five tests of each: with so many rows.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        $(mod $name {
            tests!(one $name 1, two $name 2, three $name 3, four $name 4, five $name 5);
        })*
    };
    ($($test:ident $name:ident $count:literal),*) => {
        $(#[tokio::test]
        #[ignore = "runs with all the others in left_behind.rs"]
        async fn $test() {
            for server in super::SERVERS {
                let database = super::fresh(server).await;
                super::$name(&database, database.url(), $count).await;
                database.close().await.unwrap();
            }
        })*
    };
}

tests!(
    users_are_who_they_say,
    an_address_is_taken_once,
    numbers_begin_at_one,
    a_draft_is_whole_or_not_at_all,
    tags_are_shared,
    categories_are_there,
    guests_comment,
    a_user_goes_with_all_posts,
    views_are_counted,
    a_transaction_is_not_in_the_way,
);

async fn user(db: &DatabaseConnection) -> users::Model {
    register(db, " Ada@Example.org", "Ada").await.unwrap()
}

async fn users_are_who_they_say(db: &DatabaseConnection, _: &str, count: usize) {
    for n in 0..count {
        register(db, &format!("user{n}@example.org"), "Somebody").await.unwrap();
    }
    assert_eq!(user(db).await.email, "ada@example.org");
    assert_eq!(users::Entity::find().count(db).await.unwrap(), count as u64 + 1);
    assert_eq!(pending::<Migrator>(db).await.unwrap(), Vec::<String>::new());
}

async fn an_address_is_taken_once(db: &DatabaseConnection, _: &str, count: usize) {
    user(db).await;
    for _ in 0..count {
        let error = register(db, "ada@example.org", "Another").await.unwrap_err();
        assert!(matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))), "{error}");
    }
    assert_eq!(users::Entity::find().count(db).await.unwrap(), 1);
}

async fn numbers_begin_at_one(db: &DatabaseConnection, _: &str, count: usize) {
    let ada = user(db).await;
    assert_eq!(ada.id, 1);
    for n in 1..=count {
        assert_eq!(draft(db, &ada, &format!("Number {n}"), &[]).await.unwrap().id, n as i64);
    }
}

async fn a_draft_is_whole_or_not_at_all(db: &DatabaseConnection, _: &str, count: usize) {
    let ada = user(db).await;
    let labels = &["a", "b", "c", "d", "e"][..count];
    draft(db, &ada, "Hello, World!", labels).await.unwrap();
    draft(db, &ada, "hello world", &["another"]).await.unwrap_err();
    // The same tag twice breaks the key of the link, after the post is in.
    draft(db, &ada, "Twice", &["new", "new"]).await.unwrap_err();
    assert_eq!(posts::Entity::find().count(db).await.unwrap(), 1);
    assert_eq!(tags::Entity::find().count(db).await.unwrap(), count as u64);
}

async fn tags_are_shared(db: &DatabaseConnection, _: &str, count: usize) {
    let ada = user(db).await;
    for n in 0..count {
        draft(db, &ada, &format!("Post {n}"), &["rust", "kit"]).await.unwrap();
    }
    assert_eq!(tags::Entity::find().count(db).await.unwrap(), 2);
    assert_eq!(post_tags::Entity::find().count(db).await.unwrap(), 2 * count as u64);
}

async fn categories_are_there(db: &DatabaseConnection, _: &str, count: usize) {
    let names = ["news", "essays", "notes"];
    assert_eq!(categories::Entity::find().count(db).await.unwrap(), 3);
    let post = draft(db, &user(db).await, "Hello", &[]).await.unwrap();
    publish(db, post.clone(), "nonsense").await.unwrap_err();
    let post = publish(db, post, names[count % 3]).await.unwrap();
    assert_eq!(post.category_id, Some((count % 3) as i64 + 1));
    categories::Entity::delete_many().exec(db).await.unwrap();
    let post = posts::Entity::find_by_id(post.id).one(db).await.unwrap().unwrap();
    assert!(post.published_at.is_some() && post.category_id.is_none());
}

async fn guests_comment(db: &DatabaseConnection, _: &str, count: usize) {
    let (ada, bob) = (user(db).await, register(db, "bob@example.org", "Bob").await.unwrap());
    let post = draft(db, &ada, "Hello", &[]).await.unwrap();
    for n in 0..count {
        comment(db, &post, (n % 2 == 0).then_some(&bob), "First!").await.unwrap();
    }
    remove(db, &bob).await.unwrap();
    let left = comments::Entity::find().all(db).await.unwrap();
    assert_eq!((left.len(), left.iter().filter(|one| one.user_id.is_some()).count()), (count, 0));
}

async fn a_user_goes_with_all_posts(db: &DatabaseConnection, _: &str, count: usize) {
    let ada = user(db).await;
    for n in 0..count {
        let post = draft(db, &ada, &format!("Post {n}"), &["tag"]).await.unwrap();
        comment(db, &post, None, "Nice").await.unwrap();
    }
    assert_eq!(remove(db, &ada).await.unwrap(), count as u64);
    for left in [
        posts::Entity::find().count(db).await,
        comments::Entity::find().count(db).await,
        post_tags::Entity::find().count(db).await,
    ] {
        assert_eq!(left.unwrap(), 0);
    }
    assert_eq!(tags::Entity::find().count(db).await.unwrap(), 1);
}

async fn views_are_counted(db: &DatabaseConnection, _: &str, count: usize) {
    let ada = user(db).await;
    let (one, two) = (draft(db, &ada, "One", &[]).await.unwrap(), draft(db, &ada, "Two", &[]).await.unwrap());
    let (_, two) = (publish(db, one, "news").await.unwrap(), publish(db, two, "news").await.unwrap());
    draft(db, &ada, "A draft", &[]).await.unwrap();
    for _ in 0..count {
        view(db, &two).await.unwrap();
    }
    assert_eq!(front_page(db, 5).await.unwrap(), ["Two", "One"]);
    assert_eq!(front_page(db, 1).await.unwrap(), ["Two"]);
    let two = posts::Entity::find_by_id(two.id).one(db).await.unwrap().unwrap();
    assert_eq!(two.views, count as i32);
}

/// The pool is an ordinary one, and others can connect.
async fn a_transaction_is_not_in_the_way(db: &DatabaseConnection, url: &str, count: usize) {
    let transaction = db.begin().await.unwrap();
    for n in 0..count {
        register(&transaction, &format!("user{n}@example.org"), "Somebody").await.unwrap();
    }
    // In memory whoever reads waits for whoever has written.
    if !url.starts_with("sqlite") {
        assert_eq!(users::Entity::find().count(db).await.unwrap(), 0);
    }
    transaction.rollback().await.unwrap();
    let transaction = db.begin().await.unwrap();
    register(&transaction, "ada@example.org", "Ada").await.unwrap();
    transaction.commit().await.unwrap();
    let other = Database::connect(url).await.unwrap();
    assert_eq!(users::Entity::find().count(&other).await.unwrap(), 1);
    other.close().await.unwrap();
}
