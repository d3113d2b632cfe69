//! Deleting what is not used: which builds and artifacts are due, oldest first, and moving them out of the way while no process uses
//! them. It asks nothing: all of it can be built again.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::in_use;
use super::inventory::{CachedBuild, Inventory, Item, TargetFolder, sum};
use super::trash::{self, Trash};

/// How long an unused build is kept by automatic cleaning.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long automatic cleaning may delete files, while the user waits for a migration.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is due.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The time now.
    pub now: SystemTime,
    /// What was not used for this long. Zero means everything.
    pub unused_for: Option<Duration>,
    /// While the cache takes more than this, what was not used for longest.
    pub limit: Option<u64>,
}

/// What a cleaning did.
#[derive(Debug, Default)]
pub struct Cleaned {
    /// The builds that it deleted, longest unused first.
    pub builds: Vec<CachedBuild>,
    /// How much it deleted, dependencies included.
    pub bytes: u64,
    /// What was due and is used.
    pub kept: Vec<Kept>,
}

/// What was due and is used.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept {
    /// A process compiles or runs it.
    Build(Box<CachedBuild>),
    /// cargo is building in this target folder.
    Target(String),
    /// kit is building for a project, from artifacts that builds share.
    Shared,
}

/// Deletes what is due and not used.
///
/// # Errors
/// What the system reported; what was deleted before is gone.
pub fn clean(cache: &Path, rules: &Rules) -> io::Result<Cleaned> {
    let _alone = in_use::clean_alone(cache);
    sweep(cache, rules, None)
}

/// The same once a day, after a build: deletes what was unused for 30 days, and then the oldest while the cache takes more than
/// `limit`. `None` if nothing was due.
///
/// # Errors
/// Those of [`clean`].
pub fn clean_daily(cache: &Path, now: SystemTime, limit: Option<u64>) -> io::Result<Option<Cleaned>> {
    let Some(_alone) = in_use::clean_daily(cache, now) else { return Ok(None) };
    let rules = Rules { now, unused_for: Some(KEPT_FOR), limit };
    let cleaned = sweep(cache, &rules, Some(Instant::now() + PATIENCE))?;
    Ok((cleaned.bytes > 0).then_some(cleaned))
}

/// Something that is deleted as a whole.
#[derive(Clone, Copy, Debug)]
enum Candidate<'a> {
    Build(&'a CachedBuild),
    /// Artifacts that no build is known to need.
    Unit {
        target: &'a TargetFolder,
        items: &'a [Item],
    },
    /// A file or folder of a target folder that is not cargo's record of a dependency.
    Other {
        target: &'a TargetFolder,
        item: &'a Item,
    },
    /// kit's own sources, or a lock file.
    Shared(&'a Item),
}

impl Rules {
    fn is_due(&self, last_used: SystemTime, total: u64) -> bool {
        let age = self.now.duration_since(last_used).unwrap_or_default();
        self.unused_for.is_some_and(|limit| age >= limit) || self.limit.is_some_and(|limit| total > limit)
    }
}

impl Candidate<'_> {
    fn last_used(&self) -> SystemTime {
        match self {
            Self::Build(build) => build.last_used,
            Self::Unit { items, .. } => items.iter().map(|item| item.modified).max().unwrap_or(SystemTime::UNIX_EPOCH),
            Self::Other { item, .. } | Self::Shared(item) => item.modified,
        }
    }
}

fn candidates<'a>(inventory: &'a Inventory, references: &References) -> Vec<Candidate<'a>> {
    let mut candidates: Vec<Candidate> = inventory.builds.iter().map(Candidate::Build).collect();
    for target in &inventory.targets {
        let unknown = target.units.iter().filter(|(hash, _)| !references.units.contains_key(&key(target, hash)));
        candidates.extend(unknown.map(|(_, items)| Candidate::Unit { target, items }));
        candidates.extend(target.others.iter().map(|item| Candidate::Other { target, item }));
    }
    let unknown = inventory.runtimes.iter().filter(|item| !references.runtimes.contains_key(&*name_of(item)));
    candidates.extend(unknown.chain(&inventory.lock_files).map(Candidate::Shared));
    candidates.sort_by_key(Candidate::last_used);
    candidates
}

/// How many builds need what they share.
struct References {
    units: HashMap<(String, String), usize>,
    runtimes: HashMap<String, usize>,
}

impl References {
    fn of(inventory: &Inventory) -> Self {
        let mut runtimes = HashMap::new();
        for record in inventory.builds.iter().filter_map(|build| build.record.as_ref()) {
            *runtimes.entry(record.runtime.clone()).or_default() += 1;
        }
        Self { units: inventory.references(), runtimes }
    }

    /// Forgets a build, and returns what only it needed.
    fn remove<'a>(&mut self, build: &CachedBuild, inventory: &'a Inventory) -> Vec<Candidate<'a>> {
        let Some(record) = &build.record else { return Vec::new() };
        let mut freed = Vec::new();
        if let Some(target) = inventory.targets.iter().find(|target| target.name == record.target) {
            let units = record.units.iter().filter(|unit| is_last(&mut self.units, &key(target, unit)));
            let items = units.filter_map(|unit| target.units.get(unit));
            freed.extend(items.map(|items| Candidate::Unit { target, items }));
        }
        if is_last(&mut self.runtimes, &record.runtime) {
            let items = inventory.runtimes.iter().filter(|item| *name_of(item) == *record.runtime);
            freed.extend(items.map(Candidate::Shared));
        }
        freed
    }
}

/// Counts one less, and returns whether none is left.
fn is_last<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) -> bool {
    counts.get_mut(key).is_some_and(|count| {
        *count -= 1;
        *count == 0
    })
}

fn sweep(cache: &Path, rules: &Rules, until: Option<Instant>) -> io::Result<Cleaned> {
    // First: a build that ends while the cache is read would not be in what was read.
    let no_building = in_use::no_building(cache);
    let inventory = Inventory::read(cache)?;
    let mut sweep = Sweep {
        locks: Locks::take(no_building, &inventory),
        references: References::of(&inventory),
        inventory: &inventory,
        trash: Trash::new(cache)?,
        total: inventory.bytes(),
        cleaned: Cleaned::default(),
    };
    let swept = sweep.run(rules);
    let Sweep { locks, cleaned, .. } = sweep;
    // Others may build again while the files are deleted.
    drop(locks);
    trash::empty(cache, until);
    swept.map(|()| cleaned)
}

struct Sweep<'a> {
    locks: Locks,
    references: References,
    inventory: &'a Inventory,
    trash: Trash,
    total: u64,
    cleaned: Cleaned,
}

impl<'a> Sweep<'a> {
    fn run(&mut self, rules: &Rules) -> io::Result<()> {
        for candidate in candidates(self.inventory, &self.references) {
            if !rules.is_due(candidate.last_used(), self.total) {
                break;
            }
            match candidate {
                Candidate::Build(build) => self.remove_build(build)?,
                shared => self.remove_shared(shared)?,
            }
        }
        Ok(())
    }

    fn remove_build(&mut self, build: &'a CachedBuild) -> io::Result<()> {
        let folder = &build.folder.path;
        // It may have been used since it was listed.
        let is_used_since = in_use::last_used(folder).is_some_and(|last| last > build.last_used);
        let mut claimed = in_use::claim(folder);
        if is_used_since || claimed.is_none() {
            self.keep(Kept::Build(Box::new(build.clone())));
            return Ok(());
        }
        if cfg!(not(unix)) {
            // A folder with an open file is not renamed there.
            claimed = None;
        }
        // Without its folder, the program is not taken for one that is up to date.
        self.remove([&build.folder].into_iter().chain(&build.programs))?;
        drop(claimed);
        self.cleaned.builds.push(build.clone());
        let freed = self.references.remove(build, self.inventory);
        freed.into_iter().try_for_each(|candidate| self.remove_shared(candidate))
    }

    fn remove_shared(&mut self, candidate: Candidate<'a>) -> io::Result<()> {
        let (target, items) = match candidate {
            Candidate::Unit { target, items } => (Some(target), items),
            Candidate::Other { target, item } => (Some(target), std::slice::from_ref(item)),
            Candidate::Shared(item) => (None, std::slice::from_ref(item)),
            Candidate::Build(build) => return self.remove_build(build),
        };
        let used = match target {
            _ if self.locks.no_building.is_none() => Some(Kept::Shared),
            Some(target) if self.locks.used.contains(&target.name) => Some(Kept::Target(target.name.clone())),
            _ => None,
        };
        if let Some(used) = used {
            // The next cleaning deletes it: no build has to go in its place.
            self.total = self.total.saturating_sub(sum(items));
            self.keep(used);
            return Ok(());
        }
        // Without its fingerprint, cargo builds a dependency again: it goes first.
        let is_fingerprint = |item: &&Item| item.path.components().any(|part| part.as_os_str() == ".fingerprint");
        let (first, rest): (Vec<&Item>, Vec<&Item>) = items.iter().partition(is_fingerprint);
        self.remove(first.into_iter().chain(rest))
    }

    fn remove<'b>(&mut self, items: impl Iterator<Item = &'b Item>) -> io::Result<()> {
        for item in items {
            self.trash.take(&item.path)?;
            self.total = self.total.saturating_sub(item.bytes);
            self.cleaned.bytes += item.bytes;
        }
        Ok(())
    }

    fn keep(&mut self, kept: Kept) {
        if !self.cleaned.kept.contains(&kept) {
            self.cleaned.kept.push(kept);
        }
    }
}

/// Locks that are held while what builds share is moved away.
struct Locks {
    no_building: Option<File>,
    /// The names of target folders in which cargo is building.
    used: HashSet<String>,
    _cargo: Vec<File>,
}

impl Locks {
    fn take(no_building: Option<File>, inventory: &Inventory) -> Self {
        let (mut used, mut cargo) = (HashSet::new(), Vec::new());
        for target in &inventory.targets {
            for path in &target.locks {
                match File::open(path) {
                    Ok(file) if file.try_lock().is_ok() => cargo.push(file),
                    // Without the file, cargo has never locked it.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    _ => drop(used.insert(target.name.clone())),
                }
            }
        }
        Self { no_building, used, _cargo: cargo }
    }
}

fn key(target: &TargetFolder, unit: &str) -> (String, String) {
    (target.name.clone(), unit.to_owned())
}

fn name_of(item: &Item) -> std::borrow::Cow<'_, str> {
    item.path.file_name().unwrap_or_default().to_string_lossy()
}

#[cfg(test)]
#[path = "cleaning_tests.rs"]
mod tests;
