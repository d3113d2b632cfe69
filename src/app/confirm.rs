//! What a command asks before it deletes rows, changes a production database or creates a database, and what no answer
//! allows. It owns the questions and the rules of production; how a question looks is the business of [`crate::ui`].

use kit_runtime::environment::is_production;

use crate::app::answer::DatabaseCreated;
use crate::app::context::Context;
use crate::database::Target;
use crate::error::{Error, Result};

/// What a command is about to do to a database.
#[derive(Clone, Debug)]
pub struct Destruction<'a> {
    /// The command, as kit.toml and `KIT_PROTECT` prohibit it.
    pub command: &'static str,
    /// The action up to the name of the database: `Drop all 3 tables with 4 rows in`.
    pub action: &'a str,
    /// What is lost by it, as a sentence, where the action does not name it.
    pub loss: &'a str,
}

/// A database that has to be created before a command can go on.
#[must_use = "a database that the user has agreed to is created by `Context::create`"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// The database exists, or connecting to it fails for another reason, which is reported where it is used.
    Unneeded,
    /// The database does not exist, and may be created.
    Agreed,
}

/// The answer that a command's options give to the question whether kit may create a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Nothing: the user is asked.
    None,
    /// `--force`: yes, except in production, where the user is asked.
    Force,
    /// `--create-database`: yes.
    Explicit,
}

impl Consent {
    /// The consent of a command with `--force`.
    pub fn of(force: bool) -> Self {
        if force { Self::Force } else { Self::None }
    }
}

impl Context {
    /// Returns whether the environment is production.
    ///
    /// # Errors
    /// Those of [`Context::environment`].
    pub fn is_production(&self) -> Result<bool> {
        Ok(is_production(&self.environment()?))
    }

    /// Passes unless kit.toml prohibits destructive commands, or `KIT_PROTECT` names the database.
    ///
    /// # Errors
    /// [`Error::Prohibited`], [`Error::Protected`].
    pub fn allow_destruction(&self, command: &'static str, target: &Target) -> Result<()> {
        if self.project()?.settings.database.prohibit_destructive {
            return Err(Error::Prohibited { command });
        }
        self.allow_protected(command, target)
    }

    /// Passes unless `KIT_PROTECT` names the database.
    ///
    /// # Errors
    /// [`Error::Protected`].
    pub fn allow_protected(&self, command: &'static str, target: &Target) -> Result<()> {
        let name = target.file().map(|file| file.display().to_string()).or_else(|| target.database_name());
        let protected = self.env("KIT_PROTECT").unwrap_or_default();
        if protected
            .split(',')
            .any(|one| name.as_deref() == Some(one.trim()) || target.name.as_deref() == Some(one.trim()))
        {
            return Err(Error::Protected { command, database: target.redacted() });
        }
        Ok(())
    }

    /// Asks before a destructive command: in production for the name of the database, elsewhere for a yes. `force` answers
    /// both. Refuses whatever is answered if [`Context::allow_destruction`] does.
    ///
    /// # Errors
    /// Those of [`Context::allow_destruction`] and [`Context::confirm`].
    pub fn confirm_destructive(&self, destruction: &Destruction<'_>, target: &Target, force: bool) -> Result<()> {
        self.allow_destruction(destruction.command, target)?;
        self.confirm_change(destruction, target, force)
    }

    /// Asks as [`Context::confirm_destructive`], for a command that repairs and is therefore never prohibited.
    ///
    /// # Errors
    /// Those of [`Context::confirm`].
    pub fn confirm_change(&self, destruction: &Destruction<'_>, target: &Target, force: bool) -> Result<()> {
        let Destruction { action, loss, .. } = destruction;
        let question = format!("{action} {}?{}{loss}", target.redacted(), if loss.is_empty() { "" } else { " " });
        if !self.is_production()? {
            return self.confirm(&question, force);
        }
        if force || self.ui.confirm_by_name(&question, &target.short_name())? { Ok(()) } else { Err(Error::Cancelled) }
    }

    /// Asks as [`Context::confirm_change`], in production only.
    ///
    /// # Errors
    /// Those of [`Context::confirm`].
    pub fn confirm_change_in_production(
        &self,
        destruction: &Destruction<'_>,
        target: &Target,
        force: bool,
    ) -> Result<()> {
        if self.is_production()? { self.confirm_change(destruction, target, force) } else { Ok(()) }
    }

    /// Passes outside of production, with `force`, or after a yes.
    ///
    /// # Errors
    /// Those of [`Context::confirm`].
    pub fn confirm_production(&self, action: &str, target: &Target, force: bool) -> Result<()> {
        if !self.is_production()? {
            return Ok(());
        }
        self.confirm(&format!("PRODUCTION: {action} {}?", target.redacted()), force)
    }

    /// Asks whether a database that does not exist may be created, unless `consent` answers; creates nothing. `mode=rwc` in
    /// the URL answers yes, except in production.
    ///
    /// # Errors
    /// [`Error::NoDatabase`] without a terminal, [`Error::Cancelled`] for a no.
    pub async fn confirm_creation(&self, target: &Target, consent: Consent) -> Result<Creation> {
        let Err(error @ Error::NoDatabase { .. }) = target.connect().await else {
            return Ok(Creation::Unneeded);
        };
        // A question whose answer leads nowhere is not asked.
        self.check_files()?;
        let is_production = self.is_production()?;
        let is_agreed = match consent {
            Consent::Explicit => true,
            // In production a missing database is more often a mistyped name than a new one.
            Consent::Force => !is_production,
            Consent::None => target.creates && !is_production,
        };
        if !is_agreed {
            let mark = if is_production { "PRODUCTION: " } else { "" };
            match self.ui.confirm(&format!("{mark}{} does not exist. Create it?", target.redacted())) {
                Ok(true) => {}
                Ok(false) => return Err(Error::Cancelled),
                Err(_) => return Err(error),
            }
        }
        Ok(Creation::Agreed)
    }

    /// Creates the database if the user has agreed to it, after the project's migrations have been built: a project whose
    /// migrations cannot run leaves no empty database.
    ///
    /// # Errors
    /// Those of [`Context::build_migrations`] and [`Target::create`].
    pub async fn create(&self, creation: Creation, target: &Target) -> Result<()> {
        if creation == Creation::Unneeded {
            return Ok(());
        }
        self.build_migrations().await?;
        target.create().await?;
        self.ui.set(&DatabaseCreated { database_created: true });
        self.ui.info(format!("Created {}", target.redacted()));
        Ok(())
    }

    /// Passes with `force`, or a yes to `question`.
    ///
    /// # Errors
    /// [`Error::Cancelled`] for a no, [`Error::Unconfirmed`] without a terminal.
    pub fn confirm(&self, question: &str, force: bool) -> Result<()> {
        if force || self.ui.confirm(question)? { Ok(()) } else { Err(Error::Cancelled) }
    }
}
