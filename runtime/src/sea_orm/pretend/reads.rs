//! What a migration reads: rows over the layers of what was noted before, catalogs as they would be.

use sea_orm_migration::sea_orm::{DbErr, QueryResult, Value};

use super::{Core, literal};
use crate::pretend::catalog;
use crate::pretend::layers::Trouble;
use crate::pretend::references::references;
use crate::pretend::schema::Origin;
use crate::pretend::statement::{self, Select, Statement};
use crate::pretend::token::{Kind, tokens};
use crate::wire::Note;

impl Core {
    /// The answer to a question that changes nothing.
    pub(super) async fn ask(&mut self, sql: &str, values: &[Value]) -> Result<Vec<QueryResult>, DbErr> {
        let Statement::Select(select) = statement::read(sql, &self.names) else {
            return self.look(sql, values).await;
        };
        if let Some((function, label)) = select.effect {
            let text = self.filled(sql, values).await?;
            self.say(text);
            let value = self.dialect().effect_value(&function);
            let made = format!("SELECT {value} AS {}", self.dialect().quote(&label));
            self.note(Note::Effect { function });
            return self.rows(self.question(&made, &[])).await;
        }
        // A run rebuilds a table that others refer to without foreign keys, and the copy of the schema has none.
        if let (Some(shadow), Some(switch)) = (&self.shadow, self.dialect().foreign_key_switch())
            && sql == switch.read
        {
            return shadow.query(self.question(sql, values)).await;
        }
        if self.now.schema.changed && select.tables.iter().any(|table| self.dialect().is_catalog(table)) {
            return self.catalogs(sql, values, &select).await;
        }
        let unlocked = select.locks.and_then(|place| sql.get(..place.start)).unwrap_or(sql);
        let layered = match self.over(unlocked) {
            Ok(layered) => layered,
            Err(Trouble::Gone(table)) => {
                return Err(DbErr::Custom(format!("`{table}` is read here, but a statement above drops it")));
            }
            Err(Trouble::Opaque(table)) => {
                self.note(Note::Unknown { table });
                return Ok(Vec::new());
            }
        };
        match self.rows(self.question(&layered, values)).await {
            Err(error) if is_write(&error.to_string()) => {
                // A function of the database's own changes something.
                let text = self.filled(sql, values).await?;
                self.say(text.clone());
                self.doubt(None, true);
                self.unanswered(&text, &error);
                Ok(Vec::new())
            }
            // The same would come for real.
            Err(error) if layered == unlocked => Err(error),
            Err(error) => {
                let text = self.filled(sql, values).await?;
                self.unanswered(&text, &error);
                Ok(Vec::new())
            }
            Ok(rows) => match self.unseen_reader(sql) {
                Some(table) => {
                    self.note(Note::Unknown { table });
                    Ok(Vec::new())
                }
                None => Ok(rows),
            },
        }
    }

    pub(super) fn unanswered(&mut self, sql: &str, error: &DbErr) {
        let sql = sql.chars().take(SHOWN).collect();
        self.note(Note::Unanswered { sql, message: error.to_string() });
    }

    /// Whether the rows of a table may be others than is known.
    pub(super) fn is_in_doubt(&self, table: &str) -> bool {
        let effects = &self.now.effects;
        effects.all_in_doubt || effects.doubts.contains(&table.to_lowercase())
    }

    /// The answer to a query of catalogs, as they would be.
    async fn catalogs(&mut self, sql: &str, values: &[Value], select: &Select) -> Result<Vec<QueryResult>, DbErr> {
        let dialect = self.dialect();
        let steady = |table: &String| dialect.is_steady_catalog(table);
        if select.tables.iter().all(steady) {
            return self.rows(self.question(sql, values)).await;
        }
        if let Some(shadow) = &self.shadow
            && select.tables.iter().all(|table| dialect.is_catalog(table) && !dialect.has_rows(table))
        {
            return shadow.query(self.question(sql, values)).await;
        }
        let named = self.named(sql, values);
        let schema = &self.now.schema;
        let doubtful = schema.has_doubts() && (named.is_empty() || named.iter().any(|name| schema.is_in_doubt(name)));
        let answered = |table: &String| steady(table) || dialect.catalog(table).is_some();
        if !doubtful && select.tables.iter().all(answered) && !asks_by_number(sql) {
            let answer = self.rows(self.question(&self.over_catalogs(sql), values)).await;
            if let Ok(rows) = answer {
                return Ok(rows);
            }
        }
        // What nothing has touched is as the database has it.
        if !doubtful && !named.is_empty() && !named.iter().any(|name| schema.mentions(name)) && is_exact(sql) {
            return self.rows(self.question(sql, values)).await;
        }
        self.note(Note::Catalog);
        // It may name what is not there yet.
        Ok(self.rows(self.question(sql, values)).await.unwrap_or_default())
    }

    /// A query with catalogs as they would be in the place of those that the database has.
    fn over_catalogs(&self, sql: &str) -> String {
        let dialect = self.dialect();
        let words = tokens(sql, dialect.lexis());
        let (mut text, mut at) = (String::new(), 0);
        for place in references(&words) {
            let parts = words.get(place.clone()).unwrap_or_default();
            let name: String = parts.iter().map(|part| part.text.as_str()).collect();
            let (Some(catalog), Some(first), Some(last)) = (dialect.catalog(&name), parts.first(), parts.last()) else {
                continue;
            };
            text.push_str(sql.get(at..first.place.start).unwrap_or_default());
            text.push_str(&format!("({})", catalog::query(&catalog, &self.now.schema)));
            if !crate::pretend::layers::has_alias(words.get(place.end)) {
                text.push_str(&format!(" AS {}", dialect.quote(&last.text)));
            }
            at = last.place.end;
        }
        text.push_str(sql.get(at..).unwrap_or_default());
        text
    }

    /// What a query compares with: texts that can be names.
    fn named(&self, sql: &str, values: &[Value]) -> Vec<String> {
        let texts = tokens(sql, self.dialect().lexis()).into_iter().filter(|word| word.kind == Kind::Text);
        let texts = texts.map(|word| word.text).chain(values.iter().filter_map(literal::text).map(str::to_owned));
        let other =
            ["BASE TABLE", "VIEW", "YES", "NO", "public", "table", "index", "PRIMARY KEY", "FOREIGN KEY", "UNIQUE"];
        texts.filter(|text| !other.contains(&text.as_str()) && text.len() > 1 && *text != self.names.schema).collect()
    }

    /// The answer to a statement that shows something.
    async fn look(&mut self, sql: &str, values: &[Value]) -> Result<Vec<QueryResult>, DbErr> {
        let words = tokens(sql, self.dialect().lexis());
        let first = words.first().map(|word| word.text.to_lowercase()).unwrap_or_default();
        if !self.now.schema.changed {
            return self.rows(self.question(sql, values)).await;
        }
        if first == "pragma" {
            let shown = words.get(1).map(|word| word.text.to_lowercase()).unwrap_or_default();
            let described = shown.starts_with("table_") || shown.starts_with("index_") || shown == "foreign_key_list";
            return match &self.shadow {
                Some(shadow) if described => shadow.query(self.question(sql, values)).await,
                _ => {
                    if shown.contains("check") && shown != "ignore_check_constraints" {
                        self.note(Note::Catalog);
                    }
                    self.rows(self.question(sql, values)).await
                }
            };
        }
        let texts: Vec<String> = words.iter().map(|word| word.text.to_lowercase()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let Some((catalog, columns, at)) = self.dialect().shown(&texts) else {
            let tables = ["create", "table", "tables", "full", "triggers"];
            let rows = self.rows(self.question(sql, values)).await;
            if first == "show" && texts.get(1).is_some_and(|word| tables.contains(word)) {
                self.note(Note::Catalog);
                // It may name what is not there yet.
                return Ok(rows.unwrap_or_default());
            }
            return rows;
        };
        let table = at.and_then(|at| words.get(at)).filter(|word| word.is_name());
        let touched = table.is_none_or(|table| self.now.schema.table(&table.text).is_some());
        if !touched && !table.is_some_and(|table| self.now.schema.is_in_doubt(&table.text)) {
            return self.rows(self.question(sql, values)).await;
        }
        if table.is_some_and(|table| self.now.schema.table(&table.text).is_some_and(|own| own.origin == Origin::Gone)) {
            return Err(DbErr::Custom(format!("`{}` does not exist", table.map_or("", |table| &table.text))));
        }
        let current = "table_schema = DATABASE()";
        let of = table
            .map_or(String::new(), |table| format!(" AND table_name = {}", self.dialect().text_literal(&table.text)));
        let inner = format!("SELECT {columns} FROM information_schema.{catalog} WHERE {current}{of}");
        let label = columns.split('`').nth(1).unwrap_or_default();
        let rest = words.iter().position(|word| word.is("like") || word.is("where"));
        let rest = rest.and_then(|at| words.get(at)).map_or(String::new(), |word| {
            let rest = sql.get(word.place.start..).unwrap_or_default().trim_end_matches([';', ' ']);
            if word.is("like") { format!(" WHERE {} {rest}", self.dialect().quote(label)) } else { format!(" {rest}") }
        });
        let whole = format!("SELECT * FROM ({inner}) AS shown{rest}");
        match statement::read(&whole, &self.names) {
            Statement::Select(select) => self.catalogs(&whole, values, &select).await,
            _ => Ok(Vec::new()),
        }
    }
}

/// So much of a query is shown.
const SHOWN: usize = 300;

/// Whether a query finds objects by numbers that a new one does not have yet.
fn asks_by_number(sql: &str) -> bool {
    let sql = sql.to_lowercase();
    ["::reg", "to_reg", "as reg", "indexrelid", "attrelid"].iter().any(|word| sql.contains(word))
}

/// Whether a query compares names exactly.
fn is_exact(sql: &str) -> bool {
    let sql = sql.to_lowercase();
    !sql.contains(" like ")
        && !sql.contains(" ilike ")
        && !sql.contains('~')
        && (sql.contains("name") || sql.contains("::reg"))
}

/// Whether the database refused because the session changes nothing.
fn is_write(message: &str) -> bool {
    let message = message.to_lowercase();
    ["read-only", "read only", "readonly"].iter().any(|words| message.contains(words))
}
