//! The names that relations have in generated files. They stay as they are, since the application uses them: sea-orm-cli
//! numbers relations to the same table, and kit names them after their columns.

use std::collections::BTreeMap;

use heck::ToUpperCamelCase;
use quote::ToTokens;
use syn::{Attribute, Expr, ExprLit, File, ImplItem, Item, Lit, Meta, Stmt, Type};

use super::mend::List;
use super::{field_type, recognise};

/// The names of relations by the foreign key that each is for.
#[derive(Clone, Debug, Default)]
pub struct RelationNames(BTreeMap<Key, Name>);

/// The module that has the foreign key, the module that it refers to, and its columns as variants of `Column`.
type Key = (String, String, Vec<String>);

/// What one relation is called.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// The variant of `Relation`.
    pub variant: String,
    /// The field of the model, in the format that has one.
    pub field: Option<String>,
    /// Its place among those of the file.
    pub place: usize,
}

impl RelationNames {
    /// Those in `files`: texts of generated files by name.
    pub fn of(files: &[(String, String)]) -> Self {
        let mut names = Self::default();
        for (file, text) in files {
            let (Some(module), Ok(parsed)) = (file.strip_suffix(".rs"), syn::parse_file(text)) else { continue };
            names.read(module, &parsed);
        }
        names
    }

    /// The name of the relation by the foreign key with these columns, fields of the module.
    pub(super) fn get(&self, module: &str, target: &str, fields: &[String]) -> Option<&Name> {
        let columns = fields.iter().map(|field| field.to_upper_camel_case()).collect();
        self.0.get(&(module.to_owned(), target.to_owned(), columns))
    }

    fn read(&mut self, module: &str, file: &File) {
        let mut place = 0;
        let mut add = |target: &str, columns: &str, variant: String, field: Option<String>| {
            place += 1;
            let target = if target.is_empty() { module } else { target };
            let is_plain = |name: &str| !name.starts_with("r#");
            if !is_plain(&variant) || !field.as_deref().is_none_or(is_plain) {
                return;
            }
            let key = (module.to_owned(), target.to_owned(), named_columns(columns));
            self.0.insert(key, Name { variant, field, place });
        };
        for field in recognise::model(file).iter().flat_map(|model| &model.fields) {
            let attributes = &field.attrs;
            let (Some(from), Some(ident)) = (value(attributes, "from"), &field.ident) else { continue };
            let (target, field) = (module_in(&innermost(&field.ty)).to_owned(), Some(ident.to_string()));
            let variant = value(attributes, "relation_enum").unwrap_or_else(|| target.to_upper_camel_case());
            add(&target, &from, variant, field);
        }
        for item in &file.items {
            match item {
                Item::Enum(item) if item.ident == "Relation" => {
                    for variant in &item.variants {
                        let values = (value(&variant.attrs, "belongs_to"), value(&variant.attrs, "from"));
                        if let (Some(entity), Some(from)) = values {
                            add(module_in(&entity), &from, variant.ident.to_string(), None);
                        }
                    }
                }
                Item::Impl(block) if block.trait_.as_ref().is_some_and(|(path, _)| path.is_ident("RelationTrait")) => {
                    for (variant, definition) in block.items.iter().flat_map(arms) {
                        let text: String = definition.split_whitespace().collect();
                        let parts = text.split_once("belongs_to(").and_then(|(_, rest)| rest.split_once(").from("));
                        if let Some((entity, rest)) = parts {
                            let (from, _) = rest.split_once(").to(").unwrap_or((rest, ""));
                            add(module_in(entity), from, variant, None);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// The value of `name = "…"` in `#[sea_orm(…)]`.
fn value(attributes: &[Attribute], name: &str) -> Option<String> {
    let lists = attributes.iter().filter(|attribute| attribute.path().is_ident("sea_orm"));
    let mut metas = lists.flat_map(|attribute| attribute.parse_args_with(List::parse_terminated)).flatten();
    metas.find_map(|meta| match meta {
        Meta::NameValue(pair) if pair.path.is_ident(name) => match pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

/// The patterns of a `match` on `self` in a function, and the tokens of what each returns.
fn arms(item: &ImplItem) -> Vec<(String, String)> {
    let ImplItem::Fn(function) = item else { return Vec::new() };
    let Some(Stmt::Expr(Expr::Match(choice), _)) = function.block.stmts.first() else { return Vec::new() };
    let arms = choice.arms.iter().filter_map(|arm| {
        let variant = arm.pat.to_token_stream().into_iter().last()?.to_string();
        Some((variant, arm.body.to_token_stream().to_string()))
    });
    arms.collect()
}

/// `super::users::Entity` in `BelongsTo<Option<super::users::Entity>>`.
fn innermost(of: &Type) -> String {
    match field_type::parts(of) {
        Some((_, inner)) if !inner.is_empty() => innermost(inner[0]),
        _ => of.to_token_stream().to_string(),
    }
}

/// `users` in `super::users::Entity`, nothing in `Entity`.
fn module_in(entity: &str) -> &str {
    let parts: Vec<&str> = entity.split("::").map(str::trim).collect();
    parts.iter().rev().nth(1).copied().unwrap_or_default().trim_start_matches("r#")
}

/// `UserId` of `Column::UserId`, of `(Column::UserId, …)` and of `user_id`.
fn named_columns(text: &str) -> Vec<String> {
    let names = text.split(',').map(|column| column.trim_matches(|c: char| c.is_whitespace() || c == '(' || c == ')'));
    let names = names.filter(|name| !name.is_empty());
    names.map(|name| name.rsplit("::").next().unwrap_or(name).trim_start_matches("r#").to_upper_camel_case()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_every_format() {
        let compact = "#[derive(DeriveRelation)]\npub enum Relation {\n #[sea_orm(belongs_to = \"super::users::Entity\", \
            from = \"Column::ReviewerId\", to = \"super::users::Column::Id\")]\n Users2,\n \
            #[sea_orm(belongs_to = \"Entity\", from = \"(Column::A, Column::B)\", to = \"(Column::C, Column::D)\")]\n SelfRef1,\n \
            #[sea_orm(has_many = \"super::tags::Entity\")]\n Tags }";
        let expanded = "impl RelationTrait for Relation { fn def(&self) -> RelationDef { match self { \
            Self::Users2 => Entity::belongs_to(super::users::Entity).from(Column::ReviewerId).to(super::users::Column::Id).into(), \
            Self::SelfRef1 => Entity::belongs_to(Entity).from((Column::A, Column::B)).to((Column::C, Column::D)).into(), \
            Self::Tags => Entity::has_many(super::tags::Entity).into() } } }";
        let dense = "pub struct Model { pub reviewer_id: i32, \
            #[sea_orm(belongs_to, relation_enum = \"Users2\", from = \"reviewer_id\", to = \"id\")] \
            pub users_2: BelongsTo<Option<super::users::Entity>>, \
            #[sea_orm(self_ref, relation_enum = \"SelfRef1\", from = \"(a, b)\", to = \"(c, d)\")] pub own: BelongsTo<Entity>, \
            #[sea_orm(has_many)] pub tags: HasMany<super::tags::Entity> }";
        for text in [compact, expanded, dense] {
            let names = RelationNames::of(&[("posts.rs".to_owned(), text.to_owned())]);
            let variant = |target: &str, fields: &[&str]| {
                let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
                names.get("posts", target, &fields).map(|name| name.variant.clone())
            };
            assert_eq!(variant("users", &["reviewer_id"]).as_deref(), Some("Users2"), "{text}");
            assert_eq!(variant("posts", &["a", "b"]).as_deref(), Some("SelfRef1"), "{text}");
            assert_eq!(variant("users", &["user_id"]), None, "{text}");
            assert_eq!(names.0.len(), 2, "{text}");
        }
    }
}
