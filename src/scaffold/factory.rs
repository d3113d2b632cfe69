//! A factory's source: for each column of a table the call that makes a value up, by what the column is and what it is called,
//! and for each foreign key the row that it refers to. It returns a plan. It knows no entity: what a column is called there it
//! is told.

use std::path::PathBuf;

use pluralizer::pluralize;

use super::{FilePlan, name, seeder, stub};
use crate::error::Result;
use crate::project::Project;
use crate::project::seeders::factories;
use crate::schema::model::{Kind, Table, What};

/// What a factory is for.
pub struct Request<'a> {
    /// As typed: `user`, `UserFactory`.
    pub name: &'a str,
    /// The table as the database has it, if it is known.
    pub table: Option<&'a Table>,
    /// The table's name.
    pub table_name: &'a str,
    /// Its entity: `crate::models`, `users`.
    pub entity: (&'a str, &'a str),
    /// Its columns in the entity: column, field, and what the entity takes it for.
    pub fields: &'a [(String, String, Kind)],
    /// What is there is overwritten.
    pub force: bool,
    /// The modules of the entities of other tables.
    pub module_of: &'a dyn Fn(&str) -> Option<String>,
}

/// A factory that is written.
#[derive(Debug)]
pub struct Planned {
    /// The files.
    pub plan: FilePlan,
    /// Its own.
    pub path: PathBuf,
    /// The type.
    pub name: String,
    /// The table is not known, and so nothing of it.
    pub is_blank: bool,
    /// Columns that are required and for which nothing could be made up.
    pub wanting: Vec<String>,
}

/// The type that a factory or a seeder of this name is: `user` and `UserFactory` are `UserFactory`.
///
/// # Errors
/// [`crate::error::Error::BadName`].
pub fn type_name(given: &str, kind: &'static str) -> Result<String> {
    let snake = name::migration(given)?;
    let stem = snake.strip_suffix(&format!("_{}", kind.to_lowercase())).unwrap_or(&snake);
    let stem = if kind == "Factory" { pluralize(stem, 1, false) } else { stem.to_owned() };
    Ok(format!("{}{kind}", heck::ToUpperCamelCase::to_upper_camel_case(stem.as_str())))
}

/// The table that a factory or a seeder of this name is about, among those that there are; else the plural.
///
/// # Errors
/// [`crate::error::Error::BadName`].
pub fn table_of(given: &str, kind: &str, exists: impl Fn(&str) -> bool) -> Result<String> {
    let snake = name::migration(given)?;
    let stem = snake.strip_suffix(&format!("_{}", kind.to_lowercase())).unwrap_or(&snake).to_owned();
    let plural = pluralize(&stem, 2, false);
    Ok(if exists(&stem) { stem } else { plural })
}

/// Plans the factory's file and its module.
///
/// # Errors
/// [`crate::error::Error::FileExists`], those of [`stub::fill`] and of [`FilePlan`].
pub fn plan(project: &Project, request: &Request<'_>) -> Result<Planned> {
    let name = type_name(request.name, "Factory")?;
    let module = heck::ToSnakeCase::to_snake_case(name.as_str());
    let index = factories(&project.root);
    let path = index.with_file_name(format!("{module}.rs"));
    let mut plan = FilePlan::new(&project.root);
    let (models, entity) = request.entity;
    let mut made = Made::default();
    for (column, field, kind) in request.fields {
        made.column(request, column, field, kind);
    }
    let relations = parents(project, request);
    let parents = relations.iter().filter_map(|parent| parent.import(models, entity));
    let imports = parents.chain([format!("use {models}::{entity};")]).collect();
    let used = made.values.iter().any(|value| value.contains("faker."));
    let values = [
        ("module", entity.to_owned()),
        ("imports", unique(imports).join("\n")),
        ("table", request.table_name.to_owned()),
        ("name", name.clone()),
        ("faker", if used { "faker" } else { "_faker" }.to_owned()),
        ("values", made.values.join("\n")),
        ("relate", relate(entity, &relations)),
    ];
    let source = stub::fill(&project.root, "factory.rs", &values)?;
    if request.force {
        plan.write(&path, source)?
    } else {
        plan.create(&path, source)?
    }
    let index_text = seeder::declared(&index, "//! Rows that are made up, for seeders and tests.\n", &module, &name)?;
    plan.write(&index, index_text)?;
    Ok(Planned { plan, path, name, is_blank: request.table.is_none(), wanting: made.wanting })
}

#[derive(Default)]
struct Made {
    /// Lines of the definition.
    values: Vec<String>,
    wanting: Vec<String>,
}

impl Made {
    fn column(&mut self, request: &Request<'_>, name: &str, field: &str, kind: &Kind) {
        let Some(table) = request.table else { return };
        let Some(column) = table.column(name) else { return };
        let numbered = column.identity.is_some() || column.default.is_some();
        let refers = table.foreign_keys.iter().any(|key| key.columns.iter().any(|one| one == name));
        // The database's own, the parent's, or what says that the row is gone.
        if numbered || refers || name == "deleted_at" {
            return;
        }
        match call(table, name, kind) {
            // `value` makes an `Option` where one is wanted.
            Some(call) if column.nullable && !call.contains(".value()") => {
                self.values.push(format!("{field}: Set(Some({call})),"));
            }
            Some(call) => self.values.push(format!("{field}: Set({call}),")),
            None if column.nullable => {}
            None => self.wanting.push(name.to_owned()),
        }
    }
}

/// The call that makes a value up; `value` where the type alone says it, nothing where it does not.
fn call(table: &Table, column: &str, kind: &Kind) -> Option<String> {
    let unique = is_unique(table, column);
    let allowed = allowed(table, column);
    let text = |limit: Option<u32>| match allowed.as_slice() {
        [] => words(column, limit, unique),
        values => {
            let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
            format!("faker.one_of(&[{}]).to_owned()", values.join(", "))
        }
    };
    let unlike = |call: String| if unique { format!("faker.unique(|faker| {call})") } else { call };
    let value = || unlike("faker.value()".to_owned());
    let code = |length: u32| unlike(format!("faker.code({length})"));
    Some(match kind {
        Kind::Enum { .. } => "faker.variant()".to_owned(),
        Kind::String(limit) => text(*limit),
        Kind::Char(limit) => match allowed.is_empty() {
            true => code(limit.unwrap_or(1)),
            false => text(*limit),
        },
        Kind::Text => text(None),
        Kind::Binary(Some(length)) => unlike(format!("faker.code({length}).into_bytes()")),
        Kind::VarBinary(Some(length)) if *length < 16 => unlike(format!("faker.code({length}).into_bytes()")),
        Kind::Year => "faker.number(2000..2025)".to_owned(),
        Kind::Array(item) => match item.as_ref() {
            Kind::Boolean
            | Kind::Integer { .. }
            | Kind::Float
            | Kind::Double
            | Kind::Decimal(_)
            | Kind::String(_)
            | Kind::Text
            | Kind::Uuid => value(),
            _ => return None,
        },
        Kind::Decimal(Some((precision, scale))) if precision.saturating_sub(*scale) < 3 => {
            unlike(format!("Decimal::new(faker.number(0..{}), {scale})", 10_u64.pow((*precision).min(9))))
        }
        Kind::Bit(_) | Kind::Cidr | Kind::Inet | Kind::Castable | Kind::Other => return None,
        _ => value(),
    })
}

/// By what a text is called. What is longer than its column takes would be refused, so short columns get less.
fn words(column: &str, limit: Option<u32>, unique: bool) -> String {
    let name = column.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name == *word || name.ends_with(&format!("_{word}")));
    let room = limit.unwrap_or(u32::MAX);
    let call = match () {
        () if room < 12 && unique => return format!("faker.unique(|faker| faker.code({room}))"),
        () if room < 12 => return format!("faker.code({room})"),
        () if has(&["email", "mail"]) && room >= 60 => "email",
        () if has(&["username", "user_name", "login", "nickname", "handle"]) && room >= 40 => "username",
        () if has(&["slug"]) && room >= 60 => "slug",
        () if has(&["url", "website", "link", "homepage"]) && room >= 60 => "url",
        () if unique => {
            return if room >= 60 { "format!(\"{} {}\", faker.word(), faker.serial())" } else { "faker.serial()" }
                .to_owned();
        }
        () if room < 60 => return format!("faker.text({room})"),
        () if has(&["first_name", "forename", "given_name"]) => "first_name",
        () if has(&["last_name", "surname", "family_name"]) => "last_name",
        () if has(&["company", "company_name", "organisation", "organization"]) => "company",
        () if has(&["name", "author", "contact"]) => "name",
        () if has(&["phone", "mobile", "fax", "telephone"]) => "phone",
        () if has(&["city", "town"]) => "city",
        () if has(&["country"]) => "country",
        () if has(&["street", "address"]) => "street",
        () if has(&["zip", "postcode", "postal_code", "zipcode"]) => "postcode",
        () if has(&["job", "profession", "occupation"]) => "job",
        () if has(&["ip", "ip_address"]) => "ip",
        () if has(&["color", "colour"]) => "color",
        () if has(&["title", "subject", "headline", "label"]) => "title",
        () if limit.is_none() || has(&["body", "content", "description", "bio", "notes", "summary"]) && room > 600 => {
            "paragraph"
        }
        () => "title",
    };
    format!("faker.{call}()")
}

fn is_unique(table: &Table, column: &str) -> bool {
    let alone = |columns: &[String]| matches!(columns, [one] if one == column);
    let keys = table.uniques.iter().chain(&table.primary_key).any(|key| alone(&key.columns));
    keys || table.indexes.iter().any(|index| {
        let of_it =
            matches!(index.parts.as_slice(), [part] if matches!(&part.what, What::Column(name) if name == column));
        index.unique && of_it
    })
}

/// The texts that a check says a column may be one of.
fn allowed(table: &Table, column: &str) -> Vec<String> {
    let about = table.checks.iter().map(|check| check.expression.as_str()).filter(|text| {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.clone().any(|word| word == column) && (text.to_uppercase().contains(" IN ") || text.contains("ANY"))
    });
    about.flat_map(quoted).collect()
}

/// The texts in quotes of an expression of SQL.
fn quoted(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('\'') {
        let mut value = String::new();
        let mut characters = after.char_indices().peekable();
        rest = "";
        while let Some((at, c)) = characters.next() {
            match (c, characters.peek()) {
                ('\'', Some((_, '\''))) => {
                    characters.next();
                    value.push('\'');
                }
                ('\'', _) => {
                    rest = after.get(at + 1..).unwrap_or_default();
                    break;
                }
                _ => value.push(c),
            }
        }
        found.push(value);
    }
    found
}

/// A row that a required foreign key refers to.
struct Parent {
    field: String,
    /// The field of the other row.
    key: String,
    table: String,
    module: String,
    factory: Option<String>,
}

impl Parent {
    fn import(&self, models: &str, entity: &str) -> Option<String> {
        match &self.factory {
            Some(factory) => Some(format!("use crate::factories::{factory};")),
            None => (self.module != entity).then(|| format!("use {models}::{};", self.module)),
        }
    }
}

/// The parents of a table that a row cannot be without.
fn parents(project: &Project, request: &Request<'_>) -> Vec<Parent> {
    let Some(table) = request.table else { return Vec::new() };
    let field =
        |name: &str| request.fields.iter().find(|(column, ..)| column == name).map(|(_, field, _)| field.clone());
    let keys = table.foreign_keys.iter().filter_map(|key| {
        let ([column], [other]) = (key.columns.as_slice(), key.references.as_slice()) else { return None };
        let column = table.column(column).filter(|column| !column.nullable && column.default.is_none())?;
        let factory = type_name(&key.table, "Factory").ok()?;
        let file = format!("{}.rs", heck::ToSnakeCase::to_snake_case(factory.as_str()));
        let has_factory = key.table != table.name && factories(&project.root).with_file_name(file).is_file();
        Some(Parent {
            field: field(&column.name)?,
            key: heck::ToSnakeCase::to_snake_case(other.as_str()),
            table: key.table.clone(),
            module: (request.module_of)(&key.table)?,
            factory: has_factory.then_some(factory),
        })
    });
    keys.collect()
}

/// `relate`, where there are parents.
fn relate(entity: &str, parents: &[Parent]) -> String {
    if parents.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "\nasync fn relate(&self, row: &mut {entity}::ActiveModel, seeds: &Seeds<'_>) -> Result<(), DbErr> {{\n"
    );
    for Parent { field, key, table, module, factory } in parents {
        text.push_str(&format!("    if row.{field}.is_not_set() {{\n"));
        match factory {
            Some(factory) => {
                text.push_str(&format!("        row.{field} = Set({factory}.create(seeds).await?.{key});\n"));
            }
            None => {
                let none = format!("{:?}", format!("a row of `{table}` that this one can refer to"));
                text.push_str(&format!(
                    "        let parent = {module}::Entity::find().one(seeds.db()).await?;\n        let none = || DbErr::RecordNotFound({none}.to_owned());\n        row.{field} = Set(parent.ok_or_else(none)?.{key});\n"
                ));
            }
        }
        text.push_str("    }\n");
    }
    text.push_str("    Ok(())\n}");
    text
}

fn unique(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::schema::model::Check;

    #[test]
    fn names_mean_one_type_and_one_table() {
        for (given, factory, table) in [
            ("user", "UserFactory", "users"),
            ("UserFactory", "UserFactory", "users"),
            ("users", "UserFactory", "users"),
            ("blog_post", "BlogPostFactory", "blog_posts"),
            ("news", "NewsFactory", "news"),
        ] {
            assert_eq!(type_name(given, "Factory").unwrap(), factory);
            assert_eq!(table_of(given, "Factory", |_| false).unwrap(), table);
        }
        assert_eq!(table_of("person", "Factory", |table| table == "person").unwrap(), "person");
        assert!(matches!(type_name("9 lives", "Factory"), Err(Error::BadName { .. })));
    }

    #[test]
    fn a_text_fits_its_column() {
        for (column, limit, unique, expected) in [
            ("email", None, true, "faker.email()"),
            ("contact_email", Some(255), false, "faker.email()"),
            ("email", Some(30), true, "faker.serial()"),
            ("code", Some(3), false, "faker.code(3)"),
            ("title", Some(20), false, "faker.text(20)"),
            ("full_name", Some(255), false, "faker.name()"),
            ("body", None, false, "faker.paragraph()"),
            ("sku", Some(100), true, "format!(\"{} {}\", faker.word(), faker.serial())"),
        ] {
            assert_eq!(words(column, limit, unique), expected, "{column} {limit:?}");
        }
    }

    #[test]
    fn a_check_says_what_a_text_may_be() {
        let check = |expression: &str| Check { name: None, expression: expression.to_owned() };
        for expression in
            ["role IN ('it''s', 'b')", "(`role` in ('it''s','b'))", "((role)::text = ANY (ARRAY['it''s', 'b']))"]
        {
            let table = Table { checks: vec![check(expression), check("other IN ('c')")], ..Table::default() };
            assert_eq!(allowed(&table, "role"), ["it's", "b"], "{expression}");
        }
    }
}
