//! Learns from SeaORM's tracing which statements a migration sends: an event has the text of each before it is sent
//! (feature `debug-print`), a span around it has its outcome (feature `tracing-spans`, SeaORM 2). Statements that a migration
//! sends past SeaORM, with sqlx, are not seen.

use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Metadata, Subscriber};

use super::Recorder;

/// Runs `work`; what it sends through SeaORM is recorded. Its own tracing subscriber, if it has one, hears nothing meanwhile.
pub async fn watch<T>(recorder: Recorder, work: impl Future<Output = T>) -> T {
    // With one dispatcher, tracing asks that of the thread in which a place in SeaORM is reached first. In the thread that
    // writes that is none, and the place would never be heard of. With two, tracing asks both.
    static SECOND: OnceLock<Dispatch> = OnceLock::new();
    SECOND.get_or_init(|| Dispatch::new(NoSubscriber::new()));
    work.with_subscriber(Watch { recorder, spans: Mutex::default() }).await
}

struct Watch {
    recorder: Recorder,
    spans: Mutex<Spans>,
}

#[derive(Default)]
struct Spans {
    known: HashMap<u64, Span>,
    /// Those that are entered, the innermost last.
    entered: Vec<u64>,
    last: u64,
    /// How many transactions of the migration's own are open, savepoints included.
    depth: usize,
}

/// A call of SeaORM's.
struct Span {
    handles: usize,
    /// The outermost call that sends the same statement.
    root: u64,
    kind: Kind,
    /// Its statement, once that is known.
    step: Option<i64>,
    outcome: Option<Result<(), String>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Sends a statement.
    Statement,
    /// Returns rows.
    Query,
    Begin,
    Commit,
    Rollback,
}

/// Where SeaORM has its connections and transactions.
const TARGETS: [&str; 2] = ["sea_orm::driver::sqlx_", "sea_orm::database::"];
const TRANSACTION: &str = "sea_orm::database::transaction";

fn kind(metadata: &Metadata<'_>) -> Option<Kind> {
    if !TARGETS.iter().any(|target| metadata.target().starts_with(target)) {
        return None;
    }
    match metadata.name() {
        "execute" | "execute_raw" | "execute_unprepared" | "sea_orm.execute" | "sea_orm.execute_unprepared" => {
            Some(Kind::Statement)
        }
        "query_one" | "query_one_raw" | "query_all" | "query_all_raw" | "stream" | "stream_raw"
        | "sea_orm.query_one" | "sea_orm.query_all" | "sea_orm.stream" => Some(Kind::Query),
        "begin" if metadata.target() == TRANSACTION => Some(Kind::Begin),
        "commit" if metadata.target() == TRANSACTION => Some(Kind::Commit),
        "rollback" if metadata.target() == TRANSACTION => Some(Kind::Rollback),
        _ => None,
    }
}

impl Watch {
    fn spans(&self) -> MutexGuard<'_, Spans> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscriber for Watch {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        match metadata.is_event() {
            true => TARGETS.iter().any(|target| metadata.target().starts_with(target)),
            false => kind(metadata).is_some(),
        }
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let kind = kind(attributes.metadata()).unwrap_or(Kind::Query);
        let mut spans = self.spans();
        spans.last += 1;
        let id = spans.last;
        let around = spans.entered.last().and_then(|around| spans.known.get(around)).map(|span| span.root);
        let root = around.unwrap_or(id);
        spans.known.insert(id, Span { handles: 1, root, kind, step: None, outcome: None });
        let depth = spans.depth;
        drop(spans);
        let word = match (kind, depth) {
            (Kind::Begin, 0) => "BEGIN",
            (Kind::Begin, _) => "SAVEPOINT kit",
            (Kind::Commit, 0 | 1) => "COMMIT",
            (Kind::Commit, _) => "RELEASE SAVEPOINT kit",
            (Kind::Rollback, 0 | 1) => "ROLLBACK",
            (Kind::Rollback, _) => "ROLLBACK TO SAVEPOINT kit",
            (Kind::Statement | Kind::Query, _) => return Id::from_u64(id),
        };
        let step = self.recorder.sent(word, false);
        let mut spans = self.spans();
        spans.depth = if kind == Kind::Begin { depth + 1 } else { depth.saturating_sub(1) };
        if let Some(span) = spans.known.get_mut(&id) {
            (span.step, span.outcome) = (Some(step), Some(Ok(())));
        }
        Id::from_u64(id)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut result = Outcome::default();
        values.record(&mut result);
        let mut spans = self.spans();
        let Some(root) = spans.known.get(&id.into_u64()).map(|span| span.root) else { return };
        let Some(span) = spans.known.get_mut(&root) else { return };
        match (result.status.as_deref(), result.error) {
            (Some("OK"), _) => span.outcome = Some(Ok(())),
            (_, Some(error)) => span.outcome = Some(Err(error)),
            (Some(_), None) => span.outcome = Some(Err(String::new())),
            (None, None) => {}
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let spans = self.spans();
        let around = spans.entered.last().and_then(|around| spans.known.get(around)).map(|span| span.root);
        let Some((root, span)) = around.and_then(|root| Some((root, spans.known.get(&root)?))) else { return };
        if span.step.is_some() || !matches!(span.kind, Kind::Statement | Kind::Query) {
            return;
        }
        let reads = span.kind == Kind::Query && is_query(&message.0);
        drop(spans);
        let step = self.recorder.sent(&message.0, reads);
        if let Some(span) = self.spans().known.get_mut(&root) {
            span.step = Some(step);
        }
    }

    fn enter(&self, id: &Id) {
        self.spans().entered.push(id.into_u64());
    }

    fn exit(&self, id: &Id) {
        let mut spans = self.spans();
        if let Some(at) = spans.entered.iter().rposition(|entered| *entered == id.into_u64()) {
            spans.entered.remove(at);
        }
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(span) = self.spans().known.get_mut(&id.into_u64()) {
            span.handles += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut spans = self.spans();
        let Some(span) = spans.known.get_mut(&id.into_u64()) else { return true };
        span.handles -= 1;
        if span.handles > 0 {
            return false;
        }
        let span = spans.known.remove(&id.into_u64());
        drop(spans);
        if let Some(Span { step: Some(step), outcome, .. }) = span {
            self.recorder.ended(step, outcome);
        }
        true
    }
}

/// Whether a statement that returns rows changes nothing, by its first word: a query may call a function that does, and is
/// then not among those that ran.
fn is_query(sql: &str) -> bool {
    let first = sql.trim_start_matches(|c: char| c.is_whitespace() || c == '(').split_whitespace().next();
    let reads = ["select", "show", "pragma", "explain", "describe", "desc", "values", "table"];
    first.is_some_and(|first| reads.iter().any(|word| first.eq_ignore_ascii_case(word)))
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // Text takes everything.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

#[derive(Default)]
struct Outcome {
    status: Option<String>,
    error: Option<String>,
}

impl Visit for Outcome {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "otel.status_code" => self.status = Some(value.to_owned()),
            "exception.message" => self.error = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
