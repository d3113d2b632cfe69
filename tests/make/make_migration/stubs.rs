//! Stubs: published, changed, broken, and those of an older kit.

use crate::support::{EMPTY_INDEX, Sandbox};

#[test]
fn stubs_are_published_and_win() {
    let sandbox = Sandbox::project();
    insta::assert_snapshot!(sandbox.kit(&["stub:publish", "--existing"]), @"
    --- stderr ---
      INFO  Nothing to publish
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["stub:publish"]), @"
    stubs/migration.rs
    stubs/migration.create.rs
    stubs/migration.update.rs
    stubs/migration.join.rs
    stubs/migration.drop.rs
    stubs/migration.helpers.rs
    stubs/factory.rs
    stubs/seeder.rs
    stubs/seeders.rs
    stubs/model.test.rs
    stubs/model.test.server.rs
    --- stderr ---

      INFO  Published 11 stubs
    --- exit 0 ---
    ");
    insta::assert_snapshot!(sandbox.kit(&["stub:publish"]), @"
    --- stderr ---
      INFO  Nothing to publish
    --- exit 0 ---
    ");
    let own = sandbox.read("stubs/migration.rs").replace("use ", "// {{ name }}\nuse ");
    sandbox.write("stubs/migration.rs", &own);
    assert_eq!(sandbox.kit(&["make:migration", "tidy_up"]).code, 0);
    assert!(sandbox.read("migrations/m20260102_030405_tidy_up.rs").starts_with("// tidy_up\nuse "));
    assert_eq!(sandbox.kit(&["stub:publish"]).stdout, "");
    assert_eq!(sandbox.read("stubs/migration.rs"), own);
    assert_eq!(sandbox.kit(&["stub:publish", "--existing"]).stdout, "stubs/migration.rs\n");
    assert_ne!(sandbox.read("stubs/migration.rs"), own);
}

#[test]
fn a_broken_stub_writes_nothing() {
    let sandbox = Sandbox::project().file("stubs/migration.rs", "use x;\nfn {{ nam }}() {}\n");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "tidy_up"]), @"
    --- stderr ---
      ERROR  stub migration.rs: line 2: no placeholder {{ nam }}, there are {{ name }}, {{ note }}, {{ enums }}
    --- exit 1 ---
    ");
    sandbox.write("stubs/migration.rs", "use x;\nfn {{ name }}( {}\n");
    insta::assert_snapshot!(sandbox.kit(&["make:migration", "tidy_up"]), @"
    --- stderr ---
      ERROR  stub migration.rs: what it makes is no Rust: line 2: cannot parse string into token stream
    --- exit 1 ---
    ");
    assert_eq!(sandbox.files(), ["migrations/mod.rs", "stubs/migration.rs"]);
    assert_eq!(sandbox.read("migrations/mod.rs"), EMPTY_INDEX);
}

/// The stub that kit 0.1.0 published.
const OLD: &str = "\
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(Table::create().table({{ Table }})
            {{ columns }}
            .to_owned()).await
    }
}

{{ enums }}
";

#[test]
fn a_stub_of_an_older_kit_has_room_for_columns_and_says_so_where_there_is_none() {
    let sandbox = Sandbox::project().file("stubs/migration.create.rs", OLD);
    assert_eq!(sandbox.kit(&["make:migration", "create_posts", "title:string!", "body:text"]).code, 0);
    let text = sandbox.read("migrations/m20260102_030405_create_posts.rs");
    assert!(text.contains(".col(ColumnDef::new(Posts::Title).string().not_null())"), "{text}");
    let line = ["make:migration", "create_tags", "label:string^"];
    let refused = sandbox.kit(&line);
    insta::assert_snapshot!(refused, @"
    --- stderr ---
      ERROR  stub migration.create.rs: it has no {{ up }}, and this table needs more than CREATE TABLE
      hint: write {{ up }} and {{ down }} where it has statements, or take kit's own: `kit stub:publish --existing`
    --- exit 1 ---
    ");
    assert_eq!(sandbox.files().len(), 3);
    for command in refused.hinted() {
        assert_eq!(sandbox.kit(&command).code, 0);
    }
    assert_eq!(sandbox.kit(&line).code, 0);
}
