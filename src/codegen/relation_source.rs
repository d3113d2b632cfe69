//! Relations as source, in each format. It takes the file that codegen wrote without any, and puts them in. All names
//! in it are kit's own.

use heck::ToUpperCamelCase;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Field, File, Ident, ImplItem, Item, parse::Parser, parse_quote};

use super::relations::{Related, Relation, Relations, Side};
use super::{EntityFormat, Options};
use crate::schema::model::Action;

/// Puts the relations into the file of one entity.
///
/// # Errors
/// If what kit wrote is no Rust.
pub(super) fn add(file: &mut File, module: &str, relations: &Relations, options: &Options) -> syn::Result<()> {
    let no_action = options.writes_no_action;
    match options.format {
        EntityFormat::Frontend => return Ok(()),
        EntityFormat::Dense => return fields(file, relations, no_action),
        EntityFormat::Compact | EntityFormat::Expanded => {}
    }
    // What the derive macro has no words for in SeaORM 1.1 is written out.
    let derives = |relation: &Relation| matches!(relation.side, Side::Owner { .. } | Side::Inverse { plain: true, .. });
    let derived = options.format == EntityFormat::Compact && relations.list.iter().all(derives);
    for item in &mut file.items {
        match item {
            Item::Enum(item) if item.ident == "Relation" => {
                for relation in &relations.list {
                    let name = ident(&relation.name);
                    let attribute = if derived { attribute(relation, no_action) } else { TokenStream::new() };
                    item.variants.push(parse_quote!(#attribute #name));
                }
                if !derived {
                    item.attrs = vec![parse_quote!(#[derive(Copy, Clone, Debug, EnumIter)])];
                }
            }
            Item::Enum(item) if item.ident == "RelatedEntity" => {
                let named = relations.list.iter().map(|relation| related_entity(relation, relations));
                for variant in named.chain(vias(module, relations)) {
                    item.variants.push(syn::parse2(variant)?);
                }
            }
            _ => {}
        }
    }
    file.items.retain(|item| match item {
        Item::Impl(block) => !block.trait_.as_ref().is_some_and(|(path, _)| path.is_ident("RelationTrait")),
        _ => true,
    });
    let mut items = Vec::new();
    if !derived {
        items.push(definitions(relations)?);
    }
    // Those through a link table stand last, as sea-orm-cli writes them.
    let (vias, directs): (Vec<_>, Vec<_>) =
        relations.related.iter().partition(|(_, related)| matches!(related, Related::Via { .. }));
    for (target, related) in directs.into_iter().chain(vias) {
        items.push(Item::Impl(implementation(target, related)?));
    }
    let is_last = |item: &Item| matches!(item, Item::Enum(item) if item.ident == "RelatedEntity");
    let at = file.items.iter().position(is_last).unwrap_or(file.items.len());
    file.items.splice(at..at, items);
    Ok(())
}

/// `#[sea_orm(…)]` of a variant, for the derive macro.
fn attribute(relation: &Relation, no_action: bool) -> TokenStream {
    let entity = path(relation, "Entity");
    match &relation.side {
        Side::Owner { from, to, on_delete, on_update, .. } => {
            let columns = |prefix: &str, fields: &[String]| {
                let named: Vec<String> =
                    fields.iter().map(|field| format!("{prefix}Column::{}", field.to_upper_camel_case())).collect();
                if named.len() == 1 { named.concat() } else { format!("({})", named.join(", ")) }
            };
            let prefix = entity.trim_end_matches("Entity");
            let (from, to) = (columns("", from), columns(prefix, to));
            let actions = actions(*on_delete, *on_update, no_action);
            quote!(#[sea_orm(belongs_to = #entity, from = #from, to = #to #actions)])
        }
        Side::Inverse { many: true, .. } => quote!(#[sea_orm(has_many = #entity)]),
        Side::Inverse { many: false, .. } => quote!(#[sea_orm(has_one = #entity)]),
    }
}

/// As sea-orm-cli orders them. What is the default is written only if `no_action` says so.
fn actions(on_delete: Action, on_update: Action, no_action: bool) -> TokenStream {
    let default = no_action.then(|| "NoAction".to_owned());
    let word = |action: Action| variant(action).map(|name| name.to_string()).or_else(|| default.clone());
    let on_update = word(on_update).map(|word| quote!(, on_update = #word));
    let on_delete = word(on_delete).map(|word| quote!(, on_delete = #word));
    quote!(#on_update #on_delete)
}

fn variant(action: Action) -> Option<Ident> {
    let name = match action {
        Action::NoAction => return None,
        Action::Restrict => "Restrict",
        Action::Cascade => "Cascade",
        Action::SetNull => "SetNull",
        Action::SetDefault => "SetDefault",
    };
    Some(ident(name))
}

/// `impl RelationTrait`, written out.
fn definitions(relations: &Relations) -> syn::Result<Item> {
    let arms = relations.list.iter().map(|relation| {
        let name = ident(&relation.name);
        let module = relation.target.as_deref().map(ident);
        let other = module.as_ref().map_or_else(TokenStream::new, |module| quote!(super::#module::));
        let definition = match &relation.side {
            Side::Owner { from, to, on_delete, on_update, .. } => {
                let columns = |prefix: &TokenStream, fields: &[String]| {
                    let columns = fields.iter().map(|field| ident(&field.to_upper_camel_case()));
                    let named: Vec<TokenStream> = columns.map(|column| quote!(#prefix Column::#column)).collect();
                    if named.len() == 1 { quote!(#(#named)*) } else { quote!((#(#named),*)) }
                };
                let (from, to) = (columns(&TokenStream::new(), from), columns(&other, to));
                let on_update = variant(*on_update).map(|name| quote!(.on_update(ForeignKeyAction::#name)));
                let on_delete = variant(*on_delete).map(|name| quote!(.on_delete(ForeignKeyAction::#name)));
                quote!(Entity::belongs_to(#other Entity).from(#from).to(#to)#on_update #on_delete.into())
            }
            Side::Inverse { many: true, plain: true, .. } => quote!(Entity::has_many(#other Entity).into()),
            Side::Inverse { many: false, plain: true, .. } => quote!(Entity::has_one(#other Entity).into()),
            Side::Inverse { of, many, plain: false } => {
                let of = ident(of);
                let reversed = quote!(#other Relation::#of.def().rev());
                match many {
                    true => quote!(RelationDef { rel_type: sea_orm::RelationType::HasMany, ..#reversed }),
                    false => reversed,
                }
            }
        };
        quote!(Self::#name => #definition,)
    });
    let body = match relations.list.is_empty() {
        true => quote!(panic!("No RelationDef")),
        false => quote!(match self { #(#arms)* }),
    };
    syn::parse2(quote! {
        impl RelationTrait for Relation {
            fn def(&self) -> RelationDef {
                #body
            }
        }
    })
}

/// `impl Related`.
fn implementation(target: &str, related: &Related) -> syn::Result<syn::ItemImpl> {
    let target = ident(target);
    let mut block: syn::ItemImpl = syn::parse2(quote!(impl Related<super::#target::Entity> for Entity {}))?;
    let functions: [Option<ImplItem>; 2] = match related {
        Related::Direct(name) => {
            let name = ident(name);
            [Some(parse_quote!(fn to() -> RelationDef { Relation::#name.def() })), None]
        }
        Related::Via { link, to, back, .. } => {
            let (link, to, back) = (ident(link), ident(to), ident(back));
            let via = parse_quote! {
                fn via() -> Option<RelationDef> { Some(super::#link::Relation::#back.def().rev()) }
            };
            [Some(parse_quote!(fn to() -> RelationDef { super::#link::Relation::#to.def() })), Some(via)]
        }
    };
    block.items = functions.into_iter().flatten().collect();
    Ok(block)
}

/// A variant of what Seaography reads.
fn related_entity(relation: &Relation, relations: &Relations) -> TokenStream {
    let name = ident(&relation.name);
    let entity = path(relation, "Entity");
    let direct = Related::Direct(relation.name.clone());
    match relation.target.as_ref().and_then(|target| relations.related.get(target)) == Some(&direct) {
        true => quote!(#[sea_orm(entity = #entity)] #name),
        false => {
            let definition = format!("Relation::{name}.def()");
            quote!(#[sea_orm(entity = #entity, def = #definition)] #name)
        }
    }
}

/// The same for what is reached through a link table.
fn vias(module: &str, relations: &Relations) -> Vec<TokenStream> {
    let taken = |name: &str| relations.list.iter().any(|relation| relation.name == name);
    let vias = relations.related.iter().filter_map(|(target, related)| {
        let Related::Via { link, .. } = related else { return None };
        let entity = format!("super::{target}::Entity");
        let plain = target.to_upper_camel_case();
        let through = format!("{target}_through_{link}").to_upper_camel_case();
        let own = format!("{module}_{target}_through_{link}").to_upper_camel_case();
        let name = [plain, through, own].into_iter().find(|name| !taken(name))?;
        let name = ident(&name);
        Some(quote!(#[sea_orm(entity = #entity)] #name))
    });
    vias.collect()
}

/// The relations as fields of the model.
fn fields(file: &mut File, relations: &Relations, no_action: bool) -> syn::Result<()> {
    let model = file.items.iter_mut().find_map(|item| match item {
        Item::Struct(item) if item.ident == "Model" => Some(item),
        _ => None,
    });
    let Some(syn::Fields::Named(fields)) = model.map(|model| &mut model.fields) else { return Ok(()) };
    for relation in &relations.list {
        let (name, field) = (&relation.name, ident(&relation.field));
        let module = relation.target.as_deref().map(ident);
        let entity = module.as_ref().map_or_else(|| quote!(Entity), |module| quote!(super::#module::Entity));
        let inferred = relation.target.as_ref().is_some_and(|target| target.to_upper_camel_case() == *name);
        let named = (relation.ambiguous || !inferred).then(|| quote!(, relation_enum = #name));
        let own = relation.target.is_none();
        let tokens = match &relation.side {
            Side::Owner { from, to, on_delete, on_update, required } => {
                let columns = |fields: &[String]| {
                    let named: Vec<String> = fields.iter().map(|field| without_keyword(field)).collect();
                    if named.len() == 1 { named.concat() } else { format!("({})", named.join(", ")) }
                };
                let (from, to) = (columns(from), columns(to));
                let actions = actions(*on_delete, *on_update, no_action);
                let side = if own { quote!(self_ref) } else { quote!(belongs_to) };
                let reverse = own.then(|| inverse_name(relations, name)).flatten();
                let reverse = reverse.map(|name| quote!(, relation_reverse = #name));
                let kind = if *required { quote!(BelongsTo<#entity>) } else { quote!(BelongsTo<Option<#entity>>) };
                quote!(#[sea_orm(#side #named #reverse, from = #from, to = #to #actions)] pub #field: #kind)
            }
            Side::Inverse { of, .. } if own => {
                quote!(#[sea_orm(self_ref #named, relation_reverse = #of)] pub #field: HasMany<Entity>)
            }
            Side::Inverse { of, many, plain } => match (plain, many) {
                (true, true) => quote!(#[sea_orm(has_many #named)] pub #field: HasMany<#entity>),
                (true, false) => quote!(#[sea_orm(has_one #named)] pub #field: HasOne<#entity>),
                // The macro has no way to one row by a relation of that name.
                (false, _) => quote!(#[sea_orm(has_many #named, via_rel = #of)] pub #field: HasMany<#entity>),
            },
        };
        fields.named.push(Field::parse_named.parse2(tokens)?);
    }
    for (target, related) in &relations.related {
        let Related::Via { link, field, .. } = related else { continue };
        let (field, target) = (ident(field), ident(target));
        let tokens = quote!(#[sea_orm(has_many, via = #link)] pub #field: HasMany<super::#target::Entity>);
        fields.named.push(Field::parse_named.parse2(tokens)?);
    }
    Ok(())
}

/// The other side of a relation of a table to itself.
fn inverse_name(relations: &Relations, name: &str) -> Option<String> {
    let is = |relation: &&Relation| {
        relation.target.is_none() && matches!(&relation.side, Side::Inverse { of, .. } if of == name)
    };
    relations.list.iter().find(is).map(|relation| relation.name.clone())
}

/// A column's field as the macro reads it, which takes identifiers in either case.
fn without_keyword(field: &str) -> String {
    match syn::parse_str::<Ident>(field) {
        Ok(_) => field.to_owned(),
        Err(_) => field.to_upper_camel_case(),
    }
}

/// `super::posts::Entity`, or what stands in this file.
fn path(relation: &Relation, name: &str) -> String {
    relation.target.as_ref().map_or_else(|| name.to_owned(), |module| format!("super::{module}::{name}"))
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
