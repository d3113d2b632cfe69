//! What sea-orm-codegen wrote, read with syn: the database's own names go back in as strings, comments come in as
//! doc attributes, and relations are put in. It returns formatted source. Text of the database's is only ever a literal
//! here, and never part of a token.

use heck::ToUpperCamelCase;
use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, Field, Fields, File, Ident, ImplItem, Item, ItemEnum, ItemImpl, ItemStruct, Meta, Path, Stmt,
    Token, Type,
};

use super::relations::Relations;
use super::statements::{Named, NamedEnum, OTHER, required_cast};
use super::{EntityFormat, Options, relation_source, rust_type, said};
use crate::project::sea_orm::Major;
use crate::schema::model::{Cast, Column, Kind, Required};

pub(super) type List = Punctuated<Meta, Token![,]>;

/// The file of one entity.
///
/// # Errors
/// If codegen wrote what is no Rust.
pub(super) fn entity(
    content: &str,
    named: &Named<'_>,
    relations: &Relations,
    options: &Options,
) -> syn::Result<String> {
    let mut file = syn::parse_file(content)?;
    for item in &mut file.items {
        match item {
            Item::Struct(model) if model.ident == "Model" => self::model(model, named, options)?,
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
    relation_source::add(&mut file, &named.module, relations, options)?;
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
            // A text for SeaORM, or SeaORM 1, which has no type of its own there.
            if named.is_text || release == Major::One {
                set(list, "rs_type", "String", false);
            }
            if named.is_text {
                set(list, "db_type", "Text", false);
                remove(list, &["enum_name"]);
            } else {
                set(list, "enum_name", &named.original, false);
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

/// Returns the items of a file, each formatted, sorted by text, and then the attributes of the file.
///
/// # Errors
/// As for [`entity`].
pub(super) fn canonical(content: &str) -> syn::Result<Vec<String>> {
    let mut file = syn::parse_file(content)?;
    let mut items: Vec<String> = std::mem::take(&mut file.items).into_iter().map(written).collect();
    items.sort_unstable();
    items.push(prettyplease::unparse(&file));
    Ok(items)
}

/// Formatted, an empty line between items that are not of one kind of line, and after the prelude as sea-orm-cli has it.
fn format(file: File) -> String {
    let line = |item: &Item| matches!(item, Item::Use(_) | Item::Mod(_));
    let ends = |item: &Item| !line(item) || matches!(item, Item::Mod(module) if module.ident == "prelude");
    let head = File { items: Vec::new(), ..file };
    let mut text = prettyplease::unparse(&head);
    let mut in_lines = false;
    for item in file.items {
        if !(text.is_empty() || line(&item) && in_lines) {
            text.push('\n');
        }
        in_lines = !ends(&item);
        text += &written(item);
    }
    text
}

fn written(item: Item) -> String {
    prettyplease::unparse(&File { shebang: None, frontmatter: None, attrs: Vec::new(), items: vec![item] })
}

fn model(model: &mut ItemStruct, named: &Named<'_>, options: &Options) -> syn::Result<()> {
    edit(&mut model.attrs, |list| set(list, "table_name", &named.table.name, false))?;
    if named.release == Major::One {
        eq_last(&mut model.attrs)?;
    }
    document(&mut model.attrs, named.table.comment.as_deref());
    let Fields::Named(fields) = &mut model.fields else { return Ok(()) };
    for field in &mut fields.named {
        let Some(ident) = field.ident.clone() else { continue };
        let name = plain(&ident);
        if let Some((_, column)) = named.columns.iter().find(|(one, _)| *one == name) {
            self::column(field, &name, column, named, options)?;
        }
    }
    Ok(())
}

/// Moves `Eq` after `DeriveEntityModel`, as sea-orm-cli 1 orders them.
fn eq_last(attributes: &mut [Attribute]) -> syn::Result<()> {
    for attribute in attributes.iter_mut().filter(|attribute| attribute.path().is_ident("derive")) {
        let Meta::List(list) = &mut attribute.meta else { continue };
        let mut paths: Vec<Path> =
            list.parse_args_with(Punctuated::<_, Token![,]>::parse_terminated)?.into_iter().collect();
        let place = |name: &str| paths.iter().position(|path| path.is_ident(name));
        if let (Some(eq), Some(entity)) = (place("Eq"), place("DeriveEntityModel"))
            && eq < entity
        {
            paths[eq..=entity].rotate_left(1);
        }
        list.tokens = quote!(#(#paths),*);
    }
    Ok(())
}

fn column(field: &mut Field, name: &str, column: &Column, named: &Named<'_>, options: &Options) -> syn::Result<()> {
    document(&mut field.attrs, column.comment.as_deref());
    let is_text = named.text(column).is_some();
    if let Some(name) = rust_type::of(if is_text { &Kind::Text } else { &column.kind }, options) {
        let name: Type = syn::parse_str(&name)?;
        field.ty = if column.nullable { syn::parse_quote!(Option<#name>) } else { name };
    }
    let in_attributes = matches!(options.format, EntityFormat::Compact | EntityFormat::Dense);
    if let Some(cast) = named.text(column) {
        edit(&mut field.attrs, |list| {
            remove(list, &["ignore"]);
            set(list, "column_type", &custom(column), false);
            casts(list, cast, true);
        })?;
    } else if let Some(cast) = required_cast(column).filter(|_| in_attributes) {
        ensure_attribute(field);
        edit(&mut field.attrs, |list| casts(list, cast, cast.required == Required::Both))?;
    }
    if in_attributes {
        said::attributes(field, column, named)?;
    }
    if column.name != name && options.format != EntityFormat::Frontend {
        ensure_attribute(field);
        edit(&mut field.attrs, |list| set(list, "column_name", &column.name, true))?;
    }
    Ok(())
}

/// `custom("…")`, with the type as the database writes it.
fn custom(column: &Column) -> String {
    format!("custom({})", Literal::string(written_type(column)))
}

/// The name of a type with what has to stand before it.
fn written_type(column: &Column) -> &str {
    column.cast.as_ref().and_then(|cast| cast.write.as_ref()).unwrap_or(&column.type_name)
}

/// Attributes of a field that is written by a cast, and, if `reads`, read by one.
fn casts(list: &mut List, cast: &Cast, reads: bool) {
    if reads {
        set(list, "select_as", &cast.read, true);
    }
    if let Some(write) = &cast.write {
        set(list, "save_as", write, true);
    }
}

/// Makes sure that there is a `#[sea_orm(…)]` to edit.
pub(super) fn ensure_attribute(field: &mut Field) {
    if !field.attrs.iter().any(|attribute| attribute.path().is_ident("sea_orm")) {
        field.attrs.push(syn::parse_quote!(#[sea_orm()]));
    }
}

fn column_enum(columns: &mut ItemEnum, named: &Named<'_>) {
    for variant in &mut columns.variants {
        let camel = plain(&variant.ident);
        let found = named.columns.iter().find(|(field, _)| field.to_upper_camel_case() == camel);
        let Some((field, column)) = found else { continue };
        if column.name != *field {
            let name = &column.name;
            variant.attrs.push(syn::parse_quote!(#[sea_orm(column_name = #name)]));
        }
    }
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
/// as text.
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
                if let Some((field, column)) = found {
                    let text = named.text(column);
                    if let Some(Cast { read, write, required }) = text.or_else(|| required_cast(column)) {
                        // SeaORM 1.0 has neither the trait nor names that are texts.
                        let cast = |value: TokenStream, to: &str| match named.release {
                            Major::One => quote!(#value.cast_as(sea_orm::sea_query::Alias::new(#to))),
                            Major::Two => quote!(sea_orm::sea_query::ExprTrait::cast_as(#value, #to)),
                        };
                        let pattern = &arm.pat;
                        if text.is_some() || *required == Required::Both {
                            let selected = cast(quote!(expr), read);
                            selects.push(quote!(#pattern => #selected,));
                        }
                        saves.extend(write.iter().map(|write| {
                            let saved = cast(quote!(val), write);
                            quote!(#pattern => #saved,)
                        }));
                    }
                    if text.is_some() {
                        let other = Literal::string(OTHER).to_string();
                        arm.body = syn::parse2(replace(arm.body.to_token_stream(), &|token| {
                            let is_other = matches!(token, TokenTree::Literal(literal) if literal.to_string() == other);
                            is_other.then(|| Literal::string(written_type(column)).to_token_stream())
                        }))?;
                    }
                    said::calls(&mut arm.body, field, column, named)?;
                }
                arms.push(arm);
            }
            choice.arms = arms;
        }
    }
    let others =
        |arms: &[TokenStream], other: TokenStream| if arms.len() < named.columns.len() { other } else { quote!() };
    let other_selects = others(&selects, quote!(_ => self.select_enum_as(expr)));
    let other_saves = others(&saves, quote!(_ => self.save_enum_as(val)));
    let simple = quote!(sea_orm::sea_query::SimpleExpr);
    if !selects.is_empty() {
        block.items.push(syn::parse2(quote! {
            fn select_as(&self, expr: sea_orm::sea_query::Expr) -> #simple {
                match self { #(#selects)* #other_selects }
            }
        })?);
    }
    if !saves.is_empty() {
        block.items.push(syn::parse2(quote! {
            fn save_as(&self, val: sea_orm::sea_query::Expr) -> #simple {
                match self { #(#saves)* #other_saves }
            }
        })?);
    }
    Ok(())
}

/// The same tokens with others for those for which `with` has some, in groups too.
pub(super) fn replace(tokens: TokenStream, with: &dyn Fn(&TokenTree) -> Option<TokenStream>) -> TokenStream {
    let replaced = tokens.into_iter().map(|token| match (with(&token), token) {
        (Some(others), _) => others,
        (None, TokenTree::Group(group)) => {
            TokenTree::Group(Group::new(group.delimiter(), replace(group.stream(), with))).into()
        }
        (None, other) => other.into(),
    });
    replaced.collect()
}
