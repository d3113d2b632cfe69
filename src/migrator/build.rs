//! From sources to a program: the cached one if nothing that goes into it has changed, else cargo.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::cache::{BuildRecord, Building, InUse, RECORD};
use super::cargo::{self, Built};
use super::cargo_settings::CargoSettings;
use super::fingerprint::{self, Ended, Fingerprint};
use super::generate::{self, Generated};
use super::lock_file::LockFile;
use super::package::Package;
use super::{Build, Cache, Notice, Program, runtime_source, seeder, target_folder};
use crate::error::{BuildObstacle, Error, Result, SeaOrmErrorKind, Upgrade};
use crate::project::Project;
use crate::project::sea_orm::{Major, SeaOrm};

/// Returns the program, built if need be, and what keeps it from being deleted.
///
/// # Errors
/// Those of generating the crate, [`Error::Program`] without cargo, [`Error::Build`] after the compiler's output.
pub async fn binary(build: Build<'_>, notify: &mut dyn FnMut(Notice)) -> Result<(PathBuf, InUse)> {
    let Build { project, program, cache, env, now, limit } = build;
    let runtime = |sea_orm| runtime_folder(cache, sea_orm);
    let crate_ = match program {
        Program::Migrator => generate::generate(project, runtime)?,
        Program::Seeder(seeders) => seeder::generate(project, seeders, runtime)?,
    };
    let folder = cache.crate_folder(&crate_.name);
    let in_use = InUse::take(&folder, now);
    let record = folder.join("fingerprint.json");
    let full = crate_.full_manifest.as_deref().unwrap_or_default();
    let key = fingerprint::key(&[&crate_.manifest, full, &crate_.main, crate_.lock.as_deref().unwrap_or_default()]);
    let settings = CargoSettings::read(&project.root, env);
    let before = Fingerprint::read(&record);
    let is_recorded = folder.join(RECORD).exists();
    let fresh = before.as_ref().filter(|(before, _)| is_recorded && before.is_fresh(&key, &settings, env));
    let in_use = match (in_use, fresh) {
        (Some(in_use), Some((fresh, _))) => return Ok((fresh.binary.clone(), in_use)),
        (in_use, _) => in_use,
    };
    cache.make_private()?;
    let failed = |source| Error::File { action: "create", path: folder.clone(), source };
    let in_use = in_use.map_or_else(|| InUse::create(&folder, now), Ok).map_err(failed)?;
    let building = Building::begin(&cache.folder);
    write_runtime(cache, crate_.sea_orm.major)?;
    write_crate(cache, &folder, &crate_)?;
    let started = time_of(&folder)?;
    if let Some(reason) = &crate_.whole_package {
        notify(Notice::WholePackage { reason: reason.clone() });
    }
    notify(Notice::Building { what: program.what() });
    if let Some((before, written)) = before
        && before.misleads_cargo(written)
    {
        cargo::clean(build, &folder, &before.packages).await?;
    }
    let built = match build_lean(build, &folder, &crate_, notify).await? {
        Some(built) => built,
        None => cargo_build(build, &folder, &crate_, notify).await?.map_err(|failed| failed.show(build, notify))?,
    };
    keep_lock(cache, &folder, &crate_.sea_orm);
    let own = [folder.clone(), cache.runtime_folder("")];
    let ended = Ended { key: &key, settings, started, built: &built, env, own: &own };
    // Without a fingerprint, the next run asks cargo again.
    if let Some(fingerprint) = Fingerprint::take(ended)
        && let Ok(text) = serde_json::to_string(&fingerprint)
    {
        replace(&record, &text)?;
    }
    drop(building);
    let cleaned = cache.clean_daily(now, limit);
    notify(Notice::Ready { what: program.what() });
    if let Some(cleaned) = cleaned {
        notify(Notice::Cleaned { builds: cleaned.builds.len(), bytes: cleaned.bytes });
    }
    Ok((built.binary, in_use))
}

/// Tries with few dependencies first. `None` if there are no others; otherwise, after a failure that all of them may cure, tries
/// with all. Once few have been enough, a failure is the migrations' own.
async fn build_lean(
    build: Build<'_>,
    folder: &Path,
    crate_: &Generated,
    notify: &mut dyn FnMut(Notice),
) -> Result<Option<Built>> {
    let Some(full) = &crate_.full_manifest else { return Ok(None) };
    let marker = folder.join("dependencies");
    let known = fs::read_to_string(&marker).unwrap_or_default();
    let (few, all) = (fingerprint::key(&[&crate_.manifest]), fingerprint::key(&[full]));
    if known != all {
        match cargo_build(build, folder, crate_, notify).await? {
            Ok(built) => {
                write(&marker, &few)?;
                return Ok(Some(built));
            }
            Err(failed) if known == few => return Err(failed.show(build, notify)),
            Err(_) => {}
        }
    }
    write(&folder.join("Cargo.toml"), full)?;
    match cargo_build(build, folder, crate_, notify).await? {
        Ok(built) => {
            write(&marker, &all)?;
            Ok(Some(built))
        }
        Err(failed) => Err(failed.show(build, notify)),
    }
}

/// What the compiler printed.
struct Failed {
    lines: Vec<String>,
    unreachable: bool,
    /// The version of SeaORM, if it or kit's own half is what does not compile.
    not_theirs: Option<String>,
}

/// Crates whose errors are no fault of the project's.
const NOT_THEIRS: [&str; 3] = [runtime_source::OWN_NAME, "sea-orm", "sea-orm-migration"];

impl Failed {
    fn show(self, build: Build<'_>, notify: &mut dyn FnMut(Notice)) -> Error {
        let obstacle = BuildObstacle::of(&self.lines);
        self.lines.into_iter().for_each(|line| notify(Notice::Compiler(line)));
        if let Some(obstacle) = obstacle {
            return obstacle.into();
        }
        if let Some(version) = self.not_theirs {
            let root = &build.project.root;
            let package = Package::of(&build.project.index).ok();
            let upgrade = package.and_then(|package| Upgrade::to_newest(&package, root, &version)).map(Box::new);
            return Error::SeaOrm { version, kind: SeaOrmErrorKind::DoesNotBuild, upgrade };
        }
        Error::Build { what: build.program.what(), unreachable: self.unreachable }
    }
}

async fn cargo_build(
    build: Build<'_>,
    folder: &Path,
    crate_: &Generated,
    notify: &mut dyn FnMut(Notice),
) -> Result<std::result::Result<Built, Failed>> {
    let shown = |line: &str| as_the_user_sees(line, build.project, crate_.package_root.as_deref());
    let ran = cargo::build(build, folder, &crate_.name, &shown, notify).await?;
    write_record(build, folder, crate_, &ran)?;
    Ok(ran.outcome.map_err(|lines| {
        let text = lines.join("\n");
        let unreachable = ["E0603", "E0433", "E0432"].iter().any(|code| text.contains(code))
            && (text.contains("src/main.rs:") || text.contains("crate::"));
        let fails = |name: &&str| text.contains(&format!("could not compile `{name}`"));
        let not_theirs = NOT_THEIRS.iter().any(fails).then(|| sea_orm_in(folder, &crate_.sea_orm));
        Failed { lines, unreachable, not_theirs }
    }))
}

/// Records whose build it is and what it needs, also of one that failed: its dependencies are compiled.
fn write_record(build: Build<'_>, folder: &Path, crate_: &Generated, ran: &cargo::Ran) -> Result<()> {
    let mut units = ran.units.clone();
    if ran.outcome.is_err() {
        units.extend(BuildRecord::read(folder).into_iter().flat_map(|before| before.units));
    }
    let record = BuildRecord {
        project: build.project.root.clone(),
        program: build.program.what().to_owned(),
        sea_orm: sea_orm_in(folder, &crate_.sea_orm),
        kit: env!("CARGO_PKG_VERSION").to_owned(),
        target: target_folder::name(&build.project.root, build.env),
        runtime: runtime_key(crate_.sea_orm.major),
        units,
    };
    // Only a build whose record is there is taken for one that is up to date.
    serde_json::to_string(&record).map_or(Ok(()), |text| replace(&folder.join(RECORD), &text))
}

/// The version of SeaORM that a crate was built with.
fn sea_orm_in(folder: &Path, expected: &SeaOrm) -> String {
    let lock = LockFile::parse(&fs::read_to_string(folder.join("Cargo.lock")).unwrap_or_default());
    lock.versions("sea-orm-migration").pop().unwrap_or_else(|| expected.version.to_string())
}

/// Paths in the compiler's output as seen from the project's root.
fn as_the_user_sees(line: &str, project: &Project, package_root: Option<&Path>) -> String {
    let root = format!("{}/", project.root.display());
    let line = line.replace(&root, "");
    let (Some(package), Some((before, place))) = (package_root, line.split_once("--> ")) else { return line };
    let file = place.split(':').next().unwrap_or_default();
    // rustc names files relative to the package it compiles.
    if file.starts_with("src/") && package.join(file).is_file() && package != project.root {
        let prefix = project.relative(package);
        return format!("{before}--> {prefix}/{place}");
    }
    line
}

fn write_crate(cache: &Cache, folder: &Path, crate_: &Generated) -> Result<()> {
    write(&folder.join("Cargo.toml"), &crate_.manifest)?;
    write(&folder.join("src/main.rs"), &crate_.main)?;
    // What cargo added for the migrator itself stays until the project's own versions change: asking the registry again
    // would take longer than the build.
    let marker = folder.join("lock");
    let seed = fingerprint::key(&[crate_.lock.as_deref().unwrap_or_default()]);
    let lock = folder.join("Cargo.lock");
    if lock.exists() && fs::read_to_string(&marker).is_ok_and(|before| before == seed) {
        return Ok(());
    }
    // A project without a lock file gets the versions that the last one got, which are compiled already.
    let last = fs::read_to_string(last_lock(cache, &crate_.sea_orm)).ok();
    if let Some(text) = crate_.lock.as_deref().or(last.as_deref()) {
        write(&lock, text)?;
    }
    write(&marker, &seed)
}

fn keep_lock(cache: &Cache, folder: &Path, sea_orm: &SeaOrm) {
    // Only a convenience for the next project.
    let _ = fs::copy(folder.join("Cargo.lock"), last_lock(cache, sea_orm));
}

/// The lock file of the last build on this release. That of another one would not fit the features that it is built with.
fn last_lock(cache: &Cache, sea_orm: &SeaOrm) -> PathBuf {
    cache.folder.join(format!("sea-orm-{}.lock", sea_orm.version))
}

fn runtime_folder(cache: &Cache, sea_orm: Major) -> PathBuf {
    cache.runtime_folder(&runtime_key(sea_orm))
}

/// The hash of kit's own sources.
fn runtime_key(sea_orm: Major) -> String {
    let files = runtime_source::own_files(sea_orm);
    let parts: Vec<&str> = files.iter().flat_map(|(path, content)| [path.as_str(), content.as_str()]).collect();
    fingerprint::key(&parts)[..16].to_owned()
}

fn write_runtime(cache: &Cache, sea_orm: Major) -> Result<()> {
    let folder = runtime_folder(cache, sea_orm);
    for (path, content) in runtime_source::own_files(sea_orm) {
        write(&folder.join(path), &content)?;
    }
    Ok(())
}

/// Writes into the cache, whole or not at all; a file that says the same already keeps its time, which cargo looks at.
fn write(path: &Path, content: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|before| before == content) { Ok(()) } else { replace(path, content) }
}

/// Writes into the cache, whole or not at all. The file's time is now.
fn replace(path: &Path, content: &str) -> Result<()> {
    let failed = |source| Error::File { action: "write", path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut aside = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    aside.write_all(content.as_bytes()).map_err(failed)?;
    aside.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The time now, by the clock that gives files their times.
fn time_of(folder: &Path) -> Result<SystemTime> {
    let failed = |source| Error::File { action: "write", path: folder.to_owned(), source };
    let file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.as_file().metadata().and_then(|metadata| metadata.modified()).map_err(failed)
}
