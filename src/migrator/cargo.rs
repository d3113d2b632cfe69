//! Cargo as a process: it builds a generated crate and reports which packages took part, or forgets what it has built of some.
//! It does not decide when that is needed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use super::cache::hash_of_artifact;
use super::process::each_line;
use super::{Build, Notice, target_folder};
use crate::error::{Error, Result};

/// How often to look whether another build is over, and how many times before it is reported: after a second.
const PAUSE: Duration = Duration::from_millis(100);
const TRIES_BEFORE_NOTICE: u32 = 10;

/// How often kit reports that a build goes on.
const TICK: Duration = Duration::from_secs(1);

/// A build that takes longer than this has its packages counted.
const LONG: Duration = Duration::from_secs(2);

/// A run of cargo.
#[derive(Debug)]
pub struct Ran {
    /// The program, or what the compiler printed.
    pub outcome: std::result::Result<Built, Vec<String>>,
    /// The hashes in the names of the artifacts that the program is built from, as far as cargo came.
    pub units: BTreeSet<String>,
}

/// A successful build.
#[derive(Debug)]
pub struct Built {
    /// The program.
    pub binary: PathBuf,
    /// The packages of this machine's folders that took part, by the identifier that cargo gives them.
    pub local: BTreeMap<String, LocalPackage>,
    /// The folders of the build scripts' results, for packages from registries and repositories.
    pub script_folders: Vec<PathBuf>,
}

/// A package in a folder, rather than from a registry or a repository.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LocalPackage {
    /// The folder of its Cargo.toml.
    pub root: PathBuf,
    /// Whether a build script of its own was compiled.
    pub has_build_script: bool,
    /// The files that were compiled from it.
    pub artifacts: Vec<PathBuf>,
}

/// A line of `--message-format=json`.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        package_id: String,
        #[serde(default)]
        manifest_path: PathBuf,
        target: Target,
        #[serde(default)]
        filenames: Vec<PathBuf>,
        executable: Option<PathBuf>,
        #[serde(default)]
        fresh: bool,
    },
    BuildScriptExecuted {
        package_id: String,
        out_dir: PathBuf,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    #[serde(default)]
    kind: Vec<String>,
}

/// Builds the crate `name` in `folder`; `shown` is how the user sees a line of the compiler's.
///
/// # Errors
/// [`Error::Program`] without cargo.
pub async fn build(
    build: Build<'_>,
    folder: &Path,
    name: &str,
    shown: &dyn Fn(&str) -> String,
    notify: &mut dyn FnMut(Notice),
) -> Result<Ran> {
    wait_for_others(build, notify).await;
    let mut child = command(build)
        .args(["build", "--quiet", "--message-format=json-render-diagnostics", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(failed(std::io::Error::other("no output")));
    };
    let (mut binary, mut lines, mut units) = (None, Vec::new(), BTreeSet::new());
    let (mut local, mut script_folders) = (BTreeMap::<String, LocalPackage>::new(), Vec::new());
    let (notify, mut packages) = (RefCell::new(notify), BTreeSet::new());
    let lines_read = each_line(out, err, |line, is_out| {
        let message = if is_out { serde_json::from_str(&line).ok() } else { None };
        match message {
            None => lines.push(shown(&line)),
            Some(Message::CompilerArtifact { package_id, manifest_path, target, filenames, executable, fresh }) => {
                if target.name == name {
                    binary = executable;
                }
                units.extend(filenames.iter().filter_map(|file| hash_of_artifact(file)));
                let is_build_script = target.kind.iter().any(|kind| kind == "custom-build");
                if !is_build_script {
                    packages.insert(package_id.clone());
                }
                if is_local(&package_id) {
                    let package = local.entry(package_id).or_default();
                    package.root = manifest_path.parent().unwrap_or(Path::new("")).to_owned();
                    match is_build_script {
                        true => package.has_build_script = true,
                        false => package.artifacts.extend(filenames),
                    }
                }
                notify.borrow_mut()(Notice::Built { name: target.name, fresh, done: packages.len() });
            }
            Some(Message::BuildScriptExecuted { package_id, out_dir }) => {
                units.extend(hash_of_artifact(&out_dir));
                match is_local(&package_id) {
                    true => local.entry(package_id).or_default().has_build_script = true,
                    false => script_folders.push(out_dir),
                }
            }
            Some(Message::Other) => {}
        }
    });
    tokio::select! {
        () = lines_read => {}
        () = watch(build, folder, &notify) => {}
    }
    let status = child.wait().await.map_err(failed)?;
    let outcome = match binary {
        Some(binary) if status.success() => Ok(Built { binary, local, script_folders }),
        _ => Err(lines),
    };
    Ok(Ran { outcome, units })
}

/// Notes that a build goes on, each second, and after a while, how many packages it has. It does not end.
async fn watch(build: Build<'_>, folder: &Path, notify: &RefCell<&mut dyn FnMut(Notice)>) {
    let count = async {
        tokio::time::sleep(LONG).await;
        if let Some(total) = count_packages(build, folder).await {
            notify.borrow_mut()(Notice::Packages { total });
        }
    };
    let tick = async {
        loop {
            tokio::time::sleep(TICK).await;
            notify.borrow_mut()(Notice::StillBuilding);
        }
    };
    tokio::join!(count, tick);
}

/// How many packages the crate in `folder` is built from, itself included; those of other platforms are not.
async fn count_packages(build: Build<'_>, folder: &Path) -> Option<usize> {
    let mut command = command(build);
    command.args([
        "tree",
        "--quiet",
        "--prefix",
        "none",
        "--edges",
        "normal,build",
        "--format",
        "{p}",
        "--manifest-path",
    ]);
    let output = command.arg(folder.join("Cargo.toml")).stdin(Stdio::null()).kill_on_drop(true).output().await.ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    // One that was listed before is marked.
    let packages: BTreeSet<&str> = text.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    output.status.success().then_some(packages.len())
}

/// Makes cargo compile these packages of the crate in `folder` again. One that is not among its dependencies is skipped.
///
/// # Errors
/// [`Error::Program`] without cargo.
pub async fn clean(build: Build<'_>, folder: &Path, packages: &[String]) -> Result<()> {
    for package in packages {
        let mut command = command(build);
        command.args(["clean", "--quiet", "--package", package, "--manifest-path"]).arg(folder.join("Cargo.toml"));
        command.stdin(Stdio::null()).output().await.map_err(failed)?;
    }
    Ok(())
}

fn command(build: Build<'_>) -> Command {
    let mut command = Command::new("cargo");
    command
        // The project's own toolchain file and cargo settings apply, since cargo looks for them from here.
        .current_dir(&build.project.root)
        .envs(build.env)
        .env("CARGO_TARGET_DIR", target(build));
    command
}

fn target(build: Build<'_>) -> PathBuf {
    build.cache.folder.join(target_folder::name(&build.project.root, build.env))
}

/// Waits until no other cargo builds in the same folder; cargo itself would wait without a word.
async fn wait_for_others(build: Build<'_>, notify: &mut dyn FnMut(Notice)) {
    let folder = target(build);
    let mut tries = 0;
    while target_folder::is_used(&folder) {
        if tries == TRIES_BEFORE_NOTICE {
            notify(Notice::Waiting);
        }
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

fn failed(source: std::io::Error) -> Error {
    Error::Program { program: "cargo".to_owned(), source }
}

/// Whether an identifier names a package in a folder: `path+file:///x#0.1.0`, or `x 0.1.0 (path+file:///x)` of older versions.
fn is_local(package_id: &str) -> bool {
    package_id.contains("path+file:")
}
