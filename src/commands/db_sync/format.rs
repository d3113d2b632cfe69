//! How `kit db:sync` writes entities: the options of `sea-orm-cli generate entity`, and what kit.toml says.

use std::collections::BTreeSet;

use clap::{ArgAction, Args};

use crate::codegen::{BannerVersion, BigIntegerType, DateTimeCrate, EntityFormat, Options, RelationNames};
use crate::error::{Error, Result};
use crate::project::sea_orm::Major;
use crate::project::settings::EntitySettings;
use crate::ui::printable;

/// The options of `sea-orm-cli generate entity`, under its names.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Entities, as for `sea-orm-cli generate entity`")]
pub(super) struct FormatArgs {
    /// How entities are written; compact if not given
    #[arg(long, value_name = "FORMAT", value_parser = ["compact", "expanded", "frontend", "dense"])]
    entity_format: Option<String>,
    /// The same as --entity-format compact
    #[arg(long, hide = true)]
    compact_format: bool,
    /// The same as --entity-format expanded
    #[arg(long, hide = true)]
    expanded_format: bool,
    /// The same as --entity-format frontend
    #[arg(long, hide = true)]
    frontend_format: bool,
    /// What prelude.rs is like; all if not given
    #[arg(long, value_name = "PRELUDE", value_parser = ["all", "none", "all-allow-unused-imports"])]
    with_prelude: Option<String>,
    /// Derives of serde; none if not given
    #[arg(long, value_name = "DERIVES", value_parser = ["none", "serialize", "deserialize", "both"])]
    with_serde: Option<String>,
    /// With serde: do not read primary keys
    #[arg(long)]
    serde_skip_deserializing_primary_key: bool,
    /// With serde: leave out columns whose name starts with an underscore
    #[arg(long)]
    serde_skip_hidden_column: bool,
    /// Derive Copy for enums
    #[arg(long)]
    with_copy_enums: bool,
    /// Types of dates and times; chrono if not given
    #[arg(long, value_name = "CRATE", value_parser = ["chrono", "time"])]
    date_time_crate: Option<String>,
    /// Type of big integers; i64 if not given
    #[arg(long, value_name = "TYPE", value_parser = ["i64", "i32"])]
    big_integer_type: Option<String>,
    /// Write lib.rs instead of mod.rs
    #[arg(short, long)]
    pub(super) lib: bool,
    /// More derives of models
    #[arg(long, value_name = "DERIVES")]
    model_extra_derives: Vec<String>,
    /// More attributes of models, without `#[]`
    #[arg(long, value_name = "ATTRIBUTES")]
    model_extra_attributes: Vec<String>,
    /// More derives of enums
    #[arg(long, value_name = "DERIVES")]
    enum_extra_derives: Vec<String>,
    /// More attributes of enums, without `#[]`
    #[arg(long, value_name = "ATTRIBUTES")]
    enum_extra_attributes: Vec<String>,
    /// More derives of column enums
    #[arg(long, value_name = "DERIVES")]
    column_extra_derives: Vec<String>,
    /// Add what Seaography needs
    #[arg(long)]
    seaography: bool,
    /// Put an empty ActiveModelBehavior into the generated files; if not given, where yours has none
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    pub(super) impl_active_model_behavior: Option<bool>,
    /// How much of codegen's version stands in each file; minor if not given
    #[arg(long, value_name = "PARTS", value_parser = ["off", "major", "minor", "patch"])]
    banner_version: Option<String>,
    /// Keep derives and attributes of Model and Relation, and the ActiveModelBehavior, that are in the files
    #[arg(long, alias = "preserve-user-modifications", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    pub(super) experimental_preserve_user_modifications: Option<bool>,
    /// Draw the entities into entities.mermaid, too
    #[arg(long)]
    er_diagram: bool,
}

impl FormatArgs {
    /// What the flags say, else kit.toml.
    pub(super) fn options(&self, defaults: &EntitySettings) -> Result<Options> {
        let failed = |error: sea_orm_codegen::Error| Error::Codegen { message: error.to_string() };
        let given = |flag: &Option<String>, default: &Option<String>, otherwise: &str| {
            flag.clone().or_else(|| default.clone()).unwrap_or_else(|| otherwise.to_owned())
        };
        let list = |flags: &[String], defaults: &[String]| split(if flags.is_empty() { defaults } else { flags });
        let format = match (self.compact_format, self.expanded_format, self.frontend_format) {
            (true, ..) => EntityFormat::Compact,
            (_, true, _) => EntityFormat::Expanded,
            (.., true) => EntityFormat::Frontend,
            _ => given(&self.entity_format, &defaults.entity_format, "compact").parse().map_err(failed)?,
        };
        let unknown = |setting: &str, value: &str| Error::Config {
            origin: format!("[entities] {setting} in kit.toml"),
            message: format!("`{}` is none of its values", printable(value)),
        };
        Ok(Options {
            format,
            with_prelude: given(&self.with_prelude, &defaults.with_prelude, "all").parse().map_err(failed)?,
            with_serde: given(&self.with_serde, &defaults.with_serde, "none").parse().map_err(failed)?,
            with_copy_enums: self.with_copy_enums || defaults.with_copy_enums,
            date_time_crate: match given(&self.date_time_crate, &defaults.date_time_crate, "chrono").as_str() {
                "chrono" => DateTimeCrate::Chrono,
                "time" => DateTimeCrate::Time,
                other => return Err(unknown("date_time_crate", other)),
            },
            big_integer_type: match given(&self.big_integer_type, &defaults.big_integer_type, "i64").as_str() {
                "i64" => BigIntegerType::I64,
                "i32" => BigIntegerType::I32,
                other => return Err(unknown("big_integer_type", other)),
            },
            lib: self.lib || defaults.lib,
            serde_skip_deserializing_primary_key: self.serde_skip_deserializing_primary_key
                || defaults.serde_skip_deserializing_primary_key,
            serde_skip_hidden_column: self.serde_skip_hidden_column || defaults.serde_skip_hidden_column,
            model_extra_derives: list(&self.model_extra_derives, &defaults.model_extra_derives),
            model_extra_attributes: list(&self.model_extra_attributes, &defaults.model_extra_attributes),
            enum_extra_derives: list(&self.enum_extra_derives, &defaults.enum_extra_derives),
            enum_extra_attributes: list(&self.enum_extra_attributes, &defaults.enum_extra_attributes),
            column_extra_derives: list(&self.column_extra_derives, &defaults.column_extra_derives),
            seaography: self.seaography || defaults.seaography,
            banner_version: match given(&self.banner_version, &defaults.banner_version, "minor").as_str() {
                "off" => BannerVersion::Off,
                "major" => BannerVersion::Major,
                "minor" => BannerVersion::Minor,
                "patch" => BannerVersion::Patch,
                other => return Err(unknown("banner_version", other)),
            },
            er_diagram: self.er_diagram || defaults.er_diagram,
            release: Major::default(),
            edition: None,
            sync: false,
            writes_no_action: false,
            relation_names: RelationNames::default(),
            views: BTreeSet::new(),
        })
    }
}

/// Values given one by one or with commas between, of which those in brackets do not count.
fn split(values: &[String]) -> Vec<String> {
    let mut parts = Vec::new();
    for value in values {
        let mut depth = 0_i32;
        let mut part = String::new();
        for c in value.chars().chain([',']) {
            depth += match c {
                '(' | '[' | '{' => 1,
                ')' | ']' | '}' => -1,
                _ => 0,
            };
            if c == ',' && depth <= 0 {
                parts.push(std::mem::take(&mut part).trim().to_owned());
            } else {
                part.push(c);
            }
        }
        parts.push(part.trim().to_owned());
    }
    parts.retain(|part| !part.is_empty());
    parts
}
