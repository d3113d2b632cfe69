//! What stands between a migration's statements and a lock that is gone. It keeps the question whose answer says that
//! the lock is still there, and whether it was ever no. Who asks, and when, is the driver's business. It also keeps which
//! sessions there are, so that their statements can be cancelled.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Shared by all of a session's pools.
#[derive(Clone, Debug, Default)]
pub struct Guard(Arc<State>);

#[derive(Debug, Default)]
struct State {
    on: AtomicBool,
    lost: AtomicBool,
    question: Mutex<Option<String>>,
    /// Numbers of the server's sessions.
    sessions: Mutex<Vec<u64>>,
    /// Statements are to end; asked for while one runs, where the database is in this process.
    cancels: AtomicBool,
}

#[cfg_attr(not(feature = "drivers"), allow(dead_code, reason = "nobody asks where pools have no guard"))]
impl Guard {
    /// From now on a connection that died is not replaced, and `question` has to be answered with `1` before each
    /// statement outside of a transaction.
    pub fn begin(&self, question: Option<String>) {
        self.set(question);
        self.0.lost.store(false, Ordering::SeqCst);
        self.0.on.store(true, Ordering::SeqCst);
    }

    pub fn end(&self) {
        self.0.on.store(false, Ordering::SeqCst);
        self.set(None);
    }

    pub fn is_on(&self) -> bool {
        self.0.on.load(Ordering::SeqCst)
    }

    pub fn question(&self) -> Option<String> {
        self.0.question.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn lose(&self) {
        self.0.lost.store(true, Ordering::SeqCst);
    }

    pub fn is_lost(&self) -> bool {
        self.0.lost.load(Ordering::SeqCst)
    }

    pub fn add_session(&self, number: u64) {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner).push(number);
    }

    pub fn sessions(&self) -> Vec<u64> {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_cancel(&self, on: bool) {
        self.0.cancels.store(on, Ordering::SeqCst);
    }

    pub fn cancels(&self) -> bool {
        self.0.cancels.load(Ordering::SeqCst)
    }

    fn set(&self, question: Option<String>) {
        *self.0.question.lock().unwrap_or_else(PoisonError::into_inner) = question;
    }
}
