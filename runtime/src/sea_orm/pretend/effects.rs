//! What changes besides what a statement names: rows by triggers and foreign keys, anything by blocks of code.

use std::collections::BTreeSet;

use super::{Core, Follower, Trigger};
use crate::pretend::schema::{Change, Object, Origin};
use crate::pretend::statement::{self, Statement};
use crate::pretend::token::tokens;

impl Core {
    /// Takes note of names that something mentions of which kit does not know what it does; `None` stands for all. `schema`
    /// says that it may change more than rows.
    pub(super) fn doubt(&mut self, names: Option<BTreeSet<String>>, schema: bool) {
        self.now.layers.lose_all(names.as_ref());
        match &names {
            Some(names) => self.now.effects.doubts.extend(names.iter().cloned()),
            None => self.now.effects.all_in_doubt = true,
        }
        if schema {
            self.now.schema.doubt(names);
        }
    }

    /// Takes note of a statement that sets something.
    pub(super) async fn set(&mut self, text: &str) {
        let lower = text.to_lowercase();
        let switches = ["foreign_key", "session_replication_role", "unique_checks", "constraints "];
        self.now.effects.keys_off |= switches.iter().any(|switch| lower.contains(switch));
        if lower.contains("search_path") || lower.starts_with("use ") || lower.contains("set role") {
            self.doubt(None, true);
        }
        if let Some(shadow) = &self.shadow
            && lower.starts_with("pragma")
            && !lower.contains("foreign_keys")
        {
            // A setting that a database in memory does not have changes nothing there.
            let _ = shadow.execute(text).await;
        }
    }

    /// Takes note of what a change of the schema will change besides, when rows change.
    pub(super) fn follow(&mut self, text: &str, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Object { kind: Object::Trigger, table: Some(table), .. } => {
                    let trigger = Trigger {
                        table: self.names.table(table),
                        events: statement::trigger_events(text, self.dialect()),
                        mentions: statement::mentioned(text, self.dialect()),
                    };
                    self.now.effects.triggers.push(trigger);
                }
                Change::Object { kind: Object::Routine, name, .. } => {
                    let mentioned = statement::mentioned(text, self.dialect());
                    self.now.effects.routines.insert(name.to_lowercase(), mentioned);
                }
                Change::Create { table, .. } => {
                    self.now.effects.doubts.remove(&table.to_lowercase());
                    self.keys(text, table);
                }
                Change::Touch(table) => self.keys(text, table),
                _ => {}
            }
        }
    }

    /// Takes note of foreign keys that a statement adds to a table.
    fn keys(&mut self, text: &str, table: &str) {
        let words = tokens(text, self.dialect().lexis());
        for (at, _) in words.iter().enumerate().filter(|(_, word)| word.is("references")) {
            let rest = words.get(at + 1..).unwrap_or_default();
            let Some((parent, after)) = statement::table_name(rest, &self.names) else { continue };
            let length = after.iter().position(|word| word.is("references")).unwrap_or(after.len());
            let own = after.get(..length).unwrap_or_default();
            let column = own.iter().find(|word| word.is_name()).map(|word| self.names.column(&word.text));
            let follows = |event: &str| {
                own.windows(3).any(|three| {
                    matches!(three, [on, when, what] if on.is("on") && when.is(event) && (what.is("cascade") || what.is("set")))
                })
            };
            let (deletes, updates) = (follows("delete"), follows("update"));
            self.now.effects.keys.push(Follower {
                parent: self.names.table(&parent),
                column,
                child: table.to_owned(),
                deletes,
                updates,
            });
        }
    }

    /// Takes note of what a statement that changes rows changes besides.
    pub(super) async fn spread(&mut self, statement: &Statement) {
        let (table, event, changed) = match statement {
            Statement::Insert(insert) => (&insert.table, "insert", Some(Vec::new())),
            Statement::Update(update) => {
                let sets = update.sets.iter().map(|(column, _)| self.names.column(column)).collect();
                (&update.table, "update", Some(sets))
            }
            Statement::Delete(delete) => (&delete.table, "delete", None),
            _ => return,
        };
        self.spread_relations(table);
        let key = self.names.table(table);
        let mut followers: Vec<Follower> =
            self.now.effects.keys.iter().filter(|follower| follower.parent == key).cloned().collect();
        let mut triggers = None;
        for trigger in &self.now.effects.triggers {
            if trigger.table == key && trigger.events.contains(&event) {
                triggers = match (triggers.unwrap_or_else(|| Some(BTreeSet::new())), &trigger.mentions) {
                    (Some(mut names), Some(more)) => {
                        names.extend(more.iter().cloned());
                        Some(Some(names))
                    }
                    _ => Some(None),
                };
            }
        }
        let is_real = self.now.schema.table(table).is_none_or(|own| own.origin != Origin::Created);
        if is_real {
            let sql = self.dialect().side_effects(table, event);
            for row in self.rows(self.question(&sql, &[])).await.unwrap_or_default() {
                let text = |at: usize| row.try_get_by_index::<Option<String>>(at).ok().flatten();
                match text(0) {
                    Some(child) if child != "*" => followers.push(Follower {
                        parent: key.clone(),
                        column: text(1).map(|column| self.names.column(&column)),
                        child,
                        deletes: text(2).as_deref() == Some("1"),
                        updates: text(3).as_deref() == Some("1"),
                    }),
                    _ => triggers = Some(None),
                }
            }
        }
        if event != "insert" {
            // Rows of theirs may refer to none now.
            let referring = followers.iter().map(|follower| self.names.table(&follower.child));
            self.now.unchecked.extend(referring);
        }
        let touches = |follower: &&Follower| match &changed {
            None => follower.deletes,
            Some(sets) => follower.updates && follower.column.as_ref().is_some_and(|column| sets.contains(column)),
        };
        let children: BTreeSet<String> =
            followers.iter().filter(touches).map(|follower| follower.child.to_lowercase()).collect();
        if !children.is_empty() {
            self.doubt(Some(children), false);
        }
        if let Some(mentioned) = triggers {
            let mut names = mentioned;
            // A trigger names routines, which name tables.
            let mut left: Vec<String> = names.iter().flatten().cloned().collect();
            let mut seen = BTreeSet::new();
            while let Some(name) = left.pop() {
                if seen.insert(name.clone())
                    && let Some(routine) = self.now.effects.routines.get(&name).cloned()
                {
                    match (names.as_mut(), routine) {
                        (Some(names), Some(routine)) => {
                            left.extend(routine.iter().cloned());
                            names.extend(routine);
                        }
                        _ => names = None,
                    }
                }
            }
            if let Some(names) = &mut names {
                names.insert(table.to_lowercase());
            }
            self.doubt(names, false);
        }
    }
}
