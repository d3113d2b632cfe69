//! The database's URL, the way to it, and what the server is: version, whether it takes writes, whose its sessions are,
//! encryption, clock, encoding.

use std::time::{Duration, Instant};

use kit_runtime::connection::Connection;
use kit_runtime::lock;
use kit_runtime::sea_orm::Session;
use kit_runtime::wire::Failure;

use super::toolchain::numbers;
use super::{Finding, Place, dialect};
use crate::database::Target;
use crate::error::{Advice, Error};
use crate::project::Project;

/// How long a server may take to let kit in.
const PATIENCE: Duration = Duration::from_secs(5);

/// Clocks that are further apart than this give wrong times in the ledger.
const APART: i64 = 5_000;

/// Times that a pooler in a crowd may by chance lend each of two the session that it had before.
const ROUNDS: usize = 6;

const TLS: &str = "tls";

/// Looks at the URL, then connects. `None` if nothing more can be asked.
pub async fn connect(
    place: &Place<'_>,
    project: &Project,
    target: &Target,
    findings: &mut Vec<Finding>,
) -> Option<Session> {
    const NAME: &str = "connection";
    findings.push(Finding::ok("database", format!("{} ({})", target.redacted(), target.origin)));
    if target.shows_password() {
        let found = "every user of this machine can read it in --database";
        findings.push(Finding::warn("password", found, Advice::HidePassword));
    } else if target.keeps_password(&project.settings) {
        findings.push(Finding::warn("password", "it stands in kit.toml", Advice::MovePassword));
    }
    if let Err(error) = target.insist_on_encryption(place.env("KIT_REQUIRE_TLS").as_deref()) {
        findings.push(Finding::failed(TLS, &error, Advice::Url));
        return None;
    }
    let mut patient = target.clone();
    patient.patience = Some(PATIENCE);
    let begun = Instant::now();
    let refused = match patient.connect().await {
        Ok(session) => {
            findings.push(Finding::ok(NAME, format!("{} ms", begun.elapsed().as_millis())));
            return Some(session);
        }
        Err(error @ Error::NoDatabase { .. }) => {
            let advice = Advice::of(&error).unwrap_or(Advice::Url);
            Finding::warn(NAME, error.to_string(), advice)
        }
        Err(error @ Error::Connect { .. }) => {
            let advice = Advice::of(&error).unwrap_or(Advice::Url);
            let Error::Connect { message, .. } = error else { return None };
            Finding::fail(NAME, message, advice)
        }
        Err(error) => Finding::failed(NAME, &error, Advice::Url),
    };
    findings.push(refused);
    if target.may_be_overheard() {
        findings.push(Finding::warn(
            TLS,
            "the URL does not ask for it",
            Advice::Encrypt { parameter: target.tls_parameter() },
        ));
    }
    None
}

/// Looks at the server, and returns the session for all further questions. `None` if it answers none.
pub async fn look(
    place: &Place<'_>,
    target: &Target,
    mut session: Session,
    findings: &mut Vec<Finding>,
) -> Option<Session> {
    let dialect = session.dialect();
    let is_lent = target.file().is_none() && is_lent(target, &session).await;
    if is_lent && let Ok(lent) = target.connect_lent().await {
        session = lent;
    }
    let mut survey = match lock::survey(&session).await {
        Ok(survey) => survey,
        Err(error) => {
            findings.push(failed("server", target, &error));
            return None;
        }
    };
    if let Some(sql) = dialect::version(dialect) {
        survey = dialect::surveyed(answer(&session, sql).await.ok().flatten());
    }
    let server = dialect::server(dialect, &survey);
    let found = format!("{} {}", server.family, server.version);
    findings.push(match numbers(&server.version) < numbers(server.oldest) {
        true => {
            let found = format!("{found}, kit needs {} or newer", server.oldest);
            Finding::fail("server", found, Advice::UpdateServer { oldest: server.oldest })
        }
        false => Finding::ok("server", found),
    });
    if let Some(unfit) = survey.unfit() {
        let failure = Failure::Unfit(unfit);
        let advice = Advice::after(&failure).unwrap_or(Advice::Url);
        findings.push(Finding::fail("writes", failure.to_string(), advice));
    }
    if survey.is_lockless() {
        findings.push(Finding::ok("cluster", "several nodes take writes: a lease keeps runs apart"));
    }
    if is_lent {
        findings.push(Finding::warn("sessions", "a pooler lends them", Advice::Direct));
    }
    if target.file().is_none() {
        findings.push(encryption(target, &session).await);
        findings.extend(clock(place, target, &session).await);
        findings.extend(encoding(target, &session).await);
    }
    Some(session)
}

/// An error of a statement, which may show a pooler.
pub fn failed(name: &'static str, target: &Target, error: &kit_runtime::connection::Error) -> Finding {
    let failure = Failure::Database { message: target.scrub(&error.message), reason: error.reason };
    Finding::fail(name, failure.to_string(), Advice::after(&failure).unwrap_or(Advice::Catalog))
}

/// The last cell of the first row.
pub async fn answer(
    session: &Session,
    sql: &str,
) -> std::result::Result<Option<String>, kit_runtime::connection::Error> {
    Ok(session.query(sql, &[]).await?.into_iter().next().and_then(|row| row.into_iter().next_back().flatten()))
}

/// Whether one client's transactions are in several of the server's sessions. While a second client keeps one in a
/// transaction, the first has to get another.
async fn is_lent(target: &Target, session: &Session) -> bool {
    let dialect = session.dialect();
    let own = format!("SELECT {}", dialect.text(dialect.own_session()));
    let Ok(other) = target.connect().await else { return false };
    for _ in 0..ROUNDS {
        let Ok(Some(before)) = answer(session, &own).await else { return false };
        let Ok(transaction) = other.begin().await else { return false };
        // A pooler lends a session with the first statement.
        let _ = answer(&transaction, &own).await;
        let after = answer(session, &own).await;
        let _ = transaction.rollback().await;
        let is_another = match after {
            Ok(after) => after != Some(before),
            // In another session, it does not know what was prepared.
            Err(error) => error.message.contains("prepared statement"),
        };
        if is_another {
            return true;
        }
    }
    false
}

async fn encryption(target: &Target, session: &Session) -> Finding {
    let cipher = match dialect::cipher(session.dialect()) {
        Some(sql) => answer(session, sql).await.ok().flatten().filter(|cipher| !cipher.is_empty()),
        None => None,
    };
    judged(cipher.as_deref(), target.may_be_overheard(), target.may_be_overheard_outside(), target.tls_parameter())
}

/// What the session's cipher means where the URL leaves it open.
fn judged(cipher: Option<&str>, open: bool, outside: bool, parameter: &'static str) -> Finding {
    let advice = Advice::Encrypt { parameter };
    match (cipher, open) {
        (Some(cipher), false) => Finding::ok(TLS, cipher),
        (None, false) => Finding::ok(TLS, "none, and none needed"),
        (Some(cipher), true) => Finding::warn(TLS, format!("{cipher}, but the URL does not ask for it"), advice),
        (None, true) if outside => Finding::fail(TLS, "passwords and rows are sent in plain text", advice),
        (None, true) => Finding::warn(TLS, "passwords and rows are sent in plain text", advice),
    }
}

async fn clock(place: &Place<'_>, target: &Target, session: &Session) -> Option<Finding> {
    const NAME: &str = "clock";
    let now = || (place.now)().timestamp_millis();
    let before = now();
    let theirs: i64 = match answer(session, dialect::clock(session.dialect())?).await {
        Ok(millis) => millis?.parse().ok()?,
        Err(error) => return Some(failed(NAME, target, &error)),
    };
    let late = (before - theirs).max(theirs - now()).max(0);
    let found = format!("{} s from the server's", late / 1_000);
    Some(match late > APART {
        true => Finding::warn(NAME, found, Advice::Clock),
        false => Finding::ok(NAME, found),
    })
}

async fn encoding(target: &Target, session: &Session) -> Option<Finding> {
    const NAME: &str = "encoding";
    let dialect = session.dialect();
    let name = match answer(session, dialect::encoding(dialect)?).await {
        Ok(name) => name?,
        Err(error) => return Some(failed(NAME, target, &error)),
    };
    let statement = dialect::reencode(dialect, &target.database_name().unwrap_or_default());
    Some(match dialect::holds_every_text(dialect, &name) {
        true => Finding::ok(NAME, name),
        false => Finding::warn(NAME, format!("{name}, which cannot hold every text"), Advice::Encoding { statement }),
    })
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_plain_way_out_of_the_own_network_is_worse_than_one_in_it() {
        for (cipher, open, outside, state) in [
            (Some("TLSv1.3"), false, false, State::Ok),
            (None, false, false, State::Ok),
            (Some("TLSv1.3"), true, true, State::Warn),
            (None, true, false, State::Warn),
            (None, true, true, State::Fail),
        ] {
            assert_eq!(judged(cipher, open, outside, "").state, state, "{cipher:?} {open} {outside}");
        }
    }
}
