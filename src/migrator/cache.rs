//! Where builds are kept: which folder, that it is its user's alone and kit's own, what is in it, and deleting what is not used.
//! It does not know how anything there is built.

mod cleaning;
mod in_use;
mod inventory;
mod limit;
mod record;
mod trash;
mod usage;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{CacheError, Error, Result};

pub use cleaning::{Cleaned, Kept, Rules};
pub use in_use::{Building, InUse, is_used, mark_used};
pub use inventory::{CachedBuild, Inventory, Item, TargetFolder};
pub use limit::{DEFAULT_LIMIT, limit};
pub use record::{BuildRecord, RECORD, hash_of_artifact};
pub use usage::disk_usage;

/// The folder of the generated crates.
const MIGRATORS: &str = "migrators";

/// The folder of kit's own sources.
const RUNTIME: &str = "runtime";

/// The file by which a folder is known to be kit's, and by which backups know that they can leave it out.
const TAG: &str = "CACHEDIR.TAG";

/// What is in it: the signature of all such files, and kit's own line.
const TAG_TEXT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# The build cache of kit, which deletes what is in it: \
                        run `kit cache --help`.\n";

/// Where kit keeps generated crates, their builds and the sources of the runtime.
#[derive(Clone, Debug)]
pub struct Cache {
    /// The folder; made with mode 0700.
    pub folder: PathBuf,
}

impl Cache {
    /// `KIT_CACHE_DIR`, else `kit` in `XDG_CACHE_HOME`, `LOCALAPPDATA` or `~/.cache`.
    ///
    /// # Errors
    /// [`Error::Config`] where none of them is set.
    pub fn locate(env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let folder = env("KIT_CACHE_DIR")
            .map(PathBuf::from)
            .or_else(|| {
                env("XDG_CACHE_HOME").or_else(|| env("LOCALAPPDATA")).map(|base| PathBuf::from(base).join("kit"))
            })
            .or_else(|| env("HOME").map(|home| PathBuf::from(home).join(".cache/kit")));
        match folder {
            Some(folder) => Ok(Self { folder }),
            None => Err(Error::Config {
                origin: "the environment".to_owned(),
                message: "neither KIT_CACHE_DIR nor XDG_CACHE_HOME nor HOME says where to build migrations".to_owned(),
            }),
        }
    }
}

/// The cache's content.
impl Cache {
    /// The folder of a generated crate.
    pub fn crate_folder(&self, name: &str) -> PathBuf {
        self.folder.join(MIGRATORS).join(name)
    }

    /// The folder of kit's own sources whose hash begins with `key`.
    pub fn runtime_folder(&self, key: &str) -> PathBuf {
        self.folder.join(RUNTIME).join(key)
    }

    /// What is in it; nothing if there is no such folder.
    ///
    /// # Errors
    /// [`CacheError::Io`].
    pub fn inventory(&self) -> Result<Inventory> {
        Inventory::read(&self.folder).map_err(|source| self.failed("read", source))
    }

    /// Deletes what is due and not used. Only what kit makes, by its name, is deleted, and no symbolic link is followed.
    ///
    /// # Errors
    /// [`CacheError::Foreign`] if kit has not made the folder, [`CacheError::Io`], and those of [`Cache::make_private`].
    pub fn clean(&self, rules: &Rules) -> Result<Cleaned> {
        match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Cleaned::default()),
            entries => drop(entries.map_err(|source| self.failed("read", source))?),
        }
        if !self.is_kits() {
            return Err(CacheError::Foreign { path: self.folder.clone() }.into());
        }
        self.make_private()?;
        cleaning::clean(&self.folder, rules).map_err(|source| self.failed("clean", source))
    }

    /// Deletes what was not used for 30 days, then the oldest while the cache takes more than `limit`; at most once a day.
    pub fn clean_daily(&self, now: SystemTime, limit: Option<u64>) -> Option<Cleaned> {
        // A build does not fail because others cannot be deleted.
        if self.is_kits() { cleaning::clean_daily(&self.folder, now, limit).ok()? } else { None }
    }

    /// Whether the folder is kit's own: it has kit's tag, or there is nothing in it but what kit makes.
    fn is_kits(&self) -> bool {
        if fs::read_to_string(self.folder.join(TAG)).is_ok_and(|text| text == TAG_TEXT) {
            return true;
        }
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let builds = fs::read_dir(self.folder.join(MIGRATORS)).into_iter().flatten().flatten();
        let has_builds = builds.into_iter().any(|entry| inventory::is_build(&entry.file_name().to_string_lossy()));
        names.iter().all(|name| match name.as_str() {
            MIGRATORS => true,
            // Others have folders of these names, too.
            RUNTIME => has_builds,
            name if inventory::is_target(name) => has_builds,
            name => inventory::is_kept_lock(name),
        })
    }

    fn failed(&self, action: &'static str, source: io::Error) -> Error {
        CacheError::Io { action, path: self.folder.clone(), source }.into()
    }
}

/// Who may write it.
impl Cache {
    /// Makes the folder, unless it is there, and passes if it is private. What is built here is executed later, so the
    /// folder belongs to the user alone, and nobody else can put another in its place.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn make_private(&self) -> Result<()> {
        let failed = |path: &Path, source| Error::File { action: "create", path: path.to_owned(), source };
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&self.folder).map_err(|source| failed(&self.folder, source))?;
        self.require_private()?;
        let tag = self.folder.join(TAG);
        if !tag.exists() && self.is_kits() {
            let mut aside = tempfile::NamedTempFile::new_in(&self.folder).map_err(|source| failed(&tag, source))?;
            aside.write_all(TAG_TEXT.as_bytes()).map_err(|source| failed(&tag, source))?;
            aside.persist(&tag).map_err(|error| failed(&tag, error.error))?;
        }
        Ok(())
    }

    fn require_private(&self) -> Result<()> {
        let failed = |path: &Path, source| Error::File { action: "use", path: path.to_owned(), source };
        match self.open_to_others() {
            Ok(None) => Ok(()),
            Ok(Some(path)) => {
                let open = "it belongs to, or can be written by, another user";
                Err(failed(&path, io::Error::new(io::ErrorKind::PermissionDenied, open)))
            }
            Err(source) => Err(failed(&self.folder, source)),
        }
    }

    /// The folder itself, or the nearest one above that is there.
    pub fn nearest(&self) -> Option<&Path> {
        self.folder.ancestors().find(|folder| folder.exists())
    }

    /// The folder through which somebody else could put another program in the place of one that was built: each is the
    /// user's or root's, and others may write it only where they cannot rename what is in it.
    ///
    /// # Errors
    /// What the system said.
    #[cfg(unix)]
    pub fn open_to_others(&self) -> io::Result<Option<PathBuf>> {
        use std::os::unix::fs::MetadataExt;
        const OTHERS: u32 = 0o022;
        const STICKY: u32 = 0o1000;
        let own = rustix::process::geteuid().as_raw();
        let there = self.nearest().unwrap_or(&self.folder);
        let real = there.canonicalize()?;
        for (above, path) in real.ancestors().enumerate() {
            let is_cache = above == 0 && there == self.folder;
            let found = fs::symlink_metadata(path)?;
            let writable = found.mode() & OTHERS != 0 && (is_cache || found.mode() & STICKY == 0);
            let group_of_one = found.uid() == own && found.mode() & 0o002 == 0 && found.gid() == found.uid();
            if ![own, 0].contains(&found.uid()) || writable && !group_of_one || is_cache && found.uid() != own {
                return Ok(Some(path.to_owned()));
            }
        }
        Ok(None)
    }

    /// Who may write a folder is not asked on this system.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn open_to_others(&self) -> io::Result<Option<PathBuf>> {
        Ok(None)
    }
}
