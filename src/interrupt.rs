//! Hearing that somebody wants kit to end, for a command that has something to take away first. It does not know what.

/// Ears for what ends a program: Ctrl-C, and on Unix what a terminal or a supervisor sends. From the moment there are some,
/// none of that ends the process by itself.
pub struct Interrupt {
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
}

impl Interrupt {
    /// Begins to listen.
    #[cfg(unix)]
    pub fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Self { signals: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
    }

    /// Begins to listen.
    #[cfg(not(unix))]
    pub fn listen() -> Self {
        Self {}
    }

    /// Ends when one has come since the beginning.
    #[cfg(unix)]
    pub async fn heard(&mut self) {
        std::future::poll_fn(|context| {
            match self.signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready()) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
    }

    /// Ends when one has come since the beginning.
    #[cfg(not(unix))]
    pub async fn heard(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
