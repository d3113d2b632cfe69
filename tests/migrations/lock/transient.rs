//! What the lock itself writes is tried again after an error that the server calls transient, whatever its text.

use std::time::Duration;

use kit_runtime::connection::{Connection, Trouble};
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::LEDGER;
use kit_runtime::lock;
use kit_runtime::sea_orm::{Session, Settings};
use kit_runtime::wire::{LockKind, Locking};

use crate::support::database::Database;

#[tokio::test]
async fn a_lock_that_is_not_given_in_time_is_waited_for_again() {
    for database in [Database::postgres().await, Database::mysql().await] {
        let session = Session::connect(Settings::new(database.url().to_owned())).await.unwrap();
        let lease = Locking { kind: Some(LockKind::Lease), ..Locking::default() };
        let held = lock::acquire(&session, LEDGER, &lease, &mut |_| ()).await.unwrap();
        // The shortest wait that each server knows, and another session that has the row for longer.
        let (patience, millis) = match database.dialect {
            Dialect::MySql => ("SET SESSION innodb_lock_wait_timeout = 1", 1_600),
            _ => ("SET lock_timeout = '200ms'", 350),
        };
        session.execute(patience, &[]).await.unwrap();
        let row = "SELECT CAST(id AS CHAR(1)) FROM kit_lock WHERE id = 2 FOR UPDATE";
        let other = database.session().await;
        other.execute("BEGIN", &[]).await.unwrap();
        other.query(row, &[]).await.unwrap();
        // The server's own error, as the driver reports it.
        let refused = session.execute("UPDATE kit_lock SET fence = fence WHERE id = 2", &[]).await.unwrap_err();
        assert_eq!(refused.trouble, Trouble::Passing, "{:?}: {refused}", database.dialect);
        let ends = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            other.execute("COMMIT", &[]).await.unwrap();
        });
        let wrote = held.write(&session, async |on| on.execute("CREATE TABLE written (n int)", &[]).await).await;
        ends.await.unwrap();
        assert_eq!(wrote, Ok(()), "{:?}", database.dialect);
        assert!(database.has_table("written").await);
        held.release(&session).await.unwrap();
    }
}
