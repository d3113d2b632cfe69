//! The session's settings, as a migration found them and as it left them. What it changed is put back, so that the next
//! migration, and kit's own rows, do not depend on it.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::connection::{Connection, Error, Row, Sessions};

/// Settings as they were.
#[derive(Debug)]
pub(super) struct Settings(Vec<Row>);

impl Settings {
    pub(super) async fn read<C: Connection>(connection: &C) -> Result<Self, Error> {
        Ok(Self(now(connection).await?))
    }

    /// The value of one of them.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let row = self.0.iter().find(|row| row.first().and_then(Option::as_deref) == Some(name))?;
        row.get(1)?.as_deref()
    }

    /// Puts back what is different now, and says what that was.
    pub(super) async fn restore<C: Connection>(&self, connection: &C) -> Result<Vec<String>, Error> {
        let dialect = connection.dialect();
        let mut changed = Vec::new();
        for row in now(connection).await? {
            let [Some(name), now] = row.as_slice() else { continue };
            if let Some(before) = self.get(name)
                && now.as_deref() != Some(before)
            {
                connection.execute(&dialect.restore(name, before), &[]).await?;
                changed.push(name.clone());
            }
        }
        Ok(changed)
    }
}

async fn now<C: Connection>(connection: &C) -> Result<Vec<Row>, Error> {
    if connection.sessions() == Sessions::Lent {
        // Settings go with the session, and that is another one each time.
        return Ok(Vec::new());
    }
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    let sql = connection.dialect().settings(SERIAL.fetch_add(1, Ordering::Relaxed));
    connection.query(&sql, &[]).await
}

/// Whether a transaction is open in the session.
pub(super) async fn is_open<C: Connection>(connection: &C) -> bool {
    let probe = connection.dialect().probe();
    for sql in probe.statements {
        if connection.execute(sql, &[]).await.is_err() {
            return !probe.open_if_all_pass;
        }
    }
    probe.open_if_all_pass
}
