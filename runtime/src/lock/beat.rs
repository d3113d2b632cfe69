//! The signs of life of whoever has a lease, from a thread and a session of their own. It says when the lease turned out
//! to be somebody else's, and knows nothing else of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::lease::{owns, sign};
use crate::connection::{Connection, Error};

/// The thread. It ends with this value.
#[derive(Debug)]
pub struct Beat {
    orders: Option<Sender<i64>>,
    lost: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Beat {
    /// Opens the session, and waits with it for [`Beat::begin`].
    ///
    /// # Errors
    /// What the driver said.
    pub fn open<C: Connection>(connection: &C, owner: &str, every: Duration) -> Result<Self, Error> {
        let Some(another) = connection.another() else {
            return Err(Error::new("a lease needs a second session, and this one cannot be opened again"));
        };
        let (orders, received) = channel();
        let (ready, opened) = channel();
        let lost = Arc::new(AtomicBool::new(false));
        let (owner, gone) = (owner.to_owned(), Arc::clone(&lost));
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let opened = runtime.map_err(|error| Error::new(error.to_string())).and_then(|runtime| {
                let session = runtime.block_on(another)?;
                Ok((runtime, session))
            });
            match opened {
                Ok((runtime, session)) => {
                    // Nobody listens who does not go on.
                    let _ = ready.send(Ok(()));
                    beat(&runtime, &session, &owner, every, &received, &gone);
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                }
            }
        };
        let thread = std::thread::Builder::new().name("beat".to_owned()).spawn(work);
        let thread = thread.map_err(|error| Error::new(error.to_string()))?;
        let beat = Self { orders: Some(orders), lost, thread: Some(thread) };
        match opened.recv() {
            Ok(Ok(())) => Ok(beat),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(Error::new("the thread for the signs of life has ended")),
        }
    }

    /// From now on there are signs of life for the lease with this token.
    pub fn begin(&self, token: i64) {
        if let Some(orders) = &self.orders
            && orders.send(token).is_err()
        {
            self.lost.store(true, Ordering::SeqCst);
        }
    }

    /// The lease turned out to be somebody else's.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// Ends the thread.
    pub fn end(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has ended, too.
            let _ = thread.join();
        }
    }
}

fn beat<C: Connection>(
    runtime: &tokio::runtime::Runtime,
    session: &C,
    owner: &str,
    every: Duration,
    orders: &Receiver<i64>,
    lost: &AtomicBool,
) {
    let Ok(token) = orders.recv() else { return };
    loop {
        let owned = runtime.block_on(async {
            sign(session, owner).await?;
            owns(session, owner, token).await
        });
        // An error says nothing: the database may be busy with something that everybody waits for.
        if owned == Ok(false) {
            lost.store(true, Ordering::SeqCst);
            return;
        }
        if !matches!(orders.recv_timeout(every), Err(RecvTimeoutError::Timeout)) {
            return;
        }
    }
}
