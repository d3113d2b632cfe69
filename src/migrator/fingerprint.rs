//! The fingerprint of a build: everything that cargo would look at to decide whether a program is up to date, as it was when the
//! program was built. It tells without cargo that nothing has changed; where only cargo can tell, it says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml_edit::DocumentMut;

use super::cargo::{Built, LocalPackage};
use super::cargo_settings::{CargoSettings, Identity, last_change};

/// The process environment.
type Environment = BTreeMap<String, String>;

/// What a program was built from.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Hash of everything generated.
    key: String,
    /// Cargo's settings before the build began.
    settings: CargoSettings,
    /// The program.
    pub binary: PathBuf,
    /// Its own identity: another build may have replaced it.
    identity: Identity,
    /// The local packages in it, by the identifier that cargo gives them.
    pub packages: Vec<String>,
    /// Every file of theirs with its hash; none for a file that cargo would notice if it existed.
    files: BTreeMap<PathBuf, Option<String>>,
    /// Every variable that their code or a build script reads, with the hash of its value; none for one that is not set.
    variables: BTreeMap<String, Option<String>>,
    /// Whether there are inputs that only cargo can compare.
    needs_cargo: bool,
}

/// What is known of a build when it has ended.
pub struct Ended<'a> {
    /// Hash of everything generated.
    pub key: &'a str,
    /// Cargo's settings before it began.
    pub settings: CargoSettings,
    /// When it began.
    pub started: SystemTime,
    /// What cargo reported.
    pub built: &'a Built,
    /// The environment that cargo had.
    pub env: &'a Environment,
    /// The folders whose content the key stands for.
    pub own: &'a [PathBuf],
}

impl Fingerprint {
    /// Takes the fingerprint of a build. `None` if the program is not there any more.
    pub fn take(ended: Ended<'_>) -> Option<Self> {
        let binary = &ended.built.binary;
        let mut inputs = Inputs::default();
        match fs::read_to_string(binary.with_extension("d")).ok().and_then(|text| dep_info(&text, binary)) {
            Some(files) => {
                let kept = files.into_iter().filter(|file| !ended.own.iter().any(|folder| file.starts_with(folder)));
                kept.for_each(|file| inputs.add_file(file));
            }
            None => inputs.incomplete = true,
        }
        for package in ended.built.local.values() {
            inputs.add_package(package, binary);
        }
        ended.built.script_folders.iter().for_each(|folder| inputs.add_script(folder));
        // A file that changed while the compiler ran may have been read before or after.
        let changed = |path: &PathBuf| !last_change(path).is_ok_and(|time| time < ended.started);
        let changing = inputs.files.iter().any(|(path, hash)| hash.is_some() && changed(path));
        Some(Self {
            key: ended.key.to_owned(),
            settings: ended.settings,
            binary: binary.clone(),
            identity: Identity::of(binary).ok()?,
            packages: ended.built.local.keys().cloned().collect(),
            files: inputs.files,
            variables: inputs.variables.into_iter().map(|name| (hash_of(ended.env, &name), name)).map(swap).collect(),
            needs_cargo: inputs.incomplete || changing,
        })
    }

    /// The fingerprint in `path`, if it is one, and when it was written.
    pub fn read(path: &Path) -> Option<(Self, SystemTime)> {
        let written = fs::metadata(path).and_then(|metadata| metadata.modified()).ok()?;
        Some((serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?, written))
    }

    /// Whether the program is certainly what a build would make now.
    pub fn is_fresh(&self, key: &str, settings: &CargoSettings, env: &Environment) -> bool {
        !self.needs_cargo
            && self.key == key
            && self.settings == *settings
            && Identity::of(&self.binary).is_ok_and(|identity| identity == self.identity)
            && self.variables.iter().all(|(name, hash)| hash_of(env, name) == *hash)
            && self.files.iter().all(|(path, hash)| hash_file(path) == *hash)
    }

    /// Whether cargo would take the program for up to date although it is not. Cargo compares times: it misses a source with
    /// another content and an older time than the build of `written`, as `mv`, `cp -p` and `rsync -a` leave it, and a program
    /// that was overwritten.
    pub fn misleads_cargo(&self, written: SystemTime) -> bool {
        let is_older = |path: &Path| fs::metadata(path).and_then(|it| it.modified()).is_ok_and(|time| time <= written);
        let by_content = |path: &Path| path.file_name().is_some_and(|name| name == "Cargo.toml");
        Identity::of(&self.binary).is_ok_and(|now| self.identity.is_overwritten(&now))
            || self.files.iter().any(|(path, hash)| {
                hash.is_some()
                    && !by_content(path)
                    && is_older(path)
                    && hash_file(path).is_some_and(|now| Some(now) != *hash)
            })
    }
}

/// The inputs of a build, while they are collected.
#[derive(Debug, Default)]
struct Inputs {
    files: BTreeMap<PathBuf, Option<String>>,
    variables: BTreeSet<String>,
    /// There are more than these.
    incomplete: bool,
}

impl Inputs {
    /// Adds a file that the compiler read, or a folder that a build script names: with its files, and not only these.
    fn add_file(&mut self, path: PathBuf) {
        let hash = if path.is_absolute() { hash_file(&path) } else { None };
        self.incomplete |= hash.is_none();
        if hash.is_none() && path.is_absolute() && path.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path());
            return entries
                .filter(|entry| !entry.is_symlink() || entry.is_file())
                .for_each(|entry| self.add_file(entry));
        }
        self.files.insert(path, hash);
    }

    /// Adds a file that cargo reads where it exists.
    fn add_possible_file(&mut self, path: PathBuf) {
        self.files.entry(path).or_insert_with_key(|path| hash_file(path));
    }

    /// Adds the manifests that a local package is read from, its build script, and the variables that its code names.
    fn add_package(&mut self, package: &LocalPackage, binary: &Path) {
        // A build script may name files, folders and variables, or nothing, which means all files of the package.
        self.incomplete |= package.has_build_script;
        self.add_possible_file(package.root.join("build.rs"));
        // Any of those above may be the workspace that it inherits from.
        for folder in package.root.ancestors() {
            self.add_possible_file(folder.join("Cargo.toml"));
        }
        if let Some(folder) = workspace_of(&package.root.join("Cargo.toml")) {
            self.add_possible_file(package.root.join(folder).join("Cargo.toml"));
        }
        let mut dep_infos: Vec<PathBuf> = package.artifacts.iter().flat_map(|file| dep_infos_of(file)).collect();
        if package.artifacts.iter().any(|file| file == binary) {
            dep_infos.extend(dep_infos_of_program(binary));
        }
        let texts: Vec<String> = dep_infos.iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
        self.incomplete |= texts.is_empty();
        self.variables.extend(texts.iter().flat_map(|text| variables_of(text)));
    }

    /// Adds what the build script of a package from a registry or a repository asked cargo to watch; the package itself
    /// does not change. `folder` is its `OUT_DIR`, beside which cargo keeps what it printed.
    fn add_script(&mut self, folder: &Path) {
        let Ok(text) = fs::read_to_string(folder.with_file_name("output")) else {
            self.incomplete = true;
            return;
        };
        for line in text.lines() {
            let Some((name, value)) = line.strip_prefix("cargo:").and_then(|line| line.split_once('=')) else {
                continue;
            };
            match name.trim_start_matches(':') {
                "rerun-if-env-changed" => drop(self.variables.insert(value.trim().to_owned())),
                "rerun-if-changed" if Path::new(value).is_absolute() => match Path::new(value) {
                    folder if folder.is_dir() => self.incomplete = true,
                    file => self.add_possible_file(file.to_owned()),
                },
                _ => {}
            }
        }
    }
}

/// SHA-256 of several texts, in hex.
pub fn key(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    hex(&hasher.finalize())
}

/// SHA-256 of a file's content, in hex. `None` if it cannot be read.
pub fn hash_file(path: &Path) -> Option<String> {
    Some(hex(&Sha256::digest(fs::read(path).ok()?)))
}

/// The hash of a variable's value, which may be a secret.
fn hash_of(env: &Environment, name: &str) -> Option<String> {
    env.get(name).map(|value| key(&[value]))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn swap<A, B>((a, b): (A, B)) -> (B, A) {
    (b, a)
}

/// The files that cargo's Makefile rule lists for a program. A space within a name is `\ `, and nothing else is escaped.
fn dep_info(text: &str, program: &Path) -> Option<Vec<PathBuf>> {
    let target = program.to_str()?.replace(' ', "\\ ");
    let files = text.strip_prefix(&target)?.strip_prefix(':')?.trim_end_matches('\n');
    let files = files.replace("\\ ", "\0");
    Some(files.split(' ').filter(|file| !file.is_empty()).map(|file| file.replace('\0', " ").into()).collect())
}

/// Where rustc may have written what it read for an artifact: `x-1.d` beside `libx-1.rlib`.
fn dep_infos_of(artifact: &Path) -> Vec<PathBuf> {
    let stem = artifact.file_stem().unwrap_or_default().to_string_lossy();
    let names = [Some(&*stem), stem.strip_prefix("lib")].into_iter().flatten();
    names.map(|name| artifact.with_file_name(format!("{name}.d"))).collect()
}

/// The same for the program itself, whose artifact has another name in `deps/`. There may be several, of builds with other
/// settings, and which of them is the last one cannot be told.
fn dep_infos_of_program(program: &Path) -> Vec<PathBuf> {
    let stem = program.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_");
    let entries = fs::read_dir(program.with_file_name("deps")).into_iter().flatten().flatten();
    let is_its =
        |name: &str| name.strip_prefix(&*stem).is_some_and(|rest| rest.starts_with('-') && rest.ends_with(".d"));
    entries.filter(|entry| entry.file_name().to_str().is_some_and(is_its)).map(|entry| entry.path()).collect()
}

/// The variables in rustc's `# env-dep:NAME=VALUE`, or `# env-dep:NAME` for one that was not set.
fn variables_of(text: &str) -> impl Iterator<Item = String> {
    let variables = text.lines().filter_map(|line| line.strip_prefix("# env-dep:"));
    variables.map(|variable| variable.split('=').next().unwrap_or_default().to_owned())
}

/// The workspace that a manifest names.
fn workspace_of(manifest: &Path) -> Option<String> {
    let manifest: DocumentMut = fs::read_to_string(manifest).ok()?.parse().ok()?;
    Some(manifest.get("package")?.get("workspace")?.as_str()?.to_owned())
}

#[cfg(test)]
#[path = "fingerprint_tests.rs"]
mod tests;
