//! Who is at work on the database now, and what one that was killed has left of its lock.

use std::path::Path;
use std::time::{Duration, Instant};

use kit_runtime::ledger::LEDGER;
use kit_runtime::lock::{self, Presence};
use kit_runtime::sea_orm::Session;

use super::{Finding, connection};
use crate::database::Target;
use crate::error::{Advice, holder_text};
use crate::project::source::Sources;

const NAME: &str = "lock";

/// Somebody who lives gives a sign of it within this time.
const SIGN: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(200);

/// Who is at work: their migrations may well be on their way.
pub async fn look(target: &Target, session: &Session, sources: &Sources, findings: &mut Vec<Finding>) -> bool {
    if let Some(file) = target.file() {
        let (finding, at_work) = of_file(&file);
        findings.push(finding);
        return at_work;
    }
    let table = sources.ledger_table.as_deref().unwrap_or(LEDGER);
    let outcome = async {
        let Some(presence) = lock::look(session, table).await? else {
            return Ok((lock::leftover(session).await?.map_or_else(free, |holder| left(&holder)), false));
        };
        let lives = presence.session.is_some() || gives_a_sign(session).await?;
        Ok((held(&presence, lives), lives))
    };
    let (finding, at_work) = outcome.await.unwrap_or_else(|error| (connection::failed(NAME, target, &error), false));
    findings.push(finding);
    at_work
}

/// Whether a run that is alive holds the lock. Takes and writes nothing.
pub async fn at_work(target: &Target, session: &Session, sources: &Sources) -> bool {
    look(target, session, sources, &mut Vec::new()).await
}

fn of_file(file: &Path) -> (Finding, bool) {
    // A run goes by the name that links lead to.
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let Some(holder) = lock::look_at_file(&file) else { return (free(), false) };
    match lock::is_alive(&holder) {
        Some(false) => (left(&holder), false),
        _ => {
            let found = format!("held by {}", holder_text(Some(&holder)));
            (Finding::warn(NAME, found, Advice::EndProcess { pid: holder.pid, host: holder.host }), true)
        }
    }
}

fn free() -> Finding {
    Finding::ok(NAME, "free")
}

fn left(holder: &kit_runtime::wire::Holder) -> Finding {
    let found = format!("free, {} was killed while it had it", holder_text(Some(holder)));
    Finding::warn(NAME, found, Advice::Killed)
}

fn held(presence: &Presence, lives: bool) -> Finding {
    let who = holder_text(presence.holder.as_ref());
    match (presence.session, lives) {
        (Some(_), _) => Finding::warn(NAME, format!("held by {who}"), Advice::Unlock),
        (None, true) => Finding::warn(NAME, format!("a lease of {who}"), Advice::WaitForLease),
        (None, false) => {
            let found = format!("a lease of {who}, without a sign of life for {} s", SIGN.as_secs());
            Finding::warn(NAME, found, Advice::TakeLease)
        }
    }
}

async fn gives_a_sign(session: &Session) -> std::result::Result<bool, kit_runtime::connection::Error> {
    let begun = Instant::now();
    let before = lock::signs(session).await?;
    while begun.elapsed() < SIGN {
        tokio::time::sleep(PAUSE).await;
        if lock::signs(session).await? != before {
            return Ok(true);
        }
    }
    Ok(false)
}
