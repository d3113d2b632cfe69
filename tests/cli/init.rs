//! `kit init`: a new project that builds and runs, and an old one that gets only what it lacks.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has to stop")]

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{EMPTY_INDEX, Sandbox, assert_error, quotes};
use kit::error::{Error, SeaOrmErrorKind};

#[test]
fn a_new_project() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.kit(&["init", "My Blog"]), @r"
      Cargo.toml ........................................................... created
      src/lib.rs ........................................................... created
      src/main.rs .......................................................... created
      migrations/mod.rs .................................................... created
      src/models/mod.rs .................................................... created
      kit.toml ............................................................. created
      .env ................................................................. created
      .gitignore ........................................................... created
      database/.gitkeep .................................................... created
    --- stderr ---

      INFO  Next: `cd 'My Blog'`, then `kit make:migration create_posts_table`, then `kit migrate`
    --- exit 0 ---
    ");
    assert!(sandbox.read("My Blog/Cargo.toml").contains("name = \"my-blog\""));
    assert!(sandbox.read("My Blog/src/main.rs").contains("use my_blog::migrations::Migrator;"));
    assert_eq!(sandbox.read("My Blog/migrations/mod.rs"), EMPTY_INDEX);
    assert_eq!(sandbox.read("My Blog/.env"), "DATABASE_URL=sqlite://database/app.sqlite?mode=rwc\n");
    assert!(!sandbox.root().join("My Blog/.git").exists());
    let before = sandbox.files();
    let sandbox = sandbox.cwd("My Blog/src");
    insta::assert_snapshot!(sandbox.kit(&["init"]), @r"
    --- stderr ---
      INFO  The project has its migrations in [ROOT]/My Blog/migrations, nothing to do
    --- exit 0 ---
    ");
    assert_eq!(sandbox.files(), before);
    assert!(sandbox.kit(&["about"]).shows("sqlite://[ROOT]/My Blog/database/app.sqlite"));
}

#[test]
fn every_setting_that_the_new_kit_toml_mentions_is_one() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.kit(&["init"]).code, 0);
    let text: String = sandbox
        .read("kit.toml")
        .lines()
        .filter(|line| !line.starts_with("# Settings") && !line.starts_with("# env = "))
        .map(|line| format!("{}\n", line.trim_start_matches("# ")))
        .collect();
    sandbox.write("kit.toml", &text);
    let run = sandbox.kit(&["about"]);
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let sandbox = Sandbox::new();
    let run = sandbox.kit(&["init", "--dry-run"]);
    assert!(run.code == 0 && run.shows("migrations/mod.rs"), "{run}");
    assert_eq!(sandbox.files(), Vec::<String>::new());
}

const OLD: &str = "[package]\nname = \"old\" # mine\n\n[dependencies]\n\
                   sea-orm = { version = \"1.1\", features = [\"sqlx-postgres\", \"runtime-tokio-rustls\"] }\n";

#[test]
fn an_existing_library_gets_only_what_it_lacks() {
    let sandbox = Sandbox::new()
        .file("Cargo.toml", OLD)
        .file("src/lib.rs", "//! Mine.\n\npub mod web;\n\npub fn f() {}\n")
        .file("src/web.rs", "")
        .file(".env", "SECRET=x")
        .file(".gitignore", "target/\n");
    insta::assert_snapshot!(sandbox.kit(&["init"]), @"
      Cargo.toml ........................................................... changed
      src/lib.rs ........................................................... changed
      migrations/mod.rs .................................................... created
      src/models/mod.rs .................................................... created
      kit.toml ............................................................. created
      .env ................................................................. changed
      .gitignore ........................................................... changed
      database/.gitkeep .................................................... created
    --- stderr ---

      INFO  Next: `kit make:migration create_posts_table`, then `kit migrate`
    --- exit 0 ---
    ");
    assert_eq!(
        sandbox.read("Cargo.toml"),
        format!(
            "{OLD}sea-orm-migration = {{ version = \"1.1\", default-features = false, \
             features = [\"runtime-tokio-rustls\", \"sqlx-postgres\"] }}\n"
        )
    );
    assert_eq!(
        sandbox.read("src/lib.rs"),
        "//! Mine.\n\npub mod web;\n#[path = \"../migrations/mod.rs\"]\npub mod migrations;\npub mod models;\n\npub fn f() {}\n"
    );
    assert_eq!(sandbox.read(".env"), "SECRET=x\nDATABASE_URL=sqlite://database/app.sqlite?mode=rwc\n");
    assert_eq!(sandbox.read(".gitignore"), "target/\n.env\n/database/*.sqlite*\n");
}

#[test]
fn what_is_there_stays() {
    let url = "# mine\nDATABASE_URL=postgres://u@h/x\n";
    let sandbox = Sandbox::new()
        .file("Cargo.toml", OLD)
        .file("src/main.rs", "fn main() {}\n")
        .file("src/models/mod.rs", "// mine\n")
        .file("kit.toml", "environment = \"staging\"\n")
        .file(".env", url);
    let run = sandbox.kit(&["init"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.shows("`#[path = \"../migrations/mod.rs\"] mod migrations;`") && run.shows("src/main.rs"), "{run}");
    assert_eq!(sandbox.read("src/main.rs"), "fn main() {}\n");
    assert_eq!(sandbox.read("src/models/mod.rs"), "// mine\n");
    assert_eq!(sandbox.read("kit.toml"), "environment = \"staging\"\n");
    assert_eq!(sandbox.read(".env"), url);
    assert!(!sandbox.root().join("database").exists());
    assert!(!sandbox.root().join("src/lib.rs").exists());
}

#[test]
fn a_library_that_kit_cannot_edit_is_left_with_the_line_to_add() {
    let library = "/* one line */ pub fn f() {}\n";
    let sandbox = Sandbox::new().file("Cargo.toml", OLD).file("src/lib.rs", library);
    let run = sandbox.kit(&["init"]);
    assert!(run.shows("src/lib.rs") && run.shows("`#[path"), "{run}");
    assert_eq!(sandbox.read("src/lib.rs"), library);
}

#[test]
fn what_cannot_be_a_project_is_refused_before_anything_is_written() {
    let refused = |files: &[(&str, &str)]| {
        let sandbox = files.iter().fold(Sandbox::new(), |sandbox, (path, text)| sandbox.file(path, text));
        let before = sandbox.files();
        let run = sandbox.kit(&["init"]);
        assert_eq!((run.code, sandbox.files()), (1, before), "{run}");
        run
    };
    let workspace = refused(&[("Cargo.toml", "[workspace]\nmembers = []\n")]);
    assert_error!(workspace, Error::NoPackage { path } if path.ends_with("Cargo.toml"));
    let broken = refused(&[("Cargo.toml", "[package\n")]);
    assert_error!(broken, Error::Unreadable { path, .. } if path.ends_with("Cargo.toml"));
    let old = refused(&[("Cargo.toml", &OLD.replace("1.1", "0.12"))]);
    assert_error!(old, Error::SeaOrm { version, kind: SeaOrmErrorKind::NoAdapter, .. } if version == "0.12");
    let settings = refused(&[("kit.toml", "nonsense = 1\n")]);
    assert_error!(settings, Error::UnknownKey { origin, key, .. } if origin.ends_with("kit.toml line 1") && key == "nonsense");
}

#[test]
fn a_workspace_says_which_sea_orm_and_wants_to_know_its_members() {
    let workspace = "[workspace]\nmembers = [\"a\"]\n[workspace.dependencies]\nsea-orm = { version = \"1.1.4\" }\n";
    let sandbox = Sandbox::new()
        .file("Cargo.toml", workspace)
        .file("a/Cargo.toml", "[package]\nname = \"a\"\n\n[dependencies]\nsea-orm.workspace = true\n")
        .file("a/src/lib.rs", "");
    assert_eq!(sandbox.kit(&["init", "a"]).code, 0);
    assert!(sandbox.read("a/Cargo.toml").contains("sea-orm-migration = { version = \"1.1\""));
    let new = Sandbox::new().file("Cargo.toml", workspace);
    let run = new.kit(&["init", "b"]);
    assert!(run.shows("`members`") && run.shows("[ROOT]/Cargo.toml"), "{run}");
}

#[test]
fn a_dotenv_that_git_tracks_is_warned_of() {
    let sandbox = Sandbox::new().file(".env", "SECRET=x\n");
    for arguments in [&["init", "-q"][..], &["add", ".env"]] {
        assert!(Command::new("git").arg("-C").arg(sandbox.root()).args(arguments).status().unwrap().success());
    }
    let run = sandbox.kit(&["init"]);
    assert!(run.shows("`git rm --cached .env`"), "{run}");
}

#[test]
fn the_library_is_vendored_for_the_projects_sea_orm() {
    for (manifest, version) in [(OLD.to_owned(), "1"), (OLD.replace("1.1", "2.0"), "2.0")] {
        let sandbox = Sandbox::new().file("Cargo.toml", &manifest).file("src/lib.rs", "").cwd("src");
        let run = sandbox.kit(&["init", "--library"]);
        assert_eq!(run.code, 0, "{run}");
        // The sources are counted; a dry run names each of them.
        let vendored = sandbox.files().into_iter().filter(|path| path.starts_with("vendor/")).count();
        assert!(run.stdout.lines().count() < 5 && run.shows(format!("({vendored} files)")), "{run}");
        let all = Sandbox::new().file("Cargo.toml", &manifest).kit(&["init", "--library", "--dry-run"]);
        assert!(all.stdout.lines().count() > vendored, "{all}");
        let vendored = sandbox.read("vendor/kit-runtime/Cargo.toml");
        assert!(vendored.contains(&format!("sea-orm-migration = {{ version = \"{version}\"")), "{vendored}");
        assert!(
            sandbox
                .read("Cargo.toml")
                .contains("\nkit-runtime = { path = \"vendor/kit-runtime\", features = [\"sqlx-postgres\"] }\n")
        );
        let again = sandbox.kit(&["init", "--library"]);
        assert_eq!(again.code, 0, "{again}");
        assert_eq!(sandbox.read("vendor/kit-runtime/Cargo.toml"), vendored, "{again}");
        let unchanged = again.stdout.lines().filter(|line| line.ends_with(" unchanged")).count();
        assert_eq!(unchanged, again.stdout.lines().count(), "{again}");
        sandbox.write("vendor/kit-runtime/src/lib.rs", "// mine\n");
        let refused = sandbox.kit(&["init", "--library"]);
        assert_eq!(refused.code, 1);
        assert_error!(refused, Error::FileExists { path } if path.ends_with("vendor/kit-runtime/src/lib.rs"));
        assert!(refused.hint().contains("--force"), "{refused}");
        assert_eq!(sandbox.kit(&["init", "--library", "--force"]).code, 0);
        assert_ne!(sandbox.read("vendor/kit-runtime/src/lib.rs"), "// mine\n");
    }
    assert_eq!(Sandbox::new().kit(&["init", "--library"]).code, 1);
    assert_eq!(Sandbox::new().kit(&["init", "--force"]).code, 2);
}

/// Where tests/e2e.rs builds a project of its own with the same SeaORM.
fn cargo(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root)
        .env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/sea-orm-cli"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env_remove("DATABASE_URL")
        .output()
        .unwrap()
}

#[test]
fn the_new_project_builds_without_a_warning_and_migrates_at_startup() {
    let sandbox = Sandbox::new();
    // The versions that kit itself was built with: nothing new to fetch.
    sandbox.write("blog/Cargo.lock", include_str!("../../Cargo.lock"));
    assert_eq!(sandbox.kit(&["init", "blog"]).code, 0);
    assert_eq!(sandbox.kit(&["init", "blog", "--library"]).code, 0);
    sandbox.write(
        "blog/src/bin/migrator.rs",
        "fn main() -> std::process::ExitCode {\n    kit_runtime::main::<blog::migrations::Migrator>()\n}\n",
    );
    let root = sandbox.root().join("blog");
    let run = cargo(&root, &["run", "--bin", "blog"]);
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{said}");
    assert!(root.join("database/app.sqlite").is_file());
    // The program reads `.env`, and has no database of its own to fall back on.
    sandbox.write("blog/.env", "DATABASE_URL=sqlite://database/named.sqlite?mode=rwc\n");
    assert!(cargo(&root, &["run", "--bin", "blog"]).status.success());
    assert!(root.join("database/named.sqlite").is_file());
    std::fs::remove_file(root.join(".env")).unwrap();
    std::fs::remove_file(root.join("database/app.sqlite")).unwrap();
    assert!(!cargo(&root, &["run", "--bin", "blog"]).status.success());
    assert!(!root.join("database/app.sqlite").exists());
    let build = cargo(&root, &["build"]);
    let said = format!("{said}{}", String::from_utf8_lossy(&build.stderr));
    assert!(build.status.success(), "{said}");
    assert!(!quotes(&said, "warning"), "{said}");
}
