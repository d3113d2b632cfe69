//! Receiving the signals that end a program, for a command that has something to end first. It does not know what.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Once};

/// Receives SIGINT (Ctrl-C), SIGTERM and SIGHUP: while one of these is alive, no signal ends the process by itself.
pub struct Interrupt {
    #[cfg(unix)]
    signals: Vec<(u8, tokio::signal::unix::Signal)>,
}

/// Signals end the process: nothing has to be ended first.
static UNHEARD: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));

/// How many [`Interrupt`]s are alive.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

/// The signals, with their numbers.
#[cfg(unix)]
const SIGNALS: [u8; 3] = [1, 2, 15];

impl Interrupt {
    /// Starts to receive.
    #[cfg(unix)]
    pub fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        restore_default();
        ALIVE.fetch_add(1, Ordering::SeqCst);
        UNHEARD.store(false, Ordering::SeqCst);
        let opened = |number: u8| Some((number, signal(SignalKind::from_raw(i32::from(number))).ok()?));
        Self { signals: SIGNALS.into_iter().filter_map(opened).collect() }
    }

    /// Starts to receive.
    #[cfg(not(unix))]
    pub fn listen() -> Self {
        ALIVE.fetch_add(1, Ordering::SeqCst);
        Self {}
    }

    /// Waits for a signal; returns its number.
    #[cfg(unix)]
    pub async fn heard(&mut self) -> u8 {
        std::future::poll_fn(|context| {
            let received = self.signals.iter_mut().find_map(|(number, signal)| {
                let received = signal.poll_recv(context).is_ready();
                received.then_some(*number)
            });
            received.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
        })
        .await
    }

    /// Waits for a signal; returns its number.
    #[cfg(not(unix))]
    pub async fn heard(&mut self) -> u8 {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        2
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        if ALIVE.fetch_sub(1, Ordering::SeqCst) == 1 {
            UNHEARD.store(true, Ordering::SeqCst);
        }
    }
}

/// Registers, once, that a signal which no [`Interrupt`] receives ends the process: a handler that was installed stays for as
/// long as the process lives.
#[cfg(unix)]
fn restore_default() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        for number in SIGNALS {
            // If that fails, kit ignores the signal between two runs.
            let _ = signal_hook::flag::register_conditional_default(i32::from(number), UNHEARD.clone());
        }
    });
}
