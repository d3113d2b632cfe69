//! Where builds are kept: which folder, and that it is its user's alone. It does not know what is built there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

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
