//! One migration at a time, as a closure, through the engine: what it is run with, and how it ended.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use kit_runtime::engine;
use kit_runtime::sea_orm::{Project, Session};
use kit_runtime::wire::{Action, Cause, Failure, Locking, PROTOCOL, Request, Up};
use sea_orm_migration::prelude::*;

pub type Doing<'a> = Pin<Box<dyn Future<Output = Result<(), DbErr>> + Send + 'a>>;
pub type Act = Arc<dyn for<'a> Fn(&'a SchemaManager<'a>) -> Doing<'a> + Send + Sync>;

/// A closure's body as what a migration does, with clones of what it takes along.
macro_rules! step {
    ($([$($taken:ident),+])? |$m:ident| $body:expr) => {
        $crate::schema_helpers::run::act(move |$m| {
            $($(let $taken = $taken.clone();)+)?
            Box::pin(async move { $body })
        })
    };
}
pub(crate) use step;

/// See [`step`].
pub fn act(act: impl for<'a> Fn(&'a SchemaManager<'a>) -> Doing<'a> + Send + Sync + 'static) -> Act {
    Arc::new(act)
}

thread_local! {
    static NEXT: RefCell<Option<(usize, Act, Option<bool>)>> = const { RefCell::new(None) };
    static ALL: RefCell<usize> = const { RefCell::new(0) };
}

struct One(String, Act, Option<bool>);

impl MigrationName for One {
    fn name(&self) -> &str {
        &self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for One {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        (self.1)(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        self.2
    }
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let next = NEXT.with(|next| next.borrow().clone());
        next.into_iter()
            .map(|(number, act, transaction)| {
                Box::new(One(format!("m{number:05}"), act, transaction)) as Box<dyn MigrationTrait>
            })
            .collect()
    }
}

/// Runs it as the next migration.
pub async fn run(session: &Session, act: Act, transaction: Option<bool>) -> Result<(), Failure> {
    let number = ALL.with(|all| all.replace_with(|all| *all + 1));
    NEXT.with(|next| *next.borrow_mut() = Some((number, act, transaction)));
    let request = Request {
        protocol: PROTOCOL,
        kit: "0.0.test".to_owned(),
        url: String::new(),
        schema: None,
        secrets: Vec::new(),
        checksums: BTreeMap::new(),
        locking: Locking::default(),
        patience: 5,
        connections: 1,
        actions: vec![Action::Up(Up::default())],
    };
    engine::run(&request, &Project::of::<Migrator>(), session, &mut |_| ()).await
}

/// It goes well.
#[track_caller]
pub fn up(session: &Session, act: Act) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move { run(session, act, None).await.unwrap_or_else(|error| panic!("{place}: {error}")) }
}

/// The error of a step that fails. The journal forgets the step, so that the next one can run.
pub async fn fails(session: &Session, act: Act) -> String {
    use kit_runtime::connection::Connection;
    let failure = run(session, act, None).await.unwrap_err();
    session.execute("DELETE FROM kit_migrations WHERE state <> 'applied'", &[]).await.unwrap();
    match failure {
        Failure::Migration { cause: Cause::Error, message, .. } => message,
        other => panic!("{other:?}"),
    }
}
