//! The primary keys of tables as migrations and entities say them, read with syn: `ColumnDef::new(Users::Id).uuid()
//! .primary_key()`, `pk_uuid(Users::Id)`, `#[sea_orm(primary_key)] pub id: Uuid`. It returns columns and SeaORM's word for
//! the type; what it does not understand it leaves out. It runs nothing.

use std::collections::BTreeMap;
use std::path::Path;

use heck::ToSnakeCase;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Item, LitStr};

use super::index::literal;
use super::read;

/// A key of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceKey {
    /// The column.
    pub column: String,
    /// The method of `ColumnDef` that says its type: `integer`, `uuid` …
    pub method: String,
}

/// Where entities stand, in each layout.
const ENTITIES: [&str; 5] =
    ["src/models/entities", "src/models/_entities", "src/entities", "entity/src", "entity/src/entities"];

/// The keys by table: what these migrations say, else what the entities below `root` say.
pub fn keys<'a>(root: &Path, migrations: impl Iterator<Item = &'a Path>) -> BTreeMap<String, SourceKey> {
    let mut keys = BTreeMap::new();
    for folder in ENTITIES {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
        let files = entries.flatten().map(|entry| entry.path());
        for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
            keys.extend(parsed(&path).and_then(|file| of_entity(&file)));
        }
    }
    keys.extend(created(migrations));
    keys
}

/// Returns the keys of the tables that these migrations create, by table. Parses every file.
pub fn created<'a>(migrations: impl Iterator<Item = &'a Path>) -> BTreeMap<String, SourceKey> {
    let mut keys = BTreeMap::new();
    for path in migrations {
        let Some(file) = parsed(path) else { continue };
        let mut reader = Reader { names: names(&file), keys: &mut keys };
        reader.visit_file(&file);
    }
    keys
}

fn parsed(path: &Path) -> Option<syn::File> {
    syn::parse_file(&read(path).ok()?).ok()
}

/// The table of an entity and its key.
fn of_entity(file: &syn::File) -> Option<(String, SourceKey)> {
    let model = file.items.iter().find_map(|item| match item {
        Item::Struct(model) if model.ident == "Model" => Some(model),
        _ => None,
    })?;
    let table = said(&model.attrs, "table_name")?.0?;
    let mut keys = model.fields.iter().filter_map(|field| {
        let (_, is_key) = said(&field.attrs, "primary_key")?;
        is_key.then_some(())?;
        let column = said(&field.attrs, "column_name").and_then(|(name, _)| name);
        let ident = field.ident.as_ref()?.to_string();
        let syn::Type::Path(path) = &field.ty else { return None };
        let method = match path.path.segments.last()?.ident.to_string().as_str() {
            "i32" => "integer",
            "i64" => "big_integer",
            "u32" => "unsigned",
            "u64" => "big_unsigned",
            "Uuid" => "uuid",
            "String" => "string",
            _ => return None,
        };
        let column = column.unwrap_or_else(|| ident.trim_start_matches("r#").to_owned());
        Some(SourceKey { column, method: method.to_owned() })
    });
    match (keys.next(), keys.next()) {
        (Some(key), None) => Some((table, key)),
        _ => None,
    }
}

/// What `#[sea_orm(word = "text")]` gives, and whether the word is there.
fn said(attributes: &[Attribute], word: &str) -> Option<(Option<String>, bool)> {
    let mut found = (None, false);
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("sea_orm")) {
        // What cannot be read says nothing.
        let _ = attribute.parse_nested_meta(|meta| {
            let value = if meta.input.peek(syn::Token![=]) { Some(meta.value()?.parse::<Expr>()?) } else { None };
            if meta.path.is_ident(word) {
                found = (value.as_ref().and_then(literal), true);
            }
            Ok(())
        });
    }
    Some(found)
}

/// The database's names of `DeriveIden` enums and of their variants.
fn names(file: &syn::File) -> BTreeMap<(String, String), String> {
    let mut names = BTreeMap::new();
    for item in &file.items {
        let Item::Enum(item) = item else { continue };
        let ident = item.ident.to_string();
        let iden = |attributes: &[Attribute]| {
            let mut given = None;
            for attribute in
                attributes.iter().filter(|one| one.path().is_ident("sea_orm") || one.path().is_ident("iden"))
            {
                let _ = attribute.parse_nested_meta(|meta| {
                    given = Some(meta.value()?.parse::<LitStr>()?.value());
                    Ok(())
                });
            }
            given
        };
        for variant in &item.variants {
            let word = variant.ident.to_string();
            let usual = if word == "Table" { ident.to_snake_case() } else { word.to_snake_case() };
            let name = iden(&variant.attrs).or_else(|| (word == "Table").then(|| iden(&item.attrs)).flatten());
            names.insert((ident.clone(), word), name.unwrap_or(usual));
        }
    }
    names
}

struct Reader<'a> {
    names: BTreeMap<(String, String), String>,
    keys: &'a mut BTreeMap<String, SourceKey>,
}

impl Reader<'_> {
    /// What a path or a text is called in the database.
    fn name(&self, expr: &Expr) -> Option<String> {
        if let Some(text) = literal(expr) {
            return Some(text);
        }
        let Expr::Path(path) = expr else { return None };
        let words: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let [.., owner, word] = words.as_slice() else { return None };
        let usual = if word == "Table" { owner.to_snake_case() } else { word.to_snake_case() };
        Some(self.names.get(&(owner.clone(), word.clone())).cloned().unwrap_or(usual))
    }

    /// The key among the columns of `Table::create()…`.
    fn table(&mut self, calls: &[(String, Vec<&Expr>)]) -> Option<()> {
        let argument = |method: &str| calls.iter().find(|(name, _)| name == method)?.1.first().copied();
        let table = self.name(argument("table")?)?;
        for (method, arguments) in calls.iter().filter(|(name, _)| name == "col") {
            debug_assert_eq!(method, "col");
            let (root, calls) = taken_apart(arguments.first()?);
            let Expr::Call(head) = root else { continue };
            let Expr::Path(function) = &*head.func else { continue };
            let function = function.path.segments.last()?.ident.to_string();
            let types =
                ["integer", "big_integer", "small_integer", "unsigned", "big_unsigned", "uuid", "string", "string_len"];
            let of = match function.as_str() {
                "new" if calls.iter().any(|(name, _)| name == "primary_key") => {
                    calls.iter().map(|(name, _)| name.as_str()).find(|name| types.contains(name))
                }
                "pk_auto" => Some("integer"),
                "pk_uuid" => Some("uuid"),
                "big_pk_auto" | "pk_auto_big" => Some("big_integer"),
                _ => None,
            };
            if let (Some(of), Some(column)) = (of, head.args.first().and_then(|first| self.name(first))) {
                self.keys.insert(table, SourceKey { column, method: of.to_owned() });
                return Some(());
            }
        }
        None
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let whole = Expr::MethodCall(call.clone());
        let (root, calls) = taken_apart(&whole);
        let creates = matches!(root, Expr::Call(head) if matches!(&*head.func, Expr::Path(path)
            if path.path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>().ends_with(&["Table".to_owned(), "create".to_owned()])));
        if creates {
            self.table(&calls);
        } else {
            visit::visit_expr_method_call(self, call);
        }
    }
}

/// `a.b(c).d()` is `a`, and `b` with `c`, and `d`.
fn taken_apart(expr: &Expr) -> (&Expr, Vec<(String, Vec<&Expr>)>) {
    let mut calls = Vec::new();
    let mut root = expr;
    loop {
        root = match root {
            Expr::MethodCall(call) => {
                calls.push((call.method.to_string(), call.args.iter().collect()));
                &call.receiver
            }
            Expr::Reference(reference) => &reference.expr,
            Expr::Paren(inner) => &inner.expr,
            _ => break,
        };
    }
    calls.reverse();
    (root, calls)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests prepare their files without a plan")]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        let one = write(
            "m1.rs",
            "fn f() { m.create_table(Table::create().table(Users::Table).col(ColumnDef::new(Users::Name).string())\
             .col(ColumnDef::new(Users::Id).uuid().not_null().primary_key()).to_owned()).await?;\
             m.create_table(Table::create().table(Alias::new(\"odd\")).col(pk_auto(\"Nr\")).to_owned()).await }\n\
             #[derive(DeriveIden)] enum Users { #[sea_orm(iden = \"people\")] Table, Id, Name }",
        );
        write(
            "src/models/entities/tags.rs",
            "#[sea_orm(table_name = \"tags\")] pub struct Model { #[sea_orm(primary_key, auto_increment = false)] pub id: String, pub n: i32 }",
        );
        write("src/models/entities/broken.rs", "fn {");
        let found = keys(folder.path(), [one.as_path()].into_iter());
        let lines: Vec<String> =
            found.iter().map(|(table, key)| format!("{table}.{}: {}", key.column, key.method)).collect();
        assert_eq!(lines, ["odd.Nr: integer", "people.id: uuid", "tags.id: string"]);
    }
}
