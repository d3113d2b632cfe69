//! A module of the index file without a file is refused before the compiler starts; the hint leads on.

use kit::error::Error;

use crate::support::projects::{creates, index, migration_manifest};
use crate::support::{Sandbox, assert_error};

/// A project whose cache folder stays empty unless something was built.
fn project(layout: &str) -> (Sandbox, String) {
    let folder = if layout == "kit" { "migrations" } else { "migration/src" };
    let file = if layout == "kit" { "migrations/mod.rs" } else { "migration/src/lib.rs" };
    let sandbox = Sandbox::new().file(file, &index(&["m1_a", "m2_gone", "m3_c"])).env("KIT_CACHE_DIR", "cache");
    if layout != "kit" {
        sandbox.write("migration/Cargo.toml", &migration_manifest("2.0.4"));
    }
    sandbox.write(&format!("{folder}/m1_a.rs"), &creates("a"));
    sandbox.write(&format!("{folder}/m3_c.rs"), &creates("c"));
    (sandbox, file.to_owned())
}

#[test]
fn every_command_that_builds_refuses_and_names_both_lines() {
    for layout in ["kit", "SeaORM"] {
        let (sandbox, file) = project(layout);
        for arguments in [
            &["migrate", "--force"][..],
            &["migrate", "--pretend"],
            &["migrate:fresh", "--force"],
            &["migrate:refresh", "--force"],
            &["migrate:verify"],
        ] {
            let refused = sandbox.kit(arguments);
            assert_eq!(refused.code, 1, "{refused}");
            assert_error!(refused, Error::MissingFile { module, declared, listed: Some(listed), .. }
                if module == "m2_gone" && *declared == format!("{file}:4") && *listed == format!("{file}:14"));
            assert_eq!(refused.hinted(), [["migrate:delete", "m2_gone"]]);
            let files = sandbox.files();
            assert!(!files.iter().any(|file| file.contains("cache/") || file.contains("sqlite")), "{files:?}");
        }
    }
}

#[test]
fn the_hint_leads_to_a_project_without_it() {
    let (sandbox, _) = project("kit");
    let hinted = sandbox.kit(&["migrate", "--force"]).hinted().remove(0);
    let deleted = sandbox.kit(&[&hinted.iter().map(String::as_str).collect::<Vec<_>>()[..], &["--force"]].concat());
    assert_eq!(deleted.code, 0, "{deleted}");
    assert_eq!(sandbox.read("migrations/mod.rs"), index(&["m1_a", "m3_c"]));
    sandbox.write("database/app.sqlite", "");
    assert_eq!(sandbox.kit(&["migrate:status", "--check"]).code, 3);
}

#[test]
fn modules_that_are_not_listed_and_paths_that_lead_nowhere_count() {
    for (line, file) in [
        ("mod helpers;", "migrations/helpers.rs"),
        ("#[path = \"elsewhere/h.rs\"]\nmod helpers;", "migrations/elsewhere/h.rs"),
    ] {
        let text = format!("{line}\n{}", index(&["m1_a"]));
        let sandbox = Sandbox::new().file("migrations/mod.rs", &text).file("migrations/m1_a.rs", &creates("a"));
        let refused = sandbox.kit(&["migrate", "--force"]);
        assert_error!(refused, Error::MissingFile { module, file: named, listed: None, .. } if module == "helpers" && named == file);
    }
}

#[test]
fn a_module_under_a_condition_may_have_no_file() {
    let text = format!("#[cfg(feature = \"never\")]\nmod helpers;\n{}", index(&["m1_a"]));
    let sandbox = Sandbox::new().file("migrations/mod.rs", &text).file("migrations/m1_a.rs", &creates("a"));
    let run = sandbox.env("PATH", "").kit(&["migrate", "--force"]);
    assert!(!matches!(run.error(), Error::MissingFile { .. }), "{run}");
}
