//! Calling a migration's own code, which may fail in any way: it returns an error, panics, or has no `down`. What it says
//! is kept without passwords.

use std::panic::AssertUnwindSafe;
use std::sync::Mutex;

use crate::connection::{Connection, Error, Migrations, Trouble};
use crate::wire::{Cause, Direction};

/// How a migration's own code failed.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub cause: Cause,
    pub message: String,
    pub trouble: Trouble,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { cause: Cause::Error, message: error.message, trouble: error.trouble }
    }
}

impl Refusal {
    /// What kit itself has to object.
    pub(crate) fn new(message: String) -> Self {
        Error::new(message).into()
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
        Ok(Err(error)) => (Cause::Error, error.message, error.trouble),
        Err(panic) if unsupported(&panic) => (Cause::Unsupported, panic, Trouble::Lasting),
        Err(panic) => (Cause::Panic, panic, Trouble::Lasting),
    };
    Err(Refusal { cause, message: without_secrets(message), trouble })
}

/// What SeaORM's default `down` returns.
const IRREVERSIBLE: &str = "We Don't Do That Here";

/// What SeaORM says when a pool has no connection to give.
const STARVED: &str = "Connection pool timed out";

/// What sea-query's builders say, in a panic, of a statement that the database does not have.
fn unsupported(panic: &str) -> bool {
    let text = panic.to_lowercase();
    let says_so = ["not support", "unsupported", "doesn't support", "only supports", "multiple alter"]
        .iter()
        .any(|phrase| text.contains(phrase));
    says_so && (text.contains("sqlite") || text.contains("mysql") || text.contains("postgres"))
}

static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Makes panics of migrations quiet and remembers where they happened; for programs that only run migrations.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let message = payload(info.payload());
        let text = match info.location() {
            Some(place) => format!("{message} ({}:{})", place.file(), place.line()),
            None => message,
        };
        *PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(text);
    }));
}

/// Polls a future to its end; a panic in it is an `Err` with its text.
pub(crate) async fn catch<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => {
                let noted = PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
                std::task::Poll::Ready(Err(noted.unwrap_or_else(|| payload(panic.as_ref()))))
            }
        }
    })
    .await
}

fn payload(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
