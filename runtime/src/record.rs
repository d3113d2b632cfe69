//! Records the statements of a migration while it runs, so that they are known after `kill -9`: each one is written by a
//! session of its own before it is sent. [`watch`] learns of them from SeaORM's tracing. It does not know what they do.
//!
//! Recording never makes a migration fail: without a second session, or if that is blocked, statements are kept in memory and
//! written by the migration's own session when it has failed.

#[cfg(feature = "record")]
mod watch;

use std::pin::Pin;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::connection::{Connection, Error};
use crate::statements::{self, MAX_BODY, Outcome, Recorded};

/// How long a migration waits until its statement is written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the end of a statement waits for the next one, so that both are written together.
const PAUSE: Duration = Duration::from_millis(20);

/// Records the statements of one migration at a time.
#[derive(Clone)]
pub(crate) struct Recorder {
    state: Arc<Mutex<State>>,
    /// Tells the writing thread of new rows; it acknowledges when they are written.
    pokes: Sender<Option<SyncSender<()>>>,
}

struct State {
    /// The migration.
    name: String,
    /// What must not be kept.
    secrets: Vec<String>,
    statements: Vec<Statement>,
    /// Steps of those that are to be written.
    unwritten: Vec<i64>,
    /// Whether a migration waits until its statements are written.
    waits: bool,
}

struct Statement {
    recorded: Recorded,
    /// It changes nothing: it is of interest only if it failed, or was the last one.
    reads: bool,
}

impl Recorder {
    /// Starts the thread that writes, if `connection` can open a second session.
    pub(crate) fn start<C: Connection>(connection: &C) -> Self {
        let (pokes, poked) = channel();
        let state = State {
            name: String::new(),
            secrets: Vec::new(),
            statements: Vec::new(),
            unwritten: Vec::new(),
            waits: false,
        };
        let recorder = Self { state: Arc::new(Mutex::new(state)), pokes };
        let Some(opening) = connection.another().filter(|_| cfg!(feature = "record")) else { return recorder };
        let state = recorder.state.clone();
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return recorder };
        let thread = std::thread::Builder::new().name("record".to_owned());
        let work = move || runtime.block_on(write_all(Box::pin(opening), &state, &poked));
        lock(&recorder.state).waits = thread.spawn(work).is_ok();
        recorder
    }

    /// Begins with a migration.
    pub(crate) fn begin(&self, name: &str, secrets: &[String]) {
        let mut state = lock(&self.state);
        (state.name, state.secrets) = (name.to_owned(), secrets.to_vec());
        state.statements.clear();
        state.unwritten.clear();
    }

    /// Runs `work` and records the statements that it sends through SeaORM.
    pub(crate) async fn watch<T>(&self, work: impl Future<Output = T>) -> T {
        #[cfg(feature = "record")]
        return watch::watch(self.clone(), work).await;
        #[cfg(not(feature = "record"))]
        work.await
    }

    /// Waits until everything is written that can be, and returns the statements of the migration; none of them is written
    /// afterwards.
    pub(crate) fn end(&self) -> Vec<Recorded> {
        self.flush();
        let mut state = lock(&self.state);
        state.unwritten.clear();
        let last = state.statements.len().saturating_sub(1);
        let of_interest = |(at, statement): (usize, &Statement)| {
            let kept = !statement.reads
                || statement.recorded.outcome == Outcome::Failed
                || at == last && statement.recorded.outcome == Outcome::Running;
            kept.then(|| statement.recorded.clone())
        };
        state.statements.iter().enumerate().filter_map(of_interest).collect()
    }

    /// A statement is about to be sent; returns its step.
    #[cfg_attr(not(feature = "record"), expect(dead_code, reason = "nothing is watched"))]
    fn sent(&self, body: &str, reads: bool) -> i64 {
        let (step, waits) = {
            let mut state = lock(&self.state);
            let step = i64::try_from(state.statements.len() + 1).unwrap_or(i64::MAX);
            let body = state.secrets.iter().fold(shortened(body), |text, secret| text.replace(secret, "***"));
            let recorded = Recorded { step, body, outcome: Outcome::Running, error: None };
            state.statements.push(Statement { recorded, reads });
            if !reads {
                state.unwritten.push(step);
            }
            (step, state.waits && !reads)
        };
        if waits && !self.flush() {
            // The second session is blocked, perhaps by this very migration.
            lock(&self.state).waits = false;
        }
        step
    }

    /// A statement has ended; `None` if its outcome is not known.
    #[cfg_attr(not(feature = "record"), expect(dead_code, reason = "nothing is watched"))]
    fn ended(&self, step: i64, outcome: Option<Result<(), String>>) {
        {
            let mut state = lock(&self.state);
            let State { statements, unwritten, secrets, .. } = &mut *state;
            let at = usize::try_from(step).ok().and_then(|step| step.checked_sub(1));
            let Some(statement) = at.and_then(|at| statements.get_mut(at)) else { return };
            let recorded = &mut statement.recorded;
            match outcome {
                Some(Ok(())) => recorded.outcome = Outcome::Done,
                // SeaORM 1.1 does not report it; the engine marks the one that made the migration fail.
                None if cfg!(feature = "sea-orm-1") => recorded.outcome = Outcome::Done,
                None => return,
                Some(Err(error)) => {
                    recorded.outcome = Outcome::Failed;
                    recorded.error = Some(secrets.iter().fold(error, |text, secret| text.replace(secret, "***")));
                }
            }
            if !statement.reads || recorded.outcome == Outcome::Failed {
                unwritten.push(step);
            }
        }
        // Without the thread there is no receiver.
        let _ = self.pokes.send(None);
    }

    /// Waits until all rows are written; returns whether that was in time.
    fn flush(&self) -> bool {
        let (done, waits) = sync_channel(1);
        self.pokes.send(Some(done)).is_ok() && waits.recv_timeout(WRITE_TIMEOUT).is_ok()
    }
}

/// A session that is not open yet.
type Opening<C> = Pin<Box<dyn Future<Output = Result<C, Error>> + Send>>;

/// Writes the unwritten rows at each request, until all senders are dropped.
async fn write_all<C: Connection>(
    mut opening: Opening<C>,
    state: &Mutex<State>,
    poked: &Receiver<Option<SyncSender<()>>>,
) {
    let mut session: Option<C> = None;
    while let Ok(poke) = poked.recv() {
        let mut waiting: Vec<SyncSender<()>> = poke.into_iter().collect();
        while waiting.is_empty() {
            match poked.recv_timeout(PAUSE) {
                Ok(poke) => waiting.extend(poke),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        if session.is_none() {
            session = match opening.as_mut().await {
                Ok(session) => Some(session),
                // Nothing can be written, and who waits is told so by the end of this thread.
                Err(_) => return,
            };
            if let Some(session) = &session {
                // Without it, it waits longer for what the migration has locked than the migration waits for it.
                let _ = session.execute(session.dialect().hurry(), &[]).await;
            }
        }
        let Some(writer) = &session else { return };
        write(writer, state).await;
        if !writer.dialect().keeps_writer_open() {
            let Some(next) = writer.another() else { return };
            opening = Box::pin(next);
            session = None;
        }
        for done in waiting {
            // Who waited has given up.
            let _ = done.send(());
        }
    }
}

/// Writes what is unwritten. If that fails, it is written with the next statement.
async fn write<C: Connection>(session: &C, state: &Mutex<State>) {
    let (name, rows) = {
        let mut state = lock(state);
        let mut steps = std::mem::take(&mut state.unwritten);
        steps.sort_unstable();
        steps.dedup();
        let of = |step: &i64| usize::try_from(*step).ok().and_then(|step| state.statements.get(step.checked_sub(1)?));
        let rows: Vec<Recorded> = steps.iter().filter_map(of).map(|statement| statement.recorded.clone()).collect();
        (state.name.clone(), rows)
    };
    let written = statements::write(session, &name, &rows).await.is_ok();
    let mut state = lock(state);
    // A migration that has locked the table does not wait for it again and again.
    state.waits = written;
    if !written && state.name == name {
        state.unwritten.extend(rows.iter().map(|row| row.step));
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shortened(body: &str) -> String {
    match body.len() > MAX_BODY {
        true => format!("{} …", &body[..body.floor_char_boundary(MAX_BODY)]),
        false => body.to_owned(),
    }
}
