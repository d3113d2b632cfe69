//! Ends a run early and in order: [`Interrupt`] is the request to end, [`interruptible`] is how a migration or a seeder that
//! runs at that time ends. Signals reach it through [`Interrupt::of_signals`]; it does not know what a run does.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::connection::Connection;

/// The request to end a run: the number of the signal that was received, if any. Clones share it.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<watch::Sender<Option<u8>>>);

impl Default for Interrupt {
    /// Returns one that nothing requests by itself.
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

/// Signals that arrive within this time after the first are the same request: a terminal sends one to all processes of a
/// command, and kit forwards its own.
pub const SAME_REQUEST: Duration = Duration::from_secs(1);

/// How long a migration may go on by itself: most statements end sooner, and a migration that is complete needs no repair.
const SETTLE: Duration = Duration::from_millis(500);

/// How long a migration may take to end after its statement was cancelled, before it is dropped.
const GRACE: Duration = Duration::from_secs(5);

/// How often a statement is cancelled again: a migration may ignore the error of one and send the next.
const AGAIN: Duration = Duration::from_millis(200);

impl Interrupt {
    /// Returns one that SIGINT, SIGTERM and SIGHUP request from now on, instead of ending the process. A second signal ends
    /// the process. Without signals (Windows, or without the feature `drivers`) it is the default.
    pub fn of_signals() -> Self {
        let interrupt = Self::default();
        #[cfg(all(unix, feature = "drivers"))]
        interrupt.listen();
        interrupt
    }

    #[cfg(all(unix, feature = "drivers"))]
    fn listen(&self) {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        use signal_hook::iterator::Signals;
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
        let interrupt = self.clone();
        // A thread of its own: a migration may block the one that it runs in.
        std::thread::spawn(move || {
            let mut first = None;
            for signal in signals.forever() {
                let since = *first.get_or_insert_with(Instant::now);
                if interrupt.requested().is_none() {
                    interrupt.request(u8::try_from(signal).unwrap_or_default());
                } else if since.elapsed() > SAME_REQUEST {
                    // If that fails, the run still ends after its statement.
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
            }
        });
    }

    /// Requests the end, as `signal` does.
    pub fn request(&self, signal: u8) {
        self.0.send_if_modified(|value| value.is_none() && value.replace(signal).is_none());
    }

    /// Returns the signal, if the end was requested.
    pub fn requested(&self) -> Option<u8> {
        *self.0.borrow()
    }

    /// Waits until the end is requested; returns the signal.
    pub async fn wait(&self) -> u8 {
        let mut receiver = self.0.subscribe();
        match receiver.wait_for(Option::is_some).await.map(|signal| *signal) {
            Ok(Some(signal)) => signal,
            // The sender is `self`: it is never closed.
            _ => std::future::pending().await,
        }
    }

    /// Runs `work` to its end, or drops it when the end is requested, and returns the signal then.
    ///
    /// # Errors
    /// The signal.
    pub async fn or<T>(&self, work: impl Future<Output = T>) -> Result<T, u8> {
        match first(pin!(work), self.wait()).await {
            First::Work(value) => Ok(value),
            First::Other(signal) => Err(signal),
        }
    }
}

/// How [`interruptible`] ended.
#[derive(Debug)]
pub enum Ended<T> {
    /// By itself.
    Finished(T),
    /// By a signal. What it returned then, if it returned at all, is a consequence of that.
    Interrupted {
        /// The signal.
        signal: u8,
        /// What it returned.
        returned: Option<T>,
    },
}

/// Runs `work`, which uses `connection`. When the end is requested, it may go on for a moment; then its statement is
/// cancelled at the database, and if it still does not return, it is dropped.
pub async fn interruptible<C: Connection, T>(
    interrupt: &Interrupt,
    connection: &C,
    work: impl Future<Output = T>,
) -> Ended<T> {
    let mut work = Box::pin(work);
    let signal = match first(work.as_mut(), interrupt.wait()).await {
        First::Work(value) => return Ended::Finished(value),
        First::Other(signal) => signal,
    };
    if let First::Work(value) = first(work.as_mut(), tokio::time::sleep(SETTLE)).await {
        return Ended::Finished(value);
    }
    if !connection.cancel().await {
        // Dropped, its session would not be free before the statement ended either.
        return Ended::Finished(work.await);
    }
    let clock = Instant::now();
    let mut returned = None;
    while returned.is_none() && clock.elapsed() < GRACE {
        match first(work.as_mut(), tokio::time::sleep(AGAIN)).await {
            First::Work(value) => returned = Some(value),
            First::Other(()) => {
                connection.cancel().await;
            }
        }
    }
    drop(work);
    connection.end_cancel().await;
    Ended::Interrupted { signal, returned }
}

enum First<T, O> {
    Work(T),
    Other(O),
}

/// Polls both, `work` first, until one of them ends.
async fn first<T, O>(mut work: Pin<&mut impl Future<Output = T>>, other: impl Future<Output = O>) -> First<T, O> {
    let mut other = pin!(other);
    std::future::poll_fn(move |context| {
        if let std::task::Poll::Ready(value) = work.as_mut().poll(context) {
            return std::task::Poll::Ready(First::Work(value));
        }
        other.as_mut().poll(context).map(First::Other)
    })
    .await
}
