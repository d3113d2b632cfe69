//! What SeaORM can say of a column and sea-orm-codegen does not, put into what that wrote: a type that is not the one
//! that follows from the field's, an index, keys of several columns. Nothing of the database's text is in it.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, Field};

use super::mend::{edit, ensure_attribute, replace, set};
use super::statements::{Named, named_unique_keys};
use crate::project::sea_orm::Major;
use crate::schema::model::{Column, Index, Kind, What};

/// Attributes of a field, in the formats that have them.
///
/// # Errors
/// If codegen wrote attributes that are no Rust.
pub(super) fn attributes(field: &mut Field, column: &Column, named: &Named<'_>) -> syn::Result<()> {
    let type_words = type_words(&column.kind);
    let indexed = is_indexed(column, named);
    if type_words.is_none() && !indexed {
        return Ok(());
    }
    ensure_attribute(field);
    edit(&mut field.attrs, |list| {
        if let Some(words) = &type_words {
            set(list, "column_type", words, true);
        }
        if indexed {
            list.push(syn::parse_quote!(indexed));
        }
    })
}

/// The same in a column's definition, where it stands in code: the type, `.indexed()`, `.unique_key("…")`.
///
/// # Errors
/// If codegen wrote what is no Rust.
pub(super) fn calls(definition: &mut Expr, field: &str, column: &Column, named: &Named<'_>) -> syn::Result<()> {
    let stand_in = match column.kind {
        Kind::Year => Some("SmallUnsigned"),
        Kind::Bit(None | Some(1)) => Some("Boolean"),
        Kind::Bit(_) => Some("BigUnsigned"),
        _ => None,
    };
    if let (Some(stand_in), Some(words)) = (stand_in, type_words(&column.kind)) {
        let words: TokenStream = syn::parse_str(&words)?;
        let named = |token: &TokenTree| match token {
            TokenTree::Ident(ident) if ident == stand_in => Some(words.clone()),
            _ => None,
        };
        *definition = syn::parse2(replace(definition.to_token_stream(), &named))?;
    }
    if is_indexed(column, named) {
        *definition = syn::parse_quote!(#definition.indexed());
    }
    if named.release == Major::One {
        // It has no such method, and knows keys of several columns in no format.
        return Ok(());
    }
    let several = |key: &(String, Vec<&str>)| key.1.len() > 1 && key.1.contains(&field);
    // A column is part of one such key only, as in the other formats.
    if let Some((name, _)) = named_unique_keys(named).into_iter().rfind(several) {
        *definition = syn::parse_quote!(#definition.unique_key(#name));
    }
    Ok(())
}

/// What stands behind `ColumnType::`, where SeaORM would not guess it from the field's type.
fn type_words(kind: &Kind) -> Option<String> {
    match kind {
        Kind::Char(Some(length)) => Some(format!("Char(Some({length}))")),
        Kind::Char(None) => Some("Char(None)".to_owned()),
        Kind::String(Some(length)) => Some(format!("String(StringLen::N({length}))")),
        Kind::Timestamp => Some("Timestamp".to_owned()),
        Kind::Money => Some("Money(None)".to_owned()),
        Kind::Year => Some("Year".to_owned()),
        Kind::Bit(Some(length)) => Some(format!("Bit(Some({length}))")),
        Kind::Bit(None) => Some("Bit(None)".to_owned()),
        Kind::Array(item) => {
            let words = match item.as_ref() {
                Kind::Text => "Text".to_owned(),
                item => type_words(item)?,
            };
            Some(format!("Array(RcOrArc::new(ColumnType::{words}))"))
        }
        _ => None,
    }
}

/// Whether an index is over this column, whole, and nothing else.
fn is_indexed(column: &Column, named: &Named<'_>) -> bool {
    named.table.indexes.iter().any(|index| is_plain(index, &column.name))
}

fn is_plain(index: &Index, name: &str) -> bool {
    let usual = index.method.as_deref().is_none_or(|method| method == "btree");
    let [part] = index.parts.as_slice() else { return false };
    let whole = part.length.is_none() && part.nulls.is_none() && part.operators.is_none() && !part.descending;
    let rows = index.predicate.is_none() && index.include.is_empty() && !index.unique;
    usual && whole && rows && matches!(&part.what, What::Column(column) if column == name)
}
