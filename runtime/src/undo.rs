//! Computes the state of each statement of an interrupted or failed migration, and the SQL that undoes it, as far as the statement
//! and the schema before it determine that. It reads statements as text and sends no queries.

use std::collections::BTreeMap;

use crate::dialect::Dialect;
use crate::pretend::change::{Change, Existing, Object, Relation};
use crate::pretend::names::Names;
use crate::pretend::statement::{Control, Statement, read, split, table_name};
use crate::pretend::token::{Token, statements, tokens};
use crate::snapshot::{self, Snapshot};
use crate::statements::{Outcome, Recorded};

/// A statement that was sent, and what is to be known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// As it was recorded.
    pub recorded: Recorded,
    /// Its state.
    pub fate: Fate,
    /// How to undo it.
    pub undo: Undo,
}

/// The state of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It ran, and its changes are in the database.
    Ran,
    /// It was in a transaction that was not committed.
    RolledBack,
    /// It failed.
    Failed,
    /// It was running when the process ended: what it did may be in the database.
    Running,
}

impl Fate {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ran => "ran",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
            Self::Running => "running",
        }
    }
}

/// How to undo a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// These statements, in this order.
    Sql(Vec<String>),
    /// There is nothing to undo.
    Nothing,
    /// Undoing the statement of this step undoes it as well: it only changed what that one created.
    With(i64),
    /// It cannot be computed.
    Unknown(Reason),
}

/// Why the SQL that undoes a statement cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It changes rows, and what they were before is not known.
    Rows,
    /// It deletes an object, and what that was like is not in the statement.
    Drops,
    /// It replaces or changes an object, and what that was like is not in the statement.
    Changes,
    /// It consists of several statements, and it is not known which of them ran.
    Several,
    /// kit does not know what it does.
    Unknown,
}

impl Reason {
    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Drops => "drops",
            Self::Changes => "changes",
            Self::Several => "several",
            Self::Unknown => "unknown",
        }
    }
}

/// Returns the statements in the order in which they were sent, without those that only begin or end transactions. `before` is
/// the schema before the first, `now` what is different now.
pub fn steps(
    recorded: &[Recorded],
    dialect: Dialect,
    before: Option<&Snapshot>,
    now: Option<&[snapshot::Change]>,
) -> Vec<Step> {
    let names = Names::of(dialect);
    let fates = fates(recorded, &names);
    let mut created = Created::default();
    let mut steps: Vec<Step> = Vec::new();
    for (statement, fate) in recorded.iter().zip(fates) {
        let Some(fate) = fate else { continue };
        let reader = Reader { names: &names, before, now };
        let undo = match fate {
            Fate::RolledBack => Undo::Nothing,
            Fate::Failed | Fate::Running if reader.parts(&statement.body).len() > 1 => Undo::Unknown(Reason::Several),
            Fate::Failed => Undo::Nothing,
            Fate::Running => reader.undo(&statement.body, statement.step, &mut Created::default()),
            Fate::Ran => reader.undo(&statement.body, statement.step, &mut created),
        };
        steps.push(Step { recorded: statement.clone(), fate, undo });
    }
    for (creating, dropping) in created.dropped {
        if let Some(step) = steps.iter_mut().find(|step| step.recorded.step == creating) {
            step.undo = Undo::With(dropping);
        }
    }
    steps
}

/// Returns the state of each statement; `None` for those that begin or end transactions.
fn fates(recorded: &[Recorded], names: &Names) -> Vec<Option<Fate>> {
    let mut fates: Vec<Option<Fate>> = Vec::new();
    // Statements of the transaction that is open.
    let mut open: Option<Vec<usize>> = None;
    for statement in recorded {
        let words = read(&statement.body, names);
        let done = statement.outcome == Outcome::Done;
        let commits = names.dialect.commits_implicitly() && matches!(words, Statement::Schema(_));
        match (&words, done) {
            (Statement::Transaction(Control::Begin), true) => open = Some(Vec::new()),
            (Statement::Transaction(Control::Commit), true) => open = None,
            (Statement::Transaction(Control::Rollback), true) => {
                for at in open.take().unwrap_or_default() {
                    roll_back(&mut fates, at);
                }
            }
            // Which statements a savepoint undoes is not followed: they are taken for undone with their transaction, or not.
            _ if commits => open = None,
            _ => {}
        }
        fates.push(match (&words, statement.outcome) {
            (Statement::Transaction(_), _) => None,
            (_, Outcome::Done) => Some(Fate::Ran),
            (_, Outcome::Failed) => Some(Fate::Failed),
            (_, Outcome::Running) => Some(Fate::Running),
        });
        if let Some(open) = &mut open {
            open.push(fates.len() - 1);
        }
    }
    for at in open.unwrap_or_default() {
        roll_back(&mut fates, at);
    }
    fates
}

fn roll_back(fates: &mut [Option<Fate>], at: usize) {
    if let Some(fate @ Some(Fate::Ran | Fate::Running)) = fates.get_mut(at) {
        *fate = Some(Fate::RolledBack);
    }
}

/// Tables that the migration itself has created.
#[derive(Default)]
struct Created {
    /// By name, with the step that created each.
    tables: BTreeMap<String, i64>,
    /// Steps whose table a later one has dropped again, and that one.
    dropped: Vec<(i64, i64)>,
}

/// Reads statements.
struct Reader<'a> {
    names: &'a Names,
    before: Option<&'a Snapshot>,
    now: Option<&'a [snapshot::Change]>,
}

impl Reader<'_> {
    fn parts<'s>(&self, body: &'s str) -> Vec<&'s str> {
        let places = statements(body, self.names.dialect.lexis());
        places.into_iter().filter_map(|place| body.get(place)).collect()
    }

    fn undo(&self, body: &str, step: i64, created: &mut Created) -> Undo {
        let mut undoing = Vec::new();
        let mut with = None;
        for part in self.parts(body) {
            match self.undo_part(part, step, created) {
                Undo::Sql(sql) => undoing.push(sql),
                Undo::Nothing => {}
                Undo::With(other) if other == step => {}
                Undo::With(other) => with = Some(other),
                unknown @ Undo::Unknown(_) => return unknown,
            }
        }
        match (undoing.is_empty(), with) {
            (true, Some(other)) => Undo::With(other),
            (true, None) => Undo::Nothing,
            (false, _) => Undo::Sql(undoing.into_iter().rev().flatten().collect()),
        }
    }

    fn undo_part(&self, sql: &str, step: i64, created: &mut Created) -> Undo {
        let covered = |table: &String, created: &Created| created.tables.get(&self.names.table(table)).copied();
        let rows = |table: &String, created: &Created| match covered(table, created) {
            Some(creating) => Undo::With(creating),
            None => Undo::Unknown(Reason::Rows),
        };
        match read(sql, self.names) {
            Statement::Insert(insert) => rows(&insert.table, created),
            Statement::Update(update) => rows(&update.table, created),
            Statement::Delete(delete) => rows(&delete.table, created),
            // Any function may change something.
            Statement::Select(_) if calls(&tokens(sql, self.names.dialect.lexis())) => Undo::Unknown(Reason::Unknown),
            Statement::Select(_) => Undo::Nothing,
            Statement::Look | Statement::Session | Statement::Transaction(_) => Undo::Nothing,
            Statement::Schema(changes) => self.undo_changes(sql, &changes, step, created),
            Statement::Other => Undo::Unknown(Reason::Unknown),
        }
    }

    fn undo_changes(&self, sql: &str, changes: &[Change], step: i64, created: &mut Created) -> Undo {
        let words = tokens(sql, self.names.dialect.lexis());
        if !is_understood(&words, self.names) {
            return Undo::Unknown(if changes.is_empty() { Reason::Unknown } else { Reason::Changes });
        }
        let own = |table: &str, created: &Created| created.tables.get(&self.names.table(table)).copied();
        let mut undoing: Vec<String> = Vec::new();
        let (mut with, mut found) = (None, false);
        let creates_type = matches!(changes.first(), Some(Change::Object { kind: Object::Type, .. }));
        for change in changes {
            if creates_type && matches!(change, Change::Value { .. }) {
                continue;
            }
            if let Some(creating) = table_of(change).and_then(|table| own(table, created)) {
                found = true;
                with = Some(creating);
                match change {
                    Change::Drop { table, .. } => {
                        created.tables.remove(&self.names.table(table));
                        created.dropped.push((creating, step));
                    }
                    Change::Rename(from, to) => {
                        created.tables.insert(self.names.table(to), creating);
                        created.tables.remove(&self.names.table(from));
                        undoing.push(self.names.dialect.rename_table(to, from));
                    }
                    _ => {}
                }
                continue;
            }
            match self.undo_change(&words, change, step, created) {
                Undo::Sql(sql) => undoing.extend(sql),
                Undo::Nothing if matches!(change, Change::Touch(_) | Change::Rule { .. }) => continue,
                // A table that exists is kept as it is.
                Undo::Nothing if matches!(change, Change::Create { .. }) => return Undo::Nothing,
                Undo::Nothing | Undo::With(_) => {}
                unknown @ Undo::Unknown(_) => return unknown,
            }
            found = true;
        }
        undoing.reverse();
        undoing.dedup();
        match (found, undoing.is_empty(), with) {
            // A table is changed in a way that is not followed.
            (false, ..) => Undo::Unknown(Reason::Changes),
            (true, true, Some(creating)) => Undo::With(creating),
            (true, true, None) => Undo::Nothing,
            (true, false, _) => Undo::Sql(undoing),
        }
    }

    fn undo_change(&self, words: &[Token], change: &Change, step: i64, created: &mut Created) -> Undo {
        let dialect = self.names.dialect;
        let one = |sql: String| Undo::Sql(vec![sql]);
        match change {
            Change::Create { table, relation, existing, .. } => {
                if words.iter().take(4).any(|word| word.is("temporary") || word.is("temp")) {
                    created.tables.insert(self.names.table(table), step);
                    return Undo::Nothing;
                }
                match (existing, self.has(table)) {
                    (Existing::Kept, true) => return Undo::Nothing,
                    (Existing::Replaced, true) => return Undo::Unknown(Reason::Changes),
                    (Existing::Kept | Existing::Replaced, _) if self.before.is_none() => {
                        return Undo::Unknown(Reason::Changes);
                    }
                    _ => {}
                }
                created.tables.insert(self.names.table(table), step);
                let kind = match relation {
                    Relation::Materialized => "MATERIALIZED VIEW",
                    Relation::View => "VIEW",
                    Relation::Table => "TABLE",
                };
                one(dialect.drop_created(kind, table))
            }
            Change::Rename(from, to) => one(dialect.rename_table(to, from)),
            Change::RenameColumn(table, from, to) => one(dialect.rename_column(to, from, table)),
            Change::Add { table, column, unless_there } => {
                if *unless_there && self.has_column(table, &column.name) {
                    return Undo::Nothing;
                }
                if *unless_there && self.before.is_none() {
                    return Undo::Unknown(Reason::Changes);
                }
                one(dialect.drop_column(&column.name, table))
            }
            Change::Object { kind, name, table, existing } => {
                self.undo_object(words, *kind, name, table.as_deref(), *existing)
            }
            // The name of a constraint is a change of its own.
            Change::Touch(_) | Change::Rule { .. } => Undo::Nothing,
            Change::Drop { .. } | Change::Remove { .. } | Change::DropObject { .. } => Undo::Unknown(Reason::Drops),
            Change::Empty(_) => Undo::Unknown(Reason::Rows),
            Change::Alter(..) | Change::Redefine(..) | Change::Attach(..) | Change::Value { .. } => {
                Undo::Unknown(Reason::Changes)
            }
        }
    }

    fn undo_object(&self, words: &[Token], kind: Object, name: &str, table: Option<&str>, existing: Existing) -> Undo {
        let dialect = self.names.dialect;
        if existing != Existing::Fails {
            return Undo::Unknown(Reason::Changes);
        }
        let alters = words.first().is_some_and(|word| word.is("alter"));
        let constraint = |unique| match table.and_then(|table| dialect.drop_constraint(name, table, unique)) {
            Some(sql) => Undo::Sql(vec![sql]),
            None => Undo::Unknown(Reason::Changes),
        };
        let has = |word: &str| words.iter().any(|token| token.is(word));
        match kind {
            // The index of a constraint goes with that.
            Object::Index if alters && ["unique", "primary", "constraint"].iter().any(|word| has(word)) => {
                constraint(true)
            }
            Object::Constraint if has("foreign") => {
                let Some(table) = table else { return Undo::Unknown(Reason::Unknown) };
                let Some(drop) = dialect.drop_foreign_key(name, table) else { return Undo::Unknown(Reason::Changes) };
                let index = format!("index {table}.{name}");
                let is_it = |change: &snapshot::Change| matches!(change, snapshot::Change::Added { object, .. } if *object == index);
                let brought = dialect.indexes_foreign_keys() && self.now.is_some_and(|now| now.iter().any(is_it));
                // In reverse, as all of a statement's.
                let index = brought.then(|| dialect.drop_index(name, table));
                Undo::Sql(index.into_iter().chain([drop]).collect())
            }
            Object::Constraint => constraint(has("unique") || has("primary")),
            Object::Index => match table {
                Some(table) => Undo::Sql(vec![dialect.drop_index(name, table)]),
                None => Undo::Unknown(Reason::Unknown),
            },
            Object::Trigger => match table {
                Some(table) => Undo::Sql(vec![dialect.drop_trigger(name, table)]),
                None => Undo::Unknown(Reason::Unknown),
            },
            Object::Type | Object::Routine | Object::Extension | Object::Schema | Object::Sequence => {
                let kind = ["type", "domain", "function", "procedure", "extension", "schema", "sequence"];
                let kind = kind.iter().find(|kind| words.get(1).is_some_and(|word| word.is(kind)));
                match kind {
                    Some(kind) => Undo::Sql(vec![dialect.drop_created(&kind.to_uppercase(), name)]),
                    None => Undo::Unknown(Reason::Unknown),
                }
            }
        }
    }

    /// Whether the schema before had a table or view of this name.
    fn has(&self, table: &str) -> bool {
        let own = self.names.own(table);
        let kinds = ["table", "view", "materialized view", "foreign table", "virtual table"];
        kinds.iter().any(|kind| self.is_there(&format!("{kind} {own}")))
    }

    fn has_column(&self, table: &str, column: &str) -> bool {
        self.is_there(&format!("column {}.{column}", self.names.own(table)))
    }

    fn is_there(&self, object: &str) -> bool {
        self.before.is_some_and(|before| before.objects().iter().any(|one| one.name == object))
    }
}

/// The table that a change belongs to.
fn table_of(change: &Change) -> Option<&str> {
    match change {
        Change::Create { .. } | Change::Value { .. } => None,
        Change::Drop { table, .. } | Change::Add { table, .. } | Change::Remove { table, .. } => Some(table),
        Change::Rename(table, _) | Change::RenameColumn(table, ..) | Change::Alter(table, _) => Some(table),
        Change::Redefine(table, _) | Change::Rule { table, .. } | Change::Attach(table, _) => Some(table),
        Change::Empty(table) | Change::Touch(table) => Some(table),
        Change::Object { table, .. } | Change::DropObject { table, .. } => table.as_deref(),
    }
}

/// Whether a query calls a function.
fn calls(words: &[Token]) -> bool {
    words.windows(2).any(|two| matches!(two, [name, open] if name.is_name() && open.is("(")))
}

/// Whether kit knows everything that a statement does: of an `ALTER TABLE`, each part has to be known.
fn is_understood(words: &[Token], names: &Names) -> bool {
    let [first, second, rest @ ..] = words else { return false };
    if !(first.is("alter") && second.is("table")) {
        return true;
    }
    let skipped = rest.iter().take_while(|word| ["if", "exists", "only"].iter().any(|skip| word.is(skip))).count();
    let Some((_, parts)) = table_name(rest.get(skipped..).unwrap_or_default(), names) else { return false };
    let has = |part: &[Token], word: &str| part.iter().any(|token| token.is(word));
    let mut kinds = [false; 2];
    for part in split(parts, ",") {
        let verbs = ["add", "rename", "drop", "alter", "modify", "change"];
        if !part.first().is_some_and(|word| verbs.iter().any(|verb| word.is(verb))) {
            return false;
        }
        // A column that is a foreign key by its own declaration has a constraint whose name is not known.
        if has(part, "references") && !has(part, "foreign") {
            return false;
        }
        kinds[0] |= has(part, "foreign");
        kinds[1] |= ["check", "unique", "primary"].iter().any(|word| has(part, word));
    }
    // Constraints of both kinds in one statement are not told apart.
    kinds != [true; 2]
}

#[cfg(test)]
#[path = "undo_tests.rs"]
mod tests;
