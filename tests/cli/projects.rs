//! Finding a project and its settings, by what `kit about` sees.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has to stop")]

use crate::support;
use kit::error::Error;
use kit::project::{Layout, Project};

use crate::support::{EMPTY_INDEX, Sandbox, assert_error};

mod about;
mod dotenv;
mod loco;
mod missing;

/// Folders from which the same project has to be found.
fn found_from(sandbox: Sandbox, folders: &[&str]) -> (Layout, String, String) {
    let mut all: Vec<(Layout, String, String)> = folders
        .iter()
        .map(|folder| {
            let project = Project::find(&sandbox.root().join(folder)).unwrap();
            let root = project.root.strip_prefix(sandbox.root()).unwrap().display().to_string();
            (project.layout, root, project.relative(&project.index))
        })
        .collect();
    let first = all.remove(0);
    assert!(all.iter().all(|other| *other == first), "{first:?} {all:?}");
    first
}

fn found(layout: Layout, root: &str, index: &str) -> (Layout, String, String) {
    (layout, root.to_owned(), index.to_owned())
}

const PACKAGE: &str = "[package]\nname = \"app\"\n";

#[test]
fn each_layout_is_found_from_every_folder_of_it() {
    let kit = Sandbox::project().file("Cargo.toml", PACKAGE).file("src/models/deep/mod.rs", "");
    let folders = ["", "migrations", "src", "src/models/deep"];
    assert_eq!(found_from(kit, &folders), found(Layout::Kit, "", "migrations/mod.rs"));

    let inside = Sandbox::new().file("Cargo.toml", PACKAGE).file("src/migrations/mod.rs", EMPTY_INDEX);
    assert_eq!(found_from(inside, &["", "src", "src/migrations"]), found(Layout::Kit, "", "src/migrations/mod.rs"));

    let sea_orm = || {
        Sandbox::new()
            .file("Cargo.toml", "[workspace]\nmembers = [\"migration\", \"entity\"]\n")
            .file("migration/Cargo.toml", "[package]\nname = \"migration\"\n")
            .file("migration/src/lib.rs", EMPTY_INDEX)
            .file("entity/Cargo.toml", "[package]\nname = \"entity\"\n")
            .file("entity/src/lib.rs", "")
    };
    let folders = ["", "migration", "migration/src", "entity/src"];
    assert_eq!(found_from(sea_orm(), &folders), found(Layout::SeaOrm, "", "migration/src/lib.rs"));

    let loco = sea_orm().file("src/models/_entities/mod.rs", "");
    assert_eq!(found_from(loco, &folders), found(Layout::Loco, "", "migration/src/lib.rs"));
}

#[test]
fn unconventional_places_are_found_too() {
    let deep = Sandbox::new()
        .file("Cargo.toml", PACKAGE)
        .file("src/infra/db/Migrator/mod.rs", EMPTY_INDEX)
        .file("src/infra/db/Migrator/m00001_Users.rs", "")
        .file("src/notes.rs", "// impl MigratorTrait for Nobody\n")
        .file("tests/it.rs", EMPTY_INDEX)
        .file("target/debug/build/x.rs", EMPTY_INDEX);
    let folders = ["", "src/infra", "src/infra/db", "src/infra/db/Migrator"];
    assert_eq!(found_from(deep, &folders), found(Layout::Kit, "", "src/infra/db/Migrator/mod.rs"));

    let named = Sandbox::new()
        .file("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n")
        .file("crates/schema/Cargo.toml", PACKAGE)
        .file("crates/schema/src/lib.rs", &EMPTY_INDEX.replace("MigratorTrait for", "MigratorTraitSelf for"));
    let folders = ["", "crates", "crates/schema", "crates/schema/src"];
    assert_eq!(found_from(named, &folders), found(Layout::SeaOrm, "", "crates/schema/src/lib.rs"));

    let alone = Sandbox::new().file("Cargo.toml", PACKAGE).file("src/lib.rs", EMPTY_INDEX);
    assert_eq!(found_from(alone, &["", "src"]), found(Layout::SeaOrm, "", "src/lib.rs"));

    // The file that registers decides where both conventional ones are there.
    let both = Sandbox::project().file("Cargo.toml", PACKAGE).file("src/migrations/mod.rs", "pub fn other() {}\n");
    assert_eq!(found_from(both, &[""]), found(Layout::Kit, "", "migrations/mod.rs"));
}

#[test]
fn a_module_file_beside_its_folder() {
    let sandbox = Sandbox::new().file("Cargo.toml", PACKAGE).file("src/db/migrations.rs", EMPTY_INDEX);
    let project = Project::find(&sandbox.root()).unwrap();
    assert_eq!(project.relative(project.migrations()), "src/db/migrations");
    assert_eq!(project.relative(&project.index), "src/db/migrations.rs");
}

fn several() -> Sandbox {
    Sandbox::new()
        .file("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n")
        .file("a/Cargo.toml", PACKAGE)
        .file("a/src/lib.rs", EMPTY_INDEX)
        .file("b/Cargo.toml", PACKAGE)
        .file("b/src/lib.rs", EMPTY_INDEX)
}

#[test]
fn of_several_one_has_to_be_picked() {
    insta::assert_snapshot!(several().kit(&["about"]), @r#"
    --- stderr ---
      ERROR  several migration folders: a/src, b/src
      hint: name one in kit.toml: [project] migrations = "DIR", or with --project DIR
    --- exit 1 ---
    "#);
    let picked = several().kit(&["about", "--project", "b", "--json"]).json();
    assert_eq!((picked["project"].as_str(), picked["layout"].as_str()), (Some("[ROOT]/b"), Some("seaorm")));
    let picked = several().file("kit.toml", "[project]\nmigrations = \"a\"\nlayout = \"kit\"\n");
    assert_eq!(found_from(picked, &["", "a", "b/src"]), found(Layout::Kit, "", "a/src/lib.rs"));
    let by_file = several().file("kit.toml", "[project]\nmigrations = \"b/src/lib.rs\"\n");
    assert_eq!(found_from(by_file, &[""]), found(Layout::SeaOrm, "", "b/src/lib.rs"));
    assert_eq!(found_from(several(), &["a", "a/src"]), found(Layout::SeaOrm, "a", "src/lib.rs"));
}

/// A repository with the project in a subfolder, as `backend/` beside `frontend/`.
#[test]
fn the_only_project_below_is_named() {
    let index = support::EMPTY_INDEX;
    let migration_crate = || {
        Sandbox::new()
            .file("backend app/Cargo.toml", "[workspace]\nmembers = [\"migration\"]\n")
            .file("backend app/migration/Cargo.toml", PACKAGE)
            .file("backend app/migration/src/lib.rs", index)
            .file("frontend/package.json", "{}")
            .file("node_modules/other/migrations/mod.rs", index)
    };
    let deeper = || Sandbox::new().file("services/api/kit.toml", "").file("services/api/migrations/mod.rs", index);
    for (sandbox, folder) in [(migration_crate(), "backend app"), (deeper(), "services/api")] {
        let run = sandbox.kit(&["migrate:status"]);
        assert_error!(run, Error::NoProject { below: Some(below), .. } if *below == sandbox.root().join(folder));
        let hint = run.hint();
        let option = hint.split('`').nth(1).unwrap().strip_prefix("--project ").unwrap();
        assert_eq!(
            sandbox.kit(&["make:migration", "create_a", "--project", option.trim_matches('\'')]).code,
            0,
            "{hint}"
        );
    }
    let several = deeper().file("web/migrations/mod.rs", index);
    assert_error!(several.kit(&["migrate:status"]), Error::NoProject { below: None, .. });
}

#[test]
fn no_project() {
    insta::assert_snapshot!(Sandbox::new().kit(&["about"]).stdout, @r"
      kit .................................................................... 0.1.0
      Project ................................................... none here or above
    ");
    let without = Sandbox::new().file("Cargo.toml", PACKAGE).file("src/main.rs", "fn main() {}\n");
    for sandbox in [Sandbox::new(), without] {
        let run = sandbox.kit(&["migrate:status"]);
        assert_error!(run, Error::NoProject { start, optional: false, below: None } if *start == sandbox.root());
        // The hint leads into a project.
        let hinted = run.hinted();
        assert_eq!(hinted, [["init"]]);
        assert_eq!((sandbox.kit(&hinted[0]).code, sandbox.kit(&["make:migration", "create_a"]).code), (0, 0));
    }
    // A repository is where a project ends.
    let above = Sandbox::project().file("clone/.git/HEAD", "").file("clone/src/main.rs", "");
    assert!(Project::find(&above.root().join("clone/src")).is_err());
    insta::assert_snapshot!(Sandbox::project().kit(&["about", "--project", "nowhere"]), @r"
    --- stderr ---
      ERROR  cannot open [ROOT]/nowhere: No such file or directory (os error 2)
    --- exit 1 ---
    ");
}

#[test]
fn a_broken_kit_toml_is_an_error_that_quotes_no_value() {
    // What the message names: the setting, what it takes, the line.
    for (text, origin, named) in [
        ("[databse]\n", "kit.toml line 1", "databse"),
        ("\n[database]\nprohibit_destructive = \"pg://u:s3cr3t@h/x\"", "kit.toml line 3", "boolean"),
        ("connections = \"postgres://u:s3cr3t@h/x\"", "kit.toml line 1", "map"),
        ("[project]\nlayout = \"postgres://u:s3cr3t@h/x\"", "kit.toml", "`kit`"),
        ("[connections.a]\nenv = \"postgres://u:s3cr3t@h/x\"", "kit.toml", "`url`"),
        ("[connections.a]\nurl = \"postgres://u:s3cr3t@h/x\"\nenv = \"X\"", "kit.toml", "`env`"),
        ("[connections.\"postgres://u:s3cr3t@h/x\"]\nenv = \"X\"", "kit.toml", "name"),
        ("[connections.a]", "kit.toml", "`env`"),
        ("[database]\ndefault = \"postgres://u:s3cr3t@h/x\"", "kit.toml", "URL"),
        ("[migrator]\nlock_timeout = \"postgres://u:s3cr3t@h/x\"", "kit.toml line 2", "u64"),
        ("\n[migrator]\nconnections = -1", "kit.toml line 3", "-1"),
        ("[database]\ndefault = \"a\"\ndefault = \"s3cr3t\"", "kit.toml line 3", ""),
        ("url = postgres://u:s3cr3t@h/x", "kit.toml line 1", ""),
        ("\"postgres://u:s3cr3t@h/x\" = 1", "kit.toml line 1", ""),
        ("[project]\nmigrations = \"nowhere\"", "kit.toml", "nowhere"),
    ] {
        let run = Sandbox::project().file("kit.toml", text).kit(&["about", "-vvv"]);
        assert!(
            match run.error() {
                Error::Config { origin: found, message } => found.contains(origin) && message.contains(named),
                Error::UnknownKey { origin: found, key, .. } => found.contains(origin) && key.contains(named),
                _ => false,
            },
            "{text}: {run}"
        );
        assert!(run.hides("s3cr3t"), "{run}");
    }
}

/// Which database `kit about` sees, and where from.
fn database(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let run = sandbox.kit(&[&["about", "--json"], arguments].concat());
    let about: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run}"));
    let text = |name: &str| about[name].as_str().unwrap_or_default().to_owned();
    format!("{} from {}", text("database"), text("database_from"))
}

#[test]
fn flag_then_environment_then_dotenv_then_kit_toml_then_default() {
    let sandbox = Sandbox::project();
    assert_eq!(database(&sandbox, &[]), "sqlite://[ROOT]/database/app.sqlite from the default");
    sandbox.write(
        "kit.toml",
        "environment = \"staging\"\n[connections.main]\nurl = \"sqlite://toml.db\"\n\
         [connections.other]\nenv = \"OTHER\"\n[database]\ndefault = \"main\"\n",
    );
    assert_eq!(database(&sandbox, &[]), "sqlite://[ROOT]/toml.db from [connections.main] in kit.toml:2");
    sandbox.write(".env", "DATABASE_URL=sqlite://dotenv.db\nOTHER=sqlite://other.db\nAPP_ENV=testing\n");
    assert_eq!(database(&sandbox, &[]), "sqlite://[ROOT]/dotenv.db from DATABASE_URL in .env:1");
    assert_eq!(
        database(&sandbox, &["-d", "other"]),
        "sqlite://[ROOT]/other.db from [connections.other] in kit.toml:4 (OTHER in .env:2)"
    );
    assert!(sandbox.kit(&["about"]).shows("testing"));
    let sandbox = sandbox.env("DATABASE_URL", "sqlite://env.db").env("OTHER", "sqlite://elsewhere.db");
    assert_eq!(database(&sandbox, &[]), "sqlite://[ROOT]/env.db from DATABASE_URL");
    assert_eq!(
        database(&sandbox, &["-d", "other"]),
        "sqlite://[ROOT]/elsewhere.db from [connections.other] in kit.toml:4 (OTHER)"
    );
    assert_eq!(database(&sandbox, &["-d", "main"]), "sqlite://[ROOT]/toml.db from [connections.main] in kit.toml:2");
    assert_eq!(database(&sandbox, &["-d", "sqlite:flag.db"]), "sqlite://[ROOT]/flag.db from --database");
    insta::assert_snapshot!(sandbox.kit(&["about", "-d", "nosuch"]), @r"
    --- stderr ---
      ERROR  no connection `nosuch` in kit.toml
      hint: choose one of: main, other
    --- exit 1 ---
    ");
}

#[test]
fn an_only_connection_needs_no_default_and_an_unset_variable_is_named() {
    let sandbox = Sandbox::project().file("kit.toml", "[connections.main]\nenv = \"MAIN_URL\"\n");
    let run = sandbox.kit(&["migrate:status"]);
    assert!(matches!(run.error(), Error::MissingUrl(missing) if missing.variable == "MAIN_URL"), "{run}");
    let sandbox = sandbox.env("MAIN_URL", "sqlite://main.db");
    assert_eq!(database(&sandbox, &[]), "sqlite://[ROOT]/main.db from [connections.main] in kit.toml:1 (MAIN_URL)");
}

#[test]
fn dotenv_is_read_from_the_root_alone_and_gives_only_kits_own_variables() {
    let sandbox = Sandbox::new()
        .file(".env", "DATABASE_URL=sqlite://parent.db\n")
        .file("app/migrations/mod.rs", EMPTY_INDEX)
        .file("app/migrations/.env", "DATABASE_URL=sqlite://child.db\n")
        .cwd("app/migrations");
    assert_eq!(database(&sandbox, &[]), "sqlite://[ROOT]/app/database/app.sqlite from the default");
    sandbox.write("app/.env", "RUSTC_WRAPPER=evil\nDATABASE_SCHEMA=tenant\nDATABASE_URL=\nPATH=/evil\n");
    let project = Project::find(&sandbox.root().join("app")).unwrap();
    assert_eq!(project.dotenv("DATABASE_SCHEMA").map(|setting| setting.value).as_deref(), Some("tenant"));
    for name in ["RUSTC_WRAPPER", "PATH", "DATABASE_URL"] {
        assert_eq!(project.dotenv(name), None, "{name}");
    }
    sandbox.write("app/.env", "DATABASE_URL=\"postgres://u:s3cr3t\n");
    let run = sandbox.kit(&["about", "-vvv"]);
    assert_eq!(run.code, 1);
    assert_error!(run, Error::Unreadable { path, message } if path.ends_with("app/.env") && message.contains("line 1"));
    assert!(run.hides("s3cr3t"), "{run}");
}

#[cfg(unix)]
#[test]
fn a_dotenv_that_others_can_write_is_not_read() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::project().file(".env", "DATABASE_URL=sqlite://planted.db\n");
    set_permissions(sandbox.root().join(".env"), Permissions::from_mode(0o666)).unwrap();
    insta::assert_snapshot!(sandbox.kit(&["about"]).stderr, @r"
      WARN  [ROOT]/.env is not read: others can write to it
      hint: make it yours alone: `chown $USER [ROOT]/.env && chmod go-w [ROOT]/.env`
    ");
    assert_eq!(database(&sandbox, &[]), "sqlite://[ROOT]/database/app.sqlite from the default");
}
