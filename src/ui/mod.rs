//! The only writer to the terminal: Laravel's look in a dozen words. Answers go to standard output,
//! talk to standard error. It decides how facts look and knows nothing of where they come from.

mod building;
mod diff;
mod document;
mod events;
mod prompt;
mod style;
mod wrap;

use std::cell::{Cell, RefCell};
use std::io::Write;

use crate::database::hide_passwords;
use crate::error::{Error, Selection};
use document::Draft;

pub use document::{FileAction, FileChange, Listed, MigrationAction, MigrationChange, SeederRun, TableRows};
pub use events::{Pretended, Report, Verified};
pub use prompt::Interaction;
pub use style::ColorChoice;

/// Where text goes, and what is known of the other end.
pub struct Streams {
    /// Answers.
    pub out: Box<dyn Write>,
    /// Talk.
    pub err: Box<dyn Write>,
    /// Somebody reads the answers on a terminal.
    pub out_is_terminal: bool,
    /// Somebody reads the talk on a terminal.
    pub err_is_terminal: bool,
    /// Columns of that terminal.
    pub width: Option<usize>,
}

/// How much to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors and answers only.
    Quiet,
    /// As usual.
    Normal,
    /// `-v`: what kit does.
    Verbose,
    /// `-vv` and more: and how.
    Debug,
}

/// The terminal.
pub struct Ui {
    streams: RefCell<Streams>,
    verbosity: Cell<Verbosity>,
    interaction: RefCell<Interaction>,
    /// Standard output carries one JSON document and nothing else.
    json: Cell<bool>,
    /// That document.
    draft: RefCell<Draft>,
    /// A transient line stands on the terminal.
    transient: Cell<bool>,
    last: Cell<Last>,
    /// The global options that commands in hints repeat.
    selection: RefCell<Selection>,
}

/// What the last line was, since an empty one stands between talk and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Nothing,
    Talk,
    Answer,
}

impl Ui {
    /// A terminal over the streams.
    pub fn new(streams: Streams, interaction: Interaction) -> Self {
        Self {
            streams: RefCell::new(streams),
            verbosity: Cell::new(Verbosity::Normal),
            interaction: RefCell::new(interaction),
            json: Cell::new(false),
            draft: RefCell::default(),
            transient: Cell::new(false),
            last: Cell::new(Last::Nothing),
            selection: RefCell::default(),
        }
    }

    /// Says how much to say, in which colours, and whether anybody may be asked.
    pub fn configure(
        &self,
        verbosity: Verbosity,
        color: ColorChoice,
        no_interaction: bool,
        env: impl Fn(&str) -> Option<String>,
    ) {
        self.verbosity.set(verbosity);
        if no_interaction {
            *self.interaction.borrow_mut() = Interaction::Absent;
        }
        let streams = self.streams.borrow();
        style::configure(color, streams.out_is_terminal && streams.err_is_terminal, env);
    }

    /// How much is said.
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity.get()
    }

    /// Restricts standard output to one JSON document, and turns prompts off.
    pub fn only_json(&self) {
        self.json.set(true);
        *self.interaction.borrow_mut() = Interaction::Absent;
    }

    /// Whether standard output carries a JSON document.
    pub fn is_json(&self) -> bool {
        self.json.get()
    }

    /// A line of an answer.
    pub fn answer(&self, line: impl AsRef<str>) {
        if !self.json.get() {
            self.out(line.as_ref());
            self.last.set(Last::Answer);
        }
    }

    /// A sentence of an answer; on a terminal it is broken at words.
    pub fn paragraph(&self, text: &str) {
        self.answer(wrap::wrapped(text, 0, self.columns()));
    }

    /// `INFO` badge line.
    pub fn info(&self, text: impl AsRef<str>) {
        self.badge(Verbosity::Normal, style::INFO, text.as_ref());
    }

    /// `WARN` badge line.
    pub fn warn(&self, text: impl AsRef<str>) {
        self.record_warning(text.as_ref());
        self.warn_without_record(text.as_ref());
    }

    fn warn_without_record(&self, text: &str) {
        self.badge(Verbosity::Normal, style::WARN, text);
    }

    /// `hint:` line.
    pub fn hint(&self, text: impl AsRef<str>) {
        let text = self.runnable(text.as_ref());
        self.err(&format!("  {} {}", style::hint("hint:"), self.wrapped(&printable(&text), 8)));
    }

    /// Has kit's commands in hints repeat these options.
    pub fn select(&self, selection: Selection) {
        self.selection.replace(selection);
    }

    /// Returns a text whose commands repeat the options by which the user chose project, database and environment.
    pub fn runnable(&self, text: &str) -> String {
        self.selection.borrow().repeat(text)
    }

    /// A failure with its hint, whatever the verbosity. What was typed may be a URL in the wrong place.
    pub fn error(&self, error: &Error) {
        let text = hide_passwords(&error.to_string());
        self.badge(Verbosity::Quiet, style::ERROR, &text);
        if let Some(hint) = error.hint() {
            self.hint(hide_passwords(&hint));
        }
        if let Error::Usage(error) = error {
            self.err(&format!("  {} {}", style::hint("usage:"), self.wrapped(&printable(&error.usage), 9)));
        }
    }

    /// A line of talk for `-v`.
    pub fn verbose(&self, text: impl AsRef<str>) {
        if self.verbosity.get() >= Verbosity::Verbose {
            self.err(&style::dim(text.as_ref()));
        }
    }

    /// What somebody else printed: the compiler, a migration.
    pub fn foreign(&self, line: &str) {
        self.err(line);
    }

    /// A part of a script, exactly as it is; on a terminal no control character gets through.
    pub fn script(&self, text: &str) {
        let on_terminal = self.streams.borrow().out_is_terminal;
        let shown = |line: &str| line.split('\t').map(printable).collect::<Vec<_>>().join("\t");
        self.part(Last::Talk);
        self.answer(if on_terminal { shown(text) } else { text.to_owned() });
    }

    /// An empty line between two parts of a script.
    pub fn gap(&self) {
        if self.last.get() == Last::Answer {
            self.answer("");
        }
    }

    /// A remark in a script, which is one line there.
    pub fn remark(&self, text: &str) {
        let line = format!("-- {}", printable(text).split_whitespace().collect::<Vec<_>>().join(" "));
        self.part(Last::Talk);
        let on_terminal = self.streams.borrow().out_is_terminal;
        self.answer(if on_terminal { style::dim(&line) } else { line });
    }

    /// What the columns of the rows below are.
    pub fn heading(&self, left: &str, right: &str) {
        self.part(Last::Talk);
        self.answer(self.dotted(&style::dim(left), &style::dim(right)));
    }

    /// Two columns with dots between: `  name ........ value`.
    pub fn row(&self, left: &str, right: &str) {
        self.part(Last::Talk);
        self.answer(self.dotted(&printable(left), right));
    }

    /// What to do about the row before.
    pub fn advice(&self, text: &str) {
        let text = self.runnable(text);
        self.answer(format!("    {} {}", style::hint("hint:"), self.wrapped(&printable(&text), 10)));
    }

    /// A name, padded to `width`, and what it is.
    pub fn described(&self, name: &str, width: usize, text: &str) {
        let padding = " ".repeat(width.saturating_sub(name.len()));
        let text = wrap::wrapped(text, width + 4, self.columns());
        self.answer(format!("  {}{padding}  {text}", style::name(name)));
    }

    /// What the rows below are about.
    pub fn group(&self, title: &str) {
        self.gap();
        self.answer(format!("  {}", style::name(title)));
    }

    /// A task that is over: `  name ........ 12ms DONE`. Nobody asked for it.
    pub fn task(&self, name: &str, millis: Option<u64>, outcome: Outcome) {
        if self.verbosity.get() == Verbosity::Quiet {
            return;
        }
        self.part(Last::Talk);
        let time = millis.map(|millis| style::dim(&duration(millis)) + " ").unwrap_or_default();
        let right = format!("{time}{}", outcome.styled());
        self.answer(self.dotted(&printable(name), &right));
    }

    /// More of the task that the last line is about.
    pub fn detail(&self, text: &str) {
        if self.verbosity.get() > Verbosity::Quiet {
            self.indented(text);
        }
    }

    /// A sentence of an answer that belongs to the row before; on a terminal it is broken at words.
    pub fn indented(&self, text: &str) {
        self.answer(format!("    {}", wrap::wrapped(&printable(text), 4, self.columns())));
    }

    /// A line that the next one replaces; only on a terminal.
    pub fn progress(&self, text: &str) {
        if self.verbosity.get() == Verbosity::Quiet || !self.streams.borrow().err_is_terminal {
            return;
        }
        self.clear_transient();
        let width = self.width().saturating_sub(1);
        let line: String = format!("  {}", printable(text)).chars().take(width).collect();
        let err = &mut self.streams.borrow_mut().err;
        // A terminal that is gone is no reason to stop migrating.
        let _ = write!(err, "{}", style::dim(&line)).and_then(|()| err.flush());
        self.transient.set(true);
    }

    /// Takes the transient line away.
    pub fn clear_transient(&self) {
        if self.transient.replace(false) {
            let err = &mut self.streams.borrow_mut().err;
            let _ = write!(err, "\r\u{1b}[2K").and_then(|()| err.flush());
        }
    }

    fn badge(&self, least: Verbosity, badge: style::Badge, text: &str) {
        if self.verbosity.get() >= least {
            self.part(Last::Answer);
            let badge = badge.styled();
            let text = self.wrapped(&printable(text), visible_width(&badge) + 4);
            self.err(&format!("  {badge}  {text}"));
            self.last.set(Last::Talk);
        }
    }

    /// An empty line of talk, if the last line was `other` than the next one.
    fn part(&self, other: Last) {
        if self.last.get() == other && !self.json.get() {
            self.err("");
        }
    }

    /// Two columns with dots between; on a terminal that is too narrow, the right one is a line of its own.
    fn dotted(&self, left: &str, right: &str) -> String {
        let (width, taken) = (self.width().min(120), visible_width(left) + visible_width(right) + 4);
        if taken + 3 > self.columns() {
            return format!("  {left}\n    {right}");
        }
        let dots = width.saturating_sub(taken).max(3);
        format!("  {left} {} {right}", style::dim(&".".repeat(dots)))
    }

    /// A text that begins in a column, with its other lines below that; on a terminal it is broken at words.
    fn wrapped(&self, text: &str, column: usize) -> String {
        let on_terminal = self.streams.borrow().err_is_terminal;
        let width = if on_terminal { self.width() } else { usize::MAX };
        wrap::wrapped(text, column, width)
    }

    /// The columns of lines on standard output; there is no limit where it is not a terminal.
    fn columns(&self) -> usize {
        if self.streams.borrow().out_is_terminal { self.width() } else { usize::MAX }
    }

    fn width(&self) -> usize {
        self.streams.borrow().width.unwrap_or(80).max(40)
    }

    fn out(&self, line: &str) {
        self.clear_transient();
        let out = &mut self.streams.borrow_mut().out;
        // A closed pipe (`kit migrate:status | head`) is no error of kit's.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }

    fn err(&self, line: &str) {
        self.clear_transient();
        let err = &mut self.streams.borrow_mut().err;
        let _ = writeln!(err, "{line}").and_then(|()| err.flush());
    }
}

/// A name in snake_case as a person reads it: `Build cache`.
pub fn label(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.map(|letter| if letter == '_' { ' ' } else { letter })).collect()
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Well.
    Done,
    /// Badly.
    Fail,
    /// A signal ended it, and nothing of it is in the database.
    RolledBack,
    /// A signal ended it, and part of it may be in the database.
    Interrupted,
}

impl Outcome {
    fn styled(self) -> String {
        match self {
            Self::Done => style::done("DONE"),
            Self::Fail => style::fail("FAIL"),
            Self::RolledBack => style::pending("ROLLED BACK"),
            Self::Interrupted => style::fail("INTERRUPTED"),
        }
    }
}

pub use style::{dim, done, fail as failed, name, pending};

/// `12ms`, `8s 181ms`, `2m 3s`.
fn duration(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis}ms"),
        1_000..60_000 => format!("{}s {}ms", millis / 1_000, millis % 1_000),
        _ => format!("{}m {}s", millis / 60_000, millis % 60_000 / 1_000),
    }
}

/// `512 B`, `41.2 MiB`, `1.9 GiB`; rounded down.
pub fn size(bytes: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.into_iter().find(|(_, shift)| bytes >> shift > 0) {
        Some((unit, shift)) => format!("{}.{} {unit}", bytes >> shift, ((bytes % (1 << shift)) * 10) >> shift),
        None => format!("{bytes} B"),
    }
}

/// `1 file`, `2 files`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {}", pluralizer::pluralize(noun, 2, false)) }
}

/// Text from a database, a file or a migration, with control and bidirectional characters made visible.
pub fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let bidirectional =
                matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}');
            let escaped: Box<dyn Iterator<Item = char>> = if c == '\n' || !(c.is_control() || bidirectional) {
                Box::new(std::iter::once(c))
            } else {
                Box::new(c.escape_default())
            };
            escaped
        })
        .collect()
}

fn visible_width(text: &str) -> usize {
    let mut width = 0;
    let mut escape = false;
    for c in text.chars() {
        match (escape, c) {
            (false, '\u{1b}') => escape = true,
            (true, 'm') => escape = false,
            (false, _) => width += 1,
            (true, _) => {}
        }
    }
    width
}
