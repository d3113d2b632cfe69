//! Files that a migration includes count for its checksum, wherever that is compared.

use kit::project::checksum::checksum;
use kit_runtime::wire::{Failure, Warning};

use crate::support::Sandbox;
use crate::support::database::Database;
use crate::support::projects::{On, index, migration};

/// A migration whose SQL is in a file beside it, one that takes it from the package's folder, and one with a module of its own.
fn project() -> Sandbox {
    let with = |included: &str| {
        migration(&format!("manager.get_connection().execute_unprepared({included}).await.map(|_| ())"), "Ok(())")
    };
    Sandbox::new()
        .file("Cargo.toml", "[package]\nname = \"app\"\n")
        .file("migrations/mod.rs", &index(&["m1_beside", "m2_package", "m3_module"]))
        .file("migrations/m1_beside.rs", &with("include_str!(\"sql/m1.sql\")"))
        .file("migrations/m2_package.rs", &with("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/sql/m2.sql\"))"))
        .file("migrations/m3_module/mod.rs", &format!("mod up;\n{}", with("up::SQL")))
        .file("migrations/m3_module/up.rs", "pub const SQL: &str = \"SELECT 1\";\n")
        .file("migrations/sql/m1.sql", "SELECT 1;\n")
        .file("sql/m2.sql", "SELECT 1;\n")
}

#[tokio::test]
async fn a_changed_included_file_is_a_modified_migration() {
    for database in Database::all().await {
        let sandbox = project();
        let on = On::new(&sandbox, &database);
        on.ok(&["migrate:mark", "--all"]);
        assert_eq!(on.states(), ["ran"; 3]);
        for (path, text, states) in [
            ("migrations/sql/m1.sql", "SELECT 2;\n", ["modified", "ran", "ran"]),
            ("sql/m2.sql", "SELECT 2;\n", ["modified", "modified", "ran"]),
            ("migrations/m3_module/up.rs", "pub const SQL: &str = \"SELECT 2\";\n", ["modified"; 3]),
        ] {
            sandbox.write(path, text);
            assert_eq!(on.states(), states, "{path}");
        }
        let refused = on.kit(&["migrate", "--strict"]);
        assert!(
            matches!(refused.failure(), Failure::Strict(Warning::Modified { name }) if name == "m1_beside"),
            "{refused}"
        );
        // SeaORM takes a migration's name from its file: `mod.rs`.
        for name in ["m1", "m2", "mod"] {
            on.ok(&["migrate:repair", "--accept-checksum", name]);
        }
        assert_eq!(on.states(), ["ran"; 3]);
        on.ok(&["migrate", "--strict"]);

        // A checksum of the source alone, as other writers of the journal keep it, tells nothing of included files.
        let alone = checksum(&sandbox.read("migrations/m1_beside.rs"));
        let set = format!("UPDATE kit_migrations SET checksum = '{alone}' WHERE version = 'm1_beside'");
        database.execute(&[&set]).await;
        sandbox.write("migrations/sql/m1.sql", "SELECT 3;\n");
        assert_eq!(on.states(), ["ran"; 3]);
        on.ok(&["migrate:repair", "--accept-checksum", "m1"]);
        std::fs::remove_file(sandbox.root().join("migrations/sql/m1.sql")).unwrap();
        assert_eq!(on.states(), ["modified", "ran", "ran"]);
    }
}
