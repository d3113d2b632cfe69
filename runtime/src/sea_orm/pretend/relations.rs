//! Relations whose columns or rows come from others: views, tables from a query, copies, partitions, tables that inherit.

use std::collections::BTreeSet;

use super::Core;
use super::failing::Fate;
use crate::dialect::Dialect;
use crate::pretend::references::references;
use crate::pretend::schema::{Change, Column, Relation, Source};
use crate::pretend::statement::{self, Statement};
use crate::pretend::token::tokens;

impl Core {
    /// Reads the views of the database, and which of its tables have the rows of others.
    pub(super) async fn read_relations(&mut self) {
        let text = |row: &sea_orm_migration::sea_orm::QueryResult, at: usize| {
            row.try_get_by_index::<Option<String>>(at).ok().flatten().unwrap_or_default()
        };
        for row in self.rows(self.question(self.dialect().views(), &[])).await.unwrap_or_default() {
            let (schema, name, query) = (text(&row, 0), text(&row, 1), text(&row, 2));
            let query = match statement::read(&query, &self.names) {
                Statement::Schema(changes) => match changes.into_iter().next() {
                    Some(Change::Create { query: Some(query), columns, .. }) => {
                        self.with_names(&query, columns.as_deref())
                    }
                    _ => continue,
                },
                _ => self.without_schema(query.trim_end_matches([';', ' '])),
            };
            let whole = if schema.is_empty() { name } else { format!("{schema}.{name}") };
            self.now.layers.view(&whole, Vec::new(), query, true);
        }
        if let Some(sql) = self.dialect().routines() {
            let rows = self.rows(self.question(sql, &[])).await.unwrap_or_default();
            self.routines = rows.iter().map(|row| text(row, 0).to_lowercase()).collect();
        }
        if let Some(sql) = self.dialect().descendants() {
            let rows = self.rows(self.question(sql, &[])).await.unwrap_or_default();
            self.now.effects.kin = rows.iter().map(|row| (text(row, 0), text(row, 1))).collect();
        }
    }

    /// A query without the current schema before names, which layers do not have.
    fn without_schema(&self, query: &str) -> String {
        let words = tokens(query, self.dialect().lexis());
        let (mut found, mut at) = (String::new(), 0);
        for two in words.windows(2) {
            if let [schema, dot] = two
                && self.dialect() == Dialect::MySql
                && schema.is_name()
                && dot.is(".")
                && schema.text == self.names.schema
            {
                found.push_str(query.get(at..schema.place.start).unwrap_or_default());
                at = dot.place.end;
            }
        }
        found.push_str(query.get(at..).unwrap_or_default());
        found
    }

    /// A query whose columns have these names.
    fn with_names(&self, query: &str, columns: Option<&[Column]>) -> String {
        let Some(columns) = columns else { return query.to_owned() };
        let dialect = self.dialect();
        let list = crate::pretend::layers::names(columns, dialect);
        let list: Vec<String> = list.iter().map(|name| format!("NULL AS {name}")).collect();
        // The first part of a union names the columns; not every database takes a `WITH` here.
        let named = format!("SELECT {}{} WHERE 1 = 0", list.join(", "), dialect.from_nothing());
        format!("{named} UNION ALL SELECT * FROM ({query}) AS kit_view")
    }

    /// All relations that these read, views included.
    pub(super) fn read_by(&self, tables: Vec<String>) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut left = tables;
        while let Some(table) = left.pop() {
            if found.contains(&table) {
                continue;
            }
            if let Some(query) = self.now.layers.view_query(&table) {
                let words = tokens(query, self.dialect().lexis());
                let places = references(&words).into_iter();
                left.extend(places.filter_map(|place| Some(statement::table_name(words.get(place)?, &self.names)?.0)));
            }
            found.push(table);
        }
        found
    }

    /// Takes note of a new relation with its columns, and begins its rows.
    pub(super) async fn create(&mut self, change: &Change) {
        let Change::Create { table, columns, query, relation, sources, existing } = change else { return };
        let mut known = self.columns_of(columns.as_deref(), query.as_deref(), *relation, sources).await;
        let mut rules = Vec::new();
        for source in sources {
            if let Source::Like { table: of, keys: true } = source {
                let columns = self.columns(of).await;
                rules.extend(self.rules(of, &columns).await.unwrap_or_default());
            }
        }
        rules.retain(|rule| rule.key().is_some() || matches!(rule.kind, crate::pretend::rules::RuleKind::Inexact));
        if self.shadow.is_some() {
            // It has been created there.
            known = self.shadow_columns(table).await;
        }
        self.begin_rows(table, known.clone(), columns.as_deref(), query.as_deref(), *relation);
        let is_partial = sources.iter().any(|source| matches!(source, Source::Parent(_)));
        for source in sources {
            if let Source::Parent(parent) = source {
                self.now.effects.kin.push((table.clone(), parent.clone()));
                rules.extend(self.now.schema.table(parent).map(|own| own.rules.clone()).unwrap_or_default());
            }
        }
        if known.as_ref().is_some_and(|columns| columns.iter().any(|column| column.computed)) && !is_partial {
            self.now.layers.lose(table);
        }
        let is_known = known.is_some();
        let made = Change::Create {
            table: table.clone(),
            columns: known,
            query: None,
            relation: *relation,
            sources: Vec::new(),
            existing: *existing,
        };
        self.now.schema.apply(&made);
        for rule in rules {
            self.now.schema.apply(&Change::Rule { table: table.clone(), rule });
        }
        if !is_known {
            self.now.schema.doubt(Some([table.to_lowercase()].into()));
        }
    }

    /// The columns of a new relation; `None` if they are not known.
    async fn columns_of(
        &mut self,
        listed: Option<&[Column]>,
        query: Option<&str>,
        relation: Relation,
        sources: &[Source],
    ) -> Option<Vec<Column>> {
        let mut found = Vec::new();
        for source in sources {
            let (Source::Like { table, .. } | Source::Parent(table)) = source;
            let copied = self.columns(table).await;
            if copied.is_empty() {
                return None;
            }
            let copies = |column: Column| self.copied(column, source);
            found.extend(copied.into_iter().map(copies));
        }
        match (query, listed) {
            (None, Some(listed)) => found.extend(listed.iter().cloned()),
            (None, None) if sources.is_empty() => return None,
            (None, None) => {}
            (Some(query), listed) => {
                let answered = self.columns_of_query(query).await?;
                let listed = listed.unwrap_or_default();
                // MySQL and MariaDB add to the columns that are listed, others take their names.
                let adds = self.dialect() == Dialect::MySql && relation == Relation::Table && !listed.is_empty();
                if adds {
                    found.extend(listed.iter().cloned());
                    let is_new = |column: &Column| {
                        !listed.iter().any(|own| self.names.column(&own.name) == self.names.column(&column.name))
                    };
                    found.extend(answered.into_iter().filter(is_new));
                } else {
                    found.extend(answered);
                    for (column, listed) in found.iter_mut().zip(listed) {
                        column.name.clone_from(&listed.name);
                    }
                }
            }
        }
        let mut seen = BTreeSet::new();
        found.retain(|column| seen.insert(self.names.column(&column.name)));
        Some(found)
    }

    /// A column as a copy of its table has it.
    fn copied(&self, mut column: Column, source: &Source) -> Column {
        let keeps = match source {
            Source::Like { keys, .. } => *keys,
            Source::Parent(_) => true,
        };
        if self.dialect() == Dialect::MySql {
            return column;
        }
        let shares =
            column.kind.contains("serial") || column.default.as_ref().is_some_and(|text| text.contains("nextval"));
        if column.numbered && (shares || !keeps) {
            // Numbers come from the sequence of the other table, or from nowhere.
            column.numbered = false;
            column.kind = column.kind.replace("serial", "int");
            column.default = Some("nextval('')".to_owned());
        }
        if !keeps {
            column.default = None;
        }
        column
    }

    async fn shadow_columns(&self, table: &str) -> Option<Vec<Column>> {
        let question = self.question(self.dialect().columns_of(), &[table.into()]);
        let rows = self.shadow.as_ref()?.query(question).await.ok()?;
        Some(rows.iter().map(super::column_of).collect::<Vec<_>>()).filter(|columns| !columns.is_empty())
    }

    /// The columns that a query answers.
    async fn columns_of_query(&mut self, query: &str) -> Option<Vec<Column>> {
        if self.shadow.is_some() {
            return Some(Vec::new());
        }
        let over = |list: &str| {
            format!("SELECT {list} FROM (SELECT 1 AS kit_one) kit_one LEFT JOIN ({query}) kit_query ON 1 = 1 LIMIT 1")
        };
        let rows = self.answer(&over("kit_query.*")).await.ok()?;
        let names = rows.first()?.column_names();
        let mut kinds = vec![String::new(); names.len()];
        let asked: Option<Vec<String>> = names
            .iter()
            .map(|name| self.dialect().type_of(&format!("kit_query.{}", self.dialect().quote(name))))
            .collect();
        if let Some(asked) = asked.filter(|asked| !asked.is_empty()) {
            let rows = self.answer(&over(&asked.join(", "))).await.ok()?;
            let text = |at: usize| rows.first()?.try_get_by_index::<Option<String>>(at).ok().flatten();
            kinds = (0..names.len()).map(|at| text(at).unwrap_or_default()).collect();
        }
        let column =
            |(name, kind)| Column { name, kind, default: None, numbered: false, nullable: true, computed: false };
        Some(names.into_iter().zip(kinds).map(column).collect())
    }

    /// Begins the rows of a new relation.
    fn begin_rows(
        &mut self,
        table: &str,
        known: Option<Vec<Column>>,
        listed: Option<&[Column]>,
        query: Option<&str>,
        relation: Relation,
    ) {
        let columns = known.unwrap_or_default();
        let Some(query) = query else {
            if columns.is_empty() {
                return self.now.layers.lose(table);
            }
            let nulls: Vec<String> = columns.iter().map(|column| self.in_type("NULL", column)).collect();
            return self.now.layers.create(table, columns, &nulls, self.names.dialect);
        };
        if relation == Relation::View {
            let query = self.with_names(query, listed);
            return self.now.layers.view(table, columns, query, false);
        }
        let adds = listed.is_some_and(|listed| !listed.is_empty()) && self.dialect() == Dialect::MySql;
        match self.over(query) {
            Ok(query) if !adds && !columns.is_empty() => self.now.layers.query(table, columns, query),
            _ => {
                self.now.layers.query(table, columns, "SELECT 1".to_owned());
                self.now.layers.lose(table);
            }
        }
    }

    /// Puts in doubt what follows from a change of a table: views over it, tables that have its columns.
    pub(super) fn follow_relations(&mut self, change: &Change) {
        let (table, is_drop) = match change {
            Change::Drop { table, .. } => (table, true),
            Change::Rename(table, _)
            | Change::RenameColumn(table, ..)
            | Change::Remove { table, .. }
            | Change::Alter(table, _)
            | Change::Add { table, .. } => (table, false),
            Change::Attach(child, parent) => {
                self.now.effects.kin.push((child.clone(), parent.clone()));
                self.doubt(Some([child.to_lowercase(), parent.to_lowercase()].into()), false);
                return;
            }
            _ => return,
        };
        let dialect = self.dialect();
        let changes = |query: &str| match change {
            // Other databases find the table of a view by its name.
            Change::Drop { .. } => dialect == Dialect::Postgres,
            // The others have replaced `*` by the columns that were there.
            Change::Add { .. } => dialect != Dialect::Sqlite && query.contains('*'),
            _ => true,
        };
        for view in self.now.layers.views_over(table) {
            let is_other = self.names.table(&view) != self.names.table(table);
            if is_other && self.now.layers.view_query(&view).is_some_and(changes) {
                self.now.layers.lose(&view);
                if is_drop {
                    self.now.schema.doubt(Some([view.to_lowercase()].into()));
                }
            }
        }
        let below = self.relatives(table, false);
        if !below.is_empty() {
            self.doubt(Some(below), true);
        }
    }

    /// The tables that have rows of a table, or, if `both`, whose rows it has, in lower case and without itself.
    fn relatives(&self, table: &str, both: bool) -> BTreeSet<String> {
        let key = |name: &str| self.names.own(name).to_lowercase();
        let walk = |up: bool| {
            let mut found = BTreeSet::new();
            let mut left = vec![key(table)];
            while let Some(one) = left.pop() {
                for (child, parent) in &self.now.effects.kin {
                    let (from, to) = if up { (key(child), key(parent)) } else { (key(parent), key(child)) };
                    if from == one && found.insert(to.clone()) {
                        left.push(to);
                    }
                }
            }
            found
        };
        let mut found = walk(false);
        if both {
            found.extend(walk(true));
        }
        found
    }

    /// Puts in doubt the rows of other relations that a statement changes with those of a table.
    pub(super) fn spread_relations(&mut self, table: &str) {
        let others = self.relatives(table, true);
        if !others.is_empty() {
            self.doubt(Some(others), false);
        }
        if let Some(query) = self.now.layers.view_query(table) {
            let mut names = statement::mentioned(query, self.dialect());
            if let Some(names) = &mut names {
                names.insert(table.to_lowercase());
            }
            self.doubt(names, false);
        }
    }

    /// Whether rows that exist break a rule that a statement adds.
    pub(super) async fn fate_of_rule(&mut self, change: &Change, all: &[Change]) -> Fate {
        let Change::Rule { table, rule } = change else { return Fate::Happens };
        let inside = all.iter().any(|change| matches!(change, Change::Create { .. }));
        if inside || self.is_in_doubt(table) || self.now.layers.is_opaque(table) {
            return Fate::Happens;
        }
        let mut rule = rule.clone();
        let columns = self.columns(table).await;
        self.complete(&mut rule, &columns).await;
        match self.is_broken(table, &rule).await {
            Some(true) => Fate::Fails(format!("rows of `{table}` break {}", rule.name.unwrap_or_default())),
            _ => Fate::Happens,
        }
    }
}
