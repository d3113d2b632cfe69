//! Every kind of error that kit reports. What to do about it is in `hint`, `failure` (for what a migrator reports) and `advice` (for
//! what `kit doctor` finds); the exit code is in `exit`. Code below `commands` returns these values and prints nothing.

mod advice;
mod detail;
mod exit;
mod failure;
mod field;
mod hint;
mod kind;
mod missing;
mod reason;
mod registering;
mod scaffolding;
mod scratch;
mod sea_orm;
mod seeding;
mod selection;
mod suggestion;
mod unsupported;
mod usage;

use std::io;
use std::path::PathBuf;

use kit_runtime::dialect::Reason;
use kit_runtime::dialect::url::Ignored;
use kit_runtime::wire::{Failure, Fault};

pub use advice::{Advice, Hint};
pub use detail::{
    BuildObstacle, CacheError, FixtureMistake, HiddenMigrator, MissingUrl, Misspelt, NoDefault, ReleaseRequirement,
    Renamed, Upgrade, UrlPlace,
};
pub use exit::{Exit, PENDING};
pub use failure::holder_text;
use failure::{dependents_text, failure_text, faulty_text, ledger_text, unsettled_text};
use field::{list_of, shown_field};
use missing::missing_text;
pub use registering::Registering;
pub use scaffolding::UnmadeTable;
use scaffolding::no_table_text;
pub use scratch::ScratchError;
pub use sea_orm::SeaOrmErrorKind;
use sea_orm::{no_migrator_text, sea_orm_text};
pub use seeding::SeedError;
pub use selection::Selection;
pub(crate) use selection::quoted;
pub use suggestion::Suggestion;
pub use usage::UsageError;

use crate::fields::Misfit;

/// Every fallible function of kit returns this.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong. `Display` is one sentence, lower case, without a final period.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Error {
    // The command line.
    /// An unknown option, a missing or wrong value, options that exclude each other.
    #[error(transparent)]
    Usage(Box<UsageError>),
    /// No command of that name.
    #[error("no command `{name}`")]
    UnknownCommand {
        /// As typed.
        name: String,
        /// What may be meant.
        suggestion: Option<Suggestion>,
    },
    /// A prefix of several commands.
    #[error("`{name}` is short for several commands: {}", candidates.join(", "))]
    AmbiguousCommand {
        /// As typed.
        name: String,
        /// All it could be.
        candidates: Vec<String>,
    },
    /// An argument is missing and nobody is there to ask.
    #[error("missing argument: {argument}")]
    MissingArgument {
        /// Its name in the usage line.
        argument: &'static str,
        /// The command it belongs to.
        command: &'static str,
    },
    /// A flag with a value it does not take.
    #[error("{flag} does not take `{value}`: it takes {expected}")]
    BadValue {
        /// The flag.
        flag: &'static str,
        /// As typed.
        value: String,
        /// What it takes.
        expected: String,
    },
    /// Migrations that need attention before anything else runs.
    #[error("{}", unsettled_text(migrations))]
    Unsettled {
        /// Each with its state, in order.
        migrations: Vec<(String, &'static str)>,
        /// Those of them that have a file under another name.
        renamed: Vec<Renamed>,
    },
    /// An applied migration without a file, and a pending one that looks like it.
    #[error("`{old}` is applied and has no file; the pending `{new}` looks like the same migration, renamed")]
    Renamed {
        /// The name in the ledger.
        old: String,
        /// The name in the sources.
        new: String,
    },
    /// A rename that the ledger or the sources do not allow.
    #[error("cannot rename `{old}` to `{new}` in the ledger: {reason}")]
    Rename {
        /// The name in the ledger.
        old: String,
        /// The name in the sources.
        new: String,
        /// Why not.
        reason: String,
    },
    /// A module of the index file without a file; nothing was compiled.
    #[error("{declared} declares `mod {module}`, and {file} does not exist{}", listed.as_ref().map(|at| format!(" (listed at {at})")).unwrap_or_default())]
    MissingFile {
        /// The module.
        module: String,
        /// The file that it needs, relative to the root.
        file: String,
        /// `migrations/mod.rs:5`
        declared: String,
        /// Where the Migrator lists it, likewise.
        listed: Option<String>,
    },
    /// A migration that is not deleted, since it is applied, or was begun.
    #[error("cannot delete `{name}`: it is {state} in {database}")]
    StillApplied {
        /// Its name.
        name: String,
        /// applied, failed or interrupted.
        state: &'static str,
        /// Redacted URL.
        database: String,
        /// Its file exists, and it is the last one that was applied.
        last: bool,
        /// Its file exists.
        has_file: bool,
    },
    /// A migration that is not deleted, since other code names it.
    #[error("cannot delete `{module}`: {} uses it", places.join(", "))]
    StillUsed {
        /// The module.
        module: String,
        /// `migrations/mod.rs:5`
        places: Vec<String>,
    },
    /// A name that fits no migration, or several.
    #[error("no single migration is `{name}`")]
    NoSuchMigration {
        /// As typed.
        name: String,
        /// Those that come near.
        similar: Vec<String>,
    },
    // Questions.
    /// Somebody said no.
    #[error("cancelled, nothing was changed")]
    Cancelled,
    /// A question that nobody is there to answer.
    #[error("refused without a terminal: {question}")]
    Unconfirmed {
        /// The question.
        question: String,
    },
    /// `--lock=none` without `--force`.
    #[error("refused: without a lock, two runs at once spoil the database")]
    Unlocked,
    /// `kit.toml` prohibits destructive commands.
    #[error("`{command}` is prohibited by kit.toml")]
    Prohibited {
        /// The command.
        command: &'static str,
    },
    // The project.
    /// No project here or above.
    #[error("not in a project: no migrations/mod.rs, src/migrations/mod.rs or migration/src/lib.rs in {} or above", start.display())]
    #[expect(missing_docs, reason = "start of the search; whether it may be missing; the only project below")]
    NoProject { start: PathBuf, optional: bool, below: Option<PathBuf> },
    /// More than one place could hold the migrations.
    #[error("several migration folders: {}", paths.join(", "))]
    SeveralMigrations {
        /// Relative to the root.
        paths: Vec<String>,
    },
    /// A Cargo.toml that is a workspace's and no package's.
    #[error("{} has no [package]", path.display())]
    NoPackage {
        /// The Cargo.toml.
        path: PathBuf,
    },
    /// A file of the project that kit cannot read as what it should be.
    #[error("cannot read {}: {message}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A setting that kit does not understand.
    #[error("{origin}: {message}")]
    Config {
        /// The file or variable.
        origin: String,
        /// What is wrong with it.
        message: String,
    },
    /// A key of kit.toml that kit does not know.
    #[error("{origin}: there is no key `{key}`")]
    #[expect(missing_docs, reason = "file and line; the key; all keys of its table")]
    UnknownKey { origin: String, key: String, known: Vec<String> },
    /// A file that kit does not read, because somebody else may have written it.
    #[error("{} is not read: {reason}", path.display())]
    Distrusted {
        /// The file.
        path: PathBuf,
        /// Who.
        reason: &'static str,
    },
    /// A file operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// read, write, create …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The list of migrations is written in a way that kit cannot change.
    #[error("cannot {edit} `{module}` in {}: {reason}", path.display())]
    Registration {
        /// The change that was requested.
        edit: Registering,
        /// mod.rs or lib.rs.
        path: PathBuf,
        /// The migration's module.
        module: String,
        /// What kit does not understand about it.
        reason: String,
        /// What to write there by hand, or the lines to remove, with their numbers.
        lines: String,
    },
    // Names.
    /// A name that cannot be a migration's.
    #[error("`{name}` cannot be the name of a {kind}: {reason}")]
    BadName {
        /// Printable form of what was given.
        name: String,
        /// migration, table, column …
        kind: &'static str,
        /// Why not.
        reason: String,
    },
    /// A field that is not in the field language.
    #[error("`{}`, character {}: {}", shown_field(fault).0, fault.at + 1, fault.reason)]
    Field {
        /// What is wrong, where, and what would be right.
        fault: Misfit,
    },
    /// Fields, and a name that says no table.
    #[error("the name does not say which table {} {} in", list_of(fields), if fields.len() == 1 { "is" } else { "are" })]
    FieldsUnplaced {
        /// Their names.
        fields: Vec<String>,
    },
    /// Fields for a migration that has no use for them.
    #[error("a migration that {what} takes no fields")]
    FieldsUnused {
        /// What it does.
        what: &'static str,
    },
    /// A column that cannot be where it is asked for.
    #[error("`{name}` cannot be a column of it: {reason}")]
    BadColumn {
        /// Its name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// References to tables that no migration, no entity and not the database has.
    #[error("{}", no_table_text(tables))]
    #[expect(missing_docs, reason = "the tables, and the migration that is written in spite of that")]
    NoTable { tables: Vec<UnmadeTable>, migration: Option<String> },
    /// Columns that a table does not have.
    #[error("table `{table}` has no column {}; its columns are {}", list_of(columns), known.join(", "))]
    NoColumns {
        /// The table.
        table: String,
        /// The columns that it does not have.
        columns: Vec<String>,
        /// Its columns.
        known: Vec<String>,
        /// The columns are to be removed, not to be indexed.
        is_removal: bool,
        /// The migration that is written in spite of that.
        migration: Option<String>,
    },
    /// A name that does not describe what a migration changes.
    #[error("the name `{name}` does not describe what the migration changes")]
    #[expect(missing_docs, reason = "the name, and one that does")]
    VagueName { name: String, example: String },
    /// A migration of that name is there already.
    #[error("a migration named `{name}` exists: {}", path.display())]
    MigrationExists {
        /// Its name.
        name: String,
        /// Its file.
        path: PathBuf,
    },
    /// A file that kit would have had to overwrite.
    #[error("{} exists, it is not overwritten", path.display())]
    #[expect(missing_docs, reason = "the file")]
    FileExists { path: PathBuf },
    /// A file where an entity goes, and no generator wrote it.
    #[error("{} was not generated, it is not overwritten", path.display())]
    #[expect(missing_docs, reason = "the file, and whether all entities share it")]
    NotGenerated { path: PathBuf, shared: bool },
    /// A path that leads out of the project.
    #[error("{} leads out of the project", path.display())]
    #[expect(missing_docs, reason = "the path")]
    OutsideProject { path: PathBuf },
    /// A stub with a placeholder that kit does not fill, or whose result is no Rust.
    #[error("stub {stub}: {message}")]
    Stub {
        /// Its file name.
        stub: String,
        /// What is wrong with it.
        message: String,
    },
    // The database.
    /// A URL kit cannot use. The URL itself is never in the message.
    #[error("cannot use the database URL from {origin}: {reason}")]
    BadUrl {
        /// Where it came from.
        origin: String,
        /// Why not.
        reason: String,
        /// The same database in a form that kit takes, without the password.
        corrected: Option<String>,
    },
    /// Nothing names the URL of the database.
    #[error("{}", missing_text(_0))]
    MissingUrl(Box<MissingUrl>),
    /// A variable that is almost called as one that kit reads.
    #[error("`{}` in {} is not read: kit reads `{}`", _0.name, _0.origin.place(), _0.meant)]
    Misspelt(Box<Misspelt>),
    /// A parameter of a URL that the driver ignores.
    #[error("the driver ignores the parameter `{}` in the URL of {database}", ignored.name)]
    IgnoredParameter {
        /// The parameter.
        ignored: Ignored,
        /// Redacted URL.
        database: String,
    },
    /// The URL does not ask for encryption, and leads into a network that others can read.
    #[error("the connection to {database} is not encrypted")]
    Unencrypted {
        /// Redacted URL.
        database: String,
        /// What the URL needs: `sslmode=verify-full`.
        parameter: &'static str,
    },
    /// `--database NAME` with no connection of that name.
    #[error("no connection `{name}` in kit.toml")]
    UnknownConnection {
        /// As given.
        name: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// `KIT_REQUIRE_TLS` is set, and nothing makes the driver encrypt.
    #[error("the connection to {database} is not encrypted, and KIT_REQUIRE_TLS is set")]
    Overheard {
        /// Redacted URL.
        database: String,
        /// What the URL needs: `sslmode=verify-full`.
        parameter: &'static str,
    },
    /// `KIT_PROTECT` names the database.
    #[error("{command} is prohibited on {database}: KIT_PROTECT names it")]
    Protected {
        /// What was asked for.
        command: &'static str,
        /// Redacted URL.
        database: String,
    },
    /// The database does not exist.
    #[error("database {database} does not exist")]
    NoDatabase {
        /// Redacted URL.
        database: String,
        /// Where the URL is written; nothing for the default.
        origin: Option<String>,
        /// In production `--force` alone does not create it.
        is_production: bool,
        /// There are migrations, which create it.
        has_migrations: bool,
    },
    /// Migrations that were applied later name the same tables.
    #[error("`{name}` cannot be rolled back alone: {}", dependents_text(dependents))]
    Dependents {
        /// The migration.
        name: String,
        /// The later migrations, oldest first, each with a table; none if its source cannot be read.
        dependents: Vec<(String, Option<String>)>,
        /// How many migrations a rollback up to it takes.
        steps: usize,
    },
    /// No connection.
    #[error("cannot connect to {database}: {message}")]
    Connect {
        /// Redacted URL.
        database: String,
        /// What the driver said.
        message: String,
        /// What about the server, the file or the user it is due to, if that is known.
        reason: Option<Reason>,
        /// Where the URL comes from.
        origin: String,
    },
    /// A statement of kit's own failed.
    #[error("{database}: {message}")]
    Database {
        /// Redacted URL.
        database: String,
        /// What the database said.
        message: String,
        /// What about the server, the file or the user it is due to, if that is known.
        reason: Option<Reason>,
    },
    /// The migration tables are there, but not as they should be.
    #[error("{database}: {}", ledger_text(message))]
    Ledger {
        /// Redacted URL.
        database: String,
        /// What the database said.
        message: String,
        /// What about the server, the file or the user it is due to, if that is known.
        reason: Option<Reason>,
    },
    /// A scratch database cannot be created, used or dropped.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// A signal ended `migrate:verify`.
    #[error("interrupted, nothing was changed but on the scratch database")]
    Interrupted {
        /// Its number.
        signal: u8,
    },
    /// Migrations that do not go up, down and up again.
    #[error("{}", faulty_text(faulty, *unseen))]
    Faulty {
        /// Each with its first fault, in order.
        faulty: Vec<(String, Fault)>,
        /// How many come after the last one that could be looked at.
        unseen: usize,
    },

    /// A lease is nobody's session to end.
    #[error("{who} has a lease, which kit cannot end: it belongs to no session of the server")]
    LeaseGoesByItself {
        /// Whose it is.
        who: String,
    },
    /// A migration that is not interrupted.
    #[error("`{name}` is not interrupted, there is nothing to repair")]
    NotHalted {
        /// Its name, printable.
        name: String,
    },
    /// A migration that would meet what it has left itself.
    #[error("`{name}` changed the schema before it was interrupted: it would fail on these changes if it ran again")]
    HalfDone {
        /// Its name, printable.
        name: String,
    },
    // Entities.
    /// Entities cannot be written so.
    #[error("cannot generate entities: {message}")]
    Codegen {
        /// Why not.
        message: String,
    },
    /// A table that was to be made is there.
    #[error("there is a table `{table}` in {database}")]
    TableExists {
        /// Its name.
        table: String,
        /// Redacted URL.
        database: String,
    },
    /// A table that was asked for is not there.
    #[error("no table `{name}` in {database}")]
    NoSuchTable {
        /// As given, printable.
        name: String,
        /// Redacted URL.
        database: String,
        /// Those that come near.
        similar: Vec<String>,
    },
    // The migrator.
    /// No `Migrator` in the project's sources, or several to choose from.
    #[error("{}", no_migrator_text(path, several, hidden))]
    NoMigrator {
        /// Where kit looked.
        path: PathBuf,
        /// The types that implement it, if there are several.
        several: Vec<String>,
        /// Where kit does not read one.
        hidden: Vec<HiddenMigrator>,
    },
    /// Migrations that belong to no package.
    #[error("no Cargo.toml in {} or above: the migrations belong to no package", folder.display())]
    #[expect(missing_docs, reason = "the folder of the migrations")]
    NoManifest { folder: PathBuf },
    /// The `Migrator` stands where no other crate can reach it.
    #[error("the migrations in {} cannot be reached: {reason}", path.display())]
    #[expect(missing_docs, reason = "the migrations folder, and why")]
    Unreachable { path: PathBuf, reason: String },
    /// A migration uses kit's library, and its package does not depend on it.
    #[error("{place}: the migration uses kit_runtime, which its package does not depend on")]
    #[expect(missing_docs, reason = "file and line, and the package's folder relative to the project's")]
    NoLibrary { place: String, package: String },
    /// The project's SeaORM is not one that kit can do this with.
    #[error("{}", sea_orm_text(version, *kind))]
    SeaOrm {
        /// As the project names it, or as it is locked.
        version: String,
        /// What kit cannot do.
        kind: SeaOrmErrorKind,
        /// What leads to a release with which it can; `None` if there is no newer one.
        upgrade: Option<Box<Upgrade>>,
    },
    /// A program is not there or cannot be started.
    #[error("cannot run `{program}`: {source}")]
    #[expect(missing_docs, reason = "cargo, or the migrator")]
    Program { program: String, source: io::Error },
    /// Migrations or seeders do not compile; the compiler's output has been shown.
    #[error("the {what} do not compile")]
    Build {
        /// Which of them.
        what: &'static str,
        /// The compiler could not find something that `crate::…` names.
        unreachable: bool,
    },
    /// Something else than the code stopped a build.
    #[error(transparent)]
    Obstacle(#[from] BuildObstacle),
    /// The build cache cannot be listed or cleaned.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The migrator ended before it said how it went.
    #[error("the migrator ended unexpectedly: {status}")]
    MigratorDied {
        /// Its exit status.
        status: String,
    },
    /// A second signal ended the migrator at once, or the migrator does not end its work when it receives one.
    #[error("the migrator was killed while it was at work")]
    Killed {
        /// Number of the signal.
        signal: u8,
    },
    /// The migrator reported a failure.
    #[error("{}", failure_text(failure))]
    Migrator {
        /// What it reported.
        failure: Failure,
        /// Redacted URL.
        database: String,
        /// Names of those that were applied or rolled back before.
        done: Vec<String>,
        /// Those that were rolled back were to run again.
        again: bool,
    },
    /// What fixtures and seeders cannot do.
    #[error(transparent)]
    Seed(#[from] SeedError),
}
