//! Migrations written with the helpers of `kit_runtime::schema`: from an [`Intent`] to calls like `create_table(m, …)`. It returns
//! the statements of `up` and `down`, or the reason why the helpers cannot make what SeaORM's builders make.

use kit_runtime::schema::column_referring_to;

use super::columns;
use super::intent::{Column, Definition, Index, Intent, Reference, Shape};
use super::layout::{Step, argument, chain, list};
use super::name;
use crate::fields::{Literal, Type};
use crate::project::sea_orm::Major;
use crate::project::settings::Naming;
use crate::schema::model::Action;

/// The longest name of an index or a key that the helpers do not shorten.
const MAX_NAME: usize = 60;

/// The width that is left for a `ColType` in the columns of a table.
const MAX_LINE: usize = 79;

/// The width of a call that has room for `.await?;` in a function of an `impl`.
const MAX_CALL: usize = 84;

/// What the statements depend on.
#[derive(Clone, Copy, Debug)]
pub struct Helpers {
    /// How constraints are named.
    pub naming: Naming,
    /// The SeaORM that runs them.
    pub release: Major,
    /// The fields define the primary key.
    pub is_key_given: bool,
}

/// The statements of `up` and of `down`.
pub type BothWays = (Vec<Step>, Vec<Step>);

impl Helpers {
    /// Returns the statements, or `None` where no helper would be called.
    ///
    /// # Errors
    /// The reason why the helpers would make something else, for a message.
    pub fn both_ways(self, intent: &Intent) -> Result<Option<BothWays>, String> {
        Ok(Some(match intent {
            Intent::CreateTable(shape) | Intent::JoinTable(shape) => (self.create(shape)?, drop(shape)),
            Intent::DropTable(shape) if !shape.columns.is_empty() => (drop(shape), self.create(shape)?),
            Intent::AddColumns(shape) if !shape.columns.is_empty() => {
                let mut back = shape.clone();
                back.columns.reverse();
                back.indexes.reverse();
                (self.add(shape)?, self.remove(&back)?)
            }
            Intent::RemoveColumns(shape) if !shape.columns.is_empty() => {
                let (again, mut down) = columns::given_back(shape);
                down.extend(self.add(&again)?);
                (self.remove(shape)?, down)
            }
            Intent::RenameColumn { table, from, to } => {
                let rename =
                    |from: &str, to: &str| vec![call("rename_column", &[quoted(table), quoted(from), quoted(to)])];
                (rename(from, to), rename(to, from))
            }
            _ => return Ok(None),
        }))
    }

    fn create(self, shape: &Shape) -> Result<Vec<Step>, String> {
        let is_join = !shape.key.is_empty();
        let references: Vec<&str> =
            shape.columns.iter().filter(|one| one.reference.is_some()).map(|one| one.name.as_str()).collect();
        if is_join && references != shape.key {
            return Err("with the helpers, all references of a join table are its primary key".to_owned());
        }
        let indexes = self.indexes(shape, is_join)?;
        let stamps = ["created_at", "updated_at"];
        let has = |name: &&str| shape.columns.iter().any(|one| one.name == **name && one.definition == Definition::Now);
        let timestamps = stamps.iter().all(has);
        let (mut columns, mut pairs) = (Vec::new(), Vec::new());
        for column in &shape.columns {
            if let Some(reference) = &column.reference {
                let [target, name] = self.reference(&shape.table, column, reference)?;
                pairs.push(list("(", &[target, name], ")"));
            } else if timestamps && stamps.contains(&column.name.as_str()) {
                // They come with the table.
            } else if let Some(kind) = self.column(&shape.table, column, indexes.is_unique(column))? {
                columns.push(list("(", &[quoted(&column.name), kind], ")"));
            }
        }
        let helper = match (is_join, timestamps) {
            (false, true) => "create_table",
            (false, false) => "create_table_without_timestamps",
            (true, true) => "create_join_table",
            (true, false) => "create_join_table_without_timestamps",
        };
        let lists = [list("&[", &columns, "]"), list("&[", &pairs, "]")];
        let mut steps = vec![call(helper, &[&[quoted(&shape.table)][..], &lists].concat())];
        steps.extend(indexes.others.iter().map(|index| self.create_index(index)));
        Ok(steps)
    }

    fn add(self, shape: &Shape) -> Result<Vec<Step>, String> {
        let indexes = self.indexes(shape, false)?;
        let mut steps = Vec::new();
        for column in &shape.columns {
            if let Some(reference) = &column.reference {
                let [target, name] = self.reference(&shape.table, column, reference)?;
                steps.push(call("add_reference", &[quoted(&shape.table), target, name]));
            } else if let Some(kind) = self.column(&shape.table, column, indexes.is_unique(column))? {
                steps.push(call("add_column", &[quoted(&shape.table), quoted(&column.name), kind]));
            }
        }
        steps.extend(indexes.others.iter().map(|index| self.create_index(index)));
        Ok(steps)
    }

    /// The indexes that the helpers know go with their columns.
    fn remove(self, shape: &Shape) -> Result<Vec<Step>, String> {
        let indexes = self.indexes(shape, false)?;
        let mut steps: Vec<Step> = indexes.others.iter().map(|index| self.drop_index(index)).collect();
        for column in &shape.columns {
            let table = quoted(&shape.table);
            steps.push(match &column.reference {
                Some(reference) => {
                    let [_, name] = self.reference(&shape.table, column, reference)?;
                    call("remove_reference", &[table, quoted(&reference.table), name])
                }
                None => call("remove_column", &[table, quoted(&column.name)]),
            });
        }
        steps.extend(shape.columns.iter().filter_map(|column| drop_type(&shape.table, column)));
        Ok(steps)
    }

    /// Separates the indexes that the helpers make with the columns from the others.
    fn indexes(self, shape: &Shape, is_join: bool) -> Result<Indexes<'_>, String> {
        let mut others: Vec<&Index> = shape.indexes.iter().collect();
        let mut unique = Vec::new();
        // The primary key of a join table begins with its first reference.
        let referring = shape.columns.iter().filter(|column| column.reference.is_some()).skip(usize::from(is_join));
        for column in referring {
            let expected = helper_name("idx", &shape.table, &column.name);
            let own = |index: &&Index| index.columns == [column.name.clone()] && !index.unique;
            match others.iter().position(own) {
                Some(at) if expected.as_ref() == Some(&others[at].called(self.naming)) => drop_at(&mut others, at),
                Some(_) => return Err(format!("the helpers give the index of `{}` another name", column.name)),
                None => return Err(format!("the helpers give `{}` an index that is not unique", column.name)),
            }
        }
        for column in shape.columns.iter().filter(|column| column.reference.is_none()) {
            let expected = helper_name("ux", &shape.table, &column.name);
            let own = |index: &&Index| {
                index.columns == [column.name.clone()]
                    && index.unique
                    && expected.as_ref() == Some(&index.called(self.naming))
            };
            if let Some(at) = others.iter().position(own) {
                drop_at(&mut others, at);
                unique.push(column.name.as_str());
            }
        }
        Ok(Indexes { unique, others })
    }

    /// The table and the column of a reference, as the helpers take them.
    fn reference(self, table: &str, column: &Column, reference: &Reference) -> Result<[String; 2], String> {
        let name = &column.name;
        let Definition::Known { nullable, default: None, .. } = column.definition else {
            return Err(format!("the helpers give the reference `{name}` no default"));
        };
        let usual = if nullable { Action::SetNull } else { Action::Cascade };
        if reference.on_delete != usual {
            return Err(format!("the helpers give the reference `{name}` another `ON DELETE`"));
        }
        if reference.column != "id" {
            return Err(format!("the helpers refer to `id`, not to `{}` of `{}`", reference.column, reference.table));
        }
        let called = match &reference.name {
            Some(called) => called.clone(),
            None => name::foreign_key(self.naming, table, name, &reference.table),
        };
        if helper_name("fk", table, name) != Some(called) {
            return Err(format!("the helpers give the foreign key of `{name}` another name"));
        }
        let mark = if nullable { "?" } else { "" };
        let column = if column_referring_to(&reference.table) == *name { "" } else { name };
        Ok([quoted(&format!("{}{mark}", reference.table)), quoted(column)])
    }

    /// The `ColType` of a column; `None` for the key that a table gets without being told.
    fn column(self, table: &str, column: &Column, is_unique: bool) -> Result<Option<String>, String> {
        let name = &column.name;
        let (head, mut calls) = match &column.definition {
            Definition::Id(Type::Integer { bits: 32, unsigned: false }) if !self.is_key_given => return Ok(None),
            Definition::Id(Type::Integer { bits: 64, unsigned: false }) => return Ok(None),
            Definition::Id(Type::Uuid) => return Ok(Some("ColType::PkUuid".to_owned())),
            Definition::Id(_) => return Err(format!("the helpers make no key of the type of `{name}`")),
            Definition::Now => ("timestamp()".to_owned(), vec![".default_now()".to_owned()]),
            Definition::Moment => ("timestamp()".to_owned(), vec![".null()".to_owned()]),
            Definition::Assumed => ("string()".to_owned(), vec![".null()".to_owned()]),
            Definition::Known { of, nullable, default } => {
                let mut calls = Vec::new();
                calls.extend(nullable.then(|| ".null()".to_owned()));
                if let Some(default) = default {
                    calls.push(self.default(name, of, default)?);
                }
                (self.kind(table, name, of)?, calls)
            }
        };
        calls.extend(is_unique.then(|| ".unique()".to_owned()));
        let line = format!("ColType::{head}{}", calls.concat());
        // rustfmt breaks a chain of one call only where the line is too long.
        let is_short = calls.len() < 2 && line.len() <= MAX_LINE && !line.contains('\n');
        Ok(Some(if is_short { line } else { chain(&format!("ColType::{head}"), &calls) }))
    }

    /// The call that begins a `ColType`.
    fn kind(self, table: &str, column: &str, of: &Type) -> Result<String, String> {
        Ok(match of {
            Type::Enum(values) => {
                let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                let arguments = [quoted(&name::of_type(table, column)), list("[", &values, "]")];
                list("enumeration(", &arguments, ")")
            }
            Type::Array(of) => {
                let element = match **of {
                    Type::Text => "Text",
                    Type::Integer { bits: 64, .. } => "BigInt",
                    Type::Integer { .. } => "Int",
                    Type::Float => "Float",
                    Type::Double => "Double",
                    Type::Boolean => "Bool",
                    _ => "String",
                };
                format!("array(ArrayColType::{element})")
            }
            of => {
                let builder = columns::method(of, self.release);
                let call = builder.as_deref().and_then(|call| call.strip_prefix('.'));
                match call.filter(|call| !call.starts_with("custom(")) {
                    Some(call) => call.to_owned(),
                    None => return Err(format!("the helpers have no type for `{column}` with this release of SeaORM")),
                }
            }
        })
    }

    fn default(self, column: &str, of: &Type, default: &Literal) -> Result<String, String> {
        Ok(match default {
            Literal::Now => ".default_now()".to_owned(),
            // An expression, which some databases require for types without a limit.
            Literal::Text(text) if matches!(of, Type::Text | Type::Json | Type::JsonBinary) => {
                if text.contains(['\'', '\\']) {
                    return Err(format!("the helpers cannot quote the default of `{column}` for every database"));
                }
                format!(".default_sql({})", quoted(&format!("('{text}')")))
            }
            other => format!(".default({})", columns::default(of, other)),
        })
    }

    fn create_index(self, index: &Index) -> Step {
        let mut calls =
            vec![format!(".name({:?})", index.called(self.naming)), format!(".table({})", alias(&index.table))];
        calls.extend(index.columns.iter().map(|column| format!(".col({})", alias(column))));
        calls.extend(index.unique.then(|| ".unique()".to_owned()));
        calls.push(".to_owned()".to_owned());
        manager("create_index", &chain("Index::create()", &calls))
    }

    fn drop_index(self, index: &Index) -> Step {
        let table = format!(".table({})", alias(&index.table));
        let calls = [format!(".name({:?})", index.called(self.naming)), table, ".to_owned()".to_owned()];
        manager("drop_index", &chain("Index::drop()", &calls))
    }
}

/// The indexes of a shape.
struct Indexes<'a> {
    /// The columns that are unique by themselves.
    unique: Vec<&'a str>,
    /// Those that need a statement.
    others: Vec<&'a Index>,
}

impl Indexes<'_> {
    fn is_unique(&self, column: &Column) -> bool {
        self.unique.contains(&column.name.as_str())
    }
}

fn drop(shape: &Shape) -> Vec<Step> {
    let types = shape.columns.iter().rev().filter_map(|column| drop_type(&shape.table, column));
    std::iter::once(call("drop_table", &[quoted(&shape.table)])).chain(types).collect()
}

fn drop_type(table: &str, column: &Column) -> Option<Step> {
    let Definition::Known { of: Type::Enum(_), .. } = column.definition else { return None };
    Some(call("drop_enum_type", &[quoted(&name::of_type(table, &column.name))]))
}

/// The name that the helpers give, if they do not shorten it.
fn helper_name(prefix: &str, table: &str, column: &str) -> Option<String> {
    let name = format!("{prefix}_{table}_{column}");
    (name.len() <= MAX_NAME).then_some(name)
}

fn drop_at<T>(list: &mut Vec<T>, at: usize) {
    list.remove(at);
}

/// Calls a helper.
fn call(helper: &str, arguments: &[String]) -> Step {
    let arguments: Vec<String> = std::iter::once("m".to_owned()).chain(arguments.iter().cloned()).collect();
    let text = list(&format!("{helper}("), &arguments, ")");
    let end = match text.contains('\n') {
        true => "\n.await",
        false if text.len() > MAX_CALL => "\n    .await",
        false => ".await",
    };
    Step::Awaited(text + end)
}

/// Calls a method of the manager.
fn manager(method: &str, text: &str) -> Step {
    Step::Awaited(format!("m{}\n.await", argument(method, text)))
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn alias(name: &str) -> String {
    format!("Alias::new({name:?})")
}
