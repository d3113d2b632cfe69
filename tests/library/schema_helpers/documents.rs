//! The code blocks of the documents that kit answers, as they are printed, in one project: what works on each database runs
//! up, down and up; where it cannot, kit's hint, followed, makes it work.

use kit_runtime::dialect::Dialect;
use kit_runtime::wire::{Cause, Direction, Failure};

use crate::support::database::Database;
use crate::support::projects::{On, index, migration_manifest, sandbox};
use crate::support::{Sandbox, assert_failure};

/// A migration with Loco's imports.
fn migration(up: &str, down: &str) -> String {
    format!(
        "use kit_runtime::schema::*;\nuse sea_orm_migration::prelude::*;\n\n#[derive(DeriveMigrationName)]\npub struct Migration;\n\n\
         #[async_trait::async_trait]\nimpl MigrationTrait for Migration {{\n    \
         async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {{\n{up}\n    }}\n\n    \
         async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {{\n{down}\n    }}\n}}\n"
    )
}

/// The tables that the patterns guide has before it begins, by Loco's helpers.
const TABLES: [&str; 2] = [
    r#"
        create_table(m, "users", &[("name", ColType::string()), ("email", ColType::StringUniq)], &[]).await?;
        create_table(
            m,
            "prompt_templates",
            &[("id", ColType::PkUuid), ("product", ColType::string()), ("name", ColType::string())],
            &[],
        )
        .await?;
        create_table(m, "generation_logs", &[("status", ColType::StringNull)], &[]).await"#,
    r#"
        drop_table(m, "generation_logs").await?;
        drop_table(m, "prompt_templates").await?;
        drop_table(m, "users").await"#,
];

const PATTERN_1: [&str; 2] = [
    r#"
        // CASCADE DELETE is automatically set for NOT NULL FK
        add_reference(m, "generation_logs", "users", "").await?;
        Ok(())"#,
    r#"
        remove_reference(m, "generation_logs", "users", "").await"#,
];

const PATTERN_2: [&str; 2] = [
    r#"
        add_column(m, "generation_logs", "template_id", ColType::UuidNull).await?;

        let fk = TableForeignKey::new()
            .name("fk-generation_logs-template_id-to-prompt_templates")
            .from_tbl(Alias::new("generation_logs"))
            .from_col(Alias::new("template_id"))
            .to_tbl(Alias::new("prompt_templates"))
            .to_col(Alias::new("id"))
            .on_delete(ForeignKeyAction::SetNull)
            .on_update(ForeignKeyAction::Cascade)
            .to_owned();

        m.alter_table(
            alter(Alias::new("generation_logs"))
                .add_foreign_key(&fk)
                .to_owned(),
        ).await?;

        Ok(())"#,
    r#"
        remove_reference(m, "generation_logs", "prompt_templates", "").await?;
        remove_column(m, "generation_logs", "template_id").await?;
        Ok(())"#,
];

const PATTERN_3: [&str; 2] = [
    r#"
        add_column(m, "prompt_templates", "a", ColType::string()).await?;
        add_column(m, "prompt_templates", "b", ColType::string().default("value")).await?;
        add_column(m, "prompt_templates", "c", ColType::text()).await?;
        add_column(m, "prompt_templates", "d", ColType::integer()).await?;
        add_column(m, "prompt_templates", "e", ColType::IntegerNull).await?;
        add_column(m, "prompt_templates", "f", ColType::boolean().default(false)).await?;
        add_column(m, "prompt_templates", "g", ColType::timestamp()).await?;
        add_column(m, "prompt_templates", "h", ColType::UuidNull).await?;
        add_column(m, "users", "role", ColType::string().default("user")).await?;
        add_column(m, "users", "amount", ColType::DecimalLenNull(24,8)).await?;
        add_column(m, "prompt_templates", "version", ColType::integer().default(1)).await?;
        Ok(())"#,
    r#"
        for column in ["a", "b", "c", "d", "e", "f", "g", "h", "version"] {
            remove_column(m, "prompt_templates", column).await?;
        }
        remove_column(m, "users", "role").await?;
        remove_column(m, "users", "amount").await?;
        Ok(())"#,
];

const PATTERNS_4_AND_5: [&str; 2] = [
    r#"
        m.create_index(
            Index::create()
                .name("ux-prompt_templates-product-name")
                .table(Alias::new("prompt_templates"))
                .col(Alias::new("product"))
                .col(Alias::new("name"))
                .unique()
                .to_owned()
        ).await?;
        m.create_index(
            Index::create()
                .name("idx-generation_logs-user_id-created_at")
                .table(Alias::new("generation_logs"))
                .col(Alias::new("user_id"))
                .col(Alias::new("created_at"))
                .to_owned()
        ).await"#,
    r#"
        m.drop_index(
            Index::drop()
                .name("ux-prompt_templates-product-name")
                .table(Alias::new("prompt_templates"))
                .to_owned()
        ).await?;
        m.drop_index(
            Index::drop().name("idx-generation_logs-user_id-created_at").table(Alias::new("generation_logs")).to_owned()
        ).await"#,
];

/// "Create a data fix" of Loco's documents, with SQL.
const DATA_FIX: [&str; 2] = [
    r#"
        let db = m.get_connection();
        db.execute_unprepared("INSERT INTO users (name, email) VALUES ('Ann', 'a@b.c')").await?;
        db.execute_unprepared("INSERT INTO generation_logs (user_id) SELECT id FROM users").await?;
        Ok(())"#,
    r#"
        m.get_connection().execute_unprepared("DELETE FROM users WHERE email = 'a@b.c'").await?;
        Ok(())"#,
];

/// "Modifying Columns" of kit's guide.
const MODIFY: [&str; 2] = [
    r#"
        m
            .alter_table(
                Table::alter()
                    .table(Alias::new("users"))
                    .modify_column(
                        ColumnDef::new(Alias::new("name"))
                            .string_len(500)  // Change VARCHAR(255) to VARCHAR(500)
                            .not_null()
                    )
                    .to_owned(),
            )
            .await"#,
    r#"
        m.alter_table(
            Table::alter()
                .table(Alias::new("users"))
                .modify_column(ColumnDef::new(Alias::new("name")).string_len(255).not_null())
                .to_owned(),
        )
        .await"#,
];

/// "Creating Indexes" and "Dropping Indexes" of kit's guide: the index is dropped without its table.
const INDEX: [&str; 2] = [
    r#"
        m
            .create_index(
                Index::create()
                    .name("idx_users_email")
                    .table(Alias::new("users"))
                    .col(Alias::new("email"))
                    .unique()  // Optional: make it unique
                    .to_owned(),
            )
            .await"#,
    r#"
        m
            .drop_index(Index::drop().name("idx_users_email").to_owned())
            .await"#,
];

const MIGRATIONS: [(&str, [&str; 2]); 8] = [
    ("m20240101_000001_tables", TABLES),
    ("m20240101_000002_pattern_1", PATTERN_1),
    ("m20240101_000003_pattern_2", PATTERN_2),
    ("m20240101_000004_pattern_3", PATTERN_3),
    ("m20240101_000005_patterns_4_and_5", PATTERNS_4_AND_5),
    ("m20240101_000006_data_fix", DATA_FIX),
    ("m20240101_000007_modify", MODIFY),
    ("m20240101_000008_index", INDEX),
];

fn rewrite(sandbox: &Sandbox, name: &str, [up, down]: [&str; 2]) {
    sandbox.write(&format!("migrations/{name}.rs"), &migration(up, down));
}

#[tokio::test]
async fn the_code_of_the_documents_runs_on_every_database() {
    let manifest = migration_manifest("2.0.4").replace("\n[lib]\nname = \"migration\"\npath = \"src/lib.rs\"\n", "");
    let sandbox = sandbox()
        .file("Cargo.toml", &manifest)
        .file("src/main.rs", "fn main() {}\n")
        .file("migrations/mod.rs", &index(&MIGRATIONS.map(|(name, _)| name)));
    for (name, code) in MIGRATIONS {
        rewrite(&sandbox, name, code);
    }
    let databases = Database::all().await;
    // As printed.
    for database in &databases {
        let on = On::new(&sandbox, database);
        match database.dialect {
            Dialect::Sqlite => {
                let failed = on.fails(&["migrate"]);
                assert_failure!(failed, Failure::Migration { name, cause: Cause::Unsupported, rolled_back: true, .. }
                    if name == "m20240101_000003_pattern_2");
                assert!(failed.hint().contains("`add_reference(m, "), "{failed}");
                assert_eq!(on.states()[1..3], ["ran", "pending"]);
            }
            Dialect::Postgres => {
                on.ok(&["migrate"]);
                on.ok(&["migrate:refresh", "--force"]);
            }
            Dialect::MySql => {
                on.ok(&["migrate"]);
                let failed = on.fails(&["migrate:rollback", "--force"]);
                assert_failure!(failed, Failure::Migration { name, direction: Direction::Down, cause: Cause::Error, .. }
                    if name == "m20240101_000008_index");
                assert!(failed.hint().contains("`Index::drop().name(\"index\").table("), "{failed}");
                assert_eq!(on.states(), ["ran"; 8]);
            }
        }
    }
    // With the first hint, and the one of the index.
    rewrite(
        &sandbox,
        "m20240101_000003_pattern_2",
        ["add_reference(m, \"generation_logs\", \"prompt_templates?\", \"template_id\").await", PATTERN_2[1]],
    );
    let dropped = INDEX[1].replace("\").to_owned()", "\").table(Alias::new(\"users\")).to_owned()");
    rewrite(&sandbox, "m20240101_000008_index", [INDEX[0], &dropped]);
    for database in &databases {
        let on = On::new(&sandbox, database);
        if database.dialect == Dialect::Sqlite {
            let failed = on.fails(&["migrate"]);
            assert_failure!(failed, Failure::Migration { name, cause: Cause::Unsupported, rolled_back: true, .. }
                if name == "m20240101_000007_modify");
            assert!(failed.hint().contains("`change_column(m, "), "{failed}");
            assert_eq!(on.states()[5..7], ["ran", "pending"]);
        } else {
            on.ok(&["migrate:reset", "--force"]);
        }
    }
    // With the last hint.
    rewrite(
        &sandbox,
        "m20240101_000007_modify",
        [
            "change_column(m, \"users\", \"name\", ColType::string_len(500)).await",
            "change_column(m, \"users\", \"name\", ColType::string()).await",
        ],
    );
    for database in &databases {
        let on = On::new(&sandbox, database);
        on.ok(&["migrate"]);
        let applied = database.schema().await;
        // A dry run shows the change of the column, and changes nothing.
        on.ok(&["migrate:rollback", "--step", "2", "--force"]);
        let (before, states) = (database.schema().await, on.states());
        let shown = on.kit(&["migrate", "--pretend"]);
        assert!(shown.code == 0 && shown.shows("500"), "{shown}");
        // The table is rebuilt there, and others refer to it.
        let is_rebuilt = database.dialect == Dialect::Sqlite;
        assert_eq!(shown.shows("PRAGMA foreign_keys = 0;"), is_rebuilt, "{shown}");
        assert_eq!((database.schema().await, on.states()), (before, states), "{:?}", database.dialect);
        on.ok(&["migrate:reset", "--force"]);
        assert_eq!(database.schema().await, "", "{:?}", database.dialect);
        on.ok(&["migrate"]);
        assert_eq!(on.states(), ["ran"; 8]);
        assert_eq!(database.schema().await, applied, "{:?}", database.dialect);
        assert_eq!(database.value("(SELECT COUNT(*) FROM generation_logs)").await.as_deref(), Some("1"));
    }
}

/// On SQLite SeaORM's builder changes one thing in a statement and drops no foreign key: the hints, followed, do.
#[tokio::test]
async fn what_the_builders_cannot_on_sqlite_is_done_by_the_hints() {
    const NAMES: [&str; 3] = ["m20240101_000001_tables", "m20240101_000002_pattern_1", "m20240101_000003_alter"];
    let manifest = migration_manifest("2.0.4").replace("\n[lib]\nname = \"migration\"\npath = \"src/lib.rs\"\n", "");
    let sandbox = sandbox()
        .file("Cargo.toml", &manifest)
        .file("src/main.rs", "fn main() {}\n")
        .file("migrations/mod.rs", &index(&NAMES));
    rewrite(&sandbox, NAMES[0], TABLES);
    rewrite(&sandbox, NAMES[1], PATTERN_1);
    let column = |name: &str| format!(".add_column(ColumnDef::new(Alias::new(\"{name}\")).string())");
    let alter =
        |changes: &str| format!("m.alter_table(Table::alter().table(Alias::new(\"users\")){changes}.to_owned()).await");
    let both = alter(&(column("city") + &column("town")));
    let apart = format!("{}?;\n{}", alter(&column("city")), alter(&column("town")));
    let key = "m.drop_foreign_key(ForeignKey::drop().name(\"fk_generation_logs_user_id\")\
               .table(Alias::new(\"generation_logs\")).to_owned()).await";
    let reference = "remove_reference(m, \"generation_logs\", \"users\", \"\").await";
    let database = Database::sqlite().await;
    let on = On::new(&sandbox, &database);
    for (printed, hinted, word) in
        [(both.as_str(), apart.as_str(), "alter_table"), (key, reference, "`remove_reference`")]
    {
        rewrite(&sandbox, NAMES[2], [printed, "Ok(())"]);
        let failed = on.fails(&["migrate"]);
        assert_failure!(failed, Failure::Migration { name, cause: Cause::Unsupported, rolled_back: true, .. }
            if name == NAMES[2]);
        assert!(failed.hint().contains(word), "{failed}");
        assert_eq!(on.states(), ["ran", "ran", "pending"]);
        rewrite(&sandbox, NAMES[2], [hinted, "Ok(())"]);
        on.ok(&["migrate"]);
        on.ok(&["migrate:rollback", "--force", "--step", "1"]);
    }
    assert_eq!(
        database
            .value("(SELECT COUNT(*) FROM pragma_table_info('generation_logs') WHERE name = 'user_id')")
            .await
            .as_deref(),
        Some("0")
    );
    assert_eq!(
        database
            .value("(SELECT COUNT(*) FROM pragma_table_info('users') WHERE name IN ('city', 'town'))")
            .await
            .as_deref(),
        Some("2")
    );
}
