//! Entities from a schema: sea-orm-codegen writes them, from statements in which every name is kit's own, and kit
//! puts the database's names back as strings. It returns files by name and formatted, and what it left out. It does
//! not know where they go.

mod additions;
mod field_type;
pub mod files;
mod half;
mod kept;
mod mend;
mod names;
pub mod needs;
pub mod place;
pub mod recognise;
mod relation_source;
mod relations;
mod rust_type;
mod rustfmt;
mod said;
mod statements;
pub mod views;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

pub use sea_orm_codegen::{BannerVersion, BigIntegerType, DateTimeCrate, EntityFormat, WithPrelude, WithSerde};
use sea_orm_codegen::{EntityTransformer, EntityWriterContext};

use crate::error::{Error, Result};
use crate::project::sea_orm::Major;
use crate::schema::model::{Kind, Schema, Table};
pub use kept::RelationNames;
use names::Names;
use relations::Relations;
use statements::{Enums, Named};

/// How entities are written: the options of `sea-orm-cli generate entity` 2.0.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "they are sea-orm-cli's, and explained in the command's help")]
pub struct Options {
    pub format: EntityFormat,
    pub with_prelude: WithPrelude,
    pub with_serde: WithSerde,
    pub with_copy_enums: bool,
    pub date_time_crate: DateTimeCrate,
    pub big_integer_type: BigIntegerType,
    pub lib: bool,
    pub serde_skip_deserializing_primary_key: bool,
    pub serde_skip_hidden_column: bool,
    pub model_extra_derives: Vec<String>,
    pub model_extra_attributes: Vec<String>,
    pub enum_extra_derives: Vec<String>,
    pub enum_extra_attributes: Vec<String>,
    pub column_extra_derives: Vec<String>,
    pub seaography: bool,
    pub banner_version: BannerVersion,
    pub er_diagram: bool,
    /// The SeaORM that compiles them.
    pub release: Major,
    /// The edition of the crate that compiles them; 2021 if it is not known.
    pub edition: Option<String>,
    /// It is SeaORM without `async`: sea-orm-sync.
    pub sync: bool,
    /// Write the action of a foreign key that is the default, too.
    pub writes_no_action: bool,
    /// The names of relations in the files that are there.
    pub relation_names: RelationNames,
    /// Names of tables that are views.
    pub views: BTreeSet<String>,
}

/// What was generated.
#[derive(Debug, Default)]
pub struct Entities {
    /// One file a table, by table: module and content.
    pub tables: BTreeMap<String, (String, String)>,
    /// mod.rs or lib.rs, prelude.rs, sea_orm_active_enums.rs and entities.mermaid, by file name.
    pub shared: BTreeMap<String, String>,
    /// The `recursion_limit` that the crate needs, where that is more than rustc's own.
    pub recursion_limit: Option<usize>,
    /// Tables without a primary key, which SeaORM cannot have as entities.
    pub keyless: Vec<String>,
    /// Columns that no entity has, since neither SeaORM nor a text stands for their values.
    pub left_out: Vec<LeftOut>,
}

/// A column that an entity lacks.
#[derive(Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub struct LeftOut {
    pub table: String,
    pub column: String,
    pub type_name: String,
}

/// The modules that the tables of a schema have, each the same whatever else is generated.
pub fn modules(schema: &Schema) -> BTreeMap<String, String> {
    // Names in plain form come first, so that a table never loses its name to one that only folds to it.
    let mut tables: Vec<&Table> = schema.tables.iter().collect();
    tables.sort_by_key(|table| (heck::ToSnakeCase::to_snake_case(table.name.as_str()) != table.name, &table.name));
    let mut names = Names::modules();
    tables.into_iter().map(|table| (table.name.clone(), names.take(&table.name))).collect()
}

/// The columns of a table that an entity has: the column's name, what the field is called in Rust, and what the entity takes it
/// for.
pub fn fields(schema: &Schema, table: &str, release: Major) -> Vec<(String, String, Kind)> {
    let schema = expressible(schema);
    let Some(table) = schema.table(table) else { return Vec::new() };
    let named = Named::new(table, String::new(), false, false, release);
    let fields = named.columns.into_iter().map(|(field, column)| {
        let field = if syn::parse_str::<syn::Ident>(&field).is_ok() { field } else { format!("r#{field}") };
        (column.name.clone(), field, column.kind.clone())
    });
    fields.collect()
}

/// Entities for the tables of `schema` that `wanted` wants.
///
/// # Errors
/// [`Error::Codegen`], where an option is no Rust, or what comes out is none.
pub fn generate(schema: &Schema, options: &Options, wanted: impl Fn(&Table) -> bool) -> Result<Entities> {
    let failed = |message: String| Error::Codegen { message };
    check(options)?;
    let schema = &expressible(schema);
    let modules = modules(schema);
    let dense = options.format == EntityFormat::Dense;
    let mut entities = Entities::default();
    let mut tables = Vec::new();
    for table in schema.tables.iter().filter(|table| wanted(table)) {
        let module = modules.get(&table.name).cloned().unwrap_or_default();
        let named = Named::new(table, module, options.views.contains(&table.name), dense, options.release);
        let left_out = named.left_out.iter().map(|column| LeftOut {
            table: table.name.clone(),
            column: column.name.clone(),
            type_name: column.type_name.clone(),
        });
        entities.left_out.extend(left_out);
        if named.has_key() {
            tables.push(named);
        } else {
            entities.keyless.push(table.name.clone());
        }
    }
    let enums = Enums::of(&tables);
    let created = tables.iter().map(|table| statements::create(table, &enums)).collect();
    let relations = relations::of(&tables, dense, &options.relation_names);
    let writer = EntityTransformer::transform(created).map_err(|error| failed(error.to_string()))?;
    if options.er_diagram {
        let with_keys =
            tables.iter().map(|table| statements::add_keys(statements::create(table, &enums), table, &tables));
        let writer = EntityTransformer::transform(with_keys.collect()).map_err(|error| failed(error.to_string()))?;
        entities.shared.insert(DIAGRAM.to_owned(), format!("%% {MARK}\n{}", writer.generate_er_diagram()));
    }
    if options.format == EntityFormat::Dense {
        entities.recursion_limit = recursion_limit(relations::largest_family(&tables, &relations));
    }
    let by_file: BTreeMap<String, (&Named<'_>, &Relations)> =
        tables.iter().zip(&relations).map(|one| (format!("{}.rs", one.0.module), one)).collect();
    for file in writer.generate(&context(schema, options)).files {
        let content = match (by_file.get(&file.name), file.name.as_str()) {
            (Some((named, relations)), _) => mend::entity(&file.content, named, relations, options),
            (None, "sea_orm_active_enums.rs") => mend::enums(&file.content, &enums.list, options.release),
            (None, _) => mend::other(&file.content),
        };
        let content = content.map_err(|error| failed(format!("{}: {error}", file.name)))?;
        match by_file.get(&file.name) {
            Some((named, _)) => {
                entities.tables.insert(named.table.name.clone(), (named.module.clone(), headed(&content)));
            }
            None => {
                entities.shared.insert(file.name, headed(&content));
            }
        }
    }
    Ok(entities)
}

/// The schema with texts where SeaORM has no enum for the values.
fn expressible(schema: &Schema) -> Cow<'_, Schema> {
    let text = |kind: &Kind| match kind {
        Kind::Enum { name, values, .. } if !names::is_derivable(values) => {
            Some(if name.is_some() { Kind::Castable } else { Kind::Text })
        }
        Kind::Array(item) => match item.as_ref() {
            Kind::Enum { values, .. } if !names::is_derivable(values) => Some(Kind::Castable),
            _ => None,
        },
        _ => None,
    };
    let mut schema = Cow::Borrowed(schema);
    for table in 0..schema.tables.len() {
        for column in 0..schema.tables[table].columns.len() {
            if let Some(kind) = text(&schema.tables[table].columns[column].kind) {
                schema.to_mut().tables[table].columns[column].kind = kind;
            }
        }
    }
    schema
}

/// The diagram, beside the entities.
pub const DIAGRAM: &str = "entities.mermaid";

/// The comment on the first line of every generated file, by which kit knows its own.
const MARK: &str = "Written by `kit db:sync` from the database: changes to this file are lost.";

/// Whether kit wrote this file.
pub fn is_generated(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.ends_with(MARK))
}

/// Whether two files have the same items in whatever layout and order: `rustfmt` sorts what is declared and used.
fn is_same_code(one: &str, other: &str) -> bool {
    let canonical = |text: &str| mend::canonical(text).ok();
    canonical(one).is_some_and(|one| canonical(other) == Some(one))
}

fn headed(content: &str) -> String {
    format!("// {MARK}\n{content}")
}

/// The new content with the user's derives, attributes and `ActiveModelBehavior` of the old one, as
/// `sea-orm-cli generate entity --experimental-preserve-user-modifications` merges them.
///
/// # Errors
/// [`Error::Codegen`] where the old one is no Rust.
pub fn merge(old: &str, new: &str) -> Result<String> {
    let merged = sea_orm_codegen::merge_entity_files(old, new).map_err(|report| report.warnings.join("; "));
    let content = merged.and_then(|merged| mend::other(&merged).map_err(|error| error.to_string()));
    content.map(|content| headed(&content)).map_err(|message| Error::Codegen { message })
}

/// Dense models contain each other, and rustc takes five steps or six from one to the next to know that they are `Send`:
/// it gives up after 128, which is between 24 tables and 28 in a row.
fn recursion_limit(tables: usize) -> Option<usize> {
    (tables > 20).then(|| (tables * 6).next_power_of_two())
}

fn context(schema: &Schema, options: &Options) -> EntityWriterContext {
    EntityWriterContext::new(
        options.format,
        options.with_prelude,
        options.with_serde,
        options.with_copy_enums,
        options.date_time_crate,
        options.big_integer_type,
        schema.name.clone().filter(|_| !schema.is_default),
        options.lib,
        options.serde_skip_deserializing_primary_key,
        options.serde_skip_hidden_column,
        options.model_extra_derives.clone(),
        options.model_extra_attributes.clone(),
        options.enum_extra_derives.clone(),
        options.enum_extra_attributes.clone(),
        options.column_extra_derives.clone(),
        options.seaography,
        // The user's half has it, or `files` adds it.
        false,
        options.banner_version,
    )
}

/// Codegen panics where these are no Rust.
fn check(options: &Options) -> Result<()> {
    let derives = [&options.model_extra_derives, &options.enum_extra_derives, &options.column_extra_derives];
    let bad = |value: &str, what: &str| Error::Codegen { message: format!("`{value}` is no {what}") };
    for derive in derives.into_iter().flatten() {
        syn::parse_str::<syn::Path>(derive).map_err(|_| bad(derive, "path of a derive macro"))?;
    }
    for attribute in options.model_extra_attributes.iter().chain(&options.enum_extra_attributes) {
        syn::parse_str::<syn::Meta>(attribute).map_err(|_| bad(attribute, "attribute"))?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "codegen_tests.rs"]
mod tests;
