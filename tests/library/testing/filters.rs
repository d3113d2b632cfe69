//! Snapshots of models and answers with `filters()`, on real rows; and what they leave alone.

use kit_runtime::testing::{cleanup_email, cleanup_user_model, filters};
use sea_orm::EntityTrait;

use crate::testing::blog::models::posts;
use crate::testing::blog::{draft, publish, register};
use crate::testing::{SERVERS, fresh};

#[tokio::test]
async fn models_look_the_same_each_time() {
    for server in SERVERS {
        let db = fresh(server).await;
        let ada = register(db.connection(), "ada@example.org", "Ada").await.unwrap();
        let post = draft(&db, &ada, "On 2024-01-02, at 7", &[]).await.unwrap();
        let post = publish(&db, post, "news").await.unwrap();
        let json = posts::Entity::find().into_json().one(&*db).await.unwrap().unwrap().to_string();
        insta::allow_duplicates! {
            insta::with_settings!({ filters => filters() }, {
                insta::assert_snapshot!(format!("{ada:?}"), @r#"Model { created_at: DATE, updated_at: DATE, id: ID, pid: UUID, email: "ada@example.org", name: "Ada", password_hash: "PASSWORD" }"#);
                insta::assert_snapshot!(format!("{post:#?}"), @r#"
                Model {
                    created_at: DATE,
                    updated_at: DATE,
                    id: ID,
                    slug: "on-2024-01-02-at-7",
                    title: "On 2024-01-02, at 7",
                    body: "",
                    published_at: Some(
                        DATE,
                    ),
                    user_id: ID,
                    category_id: Some(
                        ID,
                    ),
                    views: 0,
                }
                "#);
            });
            insta::with_settings!({ filters => cleanup_user_model() }, {
                insta::assert_snapshot!(format!("{:?}", (ada.id, ada.pid, &ada.password_hash)), @r#"(1, PID, "PASSWORD")"#);
            });
            // As the body of an answer is, and as that is shown.
            insta::with_settings!({ filters => filters() }, {
                insta::assert_snapshot!(json, @r#"{"body":"","category_id":ID,"created_at":"DATE","id":ID,"published_at":"DATE","slug":"on-2024-01-02-at-7","title":"On 2024-01-02, at 7","updated_at":"DATE","user_id":ID,"views":0}"#);
                insta::assert_debug_snapshot!(json, @r#""{\"body\":\"\",\"category_id\":ID,\"created_at\":\"DATE\",\"id\":ID,\"published_at\":\"DATE\",\"slug\":\"on-2024-01-02-at-7\",\"title\":\"On 2024-01-02, at 7\",\"updated_at\":\"DATE\",\"user_id\":ID,\"views\":0}""#);
            });
        }
        db.close().await.unwrap();
    }
}

#[test]
fn forms_of_values() {
    let filtered = |text: &str| {
        let mut text = text.to_owned();
        for (pattern, replacement) in filters() {
            text = regex::Regex::new(pattern).unwrap().replace_all(&text, replacement).into_owned();
        }
        text
    };
    for (text, expected) in [
        ("2024-01-02T03:04:05", "DATE"),
        ("2024-01-02T03:04:05.123456", "DATE"),
        ("2024-01-02T03:04:05Z", "DATE"),
        ("2024-01-02T03:04:05.1+00:00", "DATE"),
        ("2024-01-02 03:04:05 UTC", "DATE"),
        ("2024-01-02 3:04:05.0 +00:00:00", "DATE"),
        ("Some(2024-01-02T03:04:05-07:30)", "Some(DATE)"),
        ("id: 12, user_id: 3", "id: ID, user_id: ID"),
        ("user_id: Some(3), post_id: None, id: Set(4)", "user_id: Some(ID), post_id: None, id: Set(ID)"),
        ("id: -12 }", "id: ID }"),
        (r#"{"id":12,"user_id": 3,"userId":4}"#, r#"{"id":ID,"user_id": ID,"userId":ID}"#),
        (r#""{\"id\":12}""#, r#""{\"id\":ID}""#),
        ("$2b$12$gf4o2FShIahg/GY6YkK2wOcs8w4.lu444wP6BL3FyjX0GsxnEV6ZW", "PASSWORD"),
        ("token: \"eyJhbGciOiJIUzUxMiJ9.eyJwaWQiOiIxIn0.dGVzdA\"", "token: \"TOKEN\""),
        ("lo-95ec80d7-cb60-4b70-9b4b-9ef74cb88758", "lo-UUID"),
    ] {
        assert_eq!(filtered(text), expected, "{text}");
    }
    for text in [
        "birthday: 2024-01-02",
        "paid: 12, grid: 3, valid: true",
        "id: \"a-1\", uuid: None",
        r#"{"paid":12,"idea":3,"id":"x1","ids":[1,2]}"#,
        "at 03:04:05",
        "version 2.0.4, 10.0.0.1:5432, 192.168.0.1",
        "12345678-1234-1234-1234-1234567890ab1",
        "sha 0123456789abcdef0123456789abcdef01234567",
        "price: $25, a.b.c",
    ] {
        assert_eq!(filtered(text), text);
    }
}

#[test]
fn a_mail_looks_the_same_each_time() {
    let mail = "Date: Tue, 2 Jan 2024 03:04:05 +0000\nboundary=\"Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFy\"\n\
                http://x/verify/95ec80d7-cb60-4b70-9b4b-9ef74cb88758 on 2024-01-02T03:04:05.1";
    insta::with_settings!({ filters => cleanup_email() }, {
        insta::assert_snapshot!(mail, @r#"
        Date: DATE
        boundary="IDENTIFIER"
        http://x/verify/RANDOM_ID on DATE
        "#);
    });
}
