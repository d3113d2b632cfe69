//! What `kit init` writes: a whole project into an empty folder, into a cargo project what is missing.
//! It returns plans, and what is left to do by hand. Whether there is a project already is not asked here.

use std::path::Path;
use std::process::{Command, Stdio};

use toml_edit::DocumentMut;

use super::{Change, FilePlan};
use crate::error::{Error, Result};
use crate::migrator::package::Package;
use crate::migrator::runtime_source;
use crate::project::manifest::{self, Manifest};
use crate::project::sea_orm::Major;
use crate::project::workspace::workspace_of;
use crate::project::{modules, read};

macro_rules! stub {
    ($path:literal) => {
        include_str!(concat!("../../stubs/project/", $path))
    };
}

const MIGRATIONS: &str = "#[path = \"../migrations/mod.rs\"]\npub mod migrations;\n";
const MODELS: &str = "pub mod models;\n";

/// Where the library's sources go.
pub const LIBRARY: &str = "vendor/kit-runtime";

/// What to write, and what not.
#[derive(Debug)]
pub struct Starter {
    /// Files.
    pub plan: FilePlan,
    /// What only the user can do, a sentence each.
    pub by_hand: Vec<String>,
}

/// A project in `root`, or what the cargo project there lacks.
///
/// # Errors
/// [`Error::NoPackage`], [`Error::SeaOrm`], and those of reading what is there.
pub fn project(root: &Path) -> Result<Starter> {
    let mut starter = Starter { plan: FilePlan::new(root), by_hand: Vec::new() };
    let cargo = root.join("Cargo.toml");
    if cargo.is_file() {
        starter.extend(root, Manifest::read(&cargo)?)?;
    } else {
        starter.begin(root)?;
    }
    starter.missing(root, "migrations/mod.rs", stub!("migrations/mod.rs"))?;
    if !root.join("src/models.rs").exists() {
        starter.missing(root, "src/models/mod.rs", stub!("src/models/mod.rs"))?;
    }
    starter.missing(root, "kit.toml", stub!("kit.toml"))?;
    starter.append(root, ".env", stub!("_env"), |line| line.trim_start().starts_with("DATABASE_URL="))?;
    let embedded = starter.plan.files().last().is_some_and(|file| file.change != Change::Unchanged);
    starter.append(root, ".gitignore", stub!("_gitignore"), |_| false)?;
    // SQLite creates the file, but not its folder.
    if embedded && !root.join("database").exists() {
        starter.missing(root, "database/.gitkeep", "")?;
    }
    Ok(starter)
}

/// The runtime's sources for the SeaORM of the package in `root`, and the dependency on them.
///
/// # Errors
/// [`Error::FileExists`] if others are there and `force` is not given, and those of [`Manifest`].
pub fn library(root: &Path, force: bool) -> Result<FilePlan> {
    let mut manifest = Manifest::read(&root.join("Cargo.toml"))?;
    let mut plan = FilePlan::new(root);
    for (path, content) in runtime_source::files(sea_orm(root, &manifest)?) {
        plan.write(&root.join(LIBRARY).join(path), content)?;
    }
    if let Some(file) = plan.files().iter().find(|file| file.change == Change::Update && !force) {
        return Err(Error::FileExists { path: file.path.clone() });
    }
    let drivers: Vec<String> = manifest.drivers().into_iter().filter(|name| name != "sqlx-all").collect();
    manifest.add_path("kit-runtime", LIBRARY, &drivers);
    plan.write(&root.join("Cargo.toml"), manifest.text())?;
    Ok(plan)
}

/// The SeaORM that the manifest of the package in `root` names; an error says how to get to one that is supported.
fn sea_orm(root: &Path, manifest: &Manifest) -> Result<Major> {
    manifest.sea_orm().map_err(|error| match error {
        Error::SeaOrm { version, .. } => match Package::of(&root.join("Cargo.toml")) {
            Ok(package) => package.unsupported(version, root),
            Err(error) => error,
        },
        other => other,
    })
}

/// Whether the repository around `root` tracks its `.env`; no where there is no git to ask.
pub fn env_is_tracked(root: &Path) -> bool {
    root.ancestors().any(|folder| folder.join(".git").exists())
        && Command::new("git")
            .arg("-C")
            .arg(root)
            .args(["ls-files", "--error-unmatch", ".env"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}

/// A change of a plan in a word.
pub fn word(change: Change, dry_run: bool) -> &'static str {
    match (change, dry_run) {
        (Change::Create, false) => "created",
        (Change::Create, true) => "would be created",
        (Change::Update, false) => "changed",
        (Change::Update, true) => "would be changed",
        (Change::Unchanged, _) => "unchanged",
        (Change::Remove, false) => "removed",
        (Change::Remove, true) => "would be removed",
    }
}

impl Starter {
    /// A new package.
    fn begin(&mut self, root: &Path) -> Result<()> {
        let folder = root.components().next_back().map(|name| name.as_os_str().to_string_lossy().into_owned());
        let name = manifest::package_name(&folder.unwrap_or_default());
        self.plan.create(&root.join("Cargo.toml"), stub!("_Cargo.toml").replace("{{ name }}", &name))?;
        self.missing(root, "src/lib.rs", stub!("src/lib.rs"))?;
        self.missing(root, "src/main.rs", &stub!("src/main.rs").replace("{{ crate }}", &name.replace('-', "_")))?;
        if let Ok(Some((workspace, _))) = workspace_of(root, &DocumentMut::new()) {
            let manifest = workspace.join("Cargo.toml");
            self.by_hand.push(format!("Add the new package to `members` in {}", manifest.display()));
        }
        Ok(())
    }

    /// What an existing package lacks.
    fn extend(&mut self, root: &Path, mut manifest: Manifest) -> Result<()> {
        sea_orm(root, &manifest)?;
        manifest.add_migration()?;
        self.plan.write(&root.join("Cargo.toml"), manifest.text())?;
        // The models' own file may be there already, declared or not: that is the user's business.
        let has_models = root.join("src/models").exists() || root.join("src/models.rs").exists();
        let lines = if has_models { MIGRATIONS.to_owned() } else { format!("{MIGRATIONS}{MODELS}") };
        let Some(library) = manifest.library() else {
            // A module that a program does not use yet is a warning in every build.
            let lines = MIGRATIONS.replace("pub ", "").replace('\n', " ");
            self.by_hand.push(format!(
                "There is no src/lib.rs: to migrate at startup, add `{}` to src/main.rs and call \
                 `Migrator::up(&database, None)`",
                lines.trim_end()
            ));
            return Ok(());
        };
        let text = read(&library)?;
        let declared = ["migrations", "models"].map(|name| modules::declares(&text, name));
        let edited = match declared {
            [Some(true), _] => return Ok(()),
            [Some(false), Some(true)] => modules::declare(&text, MIGRATIONS),
            _ => modules::declare(&text, &lines),
        };
        match edited {
            Some(edited) => self.plan.write(&library, edited)?,
            None => self.by_hand.push(format!("Add to src/lib.rs by hand: `{}`", lines.trim_end().replace('\n', " "))),
        }
        Ok(())
    }

    fn missing(&mut self, root: &Path, path: &str, content: &str) -> Result<()> {
        let path = root.join(path);
        if path.exists() { Ok(()) } else { self.plan.create(&path, content.to_owned()) }
    }

    /// Appends the lines of `content` that are missing. A line that `stands_for` all of them leaves the file as it is.
    fn append(&mut self, root: &Path, path: &str, content: &str, stands_for: impl Fn(&str) -> bool) -> Result<()> {
        let path = root.join(path);
        if !path.exists() {
            return self.plan.create(&path, content.to_owned());
        }
        let mut text = read(&path)?;
        let bare = |line: &str| line.trim().trim_matches('/').to_owned();
        let there: Vec<String> = text.lines().map(bare).collect();
        if text.lines().any(stands_for) {
            return self.plan.write(&path, text);
        }
        for line in content.lines().filter(|line| !there.contains(&bare(line))) {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(line);
            text.push('\n');
        }
        self.plan.write(&path, text)
    }
}
