//! Waiting for a server that does not accept connections yet: a container that starts beside the deploy, a restart, a
//! failover. It returns once the server answers, and does not look at the database itself.

use std::time::{Duration, Instant};

use super::Target;
use crate::error::{Error, Result};

/// The first pause between two attempts. Each pause is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(2);

impl Target {
    /// Waits until the server accepts connections, at most `limit`; `tell` gets each error that kit waits on. A database that
    /// does not exist, and a database that is a file, end the wait at once.
    ///
    /// # Errors
    /// [`Error::Connect`] after `limit`, and at once for an error that waiting does not cure, such as a wrong password.
    pub async fn wait(&self, limit: Duration, mut tell: impl FnMut(&Error)) -> Result<()> {
        let (start, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            let error = match self.connect().await {
                Ok(_) | Err(Error::NoDatabase { .. }) => return Ok(()),
                Err(error) => error,
            };
            let Error::Connect { reason: Some(reason), .. } = &error else { return Err(error) };
            if !reason.is_transient() {
                return Err(error);
            }
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() {
                let Error::Connect { database, message, reason, origin } = error else { return Err(error) };
                let message = format!("{message}, after {} seconds of waiting", limit.as_secs());
                return Err(Error::Connect { database, message, reason, origin });
            }
            tell(&error);
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }
}
