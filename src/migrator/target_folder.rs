//! Names the target folders of builds: one for each set of cargo settings whose change makes cargo compile everything again, so that
//! projects with different settings do not invalidate each other's builds. Also reports whether another build uses one.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::Path;

use toml_edit::DocumentMut;

use super::cargo_settings::{config_files, toml};
use super::fingerprint::key;

/// Settings below `[build]` that count; all of the other tables does.
const OF_BUILD: [&str; 5] = ["rustflags", "target", "rustc", "rustc-wrapper", "rustc-workspace-wrapper"];
const TABLES: [&str; 3] = ["target", "profile", "unstable"];

/// Variables that count, as whole names and as beginnings.
const VARIABLES: [&str; 8] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "RUSTC",
    "RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_RUSTC_WRAPPER",
];
const BEGINNINGS: [&str; 2] = ["CARGO_PROFILE_", "CARGO_TARGET_"];

/// The name of the target folder for a cargo that is started in `root`: `target` where nothing is set.
pub fn name(root: &Path, env: &BTreeMap<String, String>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for config in config_files(root, env).iter().filter_map(|path| toml(path)) {
        let build = config.get("build").into_iter().flat_map(|build| OF_BUILD.map(|name| (name, build.get(name))));
        let tables = TABLES.map(|name| (name, config.get(name)));
        for (name, item) in build.chain(tables).filter_map(|(name, item)| Some((name, item?))) {
            // A table by itself is printed without the tables in it.
            let mut alone = DocumentMut::new();
            alone[name] = item.clone();
            parts.push(alone.to_string());
        }
    }
    let counts = |name: &str| {
        VARIABLES.contains(&name)
            || name != "CARGO_TARGET_DIR" && BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
    };
    parts.extend(env.iter().filter(|(name, _)| counts(name)).map(|(name, value)| format!("{name}={value}")));
    match parts.as_slice() {
        [] => "target".to_owned(),
        parts => format!("target-{}", &key(&parts.iter().map(String::as_str).collect::<Vec<_>>())[..12]),
    }
}

/// Whether another cargo is building in this target folder.
pub fn is_used(folder: &Path) -> bool {
    let Ok(lock) = File::open(folder.join("debug/.cargo-lock")) else { return false };
    matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::test_files::write;

    fn named(config: &str, variables: &[(&str, &str)]) -> String {
        let folder = tempfile::TempDir::new().unwrap();
        write(folder.path(), ".cargo/config.toml", config);
        let env = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        name(folder.path(), &env)
    }

    #[test]
    fn what_makes_cargo_compile_everything_again_has_a_folder_of_its_own() {
        assert_eq!(
            named("[net]\noffline = true\n[build]\njobs = 1\ntarget-dir = \"x\"\n[alias]\nx = \"y\"\n", &[]),
            "target"
        );
        assert_eq!(
            named("", &[("CARGO_TARGET_DIR", "x"), ("CARGO_HOME", "/nowhere"), ("RUST_LOG", "debug")]),
            "target"
        );
        let all = [
            named("[build]\nrustflags = [\"-C\", \"opt-level=1\"]\n", &[]),
            named("[target.x86_64-unknown-linux-gnu]\nlinker = \"clang\"\n", &[]),
            named("[target.x86_64-unknown-linux-gnu]\nlinker = \"gcc\"\n", &[]),
            named("[profile.dev]\nopt-level = 1\n", &[]),
            named("", &[("RUSTFLAGS", "-C debuginfo=0")]),
            named("", &[("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "clang")]),
        ];
        let different: std::collections::BTreeSet<&String> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        assert!(all.iter().all(|name| name.starts_with("target-")), "{all:?}");
    }

    #[test]
    fn a_folder_is_used_while_its_lock_is_held() {
        let folder = tempfile::TempDir::new().unwrap();
        assert!(!is_used(folder.path()));
        fs::create_dir_all(folder.path().join("debug")).unwrap();
        let lock = File::create(folder.path().join("debug/.cargo-lock")).unwrap();
        assert!(!is_used(folder.path()));
        lock.lock().unwrap();
        assert!(is_used(folder.path()));
        drop(lock);
        assert!(!is_used(folder.path()));
    }
}
