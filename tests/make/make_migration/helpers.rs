//! `statements = "helpers"`: migrations written with the helpers of `kit_runtime::schema`, and with builders where those would
//! make something else. `tests/fields/helpers.rs` runs both forms.

use kit::error::Error;

use crate::support::{Sandbox, assert_error};

/// A project with users, without or with helpers.
fn project(settings: &str) -> Sandbox {
    let sandbox = Sandbox::project().file("kit.toml", settings);
    assert_eq!(sandbox.kit(&["make:migration", "create_users", "id:big_int"]).code, 0);
    sandbox
}

#[test]
fn a_migration_is_written_with_helpers() {
    let sandbox = project("statements = \"helpers\"\n");
    let fields = ["title:string!", "state:enum:draft,live!:default=draft", "user:references"];
    let line = ["make:migration", "create_posts"].into_iter().chain(fields).collect::<Vec<_>>();
    let made = sandbox.kit(&line);
    assert_eq!(made.code, 0, "{made}");
    let file = made.stdout.trim();
    insta::assert_snapshot!(sandbox.read(file), @r#"
    use kit_runtime::schema::*;
    use sea_orm_migration::prelude::*;

    #[derive(DeriveMigrationName)]
    pub struct Migration;

    #[async_trait::async_trait]
    impl MigrationTrait for Migration {
        async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
            create_table(
                m,
                "posts",
                &[
                    ("title", ColType::string()),
                    (
                        "state",
                        ColType::enumeration("posts_state", ["draft", "live"]).default("draft"),
                    ),
                ],
                &[("users", "")],
            )
            .await
        }

        async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
            drop_table(m, "posts").await?;
            drop_enum_type(m, "posts_state").await
        }
    }
    "#);
}

#[test]
fn what_the_helpers_would_make_differently_is_written_with_builders() {
    let long = "a".repeat(54);
    let long = format!("{long}:references:users");
    for (settings, fields) in [
        ("", &["id:int"][..]),
        ("", &["id:string:20"]),
        ("", &["user:references^"]),
        ("", &["user:references:restrict"]),
        ("", &["user:references?:default=1"]),
        ("", &["body:text:default=a\\b"]),
        ("", &[&long]),
        ("naming = \"dash\"\n", &["user:references"]),
        ("", &["user:references", "friend:references:users", "editor:references?:users", "--link"]),
    ] {
        let line = ["make:model", "posts", "--no-run"].iter().chain(fields).copied().collect::<Vec<_>>();
        let [plain, helped] = ["builders", "helpers"].map(|form| {
            let sandbox = project(&format!("{settings}statements = \"{form}\"\n"));
            let made = sandbox.kit(&line);
            (
                made,
                sandbox
                    .files()
                    .iter()
                    .map(|file| sandbox.read(file))
                    .filter(|text| text.contains("\"posts\""))
                    .collect::<Vec<_>>(),
            )
        });
        assert_eq!(plain.0.code, 0, "{fields:?}: {}", plain.0);
        assert_eq!((helped.0.code, helped.1), (0, plain.1), "{fields:?}");
        assert!(helped.0.shows("builders"), "{fields:?}: {}", helped.0);
        assert!(!plain.0.shows("builders"), "{fields:?}");
    }
}

#[test]
fn an_unknown_form_is_an_error_with_its_line() {
    let sandbox = Sandbox::project().file("kit.toml", "\nstatements = \"sql\"\n");
    let files = sandbox.files();
    let refused = sandbox.kit(&["make:migration", "create_posts"]);
    assert_eq!((refused.code, sandbox.files()), (1, files));
    assert_error!(refused, Error::Config { origin, .. } if origin.ends_with("kit.toml line 2"));
}
