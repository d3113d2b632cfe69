//! What decides how cargo builds besides the sources: its configuration files, the variables that cargo and rustc read, and the
//! toolchain. It returns them as a value that can be kept and compared. It starts no process.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, Item, Value};

use super::fingerprint::{hash_file, key};
use super::programs::Programs;

/// The process environment.
type Environment = BTreeMap<String, String>;

/// Cargo's settings for one folder, as they were when they were read.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CargoSettings {
    /// The configuration and toolchain files that exist, with their hashes.
    files: BTreeMap<PathBuf, String>,
    /// The compilers and cargo.
    programs: BTreeMap<PathBuf, Identity>,
    /// Hash of the variables that cargo, rustc and rustup read, with their values.
    variables: String,
}

/// What tells one version of a file from another without reading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    size: u64,
    /// Nanoseconds since 1970.
    modified: u128,
    inode: u64,
}

impl Identity {
    /// The identity of the file that `path` leads to, links followed.
    ///
    /// # Errors
    /// What the system reported.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Ok(Self { size: metadata.len(), modified, inode })
    }

    /// Whether `now` is the same file with another content: it was written in place.
    pub fn is_overwritten(&self, now: &Self) -> bool {
        self.inode == now.inode && self != now
    }
}

/// When a file's content or its name last changed, as far as the system records that.
pub fn last_change(path: &Path) -> io::Result<SystemTime> {
    let metadata = fs::metadata(path)?;
    let modified = metadata.modified()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        use std::time::Duration;
        let seconds = u64::try_from(metadata.ctime()).unwrap_or_default();
        let nanoseconds = u32::try_from(metadata.ctime_nsec()).unwrap_or_default();
        Ok(modified.max(UNIX_EPOCH + Duration::new(seconds, nanoseconds)))
    }
    #[cfg(not(unix))]
    Ok(modified)
}

impl CargoSettings {
    /// The settings that hold for a cargo that is started in `root`.
    pub fn read(root: &Path, env: &Environment) -> Self {
        let mut settings = Self { variables: variables(env), ..Self::default() };
        let mut compilers = vec!["cargo".to_owned(), "rustc".to_owned()];
        compilers.extend(["RUSTC", "CARGO_BUILD_RUSTC"].iter().filter_map(|name| env.get(*name).cloned()));
        for path in config_files(root, env) {
            if let Some(compiler) = toml(&path).and_then(|config| compiler(&config, &path)) {
                compilers.push(compiler);
            }
            settings.add_file(path);
        }
        let programs = Programs { env, folder: root };
        let compilers: Vec<PathBuf> = compilers.iter().filter_map(|name| programs.find(name)).collect();
        compilers.into_iter().for_each(|path| settings.add_program(path));
        for path in root.ancestors().flat_map(|folder| TOOLCHAIN_FILES.map(|name| folder.join(name))) {
            let named = toml(&path).and_then(|file| Some(file.get("toolchain")?.get("path")?.as_str()?.to_owned()));
            if let (Some(named), Some(folder)) = (named, path.parent()) {
                settings.add_program(folder.join(named).join("bin").join(RUSTC));
            }
            settings.add_file(path);
        }
        if let Some(rustup) = home(env, "RUSTUP_HOME", ".rustup") {
            settings.add_file(rustup.join("settings.toml"));
            // Which of them is used, the variables and files above say.
            for toolchain in fs::read_dir(rustup.join("toolchains")).into_iter().flatten().flatten() {
                settings.add_program(toolchain.path().join("bin").join(RUSTC));
            }
        }
        settings
    }

    fn add_file(&mut self, path: PathBuf) {
        if let Some(hash) = hash_file(&path) {
            self.files.insert(path, hash);
        }
    }

    fn add_program(&mut self, path: PathBuf) {
        if let Ok(identity) = Identity::of(&path) {
            self.programs.insert(path, identity);
        }
    }
}

const RUSTC: &str = if cfg!(windows) { "rustc.exe" } else { "rustc" };

/// Files that name a project's toolchain.
const TOOLCHAIN_FILES: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];

/// Cargo's configuration files for a folder.
const CONFIG_FILES: [&str; 2] = ["config", "config.toml"];

/// The configuration files that a cargo in `root` reads and that exist, with those that they include.
pub fn config_files(root: &Path, env: &Environment) -> Vec<PathBuf> {
    let folders = root.ancestors().map(|folder| folder.join(".cargo")).chain(home(env, "CARGO_HOME", ".cargo"));
    let mut queue: Vec<PathBuf> = folders.flat_map(|folder| CONFIG_FILES.map(|name| folder.join(name))).collect();
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some(path) = queue.pop() {
        // The names of files that include each other grow with `..`.
        if !path.is_file() || !path.canonicalize().is_ok_and(|path| seen.insert(path)) {
            continue;
        }
        let folder = path.parent().unwrap_or(root);
        queue.extend(toml(&path).iter().flat_map(included).map(|name| folder.join(name)));
        found.push(path);
    }
    found
}

/// The files that a configuration file includes: `include = "x.toml"`, a list of those, or of tables with `path`.
fn included(config: &DocumentMut) -> Vec<String> {
    let path =
        |value: &Value| value.as_str().or_else(|| value.as_inline_table()?.get("path")?.as_str()).map(str::to_owned);
    match config.get("include") {
        Some(Item::Value(Value::Array(list))) => list.iter().filter_map(path).collect(),
        Some(Item::Value(value)) => path(value).into_iter().collect(),
        Some(Item::ArrayOfTables(list)) => {
            list.iter().filter_map(|table| Some(table.get("path")?.as_str()?.to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

/// The compiler that a configuration file names. A path is relative to the folder that has `.cargo`.
fn compiler(config: &DocumentMut, path: &Path) -> Option<String> {
    let named = config.get("build")?.get("rustc")?.as_str()?;
    let is_path = Path::new(named).components().count() > 1;
    let folder = path.parent()?.parent()?;
    Some(if is_path { folder.join(named).to_string_lossy().into_owned() } else { named.to_owned() })
}

pub fn toml(path: &Path) -> Option<DocumentMut> {
    fs::read_to_string(path).ok()?.parse().ok()
}

/// The folder that a variable names, else one in the user's home.
fn home(env: &Environment, variable: &str, usual: &str) -> Option<PathBuf> {
    if let Some(folder) = env.get(variable).filter(|folder| !folder.is_empty()) {
        return Some(PathBuf::from(folder));
    }
    // Without HOME, cargo and rustup ask the system.
    let home = env.get("HOME").filter(|home| !home.is_empty()).map(PathBuf::from).or_else(std::env::home_dir);
    home.map(|home| home.join(usual))
}

/// Hash of the variables that cargo, rustc and rustup read. Those that a program's own code names are not among them.
fn variables(env: &Environment) -> String {
    const TOOLS: [&str; 2] = ["CARGO", "RUST"];
    /// They change what is printed.
    const PRINTED: [&str; 3] = ["CARGO_TERM_", "RUST_BACKTRACE", "RUST_LOG"];
    let starts = |name: &str, with: &[&str]| with.iter().any(|prefix| name.starts_with(prefix));
    let read = env.iter().filter(|(name, _)| starts(name, &TOOLS) && !starts(name, &PRINTED));
    key(&read.flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::test_files::write;

    #[test]
    fn each_file_variable_and_program_that_cargo_reads_counts() {
        let home = TempDir::new().unwrap();
        let home = home.path().canonicalize().unwrap();
        let root = home.join("app");
        fs::create_dir_all(&root).unwrap();
        let mut env: Environment = [
            ("HOME", home.join("user")),
            ("CARGO_HOME", home.join("cargo")),
            ("RUSTUP_HOME", home.join("rustup")),
            ("PATH", home.join("bin")),
        ]
        .map(|(name, path)| (name.to_owned(), path.display().to_string()))
        .into();
        let mut before = CargoSettings::read(&root, &env);
        for (path, text) in [
            ("app/.cargo/config.toml", "include = \"one.toml\"\n"),
            ("app/.cargo/one.toml", "include = [\"two.toml\", { path = \"three.toml\", optional = true }]\n"),
            ("app/.cargo/two.toml", "[build]\nrustc = \"tools/rustc\"\n"),
            ("app/.cargo/three.toml", "[[include]]\npath = \"../four.toml\"\n"),
            ("app/four.toml", "include = \".cargo/one.toml\"\n"),
            (".cargo/config", "[env]\nA = \"b\"\n"),
            ("cargo/config.toml", "[env]\nA = \"b\"\n"),
            ("app/rust-toolchain", "1.95.0\n"),
            ("rust-toolchain.toml", "[toolchain]\npath = \"built\"\n"),
            ("built/bin/rustc", "a"),
            ("rustup/settings.toml", "version = \"12\"\n"),
            ("rustup/toolchains/stable/bin/rustc", "a"),
            ("rustup/toolchains/stable/bin/rustc", "ab"),
        ] {
            write(&home, path, text);
            let now = CargoSettings::read(&root, &env);
            assert_ne!(now, before, "{path}");
            before = now;
        }
        for (name, counts) in [
            ("RUSTFLAGS", true),
            ("CARGO_BUILD_TARGET", true),
            ("CARGO_ENCODED_RUSTFLAGS", true),
            ("RUSTUP_TOOLCHAIN", true),
            ("RUSTC_WRAPPER", true),
            ("DATABASE_URL", false),
            ("CARGO_TERM_COLOR", false),
            ("RUST_LOG", false),
        ] {
            env.insert(name.to_owned(), "x".to_owned());
            let now = CargoSettings::read(&root, &env);
            assert_eq!(now != before, counts, "{name}");
            before = now;
        }
    }

    #[cfg(unix)]
    #[test]
    fn compilers_on_the_path_and_in_settings_count() {
        use std::os::unix::fs::symlink;
        let home = TempDir::new().unwrap();
        let home = home.path().canonicalize().unwrap();
        let mut env: Environment = [("HOME", "user"), ("PATH", "bin")]
            .map(|(name, path)| (name.to_owned(), home.join(path).display().to_string()))
            .into();
        let program = std::env::current_exe().unwrap();
        let mut before = CargoSettings::read(&home, &env);
        write(&home, ".cargo/config.toml", "[build]\nrustc = \"tools/own\"\n");
        for path in ["bin/rustc", "bin/cargo", "tools/own", "tools/named"] {
            fs::create_dir_all(home.join(path).parent().unwrap()).unwrap();
            symlink(&program, home.join(path)).unwrap();
            if path == "tools/named" {
                env.insert("RUSTC".to_owned(), home.join(path).display().to_string());
            }
            let now = CargoSettings::read(&home, &env);
            assert_ne!(now, before, "{path}");
            before = now;
        }
        assert_eq!(before.programs.len(), 4);
    }
}
