//! Projects at the borders of what cargo allows: each is migrated, rolled back and verified as it is, and nothing in it changes.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::projects::{all, creates, index, migration, migration_manifest, ok, sandbox, states};
use crate::support::{Sandbox, assert_error};
use kit::error::BuildObstacle;
use kit::error::Error;

const NAMES: [&str; 2] = ["m20240101_000001_create_a", "m20240101_000002_create_b"];
const LOCK: &str = include_str!("../../Cargo.lock");

/// A migration crate in `folder` of an empty project.
fn with_crate(sandbox: Sandbox, folder: &str, manifest: &str) -> Sandbox {
    NAMES.iter().zip(["a", "b"]).fold(
        sandbox.file(&format!("{folder}/Cargo.toml"), manifest).file(&format!("{folder}/src/lib.rs"), &index(&NAMES)),
        |sandbox, (name, table)| sandbox.file(&format!("{folder}/src/{name}.rs"), &creates(table)),
    )
}

fn new() -> Sandbox {
    sandbox().env("DATABASE_URL", "sqlite://app.sqlite?mode=rwc")
}

/// Runs the commands of a user: migrate, status, rollback, verify.
#[track_caller]
fn works(sandbox: &Sandbox, count: usize) {
    let sources = |sandbox: &Sandbox| -> Vec<_> {
        let files = sandbox.files().into_iter().filter(|path| !path.contains("app.sqlite"));
        files.map(|path| (fs::read(sandbox.root().join(&path)).ok(), path)).collect()
    };
    let before = sources(sandbox);
    ok(sandbox.kit(&["migrate"]));
    let ran = states(sandbox, &[]);
    assert!(all(&ran, "ran") && ran.len() == count, "{ran:?}");
    ok(sandbox.kit(&["migrate:rollback", "--step", "1", "--force"]));
    assert_eq!(states(sandbox, &[]).iter().filter(|(_, state)| state == "pending").count(), 1);
    ok(sandbox.kit(&["migrate:verify"]));
    assert_eq!(sources(sandbox), before);
}

fn crate_manifest() -> String {
    migration_manifest("2.0.4")
}

/// The same manifest with its SeaORM asked for in another way.
fn asking(dependency: &str) -> String {
    let manifest = crate_manifest();
    let (before, _) = manifest.split_once("[dependencies.sea-orm-migration]").unwrap();
    format!("{before}{dependency}")
}

#[test]
fn a_dependency_that_the_workspace_names() {
    let workspace = "[workspace]\nmembers = [\"migration\"]\nresolver = \"2\"\n\n[workspace.package]\nedition = \"2021\"\n\n\
                     [workspace.dependencies.sea-orm-migration]\nversion = \"2.0.4\"\ndefault-features = false\n";
    let manifest = asking(
        "[dependencies.sea-orm-migration]\nworkspace = true\nfeatures = [\"runtime-tokio-rustls\", \"sqlx-sqlite\"]\n",
    );
    let manifest = manifest.replace("edition = \"2021\"", "edition.workspace = true");
    works(&with_crate(new().file("Cargo.toml", workspace).file("Cargo.lock", LOCK), "migration", &manifest), 2);
}

#[test]
fn a_build_that_cannot_download_is_no_fault_of_the_migrations() {
    let home = tempfile::TempDir::new().unwrap();
    let sandbox = with_crate(new(), "migration", &crate_manifest())
        .env("CARGO_HOME", home.path().to_str().unwrap())
        .env("KIT_CACHE_DIR", home.path().join("kit").to_str().unwrap())
        .env("CARGO_NET_OFFLINE", "true");
    let failed = sandbox.kit(&["migrate"]);
    assert_error!(failed, Error::Obstacle(BuildObstacle::Download));
    assert!(!sandbox.root().join("app.sqlite").exists(), "{failed}");
}

#[test]
fn a_crate_that_the_workspace_above_excludes() {
    // The lock file above has another SeaORM, and is not the crate's.
    let lock = "version = 4\n\n[[package]]\nname = \"sea-orm-migration\"\nversion = \"1.1.4\"\n";
    let above = new()
        .file("Cargo.toml", "[workspace]\nmembers = [\"app\"]\nexclude = [\"migration\"]\nresolver = \"2\"\n")
        .file("Cargo.lock", lock)
        .file("app/Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
        .file("app/src/lib.rs", "")
        .file("migration/Cargo.lock", LOCK);
    works(&with_crate(above, "migration", &crate_manifest()), 2);
}

#[test]
fn a_workspace_in_a_workspace() {
    let above = new()
        .file("Cargo.toml", "[workspace]\nmembers = []\nexclude = [\"migration\"]\nresolver = \"2\"\n")
        .file("migration/Cargo.lock", LOCK);
    works(&with_crate(above, "migration", &format!("{}\n[workspace]\n", crate_manifest())), 2);
}

#[test]
fn a_package_that_names_its_workspace() {
    let manifest = crate_manifest().replacen("[package]\n", "[package]\nworkspace = \"../ws\"\n", 1);
    let beside = new()
        .file("ws/Cargo.toml", "[workspace]\nmembers = [\"../migration\"]\nresolver = \"2\"\n")
        .file("ws/Cargo.lock", LOCK);
    works(&with_crate(beside, "migration", &manifest), 2);
}

#[test]
fn seaorm_under_another_name() {
    let manifest = asking(
        "[dependencies]\nmigs = { package = \"sea-orm-migration\", version = \"2.0.4\", default-features = false, \
         features = [\"runtime-tokio-rustls\", \"sqlx-sqlite\"] }\n",
    )
    .replacen(
        "[dependencies]\nasync-trait = \"0.1\"\n\n[dependencies]\n",
        "[dependencies]\nasync-trait = \"0.1\"\n",
        1,
    );
    let sandbox = with_crate(new(), "migration", &manifest).file("migration/Cargo.lock", LOCK);
    let library = sandbox.read("migration/src/lib.rs");
    works(&sandbox.file("migration/src/lib.rs", &format!("extern crate migs as sea_orm_migration;\n{library}")), 2);
}

#[test]
fn a_requirement_without_a_lock_file() {
    works(&with_crate(new(), "migration", &crate_manifest().replace("version = \"2.0.4\"", "version = \"2\"")), 2);
}

#[test]
fn two_migrators_in_a_file() {
    let two = |names: [&str; 2]| {
        let [one, other] = names.map(|name| {
            let whole = index(&NAMES);
            whole[whole.find("pub struct").unwrap()..]
                .replace("Migrator;", &format!("{name};"))
                .replace("for Migrator ", &format!("for {name} "))
        });
        let whole = index(&NAMES);
        let other = other.replace(&format!("            Box::new({}::Migration),\n", NAMES[1]), "");
        format!("{}{one}\n{other}", &whole[..whole.find("pub struct").unwrap()])
    };
    let sandbox = with_crate(new(), "migration", &crate_manifest()).file("migration/Cargo.lock", LOCK);
    // The obvious one.
    let sandbox = sandbox.file("migration/src/lib.rs", &two(["Migrator", "OnlyForTests"]));
    works(&sandbox, 2);
    let sandbox = sandbox.file("migration/src/lib.rs", &two(["Shop", "Billing"]));
    let refused = sandbox.kit(&["migrate"]);
    assert_error!(refused, Error::NoMigrator { several, .. } if several.as_slice() == ["Shop", "Billing"]);
    // The hint leads on.
    let choice = refused.hint().split_once("[project] ").unwrap().1.to_owned();
    let sandbox = sandbox.file("kit.toml", &format!("[project]\n{choice}\n"));
    fs::remove_file(sandbox.root().join("app.sqlite")).unwrap();
    works(&sandbox, 2);
    let sandbox = sandbox.file("kit.toml", "[project]\nmigrator = \"Billing\"\n");
    fs::remove_file(sandbox.root().join("app.sqlite")).unwrap();
    works(&sandbox, 1);
}

#[test]
fn a_build_script_and_variables_of_cargo() {
    let sandbox = with_crate(new(), "migration", &crate_manifest())
        .file("migration/Cargo.lock", LOCK)
        .file("migration/build.rs", "fn main() { println!(\"cargo:rustc-env=TABLE=from_the_script\"); }\n")
        .file("migration/sql/b.sql", "CREATE TABLE b (id integer)");
    let up = "let _ = env!(\"CARGO_PKG_NAME\"); let sql = include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/sql/b.sql\")); \
              manager.get_connection().execute_unprepared(&sql.replace(\" b \", concat!(\" \", env!(\"TABLE\"), \" \"))).await.map(|_| ())";
    let down =
        "manager.get_connection().execute_unprepared(concat!(\"DROP TABLE \", env!(\"TABLE\"))).await.map(|_| ())";
    works(&sandbox.file(&format!("migration/src/{}.rs", NAMES[1]), &migration(up, down)), 2);
}

/// Known before anything is compiled or created, and the hint leads on.
#[test]
fn migrations_that_use_the_library_in_a_package_without_it() {
    let sandbox = with_crate(new(), "migration", &crate_manifest()).file("migration/Cargo.lock", LOCK);
    let file = format!("migration/src/{}.rs", NAMES[1]);
    let text = creates("b").replacen("\n", "\nuse kit_runtime::schema::*;\n", 1);
    let sandbox = sandbox.file(&file, &text);
    let refused = sandbox.kit(&["migrate"]);
    assert_error!(refused, Error::NoLibrary { place, .. } if *place == format!("{file}:2"));
    assert!(!sandbox.root().join("app.sqlite").exists());
    for command in refused.printed() {
        ok(sandbox.kit(&command));
    }
    // Cargo puts it into the lock file.
    let update = ["update", "--workspace", "--quiet"];
    assert!(
        Command::new("cargo").args(update).current_dir(sandbox.root().join("migration")).status().unwrap().success()
    );
    works(&sandbox, 2);
}

/// The same where the crate of the migrations is the project itself.
#[test]
fn the_library_is_added_to_the_package_of_the_project() {
    let text = creates("b").replacen("\n", "\nuse kit_runtime::schema::*;\n", 1);
    let sandbox = with_crate(new(), ".", &crate_manifest())
        .file("kit.toml", "[project]\nmigrations = \"src/lib.rs\"\n")
        .file(&format!("src/{}.rs", NAMES[1]), &text);
    let refused = sandbox.kit(&["migrate"]);
    assert_error!(refused, Error::NoLibrary { package, .. } if package.is_empty());
    for command in refused.hinted() {
        ok(sandbox.kit(&command));
    }
    assert!(sandbox.read("Cargo.toml").contains("kit-runtime"));
}

/// An application that has its migrations as modules; `root` is its library, `more` more of its manifest.
fn application(root: &str, more: &str, files: &[(&str, &str)]) -> Sandbox {
    let manifest = crate_manifest()
        .replace("name = \"migration\"\nversion", "name = \"shop\"\nversion")
        .replace("[lib]\nname = \"migration\"\npath = \"src/lib.rs\"\n", more);
    let sandbox = new().file("Cargo.toml", &manifest).file("Cargo.lock", LOCK).file("src/lib.rs", root);
    let sandbox = NAMES
        .iter()
        .zip(["a", "b"])
        .fold(sandbox, |sandbox, (name, table)| sandbox.file(&format!("src/migrations/{name}.rs"), &creates(table)));
    let sandbox = sandbox.file("src/migrations/mod.rs", &index(&NAMES));
    files.iter().fold(sandbox, |sandbox, (path, text)| sandbox.file(path, text))
}

#[test]
fn a_module_of_an_application_that_takes_what_is_its_packages() {
    let root = "#[macro_use]\nmod macros;\npub mod names;\npub mod migrations;\n";
    let features = "[features]\ndefault = [\"billing\"]\nbilling = []\n";
    let invoices = "m20240102_000000_invoices";
    let listed = index(&[NAMES[0], NAMES[1], invoices])
        .replace(&format!("mod {invoices};"), &format!("#[cfg(feature = \"billing\")]\nmod {invoices};"))
        .replace(
            &format!("            Box::new({invoices}"),
            &format!("            #[cfg(feature = \"billing\")]\n            Box::new({invoices}"),
        );
    let up = "let _ = env!(\"CARGO_PKG_VERSION\"); manager.create_table(Table::create().table(Alias::new(super::super::names::table()))\
              .col(ColumnDef::new(Alias::new(column!())).integer()).to_owned()).await";
    let down = "manager.drop_table(Table::drop().table(Alias::new(super::super::names::table())).to_owned()).await";
    let sandbox = application(
        root,
        features,
        &[
            ("src/macros.rs", "macro_rules! column { () => { \"id\" } }\n"),
            ("src/names.rs", "pub fn table() -> &'static str { \"invoices\" }\n"),
            ("src/migrations/mod.rs", &listed),
            (&format!("src/migrations/{invoices}.rs"), &migration(up, down)),
        ],
    );
    works(&sandbox, 3);
    // A build of the whole application, which may take minutes, is announced with its reason.
    let up = format!("let _ = crate::names::table(); {up}");
    sandbox.write(&format!("src/migrations/{invoices}.rs"), &migration(&up, down));
    let run = ok(sandbox.kit(&["migrate:redo", "--force"]));
    assert!(run.shows(format!("src/migrations/{invoices}.rs:9")) && run.shows("`crate::names`"), "{run}");
}

/// `migrations.rs` with the modules in `migrations/`, as many write it since Rust 2018.
#[test]
fn an_index_beside_its_folder() {
    let sandbox = application("pub mod migrations;\n", "", &[("src/migrations.rs", &index(&NAMES))]);
    fs::remove_file(sandbox.root().join("src/migrations/mod.rs")).unwrap();
    works(&sandbox, 2);
}

/// Without a library that contains the migrations, their default features are passed on, and an error names anything else.
#[test]
fn a_module_of_a_program() {
    let features = "[features]\ndefault = [\"billing\"]\nbilling = []\n";
    let listed = index(&NAMES)
        .replace(&format!("mod {};", NAMES[1]), &format!("#[cfg(feature = \"billing\")]\nmod {};", NAMES[1]))
        .replace(
            &format!("            Box::new({}", NAMES[1]),
            &format!("            #[cfg(feature = \"billing\")]\n            Box::new({}", NAMES[1]),
        );
    let sandbox = application(
        "",
        features,
        &[("src/main.rs", "mod migrations;\nfn main() {}\n"), ("src/migrations/mod.rs", &listed)],
    );
    fs::remove_file(sandbox.root().join("src/lib.rs")).unwrap();
    works(&sandbox, 2);
    let up = "let _ = env!(\"OUT_DIR\"); let _ = manager; Ok(())";
    let sandbox = sandbox.file(&format!("src/migrations/{}.rs", NAMES[1]), &migration(up, "let _ = manager; Ok(())"));
    let refused = sandbox.kit(&["migrate"]);
    assert_error!(refused, Error::Unreachable { reason, .. } if reason.contains("OUT_DIR"));
}

#[test]
fn a_library_that_nothing_can_be_linked_with() {
    let manifest =
        crate_manifest().replace("path = \"src/lib.rs\"\n", "path = \"src/lib.rs\"\ncrate-type = [\"cdylib\"]\n");
    works(&with_crate(new(), "migration", &manifest).file("migration/Cargo.lock", LOCK), 2);
}

#[test]
fn a_toolchain_file() {
    let output = Command::new("rustup").args(["show", "active-toolchain"]).output();
    let Some(name) =
        output.ok().filter(|output| output.status.success()).and_then(|output| String::from_utf8(output.stdout).ok())
    else {
        return;
    };
    let channel = name.split_whitespace().next().unwrap_or_default();
    let sandbox = with_crate(new(), "migration", &crate_manifest()).file("migration/Cargo.lock", LOCK);
    works(&sandbox.file("rust-toolchain.toml", &format!("[toolchain]\nchannel = \"{channel}\"\n")), 2);
}

/// Cargo asks for every source that `[patch]` names, also for one that the migrations do not need: this one does not exist.
#[test]
fn a_patch_that_the_migrations_do_not_need() {
    let workspace = "[workspace]\nmembers = [\"migration\"]\nresolver = \"2\"\n";
    let sandbox =
        with_crate(new().file("Cargo.toml", workspace).file("Cargo.lock", LOCK), "migration", &crate_manifest());
    let output = Command::new("cargo")
        .args(["update", "--workspace", "--quiet", "--offline"])
        .current_dir(sandbox.root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let patch = "\n[patch.crates-io]\nserde_yaml = { git = \"file:///nowhere/at/all\" }\n";
    works(&sandbox.file("Cargo.toml", &format!("{workspace}{patch}")), 2);
}

/// The sources of SeaORM's crates that the tests are built with, in `folder`.
fn copy_of_seaorm(folder: &Path) {
    let output = Command::new("cargo").args(["metadata", "--format-version", "1"]).output().unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for name in ["sea-orm", "sea-orm-migration"] {
        let package = metadata["packages"].as_array().unwrap().iter().find(|package| package["name"] == name).unwrap();
        let from = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        let status = Command::new("cp").arg("-r").arg(from).arg(folder.join(name)).status().unwrap();
        assert!(status.success());
    }
    // As in SeaORM's own repository, one names the other by its folder.
    let manifest = folder.join("sea-orm-migration/Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap().replacen(
        "[dependencies.sea-orm]\n",
        "[dependencies.sea-orm]\npath = \"../sea-orm\"\n",
        1,
    );
    #[expect(clippy::disallowed_methods, reason = "tests prepare their files without a plan")]
    fs::write(&manifest, text).unwrap();
}

#[test]
#[ignore = "compiles SeaORM once more: ./test.sh --all"]
fn seaorm_from_a_folder() {
    let manifest = asking(
        "[dependencies.sea-orm-migration]\npath = \"../vendor/sea-orm-migration\"\ndefault-features = false\nfeatures = [\"runtime-tokio-rustls\", \"sqlx-sqlite\"]\n",
    );
    let sandbox = with_crate(new(), "migration", &manifest).file("vendor/.keep", "");
    copy_of_seaorm(&sandbox.root().join("vendor"));
    works(&sandbox, 2);
}

#[test]
#[ignore = "compiles SeaORM once more: ./test.sh --all"]
fn seaorm_from_a_repository() {
    let fork = tempfile::TempDir::new().unwrap();
    copy_of_seaorm(fork.path());
    let workspace = "[workspace]\nmembers = [\"sea-orm\", \"sea-orm-migration\"]\nresolver = \"2\"\n";
    #[expect(clippy::disallowed_methods, reason = "tests prepare their files without a plan")]
    fs::write(fork.path().join("Cargo.toml"), workspace).unwrap();
    for arguments in [
        &["init", "-q"] as &[&str],
        &["add", "-A"],
        &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "fork"],
    ] {
        let status = Command::new("git").args(arguments).current_dir(fork.path()).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    }
    let manifest = asking(&format!(
        "[dependencies.sea-orm-migration]\ngit = \"file://{}\"\ndefault-features = false\nfeatures = [\"runtime-tokio-rustls\", \"sqlx-sqlite\"]\n",
        fork.path().display()
    ));
    works(&with_crate(new(), "migration", &manifest), 2);
}

#[test]
#[ignore = "compiles SeaORM with other settings of cargo: ./test.sh --all"]
fn a_linker_of_the_projects_own() {
    let host = Command::new("rustc").arg("-vV").output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let settings = format!("[target.{host}]\nlinker = \"cc\"\nrustflags = [\"-C\", \"link-arg=-Wl,--build-id\"]\n");
    let sandbox = with_crate(new(), "migration", &crate_manifest()).file("migration/Cargo.lock", LOCK);
    works(&sandbox.file(".cargo/config.toml", &settings), 2);
}
