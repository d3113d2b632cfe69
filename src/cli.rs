//! The command line: global options, one variant a command, one boring match.

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::app::context::{Context, Host};
use crate::app::globals::Globals;
use crate::commands;
use crate::error::{Error, Exit, Result};
use crate::ui::Verbosity;

mod carried;
mod complete;
pub mod completion;
mod completions;
pub(crate) mod dispatch;
mod habits;
mod help;
mod list;

use list::ListArgs;

/// Artisan for SeaORM: one command for the whole life of a project's database
#[derive(Debug, Parser)]
#[command(
    name = "kit",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub globals: Globals,
    /// The command; none lists them all.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// All commands, in the order and groups of `kit list`. The help of each is the doc of its arguments.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "a doc comment here would replace the help text that stands with the command")]
pub enum Command {
    #[command(name = "migrate")]
    Migrate(commands::migrate::MigrateArgs),
    #[command(name = "migrate:status")]
    MigrateStatus(commands::migrate_status::StatusArgs),
    #[command(name = "migrate:rollback")]
    MigrateRollback(commands::migrate_rollback::RollbackArgs),
    #[command(name = "migrate:reset")]
    MigrateReset(commands::migrate_reset::ResetArgs),
    #[command(name = "migrate:refresh")]
    MigrateRefresh(commands::migrate_refresh::RefreshArgs),
    #[command(name = "migrate:redo")]
    MigrateRedo(commands::migrate_redo::RedoArgs),
    #[command(name = "migrate:fresh")]
    MigrateFresh(commands::migrate_fresh::FreshArgs),
    #[command(name = "migrate:install")]
    MigrateInstall(commands::migrate_install::InstallArgs),
    #[command(name = "migrate:delete")]
    MigrateDelete(commands::migrate_delete::DeleteArgs),
    #[command(name = "migrate:repair")]
    MigrateRepair(commands::migrate_repair::RepairArgs),
    #[command(name = "migrate:mark")]
    MigrateMark(commands::migrate_mark::MarkArgs),
    #[command(name = "migrate:verify")]
    MigrateVerify(commands::migrate_verify::VerifyArgs),
    About(commands::about::AboutArgs),
    Cache(commands::cache::CacheArgs),
    Completions(completions::CompletionsArgs),
    Doctor(commands::doctor::DoctorArgs),
    Help(help::HelpArgs),
    #[command(name = "__complete", hide = true)]
    Complete(complete::CompleteArgs),
    Init(commands::init::InitArgs),
    List(list::ListArgs),
    #[command(name = "make:migration")]
    MakeMigration(commands::make_migration::MakeMigrationArgs),
    #[command(name = "make:model")]
    MakeModel(commands::make_model::MakeModelArgs),
    #[command(name = "make:seeder")]
    MakeSeeder(commands::make_seeder::MakeSeederArgs),
    #[command(name = "make:factory")]
    MakeFactory(commands::make_factory::MakeFactoryArgs),
    #[command(name = "stub:publish")]
    StubPublish(commands::stub_publish::StubPublishArgs),
    #[command(name = "db:sync")]
    DbSync(Box<commands::db_sync::DbSyncArgs>),
    #[command(name = "db:seed")]
    DbSeed(commands::db_seed::DbSeedArgs),
    #[command(name = "db:truncate")]
    DbTruncate(commands::db_truncate::DbTruncateArgs),
}

async fn dispatch(ctx: &Context, command: Command) -> Result<Exit> {
    match command {
        Command::Migrate(args) => commands::migrate::run(ctx, &args).await,
        Command::MigrateStatus(args) => commands::migrate_status::run(ctx, &args).await,
        Command::MigrateRollback(args) => commands::migrate_rollback::run(ctx, &args).await,
        Command::MigrateReset(args) => commands::migrate_reset::run(ctx, &args).await,
        Command::MigrateRefresh(args) => commands::migrate_refresh::run(ctx, &args).await,
        Command::MigrateRedo(args) => commands::migrate_redo::run(ctx, &args).await,
        Command::MigrateFresh(args) => commands::migrate_fresh::run(ctx, &args).await,
        Command::MigrateInstall(args) => commands::migrate_install::run(ctx, &args).await,
        Command::MigrateDelete(args) => commands::migrate_delete::run(ctx, &args).await,
        Command::MigrateRepair(args) => commands::migrate_repair::run(ctx, &args).await,
        Command::MigrateMark(args) => commands::migrate_mark::run(ctx, &args).await,
        Command::MigrateVerify(args) => commands::migrate_verify::run(ctx, &args).await,
        Command::About(args) => commands::about::run(ctx, &args),
        Command::Cache(args) => commands::cache::run(ctx, &args),
        Command::Completions(args) => completions::run(ctx, &args),
        Command::Doctor(args) => commands::doctor::run(ctx, &args).await,
        Command::Complete(args) => complete::run(ctx, args),
        Command::Help(args) => help::run(ctx, &args),
        Command::Init(args) => commands::init::run(ctx, &args),
        Command::List(args) => list::run(ctx, &args),
        Command::MakeMigration(args) => commands::make_migration::run(ctx, &args).await,
        Command::MakeModel(args) => commands::make_model::run(ctx, &args).await,
        Command::MakeSeeder(args) => commands::make_seeder::run(ctx, &args).await,
        Command::MakeFactory(args) => commands::make_factory::run(ctx, &args).await,
        Command::StubPublish(args) => commands::stub_publish::run(ctx, &args),
        Command::DbSync(args) => commands::db_sync::run(ctx, &args).await,
        Command::DbSeed(args) => commands::db_seed::run(ctx, &args).await,
        Command::DbTruncate(args) => commands::db_truncate::run(ctx, &args).await,
    }
}

/// Runs kit in a host's world. The first argument is the program's name.
///
/// # Errors
/// The error of the command, after it was shown; [`Error::exit`] is its exit code.
pub async fn run(arguments: Vec<OsString>, host: Host) -> Result<Exit> {
    let (cli, failure) = match dispatch::parse(&arguments) {
        Ok(cli) => (cli, None),
        Err(error) => (Cli { globals: dispatch::globals(&arguments), command: None }, Some(error)),
    };
    let mut name = dispatch::command_name(&arguments);
    let ctx = Context::new(host, cli.globals.clone());
    let verbosity = match (cli.globals.quiet, cli.globals.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, 1) => Verbosity::Verbose,
        (false, _) => Verbosity::Debug,
    };
    ctx.ui.configure(verbosity, cli.globals.color, cli.globals.no_interaction, |name| ctx.env(name));
    if cli.globals.json {
        ctx.ui.only_json();
    }
    let result = match failure {
        Some(dispatch::Parsed::Failure(error)) => Err(error),
        Some(dispatch::Parsed::Text(text)) => {
            help::show(&ctx, &text);
            Ok(Exit::Ok)
        }
        Some(dispatch::Parsed::List(namespace)) => {
            name = Some("list".to_owned());
            list::run(&ctx, &ListArgs { namespace })
        }
        None => {
            name = name.or_else(|| Some("list".to_owned()));
            let command = cli.command.unwrap_or(Command::List(ListArgs::default()));
            dispatch(&ctx, command).await
        }
    };
    if let Err(error) = &result {
        ctx.ui.error(error);
    }
    ctx.ui.document(name.as_deref(), &result);
    result
}

impl From<Error> for dispatch::Parsed {
    fn from(error: Error) -> Self {
        Self::Failure(error)
    }
}
