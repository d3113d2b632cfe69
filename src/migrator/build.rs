//! From sources to a program: the cached one if nothing that goes into it has changed, else cargo.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use super::generate::{self, Generated};
use super::process::each_line;
use super::stamp::{self, Stamp};
use super::{Build, Cache, Notice, Program, runtime_source, seeder};
use crate::error::{Error, Result};
use crate::project::Project;
use crate::project::manifest::Major;

/// A program, built if need be.
///
/// # Errors
/// Those of generating the crate, [`Error::Program`] without cargo, [`Error::Build`] after the compiler's output.
pub async fn binary(build: Build<'_>, notify: &mut dyn FnMut(Notice)) -> Result<PathBuf> {
    let Build { project, program, cache, .. } = build;
    let runtime = |sea_orm| runtime_folder(cache, sea_orm);
    let crate_ = match program {
        Program::Migrator => generate::generate(project, runtime)?,
        Program::Seeder(seeders) => seeder::generate(project, seeders, runtime)?,
    };
    let folder = cache.folder.join("migrators").join(&crate_.name);
    let stamp_path = folder.join("stamp.json");
    let full = crate_.full_manifest.as_deref().unwrap_or_default();
    let key = stamp::key(&[&crate_.manifest, full, &crate_.main, crate_.lock.as_deref().unwrap_or_default()]);
    if let Some(stamp) = Stamp::read(&stamp_path)
        && stamp.is_fresh(&key)
    {
        return Ok(stamp.binary);
    }
    cache.make_private()?;
    write_runtime(cache, crate_.sea_orm)?;
    write_crate(cache, &folder, &crate_)?;
    notify(Notice::Building { what: program.what() });
    let binary = match build_lean(project, cache, program, &folder, &crate_, notify).await? {
        Some(binary) => binary,
        None => cargo_build(project, cache, &folder, &crate_, notify)
            .await?
            .map_err(|failed| failed.show(program, notify))?,
    };
    keep_lock(cache, &folder, crate_.sea_orm);
    // Without a list of what the compiler read, the next run asks cargo again.
    if let Some(stamp) = Stamp::take(&key, &binary)
        && let Ok(text) = serde_json::to_string(&stamp)
    {
        write(&stamp_path, &text)?;
    }
    notify(Notice::Ready { what: program.what() });
    Ok(binary)
}

/// Tries with few dependencies first. `None` after a failure that all of them may cure: the manifest then has them all.
/// Once few have been enough, a failure is the migrations' own.
async fn build_lean(
    project: &Project,
    cache: &Cache,
    program: &Program,
    folder: &Path,
    crate_: &Generated,
    notify: &mut dyn FnMut(Notice),
) -> Result<Option<PathBuf>> {
    let Some(full) = &crate_.full_manifest else { return Ok(None) };
    let marker = folder.join("dependencies");
    let known = fs::read_to_string(&marker).unwrap_or_default();
    let (few, all) = (stamp::key(&[&crate_.manifest]), stamp::key(&[full]));
    if known != all {
        match cargo_build(project, cache, folder, crate_, notify).await? {
            Ok(binary) => {
                write(&marker, &few)?;
                return Ok(Some(binary));
            }
            Err(failed) if known == few => return Err(failed.show(program, notify)),
            Err(_) => {}
        }
    }
    write(&folder.join("Cargo.toml"), full)?;
    match cargo_build(project, cache, folder, crate_, notify).await? {
        Ok(binary) => {
            write(&marker, &all)?;
            Ok(Some(binary))
        }
        Err(failed) => Err(failed.show(program, notify)),
    }
}

/// What the compiler said.
struct Failed {
    lines: Vec<String>,
    unreachable: bool,
}

impl Failed {
    fn show(self, program: &Program, notify: &mut dyn FnMut(Notice)) -> Error {
        self.lines.into_iter().for_each(|line| notify(Notice::Compiler(line)));
        Error::Build { what: program.what(), unreachable: self.unreachable }
    }
}

async fn cargo_build(
    project: &Project,
    cache: &Cache,
    folder: &Path,
    crate_: &Generated,
    notify: &mut dyn FnMut(Notice),
) -> Result<std::result::Result<PathBuf, Failed>> {
    let failed = |source| Error::Program { program: "cargo".to_owned(), source };
    let mut child = Command::new("cargo")
        .args(["build", "--quiet", "--message-format=json-render-diagnostics", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        // The project's own toolchain file and cargo settings hold, since cargo looks for them from here.
        .current_dir(&project.root)
        .env("CARGO_TARGET_DIR", cache.folder.join("target"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(failed(std::io::Error::other("no output")));
    };
    let (mut binary, mut lines) = (None, Vec::new());
    each_line(out, err, |line, is_out| {
        let message: Option<Value> = if is_out { serde_json::from_str(&line).ok() } else { None };
        let Some(message) = message else {
            lines.push(as_the_user_sees(&line, project, crate_.package_root.as_deref()));
            return;
        };
        if message["reason"] == "compiler-artifact" {
            let name = message["target"]["name"].as_str().unwrap_or_default().to_owned();
            if name == crate_.name {
                binary = message["executable"].as_str().map(PathBuf::from);
            }
            if message["fresh"] == false {
                notify(Notice::Built { name });
            }
        }
    })
    .await;
    let status = child.wait().await.map_err(failed)?;
    match binary {
        Some(binary) if status.success() => Ok(Ok(binary)),
        _ => {
            let text = lines.join("\n");
            let unreachable = ["E0603", "E0433", "E0432"].iter().any(|code| text.contains(code))
                && (text.contains("src/main.rs:") || text.contains("crate::"));
            Ok(Err(Failed { lines, unreachable }))
        }
    }
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
    let seed = stamp::key(&[crate_.lock.as_deref().unwrap_or_default()]);
    let lock = folder.join("Cargo.lock");
    if lock.exists() && fs::read_to_string(&marker).is_ok_and(|before| before == seed) {
        return Ok(());
    }
    // A project without a lock file gets the versions that the last one got, which are compiled already.
    let last = fs::read_to_string(last_lock(cache, crate_.sea_orm)).ok();
    if let Some(text) = crate_.lock.as_deref().or(last.as_deref()) {
        write(&lock, text)?;
    }
    write(&marker, &seed)
}

fn keep_lock(cache: &Cache, folder: &Path, sea_orm: Major) {
    // Only a convenience for the next project.
    let _ = fs::copy(folder.join("Cargo.lock"), last_lock(cache, sea_orm));
}

fn last_lock(cache: &Cache, sea_orm: Major) -> PathBuf {
    cache.folder.join(match sea_orm {
        Major::One => "sea-orm-1.lock",
        Major::Two => "sea-orm-2.lock",
    })
}

fn runtime_folder(cache: &Cache, sea_orm: Major) -> PathBuf {
    let files = runtime_source::own_files(sea_orm);
    let parts: Vec<&str> = files.iter().flat_map(|(path, content)| [path.as_str(), content.as_str()]).collect();
    cache.folder.join("runtime").join(&stamp::key(&parts)[..16])
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
    if fs::read_to_string(path).is_ok_and(|before| before == content) {
        return Ok(());
    }
    let failed = |source| Error::File { action: "write", path: path.to_owned(), source };
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut aside = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    aside.write_all(content.as_bytes()).map_err(failed)?;
    aside.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
