//! What kit would write into a project, as a value: shown by `--dry-run`, compared in tests, then
//! applied all or nothing.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::staging;
use crate::error::{Error, Result};

/// What happens to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new, and must not be there when the plan is applied.
    Create,
    /// It is there and gets another content.
    Update,
    /// It is there with this content already.
    Unchanged,
    /// It is there and goes.
    Remove,
}

/// One file of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFile {
    /// Absolute path.
    pub path: PathBuf,
    /// Its whole content.
    pub content: String,
    /// What happens to it.
    pub change: Change,
    /// What was there when the plan was made.
    pub before: Option<String>,
}

/// Files to write below one root.
#[derive(Clone, Debug)]
pub struct FilePlan {
    root: PathBuf,
    files: Vec<PlannedFile>,
}

impl FilePlan {
    /// An empty plan for the project at `root`; nothing outside of it can be planned.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), files: Vec::new() }
    }

    /// Several plans as one, none of which touches a file of another.
    pub fn all<'a>(root: &Path, plans: impl Iterator<Item = &'a Self>) -> Self {
        Self { root: root.to_owned(), files: plans.flat_map(|plan| plan.files.clone()).collect() }
    }

    /// Plans a file that must not exist yet.
    ///
    /// # Errors
    /// [`Error::FileExists`], [`Error::OutsideProject`].
    pub fn create(&mut self, path: &Path, content: String) -> Result<()> {
        self.check_inside(path)?;
        if path.exists() || path.is_symlink() {
            return Err(Error::FileExists { path: path.to_owned() });
        }
        self.push(path, content, Change::Create, None);
        Ok(())
    }

    /// Plans the whole content of a file, whether it exists or not.
    ///
    /// # Errors
    /// [`Error::OutsideProject`], [`Error::File`] if it is there and cannot be read.
    pub fn write(&mut self, path: &Path, content: String) -> Result<()> {
        self.check_inside(path)?;
        if !path.exists() {
            self.push(path, content, Change::Create, None);
            return Ok(());
        }
        let before = crate::project::read(path)?;
        let change = if before == content { Change::Unchanged } else { Change::Update };
        self.push(path, content, change, Some(before));
        Ok(())
    }

    /// Plans that a file goes.
    ///
    /// # Errors
    /// Those of [`FilePlan::write`].
    pub fn remove(&mut self, path: &Path) -> Result<()> {
        self.check_inside(path)?;
        let before = crate::project::read(path)?;
        self.push(path, String::new(), Change::Remove, Some(before));
        Ok(())
    }

    /// The plan that takes this one back, once it was applied.
    ///
    /// # Errors
    /// Those of reading what is there now.
    pub fn back(&self) -> Result<Self> {
        let mut back = Self::new(&self.root);
        for file in &self.files {
            match (file.change, &file.before) {
                (Change::Create, _) => back.remove(&file.path)?,
                (Change::Update, Some(before)) => back.write(&file.path, before.clone())?,
                (Change::Remove, Some(before)) => back.create(&file.path, before.clone())?,
                _ => {}
            }
        }
        Ok(back)
    }

    /// The files in the order they were planned.
    pub fn files(&self) -> &[PlannedFile] {
        &self.files
    }

    /// Writes everything, or, on the first failure, puts back what was there. If kit is killed meanwhile, its next run
    /// finishes it: see [`super::staging`].
    ///
    /// # Errors
    /// [`Error::FileExists`] if a file to create has appeared since, [`Error::File`].
    pub fn apply(&self) -> Result<()> {
        let changed: Vec<&PlannedFile> = self.files.iter().filter(|file| file.change != Change::Unchanged).collect();
        if changed.is_empty() {
            return Ok(());
        }
        staging::apply(&self.root, &changed)
    }

    fn push(&mut self, path: &Path, content: String, change: Change, before: Option<String>) {
        self.files.push(PlannedFile { path: path.to_owned(), content, change, before });
    }

    fn check_inside(&self, path: &Path) -> Result<()> {
        if is_inside(&self.root, path) { Ok(()) } else { Err(Error::OutsideProject { path: path.to_owned() }) }
    }
}

/// A path is inside if its nearest existing ancestor is, links followed.
pub(super) fn is_inside(root: &Path, path: &Path) -> bool {
    let dots = path.components().any(|part| matches!(part, std::path::Component::ParentDir));
    let dangling = path.is_symlink() && !path.exists();
    let Some(existing) = path.ancestors().find(|ancestor| ancestor.exists()) else { return false };
    let Ok(real) = existing.canonicalize() else { return false };
    let canonical = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    // A root that is not there yet is made by the plan itself.
    let inside = real.starts_with(&canonical) || (!root.exists() && path.starts_with(root));
    inside && !dots && !dangling
}
