//! Points at which a test makes a run fail: the process ends, the session does, or time passes. `KIT_FAULT=point[:n]=what`
//! says where, at which time of coming by, and how. Compiled only with the feature `fault`, which no release has.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::connection::Connection;

/// The variable that is read, once, when the first point is reached.
pub const VARIABLE: &str = "KIT_FAULT";

/// All points, in the order in which a run comes by; after `in-up`, `in-down` and `in-fresh` comes what happens there.
pub const POINTS: [&str; 19] = [
    "after-connect",
    "before-lock",
    "after-lock",
    "after-bootstrap",
    "before-running-row",
    "after-running-row",
    "before-up",
    "in-up",
    "in-down",
    "after-up",
    "before-record",
    "before-delete-row",
    "after-record",
    "before-commit",
    "after-commit",
    "in-fresh",
    "in-repair",
    "before-release",
    "after-release",
];

/// Whether `running` is noted before a migration begins. Off, it is noted when the migration is through: a test proves
/// that this is seen.
pub static TOUCHES_FIRST: AtomicBool = AtomicBool::new(true);

/// Whether what the variable says has happened.
pub static STRUCK: AtomicBool = AtomicBool::new(false);

/// What happens at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// SIGKILL.
    Kill,
    /// SIGTERM.
    Stop,
    Panic,
    Sleep(Duration),
    /// The session with the database is over.
    DropConnection,
}

#[derive(Debug)]
struct Plan {
    point: String,
    turn: u32,
    fault: Fault,
}

/// Has happen at `point` what the variable says of it; `connection` is the session that may be lost there.
///
/// # Panics
/// If the variable says so, or says nothing that can be understood.
pub async fn at<C: Connection>(point: &str, connection: &C) {
    let end = connection.dialect().end_own_session();
    if strike(point).await && !end.is_empty() {
        // It has no answer to give.
        let _ = connection.execute(end, &[]).await;
    }
}

/// [`at`] for who has another kind of connection: returns whether its session is to be lost now.
///
/// # Panics
/// As [`at`].
#[expect(clippy::panic, reason = "that is what it is for")]
pub async fn strike(point: &str) -> bool {
    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
    static REACHED: AtomicU32 = AtomicU32::new(0);
    assert!(POINTS.contains(&point), "no such point: {point}");
    let Some(plan) = PLAN.get_or_init(read).as_ref().filter(|plan| plan.point == point) else { return false };
    if REACHED.fetch_add(1, Ordering::SeqCst) + 1 != plan.turn {
        return false;
    }
    STRUCK.store(true, Ordering::SeqCst);
    match plan.fault {
        Fault::Kill => end(true),
        Fault::Stop => end(false),
        Fault::Panic => panic!("{VARIABLE} at {point}"),
        Fault::Sleep(time) => tokio::time::sleep(time).await,
        Fault::DropConnection => return true,
    }
    false
}

#[cfg(unix)]
fn end(at_once: bool) -> ! {
    use rustix::process::{Signal, getpid, kill_process};
    let signal = if at_once { Signal::KILL } else { Signal::TERM };
    let _ = kill_process(getpid(), signal);
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[cfg(not(unix))]
fn end(_at_once: bool) -> ! {
    std::process::abort()
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads this variable")]
#[expect(clippy::panic, reason = "a test with a typing error would prove nothing")]
fn read() -> Option<Plan> {
    let text = std::env::var(VARIABLE).ok()?;
    let Some(plan) = parse(&text) else { panic!("{VARIABLE}: not understood: {text}") };
    Some(plan)
}

fn parse(text: &str) -> Option<Plan> {
    let (place, what) = text.split_once('=')?;
    let (point, turn) = match place.split_once(':') {
        Some((point, turn)) => (point, turn.parse().ok()?),
        None => (place, 1),
    };
    let fault = match what.split_once(':') {
        Some(("sleep", millis)) => Fault::Sleep(Duration::from_millis(millis.parse().ok()?)),
        Some(_) => return None,
        None => match what {
            "kill" => Fault::Kill,
            "stop" => Fault::Stop,
            "panic" => Fault::Panic,
            "drop-conn" => Fault::DropConnection,
            _ => return None,
        },
    };
    (POINTS.contains(&point) && turn > 0).then(|| Plan { point: point.to_owned(), turn, fault })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_whole_or_not_at_all() {
        let plan = parse("in-up:3=sleep:20").unwrap();
        assert_eq!((plan.point.as_str(), plan.turn), ("in-up", 3));
        assert_eq!(plan.fault, Fault::Sleep(Duration::from_millis(20)));
        assert_eq!(parse("before-commit=drop-conn").unwrap().turn, 1);
        for bad in
            ["", "in-up", "in-up=", "nowhere=kill", "in-up:0=kill", "in-up:x=kill", "in-up=kill:1", "in-up=sleep:x"]
        {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
