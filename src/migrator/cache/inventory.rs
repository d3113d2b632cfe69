//! What is in the cache: builds, the artifacts in target folders that they share, kit's own sources, and how much each of them
//! takes. Only what kit and cargo make, by its name, is listed; nothing is read through a symbolic link.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::record::{BuildRecord, hash_in, is_hash};
use super::usage::{Disk, Usage};
use super::{MIGRATORS, RUNTIME, in_use};

/// A file, or a folder with all that is in it, that is deleted as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where it is.
    pub path: PathBuf,
    /// What it takes on the disk.
    pub bytes: u64,
    /// When anything in it changed last.
    pub modified: SystemTime,
}

/// A program that kit has built for a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedBuild {
    /// `kit-migrator-0123456789ab`
    pub name: String,
    /// Whose it is. None if cargo was never run to its end.
    pub record: Option<BuildRecord>,
    /// When it was used last, as exactly as a day.
    pub last_used: SystemTime,
    /// The generated crate.
    pub folder: Item,
    /// What in target folders has its name: the program, and what cargo needs to build it again.
    pub programs: Vec<Item>,
}

/// A target folder of cargo's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetFolder {
    /// `target`, or `target-0123456789ab` for other settings of cargo's.
    pub name: String,
    /// The files that cargo locks while it builds.
    pub locks: Vec<PathBuf>,
    /// The artifacts of each dependency, by the hash in their names.
    pub units: BTreeMap<String, Vec<Item>>,
    /// Everything else that is not of one build.
    pub others: Vec<Item>,
}

/// All of the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// By name.
    pub builds: Vec<CachedBuild>,
    /// By name.
    pub targets: Vec<TargetFolder>,
    /// The folders of kit's own sources, one for each of its versions and of SeaORM's.
    pub runtimes: Vec<Item>,
    /// The lock files that projects without one begin with.
    pub lock_files: Vec<Item>,
}

impl Inventory {
    /// Reads the cache; one that does not exist is empty.
    ///
    /// # Errors
    /// What the system reported of the folder itself. What disappears meanwhile is left out.
    pub fn read(cache: &Path) -> io::Result<Self> {
        let mut disk = Disk::default();
        let mut inventory = Self::default();
        let mut programs: HashMap<String, Vec<Item>> = HashMap::new();
        let entries = match folders_and_files(cache) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(inventory),
            entries => entries?,
        };
        for (path, name) in entries {
            match name.as_str() {
                RUNTIME => inventory.runtimes = items(&path, &mut disk, |name| is_hash(name, 16)),
                _ if is_target(&name) => {
                    inventory.targets.push(TargetFolder::read(&path, name, &mut programs, &mut disk));
                }
                _ if is_kept_lock(&name) => inventory.lock_files.extend(Item::read(path, &mut disk)),
                _ => {}
            }
        }
        for folder in items(&cache.join(MIGRATORS), &mut disk, is_build) {
            let name = folder.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            inventory.builds.push(CachedBuild {
                record: BuildRecord::read(&folder.path),
                last_used: in_use::last_used(&folder.path).unwrap_or(folder.modified),
                programs: programs.remove(&name).unwrap_or_default(),
                folder,
                name,
            });
        }
        // A build that was not deleted to its end.
        let left = programs.into_values().flatten();
        for item in left {
            if let Some(target) = inventory.targets.iter_mut().find(|target| item.is_in(cache, &target.name)) {
                target.others.push(item);
            }
        }
        Ok(inventory)
    }

    /// What all of it takes on the disk.
    pub fn bytes(&self) -> u64 {
        let builds = self.builds.iter().map(CachedBuild::own_bytes).sum::<u64>();
        let targets = self.targets.iter().map(TargetFolder::bytes).sum::<u64>();
        builds + targets + sum(&self.runtimes) + sum(&self.lock_files)
    }

    /// How many builds need each artifact of each target folder.
    pub fn references(&self) -> HashMap<(String, String), usize> {
        let mut references = HashMap::new();
        for record in self.builds.iter().filter_map(|build| build.record.as_ref()) {
            for unit in &record.units {
                *references.entry((record.target.clone(), unit.clone())).or_default() += 1;
            }
        }
        references
    }

    /// What each build takes on the disk that no other one needs, in their order.
    pub fn exclusive_bytes(&self) -> Vec<u64> {
        let references = self.references();
        let alone = |record: &BuildRecord, unit: &String| references[&(record.target.clone(), unit.clone())] == 1;
        let units = |record: &BuildRecord| {
            let target = self.targets.iter().find(|target| target.name == record.target);
            let alone = record.units.iter().filter(|unit| alone(record, unit));
            alone.filter_map(|unit| Some(sum(target?.units.get(unit)?))).sum::<u64>()
        };
        self.builds.iter().map(|build| build.own_bytes() + build.record.as_ref().map_or(0, units)).collect()
    }

    /// When one of the builds in a target folder was used last.
    pub fn last_use_of(&self, target: &TargetFolder) -> Option<SystemTime> {
        let is_in = |build: &&CachedBuild| build.record.as_ref().is_some_and(|record| record.target == target.name);
        let builds = self.builds.iter().filter(is_in).map(|build| build.last_used);
        builds.chain(target.items().map(|item| item.modified)).max()
    }
}

impl CachedBuild {
    /// What it takes on the disk without its dependencies.
    pub fn own_bytes(&self) -> u64 {
        self.folder.bytes + sum(&self.programs)
    }
}

impl TargetFolder {
    fn read(path: &Path, name: String, programs: &mut HashMap<String, Vec<Item>>, disk: &mut Disk) -> Self {
        let mut target = Self { name, ..Self::default() };
        for folder in profile_folders(path) {
            target.locks.push(folder.join(".cargo-lock"));
            for (path, name) in folders_and_files(&folder).into_iter().flatten() {
                match name.as_str() {
                    ".cargo-lock" => {}
                    ".fingerprint" | "build" | "deps" | "examples" | "incremental" => {
                        for (path, _) in folders_and_files(&path).into_iter().flatten() {
                            target.add(path, programs, disk);
                        }
                    }
                    _ => target.add(path, programs, disk),
                }
            }
        }
        target
    }

    fn add(&mut self, path: PathBuf, programs: &mut HashMap<String, Vec<Item>>, disk: &mut Disk) {
        let Some(item) = Item::read(path, disk) else { return };
        let name = item.path.file_name().unwrap_or_default().to_string_lossy().replace('_', "-");
        match (program_in(&name), hash_in(&name)) {
            (Some(program), _) => programs.entry(program.to_owned()).or_default().push(item),
            (None, Some(hash)) => self.units.entry(hash.to_owned()).or_default().push(item),
            (None, None) => self.others.push(item),
        }
    }

    fn items(&self) -> impl Iterator<Item = &Item> {
        self.units.values().flatten().chain(&self.others)
    }

    /// What it takes on the disk without what has the name of one build.
    pub fn bytes(&self) -> u64 {
        self.items().map(|item| item.bytes).sum()
    }
}

impl Item {
    fn read(path: PathBuf, disk: &mut Disk) -> Option<Self> {
        let Usage { bytes, modified } = disk.usage_of(&path)?;
        Some(Self { path, bytes, modified })
    }

    fn is_in(&self, cache: &Path, folder: &str) -> bool {
        self.path.starts_with(cache.join(folder))
    }
}

/// Whether a folder of this name is a generated crate: `kit-migrator-0123456789ab`.
pub fn is_build(name: &str) -> bool {
    program_in(name) == Some(name)
}

/// Whether a folder of this name in the cache is a target folder: `target`, or `target-0123456789ab`.
pub fn is_target(name: &str) -> bool {
    name == "target" || name.strip_prefix("target-").is_some_and(|key| is_hash(key, 12))
}

/// Whether a file of this name is the lock file of the last build on a release: `sea-orm-2.0.4.lock`.
pub fn is_kept_lock(name: &str) -> bool {
    let version = name.strip_prefix("sea-orm-").and_then(|rest| rest.strip_suffix(".lock"));
    version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
}

/// What items take together.
pub fn sum<'a>(items: impl IntoIterator<Item = &'a Item>) -> u64 {
    items.into_iter().map(|item| item.bytes).sum()
}

/// The name of the build that a name begins with: `kit-migrator-0123456789ab`.
fn program_in(name: &str) -> Option<&str> {
    let kinds = ["kit-migrator-", "kit-seeder-"];
    let length = kinds.iter().find(|kind| name.starts_with(**kind))?.len();
    let program = name.get(..length + 12)?;
    let ends = name.as_bytes().get(length + 12).is_none_or(|next| !next.is_ascii_alphanumeric());
    (is_hash(&program[length..], 12) && ends).then_some(program)
}

/// `target/debug`, and `target/TRIPLE/debug` where cargo's settings name a platform.
fn profile_folders(target: &Path) -> Vec<PathBuf> {
    let below = |folder: &Path| {
        let entries = folders_and_files(folder).into_iter().flatten().map(|(path, _)| path);
        entries.filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let first = below(target);
    let second: BTreeSet<PathBuf> = first.iter().flat_map(|folder| below(folder)).collect();
    first.into_iter().chain(second).filter(|folder| folder.join(".fingerprint").is_dir()).collect()
}

/// The entries of a folder with their names, sorted. Symbolic links, and names that are not Unicode, are left out: kit makes none.
fn folders_and_files(folder: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)?.flatten() {
        let is_entry_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if let (false, Ok(name)) = (is_entry_link, entry.file_name().into_string()) {
            entries.push((entry.path(), name));
        }
    }
    entries.sort();
    Ok(entries)
}

fn items(folder: &Path, disk: &mut Disk, is_kits: impl Fn(&str) -> bool) -> Vec<Item> {
    if fs::symlink_metadata(folder).is_ok_and(|found| !found.is_dir()) {
        return Vec::new();
    }
    let entries = folders_and_files(folder).into_iter().flatten().filter(|(_, name)| is_kits(name));
    entries.filter_map(|(path, _)| Item::read(path, disk)).collect()
}
