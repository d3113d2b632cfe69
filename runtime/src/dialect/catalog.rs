//! The catalogs that migrations ask: which columns of them a run that only pretends can answer, and from what. It returns
//! descriptions and does no I/O.

use super::Dialect;
use crate::pretend::change::Object;

/// A catalog that can be answered as it would be after statements that were only noted.
#[derive(Clone, Copy, Debug)]
pub struct Catalog {
    /// The database's own.
    pub from: &'static str,
    /// What its rows are.
    pub rows: Rows,
    /// Its columns that can be answered, and what they hold.
    pub columns: &'static [(&'static str, Cell)],
}

/// What the rows of a catalog are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Tables, views, or both (`None`).
    Tables {
        /// Only views, or only tables.
        views: Option<bool>,
    },
    /// Columns of tables.
    Columns,
    /// Objects of a kind.
    Objects(Object),
    /// Tables, indexes and sequences.
    Relations,
    /// Values of enum types.
    Values,
}

/// What a column of a catalog holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The schema; the expression is that of the current one.
    Schema(&'static str),
    /// The name of the table that the row is about.
    Table,
    /// The name of the column, the object or the value.
    Name,
    /// The kind of a table: what a table has, and what a view has.
    Kind(&'static str, &'static str),
    /// `YES` or `NO`.
    Nullable,
    /// The type of a column, without its length.
    DataType,
    /// The number of a type.
    TypeId,
    /// The same in each row.
    Same(&'static str),
}

const SCHEMA: Cell = Cell::Schema("current_schema()");
const NAMESPACE: Cell = Cell::Schema("to_regnamespace(quote_ident(current_schema()))::oid");
const DATABASE: Cell = Cell::Schema("DATABASE()");

impl Dialect {
    /// Returns how a catalog can be answered; `None` for one that cannot, or is none.
    pub fn catalog(self, relation: &str) -> Option<Catalog> {
        let relation = relation.to_lowercase();
        match self {
            // The schema is in a database of its own.
            Self::Sqlite => None,
            Self::Postgres => postgres(relation.strip_prefix("pg_catalog.").unwrap_or(&relation)),
            Self::MySql => mysql(&relation),
        }
    }

    /// The catalog of a kind of objects, where it decides whether a statement fails.
    pub fn object_catalog(self, kind: Object) -> Option<&'static str> {
        match (self, kind) {
            (Self::Postgres, Object::Index) => Some("pg_indexes"),
            (Self::Postgres, Object::Constraint) => Some("information_schema.table_constraints"),
            (Self::Postgres, Object::Type) => Some("pg_type"),
            (Self::Postgres, Object::Schema) => Some("pg_namespace"),
            (Self::Postgres, Object::Extension) => Some("pg_extension"),
            (Self::Postgres, Object::Sequence) => Some("information_schema.sequences"),
            (Self::MySql, Object::Index) => Some("information_schema.statistics"),
            (Self::MySql, Object::Constraint) => Some("information_schema.table_constraints"),
            (Self::MySql, Object::Trigger) => Some("information_schema.triggers"),
            _ => None,
        }
    }

    /// Whether a catalog depends on rows.
    pub fn has_rows(self, catalog: &str) -> bool {
        let catalog = catalog.to_lowercase();
        self == Self::Sqlite
            && (catalog == "sqlite_sequence" || catalog.starts_with("sqlite_stat") || catalog.contains("_check"))
    }

    /// Whether statements that change tables leave a catalog as it is.
    pub fn is_steady_catalog(self, relation: &str) -> bool {
        let relation = relation.to_lowercase();
        let relation = relation.strip_prefix("pg_catalog.").unwrap_or(&relation);
        match self {
            Self::Sqlite => {
                matches!(relation, "pragma_foreign_keys" | "pragma_database_list" | "pragma_compile_options")
            }
            Self::Postgres => {
                let servers = ["pg_settings", "pg_roles", "pg_user", "pg_database", "pg_am", "pg_language", "pg_locks"];
                servers.contains(&relation)
                    || relation.starts_with("pg_stat_activity")
                    || relation.starts_with("pg_available")
            }
            Self::MySql => ["engines", "character_sets", "collations", "plugins", "schemata", "processlist"]
                .iter()
                .any(|table| relation == format!("information_schema.{table}")),
        }
    }

    /// A text column of a catalog, as its names are compared: in any case, or exactly.
    pub fn catalog_text(self, column: &str, exact: bool) -> String {
        match self {
            Self::Sqlite | Self::Postgres => column.to_owned(),
            Self::MySql => {
                let collation = if exact { "utf8mb4_bin" } else { "utf8mb4_general_ci" };
                format!("CONVERT({column} USING utf8mb4) COLLATE {collation}")
            }
        }
    }

    /// The type of a column as a catalog has it. `None` if that cannot be known.
    pub fn catalog_type(self, kind: &str) -> Option<String> {
        let plain = match kind {
            "serial" => "integer",
            "bigserial" => "bigint",
            "smallserial" => "smallint",
            kind => kind,
        };
        match self {
            Self::Postgres if plain.ends_with(']') => Some("'ARRAY'".to_owned()),
            Self::Postgres => {
                let kind = self.text_literal(plain);
                Some(format!("coalesce(format_type(to_regtype({kind}), NULL), 'USER-DEFINED')"))
            }
            Self::Sqlite | Self::MySql => {
                let word: String = plain.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
                let same = ["int", "bigint", "smallint", "tinyint", "mediumint", "varchar", "char", "text", "longtext"];
                let more = [
                    "mediumtext",
                    "datetime",
                    "timestamp",
                    "date",
                    "time",
                    "decimal",
                    "double",
                    "float",
                    "blob",
                    "enum",
                ];
                (same.contains(&word.as_str()) || more.contains(&word.as_str())).then(|| self.text_literal(&word))
            }
        }
    }

    /// The number that a new type is taken to have.
    pub fn new_type_id(self, at: usize) -> String {
        format!("CAST({} AS oid)", 4_200_000_000_u64 + at as u64)
    }

    /// The number of a type that the database has.
    pub fn type_id(self, name: &str) -> String {
        let name = self.text_literal(name);
        format!(
            "(SELECT oid FROM pg_catalog.pg_type WHERE typname = {name} AND typnamespace = to_regnamespace(quote_ident(current_schema()))::oid)"
        )
    }

    /// The name that the database gives a constraint without one: its own ending, and the first column.
    pub fn constraint_name(self, table: &str, ending: &str, column: Option<&str>) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(format!("{table}_{ending}")),
            Self::MySql => column.filter(|_| ending.ends_with("_key")).map(str::to_owned),
        }
    }

    /// Whether each primary key has the same name.
    pub fn names_primary(self) -> bool {
        matches!(self, Self::MySql)
    }

    /// Whether `CREATE TABLE` declares indexes among the columns.
    pub fn indexes_in_tables(self) -> bool {
        matches!(self, Self::MySql)
    }

    /// Whether dropping a constraint drops the index of that name.
    pub fn drops_index_of_constraint(self) -> bool {
        matches!(self, Self::Postgres)
    }

    /// Whether two tables may have objects of this kind with one name.
    pub fn belongs_to_table(self, kind: Object) -> bool {
        match self {
            Self::Sqlite => false,
            Self::Postgres => matches!(kind, Object::Constraint | Object::Trigger),
            Self::MySql => matches!(kind, Object::Index | Object::Constraint),
        }
    }

    /// The statement `SHOW …` as a query for the same over `information_schema`: the name of the catalog, the columns under
    /// the names that the statement gives them, and the table that it is about.
    pub fn shown(self, words: &[&str]) -> Option<(&'static str, &'static str, Option<usize>)> {
        const COLUMNS: &str = "column_name AS `Field`";
        const INDEXES: &str = "index_name AS `Key_name`, table_name AS `Table`";
        if self != Self::MySql {
            return None;
        }
        let skip = usize::from(words.get(1).is_some_and(|word| *word == "full"));
        Some(match (*words.first()?, words.get(1 + skip).copied()) {
            ("describe" | "desc", Some(_)) => ("columns", COLUMNS, Some(1)),
            ("show", Some("columns" | "fields")) => ("columns", COLUMNS, Some(3 + skip)),
            ("show", Some("index" | "indexes" | "keys")) => ("statistics", INDEXES, Some(3 + skip)),
            ("show", Some("tables")) => ("tables", "table_name AS `Tables`", None),
            _ => return None,
        })
    }
}

fn postgres(relation: &str) -> Option<Catalog> {
    let catalog = |from, rows, columns| Some(Catalog { from, rows, columns });
    match relation {
        "information_schema.tables" => catalog(
            "information_schema.tables",
            Rows::Tables { views: None },
            &[
                ("table_catalog", Cell::Same("current_database()")),
                ("table_schema", SCHEMA),
                ("table_name", Cell::Table),
                ("table_type", Cell::Kind("BASE TABLE", "VIEW")),
            ],
        ),
        "information_schema.columns" => catalog(
            "information_schema.columns",
            Rows::Columns,
            &[
                ("table_catalog", Cell::Same("current_database()")),
                ("table_schema", SCHEMA),
                ("table_name", Cell::Table),
                ("column_name", Cell::Name),
                ("is_nullable", Cell::Nullable),
                ("data_type", Cell::DataType),
            ],
        ),
        "information_schema.table_constraints" => catalog(
            "information_schema.table_constraints",
            Rows::Objects(Object::Constraint),
            &[
                ("table_schema", SCHEMA),
                ("constraint_schema", SCHEMA),
                ("table_name", Cell::Table),
                ("constraint_name", Cell::Name),
            ],
        ),
        "information_schema.views" => catalog(
            "information_schema.views",
            Rows::Tables { views: Some(true) },
            &[("table_schema", SCHEMA), ("table_name", Cell::Table)],
        ),
        "information_schema.schemata" => {
            catalog("information_schema.schemata", Rows::Objects(Object::Schema), &[("schema_name", Cell::Name)])
        }
        "information_schema.sequences" => catalog(
            "information_schema.sequences",
            Rows::Objects(Object::Sequence),
            &[("sequence_schema", SCHEMA), ("sequence_name", Cell::Name)],
        ),
        "pg_tables" => catalog(
            "pg_catalog.pg_tables",
            Rows::Tables { views: Some(false) },
            &[("schemaname", SCHEMA), ("tablename", Cell::Table)],
        ),
        "pg_views" => catalog(
            "pg_catalog.pg_views",
            Rows::Tables { views: Some(true) },
            &[("schemaname", SCHEMA), ("viewname", Cell::Table)],
        ),
        "pg_indexes" => catalog(
            "pg_catalog.pg_indexes",
            Rows::Objects(Object::Index),
            &[("schemaname", SCHEMA), ("tablename", Cell::Table), ("indexname", Cell::Name)],
        ),
        "pg_class" => catalog(
            "pg_catalog.pg_class",
            Rows::Relations,
            &[("relnamespace", NAMESPACE), ("relname", Cell::Table), ("relkind", Cell::Kind("r", "v"))],
        ),
        "pg_type" => catalog(
            "pg_catalog.pg_type",
            Rows::Objects(Object::Type),
            &[
                ("oid", Cell::TypeId),
                ("typnamespace", NAMESPACE),
                ("typname", Cell::Name),
                ("typtype", Cell::Same("CAST('e' AS \"char\")")),
            ],
        ),
        "pg_enum" => {
            catalog("pg_catalog.pg_enum", Rows::Values, &[("enumtypid", Cell::TypeId), ("enumlabel", Cell::Name)])
        }
        "pg_constraint" => catalog(
            "pg_catalog.pg_constraint",
            Rows::Objects(Object::Constraint),
            &[("connamespace", NAMESPACE), ("conname", Cell::Name)],
        ),
        "pg_namespace" => catalog(
            "pg_catalog.pg_namespace",
            Rows::Objects(Object::Schema),
            &[("oid", Cell::TypeId), ("nspname", Cell::Name)],
        ),
        "pg_extension" => {
            catalog("pg_catalog.pg_extension", Rows::Objects(Object::Extension), &[("extname", Cell::Name)])
        }
        "pg_proc" => catalog(
            "pg_catalog.pg_proc",
            Rows::Objects(Object::Routine),
            &[("pronamespace", NAMESPACE), ("proname", Cell::Name)],
        ),
        "pg_trigger" => catalog("pg_catalog.pg_trigger", Rows::Objects(Object::Trigger), &[("tgname", Cell::Name)]),
        _ => None,
    }
}

fn mysql(relation: &str) -> Option<Catalog> {
    let catalog = |from, rows, columns| Some(Catalog { from, rows, columns });
    match relation {
        "information_schema.tables" => catalog(
            "information_schema.tables",
            Rows::Tables { views: None },
            &[
                ("table_schema", DATABASE),
                ("table_name", Cell::Table),
                ("table_type", Cell::Kind("BASE TABLE", "VIEW")),
            ],
        ),
        "information_schema.columns" => catalog(
            "information_schema.columns",
            Rows::Columns,
            &[
                ("table_schema", DATABASE),
                ("table_name", Cell::Table),
                ("column_name", Cell::Name),
                ("is_nullable", Cell::Nullable),
                ("data_type", Cell::DataType),
            ],
        ),
        "information_schema.statistics" => catalog(
            "information_schema.statistics",
            Rows::Objects(Object::Index),
            &[("table_schema", DATABASE), ("table_name", Cell::Table), ("index_name", Cell::Name)],
        ),
        "information_schema.table_constraints" => catalog(
            "information_schema.table_constraints",
            Rows::Objects(Object::Constraint),
            &[
                ("table_schema", DATABASE),
                ("constraint_schema", DATABASE),
                ("table_name", Cell::Table),
                ("constraint_name", Cell::Name),
            ],
        ),
        "information_schema.routines" => catalog(
            "information_schema.routines",
            Rows::Objects(Object::Routine),
            &[("routine_schema", DATABASE), ("routine_name", Cell::Name)],
        ),
        "information_schema.triggers" => catalog(
            "information_schema.triggers",
            Rows::Objects(Object::Trigger),
            &[("trigger_schema", DATABASE), ("trigger_name", Cell::Name)],
        ),
        "information_schema.views" => catalog(
            "information_schema.views",
            Rows::Tables { views: Some(true) },
            &[("table_schema", DATABASE), ("table_name", Cell::Table)],
        ),
        _ => None,
    }
}
