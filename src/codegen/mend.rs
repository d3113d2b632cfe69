//! What sea-orm-codegen wrote, read with syn: the database's own names go back in as strings, comments come in as
//! doc attributes, and relations are put in. It returns formatted source. Text of the database's is only ever a literal
//! here, and never part of a token.

use heck::ToUpperCamelCase;
use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, Field, Fields, File, Ident, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, Meta, Stmt, Token,
};

use super::relations::Relations;
use super::statements::{Named, NamedEnum, OTHER};
use super::{EntityFormat, relation_source, said};
use crate::project::sea_orm::Major;
use crate::schema::model::{Column, Kind};

pub(super) type List = Punctuated<Meta, Token![,]>;

/// The file of one entity.
///
/// # Errors
/// If codegen wrote what is no Rust.
pub(super) fn entity(
    content: &str,
    named: &Named<'_>,
    relations: &Relations,
    format: EntityFormat,
) -> syn::Result<String> {
    let mut file = syn::parse_file(content)?;
    for item in &mut file.items {
        match item {
            Item::Struct(model) if model.ident == "Model" => self::model(model, named, format)?,
            Item::Enum(columns) if columns.ident == "Column" => column_enum(columns, named),
            Item::Impl(block) if block.trait_.as_ref().is_some_and(|(path, _)| path.is_ident("ColumnTrait")) => {
                column_trait(block, named)?;
            }
            Item::Impl(block) if block.trait_.as_ref().is_some_and(|(path, _)| path.is_ident("EntityName")) => {
                for item in &mut block.items {
                    if let ImplItem::Fn(function) = item
                        && function.sig.ident == "table_name"
                    {
                        let name = &named.table.name;
                        function.block = syn::parse2(quote!({ #name }))?;
                    }
                }
            }
            _ => {}
        }
    }
    relation_source::add(&mut file, &named.module, relations, format)?;
    if named.is_view {
        file.attrs.push(syn::parse_quote!(#![doc = ""]));
        file.attrs.push(syn::parse_quote!(#![doc = " Of a view: read only."]));
    }
    Ok(self::format(file))
}

/// The file of the enums.
///
/// # Errors
/// As for [`entity`].
pub(super) fn enums(content: &str, enums: &[NamedEnum], release: Major) -> syn::Result<String> {
    let mut file = syn::parse_file(content)?;
    for item in &mut file.items {
        let Item::Enum(item) = item else { continue };
        let Some(named) = enums.iter().find(|one| item.ident == one.name.to_upper_camel_case()) else { continue };
        edit(&mut item.attrs, |list| {
            set(list, "enum_name", &named.original, false);
            if release == Major::One {
                // SeaORM 2 has a type of its own there.
                set(list, "rs_type", "String", false);
            }
        })?;
        for variant in &mut item.variants {
            if let Some((_, value)) = named.values.iter().find(|(name, _)| variant.ident == name) {
                edit(&mut variant.attrs, |list| set(list, "string_value", value, false))?;
            }
        }
    }
    Ok(format(file))
}

/// Any other file, formatted.
///
/// # Errors
/// As for [`entity`].
pub(super) fn other(content: &str) -> syn::Result<String> {
    Ok(format(syn::parse_file(content)?))
}

/// Formatted, an empty line between items that are not of one kind of line.
fn format(file: File) -> String {
    let line = |item: &Item| matches!(item, Item::Use(_) | Item::Mod(_));
    let head = File { items: Vec::new(), ..file };
    let mut text = prettyplease::unparse(&head);
    let mut after_line = false;
    for item in file.items {
        let is_line = line(&item);
        if !(text.is_empty() || is_line && after_line) {
            text.push('\n');
        }
        after_line = is_line;
        text +=
            &prettyplease::unparse(&File { shebang: None, frontmatter: None, attrs: Vec::new(), items: vec![item] });
    }
    text
}

fn model(model: &mut ItemStruct, named: &Named<'_>, format: EntityFormat) -> syn::Result<()> {
    edit(&mut model.attrs, |list| set(list, "table_name", &named.table.name, false))?;
    document(&mut model.attrs, named.table.comment.as_deref());
    let Fields::Named(fields) = &mut model.fields else { return Ok(()) };
    for field in &mut fields.named {
        let Some(ident) = field.ident.clone() else { continue };
        let name = plain(&ident);
        if let Some((_, column)) = named.columns.iter().find(|(one, _)| *one == name) {
            self::column(field, &name, column, named, format)?;
        }
    }
    Ok(())
}

fn column(field: &mut Field, name: &str, column: &Column, named: &Named<'_>, format: EntityFormat) -> syn::Result<()> {
    document(&mut field.attrs, column.comment.as_deref());
    let custom = custom(column);
    if is_other(column) && format == EntityFormat::Expanded && custom.is_none() {
        field.attrs.push(syn::parse_quote!(#[sea_orm(ignore)]));
        return Ok(());
    } else if is_other(column) {
        edit(&mut field.attrs, |list| match &custom {
            // Read and written as text, which the database casts.
            Some(type_name) => {
                remove(list, &["ignore"]);
                set(list, "column_type", &format!("custom(\"{type_name}\")"), false);
                set(list, "save_as", type_name, true);
            }
            None => remove(list, &["column_type", "select_as", "nullable"]),
        })?;
    }
    if matches!(format, EntityFormat::Compact | EntityFormat::Dense) {
        said::attributes(field, column, named)?;
    }
    if column.name != name && format != EntityFormat::Frontend {
        if !field.attrs.iter().any(|attribute| attribute.path().is_ident("sea_orm")) {
            field.attrs.push(syn::parse_quote!(#[sea_orm()]));
        }
        edit(&mut field.attrs, |list| set(list, "column_name", &column.name, true))?;
    }
    Ok(())
}

/// The name of a type that can be cast from and to text by that name. It stands in SQL as it is, so it is one only if
/// it is plain.
fn custom(column: &Column) -> Option<String> {
    let name = &column.type_name;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | ' ');
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.trim_end_matches("[]").chars().all(plain);
    (is_plain && column.kind != Kind::Other).then(|| name.clone())
}

fn column_enum(columns: &mut ItemEnum, named: &Named<'_>) {
    let variants = std::mem::take(&mut columns.variants).into_iter().filter_map(|mut variant| {
        let camel = plain(&variant.ident);
        let found = named.columns.iter().find(|(field, _)| field.to_upper_camel_case() == camel);
        let Some((field, column)) = found else { return Some(variant) };
        if is_other(column) && custom(column).is_none() {
            return None;
        }
        if column.name != *field {
            let name = &column.name;
            variant.attrs.push(syn::parse_quote!(#[sea_orm(column_name = #name)]));
        }
        Some(variant)
    });
    columns.variants = variants.collect();
}

fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").unwrap_or(&name).to_owned()
}

/// A comment as doc attributes, a line each: without what a terminal, an editor or rustdoc would take for its own.
fn document(attributes: &mut Vec<Attribute>, comment: Option<&str>) {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let lines = comment.unwrap_or_default().lines().map(|line| {
        let line: String = line.chars().filter(|c| !odd(*c)).collect();
        format!(
            " {}",
            line.trim().replace("```", "'''").replace("~~~", "'''").replace("*/", "* /").replace("/*", "/ *")
        )
    });
    let documentation: Vec<Attribute> =
        lines.filter(|line| !line.trim().is_empty()).map(|line| syn::parse_quote!(#[doc = #line])).collect();
    attributes.splice(0..0, documentation);
}

/// Edits what stands in `#[sea_orm(…)]`, in each of them.
pub(super) fn edit(attributes: &mut [Attribute], mut change: impl FnMut(&mut List)) -> syn::Result<()> {
    for attribute in attributes.iter_mut().filter(|attribute| attribute.path().is_ident("sea_orm")) {
        let Meta::List(list) = &mut attribute.meta else { continue };
        let mut metas = list.parse_args_with(List::parse_terminated)?;
        change(&mut metas);
        list.tokens = metas.to_token_stream();
    }
    Ok(())
}

/// Gives `name` the value `value`; where it is not there, only if it is to be `added`.
pub(super) fn set(list: &mut List, name: &str, value: &str, added: bool) {
    let there = list.iter_mut().find(|meta| meta.path().is_ident(name));
    let ident = Ident::new(name, proc_macro2::Span::call_site());
    let new: Meta = syn::parse_quote!(#ident = #value);
    match there {
        Some(meta) => *meta = new,
        None if added => list.push(new),
        None => {}
    }
}

fn remove(list: &mut List, names: &[&str]) {
    let kept = std::mem::take(list).into_iter().filter(|meta| !names.iter().any(|name| meta.path().is_ident(name)));
    *list = kept.collect();
}

/// `Self::Area => ColumnType::custom("…").def()` with the database's word for the type, and what reads and writes it
/// as text; without the columns whose type cannot be named.
fn column_trait(block: &mut ItemImpl, named: &Named<'_>) -> syn::Result<()> {
    let (mut selects, mut saves) = (Vec::new(), Vec::new());
    for item in &mut block.items {
        let ImplItem::Fn(function) = item else { continue };
        for statement in &mut function.block.stmts {
            let Stmt::Expr(Expr::Match(choice), _) = statement else { continue };
            let mut arms = Vec::new();
            for mut arm in std::mem::take(&mut choice.arms) {
                let camel = arm.pat.to_token_stream().into_iter().last().map(|last| last.to_string());
                let found = named.columns.iter().find(|(field, _)| Some(field.to_upper_camel_case()) == camel);
                if let Some((_, column)) = found.filter(|(_, column)| is_other(column)) {
                    let Some(type_name) = custom(column) else { continue };
                    let pattern = &arm.pat;
                    selects.push(quote!(#pattern => sea_orm::sea_query::ExprTrait::cast_as(expr, "text"),));
                    saves.push(quote!(#pattern => sea_orm::sea_query::ExprTrait::cast_as(val, #type_name),));
                    arm.body = syn::parse2(replace(arm.body.to_token_stream(), OTHER, &type_name))?;
                }
                if let Some((field, column)) = found {
                    said::calls(&mut arm.body, field, column, named);
                }
                arms.push(arm);
            }
            choice.arms = arms;
        }
    }
    if !selects.is_empty() {
        let simple = quote!(sea_orm::sea_query::SimpleExpr);
        block.items.push(syn::parse2(quote! {
            fn select_as(&self, expr: sea_orm::sea_query::Expr) -> #simple {
                match self { #(#selects)* _ => self.select_enum_as(expr) }
            }
        })?);
        block.items.push(syn::parse2(quote! {
            fn save_as(&self, val: sea_orm::sea_query::Expr) -> #simple {
                match self { #(#saves)* _ => self.save_enum_as(val) }
            }
        })?);
    }
    Ok(())
}

fn is_other(column: &Column) -> bool {
    matches!(column.kind, Kind::Cidr | Kind::Inet | Kind::Castable | Kind::Other)
}

/// The same tokens with one string for another.
fn replace(tokens: TokenStream, string: &str, with: &str) -> TokenStream {
    let wanted = Literal::string(string).to_string();
    let replaced = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) => {
            TokenTree::Group(Group::new(group.delimiter(), replace(group.stream(), string, with)))
        }
        TokenTree::Literal(literal) if literal.to_string() == wanted => Literal::string(with).into(),
        other => other,
    });
    replaced.collect()
}
