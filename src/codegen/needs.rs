//! What generated code needs of the package that compiles it: features of SeaORM, and other crates.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Attribute, Path, Type, UseTree};

use super::recognise::model;
use super::{Entities, field_type};
use crate::project::sea_orm::features;

/// What generated code needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Features of SeaORM.
    pub features: BTreeSet<&'static str>,
    /// Crates besides SeaORM.
    pub crates: BTreeSet<String>,
}

/// Names at the beginning of a path that no dependency stands for.
const NO_CRATES: [&str; 7] = ["super", "self", "crate", "std", "core", "alloc", "sea_orm"];

/// What the entities need.
///
/// # Errors
/// Where a file is no Rust.
pub fn of(entities: &Entities) -> syn::Result<Needs> {
    let mut needs = Needs::default();
    let tables = entities.tables.values().map(|(_, text)| text);
    let shared = entities.shared.iter().filter(|(name, _)| name.ends_with(".rs")).map(|(_, text)| text);
    for text in tables.chain(shared) {
        let file = syn::parse_file(text)?;
        let mut crates = Crates(&mut needs.crates);
        crates.visit_file(&file);
        // What is written for a frontend uses nothing of SeaORM's.
        if !text.contains("sea_orm") {
            continue;
        }
        needs.features.insert(features::MACROS);
        for field in model(&file).into_iter().flat_map(|model| &model.fields) {
            feature_of(&field.ty, &mut needs.features);
        }
    }
    Ok(needs)
}

/// Adds the features that the type of a field needs.
fn feature_of(field: &Type, features: &mut BTreeSet<&'static str>) {
    let Some((name, inner)) = field_type::parts(field) else { return };
    let brought = features::TYPES.into_iter().filter(|(_, types)| types.iter().any(|one| name == one));
    features.extend(brought.map(|(feature, _)| feature));
    for inner in inner {
        let is_byte = matches!(inner, Type::Path(path) if path.path.is_ident("u8"));
        if name == "Vec" && !is_byte {
            features.insert(features::ARRAYS);
        }
        feature_of(inner, features);
    }
}

struct Crates<'a>(&'a mut BTreeSet<String>);

impl Crates<'_> {
    fn note(&mut self, first: &syn::Ident) {
        let name = first.to_string();
        let is_module = name.chars().next().is_some_and(char::is_lowercase);
        if is_module && !NO_CRATES.contains(&name.as_str()) {
            self.0.insert(name);
        }
    }
}

impl<'ast> Visit<'ast> for Crates<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if let UseTree::Path(path) = &item.tree {
            self.note(&path.ident);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.segments.len() > 1 {
            self.note(&path.segments[0].ident);
        }
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("derive") {
            let paths =
                attribute.parse_args_with(syn::punctuated::Punctuated::<Path, syn::Token![,]>::parse_terminated);
            paths.iter().flatten().for_each(|path| self.visit_path(path));
        }
        self.visit_path(attribute.path());
    }
}
