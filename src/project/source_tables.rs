//! Tables as migrations and entities describe them, read with syn: keys and columns of `Table::create()…`,
//! `create_table(m, "users", …)` and `#[sea_orm(primary_key)] pub id: Uuid`, and what later migrations add, rename and drop.
//! It returns names and SeaORM's word for the type of a key; what it does not understand it leaves out. It runs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use heck::ToSnakeCase;
use pluralizer::pluralize;
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

/// A table as the sources describe it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceTable {
    /// Its key, if that is one column of a type that kit knows.
    pub key: Option<SourceKey>,
    /// The columns that were found.
    pub columns: BTreeSet<String>,
    /// All of it was found: its entity, or the statement that creates it.
    pub is_whole: bool,
}

/// The tables that the sources describe.
#[derive(Clone, Debug, Default)]
pub struct SourceTables {
    /// By name.
    pub tables: BTreeMap<String, SourceTable>,
    /// Texts in migrations that may be SQL.
    statements: Vec<String>,
}

impl SourceTables {
    /// Whether the SQL in a migration names all of these words.
    pub fn sql_names(&self, words: &[&str]) -> bool {
        let is_letter = |c: char| c.is_alphanumeric() || c == '_';
        self.statements.iter().any(|statement| {
            words
                .iter()
                .all(|word| statement.split(|c: char| !is_letter(c)).any(|part| part.eq_ignore_ascii_case(word)))
        })
    }
}

/// Where entities stand, in each layout.
const ENTITIES: [&str; 5] =
    ["src/models/entities", "src/models/_entities", "src/entities", "entity/src", "entity/src/entities"];

/// Reads the tables: what the entities below `root` say, then what these migrations say in their order.
pub fn tables<'a>(root: &Path, migrations: impl Iterator<Item = &'a Path>) -> SourceTables {
    let mut found = SourceTables::default();
    for folder in ENTITIES {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
        let files = entries.flatten().map(|entry| entry.path());
        for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
            found.tables.extend(parsed(&path).and_then(|file| of_entity(&file)));
        }
    }
    read_migrations(migrations, &mut found);
    found
}

/// Returns the names of the tables that these migrations leave behind. Parses every file.
pub fn created<'a>(migrations: impl Iterator<Item = &'a Path>) -> impl Iterator<Item = String> {
    let mut found = SourceTables::default();
    read_migrations(migrations, &mut found);
    found.tables.into_keys()
}

fn read_migrations<'a>(migrations: impl Iterator<Item = &'a Path>, found: &mut SourceTables) {
    for path in migrations {
        let Some(file) = parsed(path) else { continue };
        let mut reader = Reader { names: names(&file), counts_in: counting_key(&file), found };
        reader.visit_file(&file);
    }
}

fn parsed(path: &Path) -> Option<syn::File> {
    syn::parse_file(&read(path).ok()?).ok()
}

/// The table of an entity.
fn of_entity(file: &syn::File) -> Option<(String, SourceTable)> {
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
    let key = match (keys.next(), keys.next()) {
        (key @ Some(_), None) => key,
        _ => None,
    };
    let columns = model.fields.iter().filter_map(|field| {
        let column = said(&field.attrs, "column_name").and_then(|(name, _)| name);
        column.or_else(|| Some(field.ident.as_ref()?.to_string().trim_start_matches("r#").to_owned()))
    });
    Some((table, SourceTable { key, columns: columns.collect(), is_whole: true }))
}

/// The type of the key that `ColType::PkAuto` is: Loco's own helpers count in an `integer`.
fn counting_key(file: &syn::File) -> &'static str {
    let is_loco = |item: &Item| match item {
        Item::Use(item) => matches!(&item.tree, syn::UseTree::Path(path) if path.ident == "loco_rs"),
        _ => false,
    };
    if file.items.iter().any(is_loco) { "integer" } else { "big_integer" }
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
    /// The type that `ColType::PkAuto` is.
    counts_in: &'static str,
    found: &'a mut SourceTables,
}

/// The method calls of a chain: each with its arguments.
type Calls<'e> = [(String, Vec<&'e Expr>)];

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

    /// A table that is changed.
    fn table(&mut self, name: String) -> &mut SourceTable {
        self.found.tables.entry(name).or_default()
    }

    /// The columns of `Table::create()…`, and the key among them.
    fn create(&mut self, table: String, calls: &Calls<'_>) {
        let mut found = SourceTable { is_whole: true, ..SourceTable::default() };
        for (_, arguments) in calls.iter().filter(|(name, _)| name == "col") {
            let Some((column, method)) = arguments.first().and_then(|first| self.column(first)) else {
                found.is_whole = false;
                continue;
            };
            if let (None, Some(method)) = (&found.key, method) {
                found.key = Some(SourceKey { column: column.clone(), method });
            }
            found.columns.insert(column);
        }
        self.found.tables.insert(table, found);
    }

    /// The name of a column, and the type of the key if it is one.
    fn column(&self, definition: &Expr) -> Option<(String, Option<String>)> {
        const TYPES: [&str; 8] =
            ["integer", "big_integer", "small_integer", "unsigned", "big_unsigned", "uuid", "string", "string_len"];
        let (root, calls) = taken_apart(definition);
        let Expr::Call(head) = root else { return None };
        let column = self.name(head.args.first()?)?;
        let is_key = calls.iter().any(|(name, _)| name == "primary_key");
        let method = match last_word(&head.func)?.as_str() {
            "new" if is_key => calls.iter().map(|(name, _)| name.as_str()).find(|name| TYPES.contains(name)),
            "pk_auto" => Some("integer"),
            "pk_uuid" => Some("uuid"),
            "big_pk_auto" | "pk_auto_big" => Some("big_integer"),
            function if is_key => TYPES.into_iter().find(|of| *of == function),
            _ => None,
        };
        Some((column, method.map(str::to_owned)))
    }

    /// The columns that `Table::alter()…` adds, renames and drops.
    fn alter(&mut self, table: String, calls: &Calls<'_>) {
        for (method, arguments) in calls {
            let name = |place: usize| arguments.get(place).and_then(|argument| self.name(argument));
            match method.as_str() {
                "add_column" | "add_column_if_not_exists" => {
                    if let Some((column, _)) = arguments.first().and_then(|first| self.column(first)) {
                        self.table(table.clone()).columns.insert(column);
                    }
                }
                "drop_column" => {
                    if let Some(column) = name(0) {
                        self.table(table.clone()).columns.remove(&column);
                    }
                }
                "rename_column" => {
                    if let (Some(from), Some(to)) = (name(0), name(1)) {
                        self.rename_column(table.clone(), &from, to);
                    }
                }
                _ => {}
            }
        }
    }

    fn rename_column(&mut self, table: String, from: &str, to: String) {
        let columns = &mut self.table(table).columns;
        columns.remove(from);
        columns.insert(to);
    }

    fn rename_table(&mut self, from: &str, to: String) {
        if let Some(table) = self.found.tables.remove(from) {
            self.found.tables.insert(to, table);
        }
    }

    /// A call of one of the helpers: `create_table(m, "users", &[("id", ColType::PkAuto)], &[("team", "")])`.
    fn helper(&mut self, call: &syn::ExprCall) -> Option<()> {
        let function = last_word(&call.func)?;
        let arguments: Vec<&Expr> = call.args.iter().collect();
        let name = |place: usize| arguments.get(place).and_then(|argument| self.name(argument));
        let table = name(1)?;
        match (function.as_str(), arguments.as_slice()) {
            (
                "create_table"
                | "create_table_without_timestamps"
                | "create_join_table"
                | "create_join_table_without_timestamps",
                [_, _, columns, references],
            ) => {
                let found = self.helper_table(&function, columns, references);
                self.found.tables.insert(table, found);
            }
            ("add_column", [_, _, _, _]) => {
                let column = name(2)?;
                self.table(table).columns.insert(column);
            }
            ("remove_column", [_, _, _]) => {
                let column = name(2)?;
                self.table(table).columns.remove(&column);
            }
            ("rename_column", [_, _, _, _]) => {
                let (from, to) = (name(2)?, name(3)?);
                self.rename_column(table, &from, to);
            }
            ("add_reference", [_, _, _, _]) => {
                let column = referring(&name(2)?, &name(3)?);
                self.table(table).columns.insert(column);
            }
            ("drop_table", [_, _]) => drop(self.found.tables.remove(&table)),
            _ => {}
        }
        Some(())
    }

    fn helper_table(&self, function: &str, columns: &Expr, references: &Expr) -> SourceTable {
        let mut found = SourceTable { is_whole: true, ..SourceTable::default() };
        for pair in pairs(columns) {
            let Some((column, kind)) = pair.and_then(|(name, kind)| Some((self.name(name)?, kind))) else {
                found.is_whole = false;
                continue;
            };
            let method = match last_word(kind).as_deref() {
                Some("PkAuto" | "pk_auto") => Some(self.counts_in),
                Some("PkUuid" | "pk_uuid") => Some("uuid"),
                _ => None,
            };
            if let Some(method) = method {
                found.key = Some(SourceKey { column: column.clone(), method: method.to_owned() });
            }
            found.columns.insert(column);
        }
        for pair in pairs(references) {
            match pair.and_then(|(target, column)| Some(referring(&self.name(target)?, &self.name(column)?))) {
                Some(column) => drop(found.columns.insert(column)),
                None => found.is_whole = false,
            }
        }
        // The helpers give a table without a key one of their own.
        let is_join = function.starts_with("create_join_table");
        if !is_join && found.is_whole && found.key.is_none() && found.columns.insert("id".to_owned()) {
            found.key = Some(SourceKey { column: "id".to_owned(), method: self.counts_in.to_owned() });
        }
        if !function.ends_with("_without_timestamps") {
            found.columns.extend(["created_at", "updated_at"].map(str::to_owned));
        }
        found
    }
}

/// The column by which the helpers refer to `target`.
fn referring(target: &str, column: &str) -> String {
    match column {
        "" => format!("{}_id", pluralize(&target.trim_end_matches('?').to_snake_case(), 1, false)),
        column => column.to_owned(),
    }
}

/// The pairs of `&[("a", b), …]` or `vec![…]`; one that is none is `None`.
fn pairs(list: &Expr) -> Vec<Option<(&Expr, &Expr)>> {
    let list = match list {
        Expr::Reference(reference) => &reference.expr,
        other => other,
    };
    let Expr::Array(list) = list else { return vec![None] };
    let pair = |element| match element {
        &Expr::Tuple(syn::ExprTuple { ref elems, .. }) if elems.len() == 2 => Some((&elems[0], &elems[1])),
        _ => None,
    };
    list.elems.iter().map(pair).collect()
}

/// The last word of a path, of the function that is called, or of the first in a chain: `ColType::StringLen(3)` is `StringLen`.
fn last_word(expr: &Expr) -> Option<String> {
    match taken_apart(expr).0 {
        Expr::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        Expr::Call(call) => last_word(&call.func),
        _ => None,
    }
}

/// What a chain of calls begins with: `Table::create()` is `create`, `alter(Users::Table)` is `alter` with the table.
fn begins_with(root: &Expr) -> Option<(String, Option<&Expr>)> {
    let Expr::Call(head) = root else { return None };
    let Expr::Path(path) = &*head.func else { return None };
    let words: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [.., "Table", verb @ ("create" | "alter" | "drop" | "rename")] => Some(((*verb).to_owned(), None)),
        [.., verb @ ("table_auto" | "table_auto_tz" | "alter")] => Some(((*verb).to_owned(), head.args.first())),
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    /// Skips `down`, which restores what was there before `up`.
    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if function.sig.ident != "down" {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        self.helper(call);
        visit::visit_expr_call(self, call);
    }

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        let text = text.value();
        if text.contains(char::is_whitespace) {
            self.found.statements.push(text);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let whole = Expr::MethodCall(call.clone());
        let (root, calls) = taken_apart(&whole);
        let Some((verb, table)) = begins_with(root) else { return visit::visit_expr_method_call(self, call) };
        let argument = |place: usize| {
            let (_, arguments) = calls.iter().find(|(name, _)| name == "table")?;
            self.name(arguments.get(place)?)
        };
        let Some(name) = table.and_then(|table| self.name(table)).or_else(|| argument(0)) else { return };
        let second = argument(1);
        match verb.as_str() {
            "create" => self.create(name, &calls),
            "table_auto" | "table_auto_tz" => {
                self.create(name.clone(), &calls);
                self.table(name).columns.extend(["created_at", "updated_at"].map(str::to_owned));
            }
            "alter" => self.alter(name, &calls),
            "drop" => drop(self.found.tables.remove(&name)),
            _ => {
                if let Some(to) = second {
                    self.rename_table(&name, to);
                }
            }
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

    /// The tables of a project with these files, one line each; those that are no entity are migrations.
    fn lines(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let mut migrations = Vec::new();
        for (path, text) in files {
            let file = folder.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
            if !path.contains("entities") {
                migrations.push(file);
            }
        }
        let found = tables(folder.path(), migrations.iter().map(std::path::PathBuf::as_path));
        let line = |(name, table): (&String, &SourceTable)| {
            let key = table.key.as_ref().map_or("no key".to_owned(), |key| format!("{} {}", key.column, key.method));
            let columns: Vec<&str> = table.columns.iter().map(String::as_str).collect();
            format!("{name}: {key}; {}{}", columns.join(" "), if table.is_whole { "" } else { " …" })
        };
        found.tables.iter().map(line).collect()
    }

    #[test]
    fn keys_are_found() {
        let one = "fn f() { m.create_table(Table::create().table(Users::Table).col(ColumnDef::new(Users::Name).string())\
             .col(ColumnDef::new(Users::Id).uuid().not_null().primary_key()).to_owned()).await?;\
             m.create_table(Table::create().table(Alias::new(\"odd\")).col(pk_auto(\"Nr\")).to_owned()).await }\n\
             #[derive(DeriveIden)] enum Users { #[sea_orm(iden = \"people\")] Table, Id, Name }";
        let tags = "#[sea_orm(table_name = \"tags\")] pub struct Model { #[sea_orm(primary_key, auto_increment = false)] pub id: String, pub n: i32 }";
        let found =
            lines(&[("m1.rs", one), ("src/models/entities/tags.rs", tags), ("src/models/entities/broken.rs", "fn {")]);
        assert_eq!(found, ["odd: Nr integer; Nr", "people: id uuid; id name", "tags: id string; id n"]);
    }

    #[test]
    fn helpers_make_tables_and_later_migrations_change_them() {
        let helpers = "fn up() { create_table(m, \"users\", &[(\"email\", ColType::StringLenUniq(9))], &[(\"teams?\", \"\")]).await?;\
             schema::create_table_without_timestamps(m, \"teams\", &[(\"nr\", ColType::PkUuid)], &[]).await?;\
             create_join_table(m, \"members\", &[], &[(\"user\", \"\"), (\"team\", \"group_id\")]).await?;\
             create_table(m, \"odd\", &columns(), &[]).await?;\
             m.create_table(table_auto_tz(Posts::Table).col(big_pk_auto(Posts::Id)).to_owned()).await }";
        let changes = "impl M for X { fn up() { add_column(m, \"users\", \"age\", ColType::Integer).await?;\
             remove_column(m, \"users\", \"team_id\").await?; add_reference(m, \"posts\", \"users\", \"author_id\").await?;\
             m.alter_table(alter(Posts::Table).add_column(string(Posts::Slug)).rename_column(Posts::Slug, Posts::Url).to_owned());\
             m.drop_table(Table::drop().table(Alias::new(\"members\")).to_owned()).await?;\
             m.rename_table(Table::rename().table(Alias::new(\"teams\"), Groups::Table).to_owned()).await }\
             fn down() { drop_table(m, \"users\").await } }";
        assert_eq!(
            lines(&[("m1.rs", helpers), ("m2.rs", changes)]),
            [
                "groups: nr uuid; nr",
                "odd: no key; created_at updated_at …",
                "posts: id big_integer; author_id created_at id updated_at url",
                "users: id big_integer; age created_at email id updated_at",
            ]
        );
        let loco = "use loco_rs::schema::*; fn up() { create_table(m, \"users\", &[(\"id\", ColType::PkAuto)], &[]) }";
        assert_eq!(lines(&[("m1.rs", loco)]), ["users: id integer; created_at id updated_at"]);
    }
}
