//! A run that changes nothing: the migrations run over a connection that notes every statement instead of sending it, and
//! answers what they read from the database as it is and from what was noted. It takes no lock, creates no table, and
//! plans on a ledger in memory. What it cannot know it says where it stands.

mod alteration;
pub mod catalog;
pub mod change;
mod declaration;
pub mod insert;
pub mod layers;
pub mod names;
pub mod references;
pub mod rules;
pub mod schema;
pub mod statement;
pub mod token;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::connection::{Connection, Migrations};
use crate::dialect::Dialect;
use crate::engine::call::{Refusal, call};
use crate::ledger::{self, Applied, Ledger, State};
use crate::plan;
use crate::wire::{Action, Direction, Down, Event, Failure, Note, Request, Up, Warning};

/// What a connection has noted.
pub trait Recorder: Send + Sync {
    /// Takes note of a statement of kit's own.
    fn own(&self, sql: &str);

    /// A migration begins, in a transaction or not; from here on [`Recorder::rewind`] undoes what is noted.
    fn start(&self, enclosure: Enclosure);

    /// The migration has ended well: notes what ends it, with these statements of kit's own.
    ///
    /// # Errors
    /// Why it cannot end like that.
    fn finish(&self, ledger: &[String]) -> Result<(), String>;

    /// What was noted so far is settled; `failed` says that the migration did not end well.
    fn settle(&self, failed: bool) -> Vec<Said>;

    /// After a migration said `refusal`: if that comes of a guess that can be another one, forgets what was noted since it
    /// started, and guesses otherwise.
    fn rewind(&self, refusal: &str) -> bool;
}

/// What holds the statements of a migration together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enclosure {
    /// A transaction that the driver counts.
    Transaction,
    /// A transaction that the first statement ends that commits by itself.
    UntilCommit,
    /// Nothing.
    Bare,
}

/// One thing that was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A statement of the migration, its values in it.
    Statement(String),
    /// A statement of kit's own that belongs into a script.
    Script(String),
    /// What is to be known of it.
    Note(Note),
}

/// So many guesses may be wrong in one migration.
const GUESSES: usize = 500;

/// Says what `actions` would do, telling `on_event` of everything but the end.
///
/// # Errors
/// The failure that ended it. Nothing was done.
pub async fn run<C: Connection, M: Migrations<C>>(
    request: &Request,
    actions: &[Action],
    migrations: &M,
    connection: &C,
    on_event: &mut (dyn FnMut(Event) + Send),
) -> Result<(), Failure> {
    let names: Vec<String> = migrations.list().into_iter().map(|listed| listed.name).collect();
    if let Some(name) = plan::duplicate(&names) {
        return Err(Failure::Duplicate { name: name.clone() });
    }
    plan::short(&names, connection.dialect())?;
    let table = migrations.ledger_table();
    let ledger = ledger::read(connection, &table).await;
    let ledger = ledger.map_err(|error| Failure::Ledger { message: error.message, reason: error.reason })?;
    plan::whole(&ledger)?;
    for entry in ledger.halted().filter(|entry| entry.state == State::Running) {
        on_event(Event::Warned(Warning::Unfinished { name: entry.name.clone() }));
    }
    let Some((session, recorder)) = connection.pretending() else {
        return Err(Failure::Request { message: "this session cannot pretend".to_owned() });
    };
    let dialect = connection.dialect();
    let transactions = migrations.list().into_iter().map(|listed| listed.transaction).collect();
    let mut run = Run {
        request,
        migrations,
        session,
        recorder,
        names,
        transactions,
        table,
        dialect,
        ledger,
        undecided: 0,
        on_event,
    };
    for action in actions {
        match action {
            Action::Up(up) => run.up(up).await?,
            Action::Down(down) => {
                run.down(down).await?;
            }
            Action::Redo(down) => {
                let names = run.down(down).await?;
                if !names.is_empty() {
                    run.up(&Up { only: names, ..Up::default() }).await?;
                }
            }
            _ => {
                return Err(Failure::Request { message: "only migrations can be pretended".to_owned() });
            }
        }
    }
    match run.undecided {
        0 => Ok(()),
        count => Err(Failure::Undecided { count }),
    }
}

struct Run<'a, C, M> {
    request: &'a Request,
    migrations: &'a M,
    session: C,
    recorder: std::sync::Arc<dyn Recorder>,
    names: Vec<String>,
    /// What each migration says of transactions.
    transactions: Vec<Option<bool>>,
    /// The name of the ledger.
    table: String,
    dialect: Dialect,
    /// As it would be.
    ledger: Ledger,
    /// How much of the script could not be decided.
    undecided: usize,
    on_event: &'a mut (dyn FnMut(Event) + Send),
}

impl<C: Connection, M: Migrations<C>> Run<'_, C, M> {
    async fn up(&mut self, up: &Up) -> Result<(), Failure> {
        let (names, warnings) = plan::up(&self.names, &self.ledger, up, &self.request.checksums)?;
        for warning in warnings {
            (self.on_event)(Event::Warned(warning));
        }
        (self.on_event)(Event::Planned { direction: Direction::Up, migrations: names.clone() });
        if !names.is_empty() && !self.ledger.installed {
            self.recorder.own(&self.dialect.create_ledger(&self.table));
            self.tell(false);
            self.ledger.installed = true;
        }
        for name in names {
            self.migrate(Direction::Up, &name).await?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
            let applied_at = i64::try_from(now).unwrap_or(i64::MAX);
            self.ledger.applied.push(Applied { name, applied_at, entry: None });
        }
        Ok(())
    }

    async fn down(&mut self, down: &Down) -> Result<Vec<String>, Failure> {
        let names = plan::down(&self.ledger, down)?;
        if let Some(name) = names.iter().find(|name| !self.names.contains(name)) {
            return Err(Failure::Gone { name: name.clone() });
        }
        (self.on_event)(Event::Planned { direction: Direction::Down, migrations: names.clone() });
        for name in &names {
            self.migrate(Direction::Down, name).await?;
            self.ledger.applied.retain(|applied| applied.name != *name);
        }
        Ok(names)
    }

    async fn migrate(&mut self, direction: Direction, name: &str) -> Result<(), Failure> {
        let Some(index) = self.names.iter().position(|known| known == name) else {
            return Err(Failure::Unknown { name: name.to_owned() });
        };
        (self.on_event)(Event::Started { direction, name: name.to_owned() });
        let enclosure = self.enclosure(index);
        self.recorder.start(enclosure);
        let mut guesses = 0;
        let outcome = loop {
            let outcome = call(self.migrations, direction, index, &self.session, &self.request.secrets).await;
            match outcome {
                Err(refusal) if guesses < GUESSES && self.recorder.rewind(&refusal.message) => {
                    guesses += 1;
                    self.recorder.start(enclosure);
                }
                outcome => break outcome,
            }
        };
        let ledger = [self.ledger_statement(direction, name)];
        let outcome = outcome.and_then(|()| self.recorder.finish(&ledger).map_err(Refusal::new));
        self.tell(outcome.is_err());
        if let Err(Refusal { cause, message, .. }) = outcome {
            return Err(Failure::Pretended { name: name.to_owned(), direction, cause, message });
        }
        (self.on_event)(Event::Finished { direction, name: name.to_owned(), millis: 0 });
        Ok(())
    }

    /// What holds a migration together when it runs.
    fn enclosure(&self, index: usize) -> Enclosure {
        let wanted = self.transactions.get(index).copied().flatten();
        match (wanted, self.dialect.transactional_ddl()) {
            (Some(true), _) | (None, true) => Enclosure::Transaction,
            (None, false) => Enclosure::UntilCommit,
            (Some(false), _) => Enclosure::Bare,
        }
    }

    /// The statement by which the ledger knows of a migration.
    fn ledger_statement(&self, direction: Direction, name: &str) -> String {
        let quote = |name: &str| self.dialect.quote(name);
        let (table, version, name) = (quote(&self.table), quote("version"), self.dialect.text_literal(name));
        match direction {
            Direction::Up => {
                let now = self.dialect.now_in_seconds();
                format!("INSERT INTO {table} ({version}, {}) VALUES ({name}, {now})", quote("applied_at"))
            }
            Direction::Down => format!("DELETE FROM {table} WHERE {version} = {name}"),
        }
    }

    /// Tells of what was noted.
    fn tell(&mut self, failed: bool) {
        for said in self.recorder.settle(failed) {
            (self.on_event)(match said {
                Said::Statement(sql) => Event::Statement { sql },
                Said::Script(sql) => Event::Scripted { sql },
                Said::Note(note) => {
                    self.undecided += usize::from(note.is_undecided());
                    Event::Noted(note)
                }
            });
        }
    }
}

/// Whether a statement has ends of statements inside, and is none the less one.
pub fn has_inner_ends(sql: &str, dialect: Dialect) -> bool {
    token::tokens(sql, dialect.lexis()).iter().any(|token| token.is(";"))
}
