//! What `kit make:migration` writes compiles as it is: every stub, odd names, both layouts, SeaORM 2.0 and
//! 1.1, without a warning and laid out as rustfmt does. They are built where the migrators of other tests are, with
//! the same versions and features, so that SeaORM is compiled once for all of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its crates has to stop")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::cache::{kept_lock, kit_cache, write_whole};
use crate::support::{EMPTY_INDEX, Sandbox};
use kit::migrator::runtime_source;
use kit::project::sea_orm::Major;

/// Names of ordinary migrations, of every kind.
const PLAIN: [&[&str]; 29] = [
    &["create_posts_table"],
    &["create_order_items"],
    &["create_notes", "--no-timestamps"],
    &["create_join_table_users_and_groups"],
    &["create_join_table_users_and_users"],
    &["drop_old_posts_table"],
    &["rename_posts_to_articles"],
    &["rename_table_x_to_y"],
    &["rename_title_to_headline_on_articles"],
    &["add_email_verified_to_users"],
    &["add_first_name_and_last_name_to_users_table"],
    &["add_a_really_quite_long_column_name_to_order_items"],
    &["add_timestamps_to_order_items"],
    &["remove_email_from_users"],
    &["remove_a_and_b_from_users"],
    &["add_index_to_posts_slug"],
    &["add_unique_index_to_posts_slug_and_language"],
    &["remove_index_from_posts_slug"],
    &["tidy_up"],
    &["update_posts_table"],
    &["add_phone", "--table=users"],
    &["whatever", "--table=users"],
    &["people", "--create"],
    &["make_things", "--create=things"],
    &[
        "create_articles",
        "title:string!",
        "status:enum:draft,live!:default=draft",
        "user:references",
        "count:big_int!:default=5000000000",
        "body:text!:default=none",
        "price:decimal:30:10:default=12345678901234567890.5",
        "--unique=title,user",
    ],
    &["add_rank_to_articles", "rank:int:index", "slug:string:80^", "editor:references?", "mood:enum:a,b", "at:ts"],
    &["remove_rank_from_articles", "rank:int:index", "editor:references?", "mood:enum!:a,b", "body:text!"],
    &["drop_articles_table", "title:string!", "mood:enum:a,b"],
    &["create_lists", "tags:array:string!", "counts:array:big_int"],
];

/// Names that mean something to Rust, to SeaORM or to the stubs, or are spelled unlike their identifiers.
const ODD: [&[&str]; 34] = [
    &["t1", "--create=type"],
    &["t2", "--create=self"],
    &["t3", "--create=order"],
    &["t4", "--create=table"],
    &["t5", "--create=string"],
    &["t6", "--create=result"],
    &["t7", "--create=option"],
    &["t8", "--create=migration"],
    &["t9", "--create=index"],
    &["t10", "--create=Users"],
    &["t11", "--create=2fa_codes"],
    &["t12", "--create=_private"],
    &["t13", "--create=expr"],
    &["t14", "--create=column_def"],
    &["t15", "--create=db_err"],
    &["t16", "--create=ok"],
    &["t17", "--create=box"],
    &["t18", "--create=schema_manager"],
    &["t19", "--create=foreign_key_action"],
    &["t20", "--create=send"],
    &["t21", "--create=userAccounts"],
    &["create_strings_table"],
    &["create_results_table"],
    &["create_options_table"],
    &["create_migrations_table"],
    &["add_table_to_things"],
    &["add_self_to_things"],
    &["add_type_and_a1_and_a_1_and_2fa_to_things"],
    &["remove_type_from_tables"],
    &["rename_table_to_self_on_table"],
    &["rename_index_to_table"],
    &["create_join_table_index_and_tables"],
    &["add_index_to_type_self"],
    &["drop_self_table"],
];

#[test]
fn on_sea_orm_2() {
    compiles("2.0", Major::Two);
}

#[test]
fn on_sea_orm_1() {
    compiles("1.1", Major::One);
}

fn compiles(version: &str, major: Major) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stubs_compile").join(version);
    let kit = generate(&Sandbox::project(), "migrations");
    let index = format!("#![deny(warnings)]\n{EMPTY_INDEX}");
    let seaorm = generate(&Sandbox::new().file("migration/src/lib.rs", &index), "migration/src");
    replace(&folder.join("kit/migrations"), &kit);
    replace(&folder.join("migration/src"), &seaorm);
    // Every migrator has it, and with it the features that SeaORM is compiled with.
    for (path, content) in runtime_source::files(major) {
        write(&folder.join("runtime").join(path), &content);
    }
    write(
        &folder.join("Cargo.toml"),
        "[workspace]\nmembers = [\"kit\", \"migration\"]\nexclude = [\"runtime\"]\nresolver = \"2\"\n\n[profile.dev]\ndebug = 0\n",
    );
    // Not kit's own settings.
    write(&folder.join("rustfmt.toml"), "");
    let manifest = |package: &str| {
        format!(
            "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[dependencies]\n\
             kit-runtime = {{ path = \"../runtime\", features = [\"drivers\"] }}\n\
             sea-orm-migration = {{ version = \"{version}\", default-features = false }}\n"
        )
    };
    write(&folder.join("kit/Cargo.toml"), &manifest("kit-layout"));
    write(
        &folder.join("kit/src/lib.rs"),
        "#![deny(warnings)]\n#[path = \"../migrations/mod.rs\"]\npub mod migrations;\n",
    );
    write(&folder.join("migration/Cargo.toml"), &manifest("migration"));
    let lock = kept_lock(&kit_cache(), version);
    if let Ok(text) = fs::read_to_string(&lock) {
        write(&folder.join("Cargo.lock"), &text);
    }
    let output = Command::new("cargo")
        .args(["build", "--workspace", "--quiet"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", kit_cache().join("target"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    if !lock.exists() {
        write_whole(&lock, &fs::read_to_string(folder.join("Cargo.lock")).unwrap());
    }
    // `enum Columns { … }` of long names may be laid out otherwise; ordinary ones are as rustfmt has them.
    let plain: Vec<PathBuf> = kit
        .iter()
        .filter(|(file, _)| PLAIN.iter().any(|arguments| file.ends_with(&format!("_{}.rs", arguments[0]))))
        .map(|(file, _)| folder.join("kit/migrations").join(file))
        .collect();
    assert_eq!(plain.len(), PLAIN.len());
    let output = Command::new("rustfmt").args(["--check", "--edition", "2021"]).args(&plain).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Files of all migrations and of the index, by name.
fn generate(sandbox: &Sandbox, folder: &str) -> Vec<(String, String)> {
    for arguments in PLAIN.iter().chain(&ODD) {
        let arguments: Vec<&str> = ["make:migration"].iter().chain(arguments.iter()).copied().collect();
        let transcript = sandbox.kit(&arguments);
        assert_eq!(transcript.code, 0, "{arguments:?}\n{transcript}");
    }
    let files: Vec<(String, String)> = sandbox
        .files()
        .iter()
        .filter_map(|file| Some((file.strip_prefix(&format!("{folder}/"))?.to_owned(), sandbox.read(file))))
        .collect();
    assert_eq!(files.len(), PLAIN.len() + ODD.len() + 1);
    files
}

/// The folder holds these files and no others.
fn replace(folder: &Path, files: &[(String, String)]) {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
    for (file, text) in files {
        write(&folder.join(file), text);
    }
}

/// Only what differs is written: cargo goes by the time of a file.
#[expect(clippy::disallowed_methods, reason = "tests prepare their files without a plan")]
fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return;
    }
    fs::write(path, text).unwrap();
}
