//! Finds what a user has added to a generated file: methods, derives, attributes, other types of fields. It compares texts and writes
//! nothing.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::{Attribute, Fields, File, ImplItem, Item, Meta};

use super::recognise::{compact, derives_of, last_part};

/// The parts of `before` that `after` lacks, as they are named to the user: items, methods, derives, attributes, types of fields. SeaORM's own
/// attributes are not among them: they follow from the database.
///
/// # Errors
/// If one of them is not Rust.
pub fn lost(before: &str, after: &str) -> syn::Result<Vec<String>> {
    let (before, after) = (parts(&syn::parse_file(before)?), parts(&syn::parse_file(after)?));
    let types =
        |parts: &[Part]| -> BTreeSet<String> { parts.iter().filter_map(|part| part.of_field.clone()).collect() };
    let fields = types(&after);
    let there: BTreeSet<&String> = after.iter().map(|part| &part.words).collect();
    // A field that goes with its column is not the user's.
    let is_lost = |part: &&Part| {
        !there.contains(&part.words) && part.of_field.as_ref().is_none_or(|field| fields.contains(field))
    };
    Ok(before.iter().filter(is_lost).map(|part| part.words.clone()).collect())
}

/// A part of a file that a user could have written.
struct Part {
    words: String,
    of_field: Option<String>,
}

fn parts(file: &File) -> Vec<Part> {
    let mut parts = Vec::new();
    for item in &file.items {
        match item {
            Item::Struct(one) => {
                attributes(&mut parts, &one.attrs, &one.ident.to_string());
                if let Fields::Named(fields) = &one.fields {
                    for field in &fields.named {
                        let name = format!("{}.{}", one.ident, field.ident.to_token_stream());
                        let from = parts.len();
                        attributes(&mut parts, &field.attrs, &name);
                        parts.push(Part { words: format!("`{name}: {}`", compact(&field.ty)), of_field: None });
                        parts[from..].iter_mut().for_each(|part| part.of_field = Some(name.clone()));
                    }
                }
                parts.push(Part { words: format!("`struct {}`", one.ident), of_field: None });
            }
            Item::Enum(one) => {
                attributes(&mut parts, &one.attrs, &one.ident.to_string());
                parts.push(Part { words: format!("`enum {}`", one.ident), of_field: None });
                let is_column = matches!(one.ident.to_string().as_str(), "Column" | "PrimaryKey");
                for variant in one.variants.iter().filter(|_| !is_column) {
                    parts.push(Part { words: format!("`{}::{}`", one.ident, variant.ident), of_field: None });
                }
            }
            Item::Impl(block) => {
                let of = compact(&block.self_ty);
                let head = match &block.trait_ {
                    Some((path, _)) => format!("impl {} for {of}", compact(path)),
                    None => format!("impl {of}"),
                };
                let inner = block.items.iter().map(|item| match item {
                    ImplItem::Fn(function) => format!("`fn {}` of `{head}`", function.sig.ident),
                    ImplItem::Const(one) => format!("`const {}` of `{head}`", one.ident),
                    ImplItem::Type(one) => format!("`type {}` of `{head}`", one.ident),
                    other => format!("`{}` of `{head}`", compact(other)),
                });
                parts.extend(inner.map(|words| Part { words, of_field: None }));
                if block.trait_.is_some() {
                    parts.push(Part { words: format!("`{head}`"), of_field: None });
                }
            }
            // What needs them is named, if it is lost.
            Item::Use(_) | Item::Mod(_) => {}
            Item::Fn(one) => parts.push(Part { words: format!("`fn {}`", one.sig.ident), of_field: None }),
            Item::Const(one) => parts.push(Part { words: format!("`const {}`", one.ident), of_field: None }),
            Item::Static(one) => parts.push(Part { words: format!("`static {}`", one.ident), of_field: None }),
            Item::Type(one) => parts.push(Part { words: format!("`type {}`", one.ident), of_field: None }),
            Item::Trait(one) => parts.push(Part { words: format!("`trait {}`", one.ident), of_field: None }),
            other => {
                let text = compact(other);
                let line: String = text.chars().take(40).collect();
                parts.push(Part { words: format!("`{line}`"), of_field: None });
            }
        }
    }
    parts
}

/// Derives and attributes of something, without SeaORM's own and documentation.
fn attributes(parts: &mut Vec<Part>, attributes: &[Attribute], of: &str) {
    for derive in derives_of(attributes).into_iter().filter(|derive| !last_part(derive).starts_with("Derive")) {
        parts.push(Part { words: format!("derive `{}` of `{of}`", last_part(&derive)), of_field: None });
    }
    let own = |attribute: &&Attribute| {
        let path = compact(attribute.path());
        !matches!(path.as_str(), "derive" | "doc" | "sea_orm" | "sea_orm::model")
    };
    for attribute in attributes.iter().filter(own) {
        let words = match &attribute.meta {
            Meta::Path(path) => compact(path),
            meta => compact(meta),
        };
        parts.push(Part { words: format!("`#[{words}]` of `{of}`"), of_field: None });
    }
}

#[cfg(test)]
mod tests {
    use super::super::recognise::tests::BY_CLI;
    use super::*;

    #[test]
    fn what_a_user_added_is_named() {
        let mine = BY_CLI
            .replace(
                "Serialize, Deserialize)]",
                "Serialize, Deserialize, Validate)]\n#[serde(rename_all = \"camelCase\")]",
            )
            .replace(
                "    pub at: TimeDateTime,",
                "    #[serde(skip)]\n    pub at: MyTime,\n    #[serde(skip)]\n    pub gone: i32,",
            )
            .replace(
                "impl ActiveModelBehavior for ActiveModel {}",
                "impl ActiveModelBehavior for ActiveModel {\n    fn new() -> Self { Self::default() }\n}",
            )
            + "impl Model {\n    pub fn is_new(&self) -> bool { true }\n}\npub const MAX: u8 = 3;\n";
        let words = lost(&mine, BY_CLI).unwrap();
        let expected = [
            "derive `Validate` of `Model`",
            "`#[serde(rename_all = \"camelCase\")]` of `Model`",
            "`#[serde(skip)]` of `Model.at`",
            "`Model.at: MyTime`",
            "`fn new` of `impl ActiveModelBehavior for ActiveModel`",
            "`fn is_new` of `impl Model`",
            "`const MAX`",
        ];
        assert_eq!(words, expected);
        assert_eq!(lost(BY_CLI, &mine).unwrap(), ["`Model.at: TimeDateTime`"]);
        assert_eq!(lost(BY_CLI, BY_CLI).unwrap(), Vec::<String>::new());
    }
}
