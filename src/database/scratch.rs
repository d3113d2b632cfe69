//! A database that is nobody's, like the one that the user's settings name, to try migrations on: in memory, on the same
//! server, or one that the user gives. It owns making it and taking it away; what is done on it is not its business, and how
//! those on a server go that killed runs have left is [`kit_runtime::scratch`]'s. Nothing of the user's own database is changed
//! or locked.

use std::path::Path;

use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::scratch::{self, Likeness, SCRATCH as PREFIX};
use kit_runtime::sea_orm::Session;
use url::Url;

use super::Target;
use crate::error::{Error, Result, ScratchError};

/// A scratch database.
pub struct Scratch {
    target: Target,
    home: Home,
}

enum Home {
    Memory,
    /// The user's, who keeps it.
    Given,
    /// Made on a server, by a session that has its name locked.
    Made {
        server: Session,
        name: String,
    },
}

impl Scratch {
    /// Makes one like `target`. An extension that `target` has is there from the start unless `brings` says that a migration
    /// brings it. Removes those that killed runs have left, and says how many.
    ///
    /// # Errors
    /// [`ScratchError::NotCreated`] where the server does not let the user create it, those of connecting.
    pub async fn make(target: &Target, brings: impl Fn(&str) -> bool) -> Result<(Self, usize)> {
        if target.dialect == Dialect::Sqlite {
            let url = "sqlite::memory:".to_owned();
            return Ok((Self { target: Target { url, ..target.clone() }, home: Home::Memory }, 0));
        }
        let like = match target.connect().await {
            Err(Error::NoDatabase { .. }) => Likeness::in_schema(target.schema.clone()),
            session => Likeness::of(&session?, target.schema.clone()).await,
        };
        let server = target.open_server().await?;
        let refused = |message: &str| {
            Error::from(ScratchError::NotCreated { server: target.redacted(), message: target.scrub(message) })
        };
        let open = async |name: &str| target.beside(name, target.schema.clone()).connect().await.ok();
        let removed = scratch::sweep(&server, PREFIX, open).await;
        let name = scratch::claim(&server, PREFIX).await;
        let create = like.create(&server, &name);
        server.execute(&create, &[]).await.map_err(|error| refused(&error.message))?;
        let scratch = Self { target: target.beside(&name, like.schema.clone()), home: Home::Made { server, name } };
        if let Err(error) = scratch.furnish(&like, brings).await {
            // The first failure is the one to report.
            let _ = scratch.remove().await;
            return Err(error);
        }
        Ok((scratch, removed))
    }

    /// The one that the user gives with `--scratch`; a file that is not there is created.
    ///
    /// # Errors
    /// Those of connecting.
    pub async fn given(given: Target) -> Result<Self> {
        match given.connect().await {
            Err(Error::NoDatabase { .. }) if given.file().is_some() => given.create().await?,
            outcome => drop(outcome?),
        }
        Ok(Self { target: given, home: Home::Given })
    }

    /// What `--scratch` says, if it can stand for `target`.
    ///
    /// # Errors
    /// [`ScratchError::Unsuitable`], [`Error::BadUrl`].
    pub fn parse(url: &str, target: &Target, root: &Path) -> Result<Target> {
        let given = Target { schema: target.schema.clone(), ..Target::parse(url, "--scratch", root)? };
        if given.dialect != target.dialect {
            return Err(ScratchError::Unsuitable {
                reason: "it is another kind of database than the one it stands for",
            }
            .into());
        }
        if place(&given) == place(target) {
            return Err(ScratchError::Unsuitable { reason: "it is the database itself that it stands for" }.into());
        }
        Ok(given)
    }

    /// Where it is.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether it stays, and has to be left empty.
    pub fn stays(&self) -> bool {
        matches!(self.home, Home::Given)
    }

    /// Takes it away, whoever is in it; one that the user gave stays.
    ///
    /// # Errors
    /// [`ScratchError::NotDropped`].
    pub async fn remove(self) -> Result<()> {
        let Home::Made { server, name } = self.home else { return Ok(()) };
        let removed = scratch::remove(&server, &name).await;
        removed.map_err(|error| ScratchError::NotDropped { name, message: self.target.scrub(&error.message) }.into())
    }

    async fn furnish(&self, like: &Likeness, brings: impl Fn(&str) -> bool) -> Result<()> {
        let Home::Made { server, name } = &self.home else { return Ok(()) };
        let open = async || Target { schema: None, ..self.target.clone() }.connect().await;
        let failed = |error: &_| self.target.failed(error);
        like.furnish(server, name, open, failed, brings).await
    }
}

impl Target {
    /// Another database on the same server.
    fn beside(&self, name: &str, schema: Option<String>) -> Self {
        let url = Url::parse(self.secret_url()).map(|mut url| {
            url.set_path(name);
            url.to_string()
        });
        let url = url.unwrap_or_else(|_| self.url.clone());
        Self { name: None, url, schema, ..self.clone() }
    }
}

/// What tells two databases apart, as far as their URLs do.
fn place(target: &Target) -> (Option<String>, Option<u16>, String) {
    if let Some(file) = target.file() {
        return (None, None, file.canonicalize().unwrap_or(file).display().to_string());
    }
    let url = Url::parse(target.secret_url()).ok();
    let host = url.as_ref().and_then(|url| url.host_str().map(|host| host.replace("localhost", "127.0.0.1")));
    (host, url.and_then(|url| url.port()), target.database_name().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_database_is_another_one_of_the_same_kind() {
        let root = Path::new("/");
        let target = Target::parse("postgres://u:p@localhost:5432/app", "here", root).unwrap();
        let reason = |url: &str| match Scratch::parse(url, &target, root) {
            Err(Error::Scratch(ScratchError::Unsuitable { reason })) => reason,
            other => panic!("{:?}", other.map(|target| target.redacted())),
        };
        assert!(reason("mysql://u:p@localhost/x").contains("another kind"));
        assert!(reason("postgres://someone@127.0.0.1:5432/app").contains("itself"));
        assert!(Scratch::parse("postgres://u:p@localhost:5432/other", &target, root).is_ok());
        assert!(Scratch::parse("postgres://u:p@localhost:5433/app", &target, root).is_ok());
    }
}
