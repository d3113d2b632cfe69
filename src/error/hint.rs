//! What to do about a failure: one sentence each, with the exact command or flag.

use kit_runtime::dialect::url::{Ignored, Meaning};
use kit_runtime::secrets::hide_passwords;
use kit_runtime::wire::{Direction, Failure};

use super::failure::{LEDGER, failure_hint, fault_hint, interrupted_hint, rename_hint, unsettled_hint};
use super::field::field_hint;
use super::missing::missing_hint;
use super::reason::{connection_hint, reason_hint};
use super::scaffolding::{no_columns_hint, no_removal_hint, no_table_hint};
use super::sea_orm::{no_migrator_hint, sea_orm_hint};
use super::{CacheError, Error, Registering, quoted};
use crate::similar;

impl Error {
    /// What to do about it: imperative, with the exact command or flag.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Usage(error) => error.hint.clone(),
            Self::UnknownCommand { suggestion, .. } => match suggestion {
                Some(suggestion) => suggestion.hint(),
                None => "run `kit list` to see all commands".to_owned(),
            },
            Self::AmbiguousCommand { .. } => "type more of the name".to_owned(),
            Self::MissingArgument { command, .. } => format!("run `kit {command} --help` for its usage"),
            Self::Unsettled { migrations, renamed } => return unsettled_hint(migrations, renamed),
            Self::Renamed { old, new } => rename_hint(old, new),
            Self::Rename { .. } => "run `kit migrate:status` for the names and their states".to_owned(),
            Self::MissingFile { module, .. } => {
                format!("restore the file from version control, or remove its lines with `kit migrate:delete {module}`")
            }
            Self::StillApplied { state: "applied", last: true, .. } => {
                "roll it back first with `kit migrate:rollback`".to_owned()
            }
            Self::StillApplied { name, state: "applied", has_file: true, .. } => format!(
                "keep what it created with `kit migrate:mark --pending {name}`, then run `kit migrate:delete {name}`"
            ),
            Self::StillApplied { name, state: "applied", .. } => format!(
                "restore the file from version control; or keep what it created with `kit migrate:mark --pending {name}`, \
                 then run `kit migrate:delete {name}`"
            ),
            Self::StillApplied { .. } => "run `kit migrate:repair` to see what is in the database".to_owned(),
            Self::StillUsed { .. } => "remove these uses first".to_owned(),
            Self::Registration { edit: Registering::Remove, lines, .. } => format!("remove by hand:\n{lines}"),
            Self::NoSuchMigration { similar, .. } if !similar.is_empty() => {
                format!("choose one of: {}", similar.join(", "))
            }
            Self::NoSuchMigration { .. } => "run `kit migrate:status` for the names".to_owned(),
            Self::Unconfirmed { .. } => "pass --force to answer yes".to_owned(),
            Self::Unlocked => "drop --lock=none, or pass --force if no other run is possible".to_owned(),
            Self::Prohibited { .. } => "set `prohibit_destructive = false` under [database] in kit.toml".to_owned(),
            Self::Protected { .. } => "take it out of KIT_PROTECT, or name another database".to_owned(),
            Self::Overheard { parameter, .. } | Self::Unencrypted { parameter, .. } => {
                format!("add {parameter} to the URL: after `?`, or after `&` if it has parameters already")
            }
            Self::MissingUrl(missing) => missing_hint(missing),
            Self::Misspelt(misspelt) => {
                format!("rename `{}` in {} to `{}`", misspelt.name, misspelt.origin.place(), misspelt.meant)
            }
            Self::IgnoredParameter { ignored: Ignored { meaning: Meaning::Schema(schema), .. }, .. } => format!(
                "set DATABASE_SCHEMA={}, or `schema` under [connections.NAME] in kit.toml",
                hide_passwords(schema)
            ),
            Self::IgnoredParameter { ignored: Ignored { meaning: Meaning::Tls(tls), .. }, .. } => {
                format!("write {tls} instead")
            }
            Self::BadUrl { corrected: Some(corrected), .. } => format!("write it as `{corrected}`"),
            Self::UnknownKey { key, known, .. } => {
                match similar::near(key, known.iter().map(String::as_str)).first() {
                    Some(nearest) => format!("did you mean `{nearest}`?"),
                    None => format!("the keys here are {}", known.join(", ")),
                }
            }
            Self::NoProject { below: Some(folder), .. } => format!(
                "run the command in the project's folder, or name it with `--project {}`",
                quoted(&folder.display().to_string())
            ),
            Self::NoProject { optional: true, .. } => {
                "pass --skip-migrations to read the schema as it is; or run `kit init` to start a project, or name one with \
                 --project DIR"
                    .to_owned()
            }
            Self::NoProject { .. } => "run `kit init` to start one, or name it with --project DIR".to_owned(),
            Self::SeveralMigrations { .. } => {
                "name one in kit.toml: [project] migrations = \"DIR\", or with --project DIR".to_owned()
            }
            Self::NoPackage { .. } => "run it in the member that is the application: `kit init MEMBER`".to_owned(),
            Self::Distrusted { path, .. } => {
                format!("make it yours alone: `chown $USER {0} && chmod go-w {0}`", path.display())
            }
            Self::Registration { lines, .. } => format!("add by hand:\n{lines}"),
            Self::Field { fault } => field_hint(fault),
            Self::Stub { message, .. } if message.contains("{{ up }}") => {
                "write {{ up }} and {{ down }} where it has statements, or take kit's own: `kit stub:publish --existing`"
                    .to_owned()
            }
            Self::FieldsUnplaced { .. } => {
                "say it in the name (add_email_to_users, create_users), or with --table=TABLE or --create=TABLE"
                    .to_owned()
            }
            Self::BadColumn { .. } => "leave it out, or call it something else".to_owned(),
            Self::TableExists { table, .. } => {
                format!(
                    "add columns to it: `kit make:migration add_NAME_to_{table} FIELD`; `kit db:sync` writes its entity"
                )
            }
            Self::FieldsUnused { .. } => {
                "leave them out, or make a migration of its own for them; the columns of an index are --index A,B or --unique A,B"
                    .to_owned()
            }
            Self::NoTable { tables, migration } => no_table_hint(tables, migration.as_deref()),
            Self::NoColumns { is_removal: true, migration, .. } => no_removal_hint(migration.as_deref()),
            Self::NoColumns { table, columns, migration, .. } => no_columns_hint(table, columns, migration.as_deref()),
            Self::VagueName { example, .. } => {
                format!("choose a name that describes the change, as in `kit make:migration {example}`")
            }
            Self::BadName { kind: "migration", .. } => {
                "use letters, digits and _, starting with a letter: create_posts_table".to_owned()
            }
            Self::BadName { .. } => "use letters, digits and _, starting with a letter".to_owned(),
            Self::MigrationExists { name, .. } => {
                format!("choose another name, or delete that migration first: `kit migrate:delete {name}`")
            }
            Self::NotGenerated { shared: true, .. } => "overwrite it with `kit db:sync --force`".to_owned(),
            Self::NotGenerated { .. } => "move it to another folder, or choose another name".to_owned(),
            Self::FileExists { .. } => "pass --force to overwrite it".to_owned(),
            Self::OutsideProject { .. } => "choose a folder inside the project".to_owned(),
            Self::BadUrl { .. } => {
                "write it as postgres://user:password@host/name, mysql://user:password@host/name or sqlite://path, \
                 special characters in a password as %XX"
                    .to_owned()
            }
            Self::UnknownConnection { known, .. } if known.is_empty() => {
                "add [connections.NAME] with a url to kit.toml, or pass a URL".to_owned()
            }
            Self::UnknownConnection { known, .. } => format!("choose one of: {}", known.join(", ")),
            Self::NoDatabase { origin, is_production, has_migrations, .. } => {
                let force = if *is_production { " --force" } else { "" };
                let check = origin.as_ref().map(|origin| format!("check its name in {origin}"));
                let create =
                    has_migrations.then(|| format!("create it with `kit migrate --create-database{force}`"));
                check.into_iter().chain(create).collect::<Vec<_>>().join(", or ")
            }
            Self::Dependents { steps, .. } => {
                format!("roll back the later migrations with it: `kit migrate:rollback --step {steps}`")
            }
            Self::Connect { reason: Some(reason), origin, .. } => connection_hint(*reason, origin),
            Self::Connect { origin, .. } => format!("check the URL in {origin}"),
            Self::Database { reason: Some(reason), .. } | Self::Ledger { reason: Some(reason), .. } => {
                reason_hint(*reason, "the URL")
            }
            Self::Ledger { .. } => LEDGER.to_owned(),
            Self::Scratch(error) => error.hint(),
            Self::Faulty { faulty, .. } => {
                let (name, fault) = faulty.first()?;
                fault_hint(name, fault)
            }
            Self::LeaseGoesByItself { .. } => {
                "end its process; fifteen seconds after its last sign of life the next run takes the lease".to_owned()
            }
            Self::NotHalted { name } => format!(
                "run `kit migrate:repair` to list interrupted migrations, or `kit migrate:mark --applied {name}` to record it as \
                 applied"
            ),
            Self::HalfDone { name } => format!(
                "undo its changes by hand, then run `kit migrate:repair --rolled-back {name}`; or pass --force if it can run twice"
            ),
            Self::NoSuchTable { similar, .. } if !similar.is_empty() => {
                format!("did you mean `{}`?", similar.join("`, `"))
            }
            Self::NoMigrator { several, hidden, .. } => no_migrator_hint(several, hidden),
            Self::NoManifest { .. } => {
                "run `cargo init --lib` in the project, then `cargo add sea-orm` and `cargo add sea-orm-migration`".to_owned()
            }
            Self::Unreachable { .. } | Self::Build { what: "migrations", unreachable: true } => UNREACHABLE.to_owned(),
            Self::NoLibrary { package, .. } if package.is_empty() => "run `kit init --library`".to_owned(),
            Self::NoLibrary { package, .. } => format!("run `kit init --library {package}`"),
            Self::SeaOrm { kind, upgrade, .. } => return sea_orm_hint(*kind, upgrade.as_deref()),
            Self::Program { program, .. } if program == "cargo" => {
                "install Rust from https://rustup.rs, or put cargo on the PATH".to_owned()
            }
            Self::Obstacle(obstacle) => obstacle.hint().to_owned(),
            Self::Cache(CacheError::Foreign { .. }) => {
                "set KIT_CACHE_DIR to a folder that only kit uses; if kit has built in this one, delete its folders \
                 `migrators`, `runtime` and `target` by hand"
                    .to_owned()
            }
            Self::Cache(CacheError::Io { .. }) => {
                "make the folder, and all that is in it, yours with `chown -R $USER`, or set KIT_CACHE_DIR to another one"
                    .to_owned()
            }
            Self::Program { .. } => "name a program that is there: [migrator] command in kit.toml".to_owned(),
            Self::MigratorDied { .. } => {
                "run `kit migrate:status` to see what was done; a program of the project's own \
                 ([migrator] command in kit.toml) has to call `kit_runtime::main`"
                    .to_owned()
            }
            Self::Migrator {
                failure: failure @ Failure::Migration { direction: Direction::Down, .. },
                again: true,
                ..
            } => {
                return failure_hint(failure).map(|hint| format!("{hint}, and at the end `kit migrate`"));
            }
            Self::Killed { .. } => "run `kit migrate:status` to see what was done; if a migration is interrupted, \
                 run `kit migrate:repair`"
                .to_owned(),
            Self::Migrator { failure: Failure::Interrupted { stopped, .. }, again, .. } => {
                interrupted_hint(stopped.as_ref(), *again)
            }
            Self::Migrator { failure: Failure::Busy { holder: Some(holder), .. }, .. } => format!(
                "wait longer with --wait SECS; if it hangs, end process {} on {}: its lock goes with it",
                holder.pid, holder.host
            ),
            Self::Migrator { failure, .. } => return failure_hint(failure),
            Self::Seed(error) => return error.hint(),
            _ => return None,
        };
        Some(hint)
    }
}

const UNREACHABLE: &str = "make the migrations reachable from the package's library (`pub mod migrations;` in \
     src/lib.rs), or name the project's own entry in kit.toml: [migrator] command = [\"cargo\", \"run\", …], which \
     calls `kit_runtime::main::<Migrator>()`";
