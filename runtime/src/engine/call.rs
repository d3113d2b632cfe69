//! Calls a migration's own code, which may fail in any way: it returns an error, panics, or has no `down`. Passwords are
//! removed from the message. Some causes are known only by the message of SeaORM or sea-query: `tests/engine/upstream.rs`
//! provokes each of them.

use std::cell::RefCell;
use std::fmt;
use std::panic::AssertUnwindSafe;

use crate::connection::{Connection, Error, Migrations, Trouble};
use crate::wire::{Cause, Direction};
use crate::words::signal_name;

/// How a migration's own code failed.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub cause: Cause,
    pub message: String,
    pub trouble: Trouble,
    /// The signal that ended it.
    pub signal: Option<u8>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let cause = error.reason.map_or(Cause::Error, Cause::Refused);
        Self { cause, message: error.message, trouble: error.trouble, signal: None }
    }
}

impl Refusal {
    /// What kit itself has to object.
    pub(crate) fn new(message: String) -> Self {
        Error::new(message).into()
    }

    /// A migration that `signal` ended; `returned` is what it returned then, if it did.
    pub(crate) fn interrupted(signal: u8, returned: Option<Result<(), Self>>) -> Self {
        let trouble = match returned {
            Some(Err(refusal)) if refusal.trouble == Trouble::Lost => Trouble::Lost,
            _ => Trouble::Lasting,
        };
        Self { trouble, signal: Some(signal), ..Self::new(format!("interrupted by {}", signal_name(signal))) }
    }
}

/// Runs the migration at `index`; `secrets` are taken out of what it says.
pub(crate) async fn call<C: Connection, M: Migrations<C>>(
    migrations: &M,
    direction: Direction,
    index: usize,
    connection: &C,
    secrets: &[String],
) -> Result<(), Refusal> {
    let outcome = match direction {
        Direction::Up => catch(migrations.up(index, connection)).await,
        Direction::Down => catch(migrations.down(index, connection)).await,
    };
    // The side table keeps what is said here, for everybody to read.
    let without_secrets = |text: String| secrets.iter().fold(text, |text, secret| text.replace(secret, "***"));
    let (cause, message, trouble) = match outcome {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) if error.message.contains(IRREVERSIBLE) => (Cause::Irreversible, error.message, error.trouble),
        Ok(Err(error)) if error.message.contains(STARVED) => (Cause::Starved, error.message, error.trouble),
        Ok(Err(error)) if error.trouble == Trouble::InTransaction => {
            (Cause::InTransaction, error.message, error.trouble)
        }
        Ok(Err(error)) => (error.reason.map_or(Cause::Error, Cause::Refused), error.message, error.trouble),
        Err(panic) if is_unsupported(&panic.message) => (Cause::Unsupported, panic.to_string(), Trouble::Lasting),
        Err(panic) => (Cause::Panic, panic.to_string(), Trouble::Lasting),
    };
    Err(Refusal { cause, message: without_secrets(message), trouble, signal: None })
}

/// What SeaORM's default `down` returns.
const IRREVERSIBLE: &str = "We Don't Do That Here";

/// What SeaORM says when a pool has no connection to give.
const STARVED: &str = "Connection pool timed out";

/// Whether a panic is that of a sea-query builder for a statement or a type that the database does not have.
fn is_unsupported(message: &str) -> bool {
    let text = message.to_lowercase();
    if text.contains("doesn't support auto increment") {
        return true;
    }
    let phrases = ["not support", "unsupported", "doesn't support", "only supports", "not available in"];
    let names_a_database = ["sqlite", "mysql", "postgres"].iter().any(|name| text.contains(name));
    names_a_database && phrases.iter().any(|phrase| text.contains(phrase))
}

/// A panic that was caught.
#[derive(Clone, Debug)]
pub(crate) struct Panic {
    message: String,
    /// File and line, if the hook of [`quiet_panics`] has seen it.
    place: Option<String>,
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{} ({place})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

thread_local! {
    /// The last panic of this thread. The hook runs in the thread that panics, and so does whoever catches the panic:
    /// runs in several threads do not see each other's.
    static PANIC: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Installs a panic hook that prints nothing and keeps message and place for [`catch`]; for programs that only run
/// migrations.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|place| format!("{}:{}", place.file(), place.line()));
        PANIC.set(Some(Panic { message: payload(info.payload()), place }));
    }));
}

/// Polls a future to its end and catches a panic in it.
///
/// # Errors
/// The panic.
pub(crate) async fn catch<T>(future: impl Future<Output = T>) -> Result<T, Panic> {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        // A panic that the future itself has caught is not the one that ends it.
        PANIC.take();
        match std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => {
                let unseen = || Panic { message: payload(panic.as_ref()), place: None };
                std::task::Poll::Ready(Err(PANIC.take().unwrap_or_else(unseen)))
            }
        }
    })
    .await
}

fn payload(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
