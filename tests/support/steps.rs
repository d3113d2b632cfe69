//! Migrations as data: a test says what each step does, and a `Migrator` like a project's own runs them through
//! the engine. It returns what the engine reported, as short lines. It does not know which database it is.
#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::panic, reason = "steps panic when a test asks for it")]
#![allow(clippy::print_stdout, reason = "steps say how far they are when a test asks for it")]

use std::cell::RefCell;
use std::collections::BTreeMap;

use kit_runtime::dialect::Dialect;
use kit_runtime::engine;
use kit_runtime::fault;
use kit_runtime::sea_orm::{Project, Session};
use kit_runtime::wire::{Action, Direction, Event, Failure, Locking, PROTOCOL, Request};
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement as Question, TransactionTrait};

/// One thing a migration does.
#[derive(Clone, Debug)]
pub enum Op {
    Sql(String),
    /// Sends it, and ignores that it fails.
    Try(String),
    /// Sends these in a transaction of its own, and commits it or not.
    Within(Vec<String>, bool),
    /// Writes what a query answers, one text a row, into the table `seen`.
    Seen(String),
    /// Writes how many rows a statement changes into the table `seen`.
    Affected(String),
    /// Ignores that a statement fails.
    Ignore(String),
    Fail(&'static str),
    /// Begins a transaction of its own and goes on outside of it.
    Nested(String),
    Sleep(u64),
    /// Prints a line, for a test that waits for it.
    Say(&'static str),
    Panic(&'static str),
    CreateTable(TableCreateStatement),
    AlterTable(TableAlterStatement),
    RenameTable(TableRenameStatement),
    DropTable(TableDropStatement),
    CreateIndex(IndexCreateStatement),
    DropIndex(IndexDropStatement),
    CreateForeignKey(ForeignKeyCreateStatement),
    DropForeignKey(ForeignKeyDropStatement),
}

/// A statement, or one of the words `seen`, `affected` and `ignore`, a colon and a statement.
impl From<&str> for Op {
    fn from(sql: &str) -> Self {
        match sql.split_once(": ") {
            Some(("seen", sql)) => Self::Seen(sql.to_owned()),
            Some(("affected", sql)) => Self::Affected(sql.to_owned()),
            Some(("ignore", sql)) => Self::Ignore(sql.to_owned()),
            _ => Self::Sql(sql.to_owned()),
        }
    }
}

/// One migration.
#[derive(Clone, Debug)]
pub struct Step {
    pub name: String,
    pub up: Vec<Op>,
    /// `None` is a migration that does not write `down`.
    pub down: Option<Vec<Op>>,
    pub transaction: Option<bool>,
}

impl Step {
    pub fn new(name: &str, up: Vec<Op>, down: Vec<Op>) -> Self {
        Self { name: name.to_owned(), up, down: Some(down), transaction: None }
    }

    /// Creates the table of that name and drops it again.
    pub fn table(name: &str) -> Self {
        let table = format!("t_{name}");
        let create = format!("CREATE TABLE {table} (id int PRIMARY KEY)");
        Self::new(name, vec![create.as_str().into()], vec![format!("DROP TABLE {table}").as_str().into()])
    }

    pub fn with_transaction(self, transaction: Option<bool>) -> Self {
        Self { transaction, ..self }
    }
}

struct WithoutDown(Step);

impl MigrationName for Step {
    fn name(&self) -> &str {
        &self.name
    }
}

impl MigrationName for WithoutDown {
    fn name(&self) -> &str {
        &self.0.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        act(&self.up, manager, "in-up").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        act(self.down.as_deref().unwrap_or_default(), manager, "in-down").await
    }

    fn use_transaction(&self) -> Option<bool> {
        self.transaction
    }
}

#[async_trait::async_trait]
impl MigrationTrait for WithoutDown {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        act(&self.0.up, manager, "in-up").await
    }

    fn use_transaction(&self) -> Option<bool> {
        self.0.transaction
    }
}

async fn note(manager: &SchemaManager<'_>, text: &str) -> Result<(), DbErr> {
    let sql = format!("INSERT INTO seen VALUES ({})", Dialect::Sqlite.text_literal(text));
    manager.get_connection().execute_unprepared(&sql).await.map(|_| ())
}

async fn act(ops: &[Op], manager: &SchemaManager<'_>, point: &str) -> Result<(), DbErr> {
    for op in ops {
        if !matches!(op, Op::Sleep(_)) && fault::strike(point).await {
            let end = match manager.get_database_backend() {
                DbBackend::MySql => Dialect::MySql.end_own_session(),
                _ => Dialect::Postgres.end_own_session(),
            };
            // It has no answer to give.
            let _ = manager.get_connection().execute_unprepared(end).await;
        }
        match op.clone() {
            Op::Sql(sql) => manager.get_connection().execute_unprepared(&sql).await.map(|_| ())?,
            Op::Try(sql) => drop(manager.get_connection().execute_unprepared(&sql).await),
            Op::Within(statements, commits) => {
                let transaction = manager.get_connection().begin().await?;
                for sql in statements {
                    transaction.execute_unprepared(&sql).await?;
                }
                if commits { transaction.commit().await? } else { transaction.rollback().await? }
            }
            Op::Seen(sql) => {
                let db = manager.get_connection();
                let rows = db.query_all_raw(Question::from_string(db.get_database_backend(), sql)).await?;
                for row in rows {
                    let text = row.try_get_by_index::<Option<String>>(0)?.unwrap_or_else(|| "nothing".to_owned());
                    note(manager, &text).await?;
                }
            }
            Op::Affected(sql) => {
                let done = manager.get_connection().execute_unprepared(&sql).await?;
                note(manager, &done.rows_affected().to_string()).await?;
            }
            Op::Ignore(sql) => {
                let outcome = manager.get_connection().execute_unprepared(&sql).await;
                note(manager, if outcome.is_ok() { "went well" } else { "failed" }).await?;
            }
            Op::Nested(sql) => {
                let transaction = manager.get_connection().begin().await?;
                manager.get_connection().execute_unprepared(&sql).await?;
                transaction.commit().await?;
            }
            Op::Sleep(millis) => tokio::time::sleep(std::time::Duration::from_millis(millis)).await,
            Op::Say(line) => println!("{line}"),
            Op::Fail(message) => return Err(DbErr::Custom(message.to_owned())),
            Op::Panic(message) => panic!("{message}"),
            Op::CreateTable(statement) => manager.create_table(statement).await?,
            Op::AlterTable(statement) => manager.alter_table(statement).await?,
            Op::RenameTable(statement) => manager.rename_table(statement).await?,
            Op::DropTable(statement) => manager.drop_table(statement).await?,
            Op::CreateIndex(statement) => manager.create_index(statement).await?,
            Op::DropIndex(statement) => manager.drop_index(statement).await?,
            Op::CreateForeignKey(statement) => manager.create_foreign_key(statement).await?,
            Op::DropForeignKey(statement) => manager.drop_foreign_key(statement).await?,
        }
    }
    Ok(())
}

thread_local! {
    static LIST: RefCell<Vec<Step>> = const { RefCell::new(Vec::new()) };
}

/// What [`Migrator`] has from now on, on this thread.
pub fn set(steps: &[Step]) {
    LIST.with(|list| *list.borrow_mut() = steps.to_vec());
}

fn boxed() -> Vec<Box<dyn MigrationTrait>> {
    let steps = LIST.with(|list| list.borrow().clone());
    let boxed = |step: Step| -> Box<dyn MigrationTrait> {
        if step.down.is_some() { Box::new(step) } else { Box::new(WithoutDown(step)) }
    };
    steps.into_iter().map(boxed).collect()
}

/// A project's `Migrator`.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        boxed()
    }
}

/// One with a ledger of another name.
pub struct OtherLedger;

impl MigratorTrait for OtherLedger {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        boxed()
    }

    fn migration_table_name() -> sea_orm_migration::sea_orm::DynIden {
        Alias::new("my \"ledger").into_iden()
    }
}

/// Runs actions with these steps: the engine's report, a line an event, and how it ended.
pub async fn run(session: &Session, steps: &[Step], actions: &[Action]) -> (Vec<String>, Result<(), Failure>) {
    run_with::<Migrator>(session, steps, actions).await
}

/// [`run`] with a Migrator of another type.
pub async fn run_with<M: MigratorTrait + 'static>(
    session: &Session,
    steps: &[Step],
    actions: &[Action],
) -> (Vec<String>, Result<(), Failure>) {
    run_locking::<M>(session, steps, actions, Locking::default()).await
}

/// [`run`] that waits so many seconds for what another session has locked.
pub async fn run_patiently(
    session: &Session,
    steps: &[Step],
    actions: &[Action],
    patience: u64,
) -> (Vec<String>, Result<(), Failure>) {
    run_as::<Migrator>(session, steps, actions, Locking::default(), patience).await
}

/// [`run_with`] that keeps others out in another way.
pub async fn run_locking<M: MigratorTrait + 'static>(
    session: &Session,
    steps: &[Step],
    actions: &[Action],
    locking: Locking,
) -> (Vec<String>, Result<(), Failure>) {
    run_as::<M>(session, steps, actions, locking, 5).await
}

/// What kit would ask for these steps.
pub fn request(steps: &[Step], actions: &[Action]) -> Request {
    let checksums = steps.iter().map(|step| (step.name.clone(), format!("sum of {}", step.name)));
    Request {
        protocol: PROTOCOL,
        kit: "0.0.test".to_owned(),
        url: String::new(),
        schema: None,
        secrets: Vec::new(),
        checksums: checksums.collect::<BTreeMap<_, _>>(),
        locking: Locking::default(),
        patience: 5,
        connections: 1,
        actions: actions.to_vec(),
    }
}

async fn run_as<M: MigratorTrait + 'static>(
    session: &Session,
    steps: &[Step],
    actions: &[Action],
    locking: Locking,
    patience: u64,
) -> (Vec<String>, Result<(), Failure>) {
    set(steps);
    let request = Request { locking, patience, ..request(steps, actions) };
    let mut lines = Vec::new();
    let mut note = |event: Event| {
        let way = |direction: Direction| match direction {
            Direction::Up => "up",
            Direction::Down => "down",
        };
        match event {
            Event::Planned { .. } | Event::Started { .. } => {}
            Event::Finished { direction, name, .. } => lines.push(format!("{} {name}", way(direction))),
            Event::Warned(warning) => lines.push(format!("{warning:?}")),
            Event::Wiped { objects } => lines.push(format!("wiped {objects}")),
            other => lines.push(format!("{other:?}")),
        }
    };
    let outcome = engine::run(&request, &Project::of::<M>(), session, &mut note).await;
    (lines, outcome)
}
