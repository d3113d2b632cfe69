//! A program of seeders: answers kit on standard input and output by running one of them, under the database's lock and in one
//! transaction. It owns the order of that, and returns a failure with the name of the seeder that said no.

use std::pin::Pin;
use std::process::ExitCode;

use sea_orm_migration::sea_orm::DbErr;

use super::{Seeder, Seeds};
use crate::connection::{Connection, Sessions};
use crate::engine::call;
use crate::interrupt::{Ended, Interrupt, interruptible};
use crate::lock;
use crate::sea_orm::{Session, connect};
use crate::serve::{block_on, interrupted, serve_with};
use crate::wire::{Action, Cause, Event, Failure, Request, Seed, Stopped};

/// A seeder that can be asked for by name.
pub struct Entry {
    name: String,
    run: Run,
}

type Run = Box<dyn for<'s, 'c> Fn(&'s Seeds<'c>) -> Pin<Box<dyn Future<Output = Result<(), DbErr>> + 's>>>;

impl Entry {
    /// One whose type's name, without modules, is its own.
    pub fn new<S: Seeder + 'static>(make: fn() -> S) -> Self {
        Self { name: super::name_of::<S>(), run: Box::new(move |seeds| Box::pin(seeds.call(make()))) }
    }
}

/// The whole of such a program: runs the one of `seeders` that kit asks for. Kit generates it for a project that has
/// `database/seeders/mod.rs`; one that kit cannot reach starts its own, as `[seeder] command` in `kit.toml`:
///
/// ```no_run
/// # use kit_runtime::seeding::prelude::*;
/// # struct DatabaseSeeder;
/// # impl Seeder for DatabaseSeeder {
/// #     async fn run(&self, _: &Seeds<'_>) -> Result<(), DbErr> { Ok(()) }
/// # }
/// use kit_runtime::seeding;
///
/// fn main() -> std::process::ExitCode {
///     seeding::main(&[seeding::Entry::new(|| DatabaseSeeder)])
/// }
/// ```
pub fn main(seeders: &[Entry]) -> ExitCode {
    serve_with(|request, on_event| {
        let [Action::Seed(seed)] = request.actions.as_slice() else {
            let message = "this program has seeders and no migrations".to_owned();
            return Err(Failure::Request { message });
        };
        let known = seeders.iter().find(|entry| entry.name == seed.class);
        let entry = known.ok_or_else(|| Failure::NoSeeder { name: seed.class.clone() })?;
        let interrupt = Interrupt::of_signals();
        block_on(async {
            let session = interrupt.or(connect(request.clone())).await.map_err(interrupted)??;
            let mut told = |event| on_event(event);
            let locking = lock::acquire(&session, &seed.ledger, &request.locking, &mut told);
            let mut lock = interrupt.or(locking).await.map_err(interrupted)??;
            lock.announce(&session).await;
            let outcome = run(entry, seed, &request, &session, &lock, on_event, &interrupt).await;
            let released = lock.release(&session).await;
            // The first failure is the one to report.
            outcome.and(released)?;
            interrupt.requested().map_or(Ok(()), |signal| Err(interrupted(signal)))
        })
    })
}

async fn run(
    entry: &Entry,
    seed: &Seed,
    request: &Request,
    session: &Session,
    lock: &lock::Lock,
    on_event: &mut (dyn FnMut(Event) + Send),
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let database = |error: crate::connection::Error| Failure::Database { message: error.message, reason: error.reason };
    if session.sessions() != Sessions::Lent {
        for sql in session.dialect().prepare_session(request.patience) {
            session.execute(&sql, &[]).await.map_err(database)?;
        }
    }
    let transaction = session.begin().await.map_err(database)?;
    let outcome = {
        let seeds = Seeds::telling(transaction.executor(), seed.number, on_event);
        let culprit = || seeds.culprit().unwrap_or_else(|| entry.name.clone());
        match interruptible(interrupt, &transaction, call::catch((entry.run)(&seeds))).await {
            Ended::Finished(Ok(Ok(()))) => None,
            Ended::Finished(Ok(Err(error))) => {
                Some((culprit(), Err((Cause::Error, crate::sea_orm::explained(&error)))))
            }
            Ended::Finished(Err(panic)) => Some((culprit(), Err((Cause::Panic, panic.to_string())))),
            Ended::Interrupted { signal, .. } => Some((entry.name.clone(), Ok(signal))),
        }
    };
    if let Some((name, end)) = outcome {
        let taken_back = transaction.rollback().await.is_ok();
        let rolled_back = taken_back && keeps_nothing(session).await;
        let (cause, message) = match end {
            Ok(signal) => {
                let stopped = Some(Stopped { name, direction: None, rolled_back });
                return Err(Failure::Interrupted { signal, stopped });
            }
            Err(end) => end,
        };
        let message = request.secrets.iter().fold(message, |text, secret| text.replace(secret, "***"));
        return Err(Failure::Seeder { name, cause, message, rolled_back });
    }
    lock.fence(&transaction).await?;
    transaction.commit().await.map_err(database)
}

/// Whether all tables take back what a transaction did that did not come to its end.
async fn keeps_nothing(session: &Session) -> bool {
    match session.dialect().keeps_rows() {
        None => true,
        Some(sql) => session.query(sql, &[]).await.is_ok_and(|tables| tables.is_empty()),
    }
}
