//! The file that registers migrations, as syntax: its Migrator, the list of it, its modules. It returns
//! what stands there, or why it cannot be told. It neither edits it nor reads the migrations.

use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Block, Expr, ImplItem, ImplItemFn, Item, ItemImpl, ItemMod, Macro, Stmt, Token, Type};

use crate::error::{Error, HiddenMigrator, Result};

/// A mod.rs or lib.rs. Spans are byte ranges of `text`.
pub struct Index {
    /// Without byte order mark.
    pub text: String,
    /// Whether it began with one.
    pub mark: bool,
    /// Its syntax.
    pub file: syn::File,
}

/// The implementation of `MigratorTrait`.
pub struct Migrator<'a> {
    /// The type's name.
    pub name: String,
    /// `MigratorTraitSelf`, whose functions take `&self`.
    pub with_self: bool,
    implementation: &'a ItemImpl,
}

/// The `vec![…]` of `fn migrations`.
pub struct List<'a> {
    /// The macro call.
    pub call: &'a Macro,
    /// Its elements.
    pub elements: Vec<Expr>,
}

impl Index {
    /// Parses the text of the file at `path`.
    ///
    /// # Errors
    /// [`Error::Unreadable`] with line and column if it is no Rust.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let (mark, text) = match text.strip_prefix('\u{feff}') {
            Some(text) => (true, text),
            None => (false, text),
        };
        // Not `syn::parse_file`, which would skip a first line and move all spans.
        let file: syn::File = syn::parse_str(text).map_err(|error| {
            let start = error.span().start();
            let message = format!("line {}, column {}: {error}", start.line, start.column + 1);
            Error::Unreadable { path: path.to_owned(), message }
        })?;
        Ok(Self { text: text.to_owned(), mark, file })
    }

    /// The Migrator of the file: the only one, else the one called `chosen`, else the one called `Migrator`. Otherwise why
    /// there is none.
    pub fn migrator(&self, chosen: Option<&str>) -> std::result::Result<Migrator<'_>, &'static str> {
        let all = self.migrators();
        let is_one = all.len() == 1;
        if all.is_empty() {
            return Err("it contains no `impl MigratorTrait`");
        }
        let name = chosen.unwrap_or("Migrator");
        let mut found = all.into_iter().filter(|one| is_one && chosen.is_none() || one.name == name);
        found.next().filter(|_| found.next().is_none()).ok_or(match chosen {
            Some(_) => "it does not contain the `impl MigratorTrait` that kit.toml names",
            None => "it contains several `impl MigratorTrait`",
        })
    }

    /// All Migrators of the file.
    pub fn migrators(&self) -> Vec<Migrator<'_>> {
        let found = self.file.items.iter().filter_map(|item| {
            let Item::Impl(implementation) = item else { return None };
            let trait_name = trait_name(implementation)?;
            let with_self = trait_name == "MigratorTraitSelf";
            (with_self || trait_name == "MigratorTrait").then(|| Migrator {
                name: type_name(&implementation.self_ty),
                with_self,
                implementation,
            })
        });
        found.collect()
    }

    /// What may be a Migrator that kit does not read: one inside of a module of the file, or the calls of macros.
    pub fn hidden_migrators(&self) -> Vec<HiddenMigrator> {
        let mut hidden = Vec::new();
        collect_hidden(&self.file.items, "", &mut hidden);
        // Macros are named only where nothing else can be what is meant.
        if hidden.iter().any(|one| matches!(one, HiddenMigrator::InModule { .. })) {
            hidden.retain(|one| matches!(one, HiddenMigrator::InModule { .. }));
        }
        hidden
    }

    /// The modules that are declared in it, those in the file itself included.
    pub fn modules(&self) -> impl Iterator<Item = &ItemMod> {
        self.file.items.iter().filter_map(|item| match item {
            Item::Mod(module) => Some(module),
            _ => None,
        })
    }
}

fn collect_hidden(items: &[Item], prefix: &str, hidden: &mut Vec<HiddenMigrator>) {
    for item in items {
        match item {
            Item::Impl(implementation) if !prefix.is_empty() => {
                let is_migrator = trait_name(implementation)
                    .is_some_and(|name| name == "MigratorTrait" || name == "MigratorTraitSelf");
                if is_migrator {
                    let path = format!("{prefix}{}", type_name(&implementation.self_ty));
                    hidden.push(HiddenMigrator::InModule { path, line: implementation.span().start().line });
                }
            }
            Item::Mod(module) => {
                let inner = module.content.as_ref().map(|(_, items)| items.as_slice()).unwrap_or_default();
                collect_hidden(inner, &format!("{prefix}{}::", module.ident), hidden);
            }
            // With a name it is the definition of a macro.
            Item::Macro(call) if call.ident.is_none() => {
                let name = call.mac.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
                hidden.push(HiddenMigrator::Macro { name, line: call.span().start().line });
            }
            _ => {}
        }
    }
}

impl<'a> Migrator<'a> {
    /// The list, if it is nothing but a `vec![…]`; otherwise what it is instead.
    pub fn list(&self) -> std::result::Result<List<'a>, &'static str> {
        const OTHER: &str = "`migrations` is more than one `vec![…]`";
        let function = self.function("migrations").ok_or("it has no `fn migrations`")?;
        let call = match tail(&function.block).ok_or(OTHER)? {
            Tail::Macro(call) => call,
            Tail::Expr(_) => return Err(OTHER),
        };
        if call.path.segments.last().is_none_or(|segment| segment.ident != "vec") {
            return Err(OTHER);
        }
        let elements = call
            .parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated)
            .map_err(|_| "its `vec!` is no list of elements")?;
        Ok(List { call, elements: elements.into_iter().collect() })
    }

    /// What `migration_table_name` is: `None` if it is not written, `Some(None)` if it cannot be told.
    pub fn ledger(&self) -> Option<Option<String>> {
        let function = self.function("migration_table_name")?;
        Some(match tail(&function.block) {
            Some(Tail::Expr(expr)) => literal(expr),
            _ => None,
        })
    }

    fn function(&self, name: &str) -> Option<&'a ImplItemFn> {
        self.implementation.items.iter().find_map(|item| match item {
            ImplItem::Fn(function) if function.sig.ident == name => Some(function),
            _ => None,
        })
    }
}

/// The folder in which the modules of an index file lie: its own for mod.rs and lib.rs, else the one
/// that is named as it is.
pub fn module_folder(index: &Path) -> PathBuf {
    let folder = index.parent().unwrap_or(Path::new(""));
    match index.file_stem().and_then(|stem| stem.to_str()) {
        None | Some("mod" | "lib" | "main") => folder.to_owned(),
        Some(stem) => folder.join(stem),
    }
}

/// What a function's body is, if it is a single expression; items may stand before it.
pub fn tail(block: &Block) -> Option<Tail<'_>> {
    let (last, before) = block.stmts.split_last()?;
    if !before.iter().all(|statement| matches!(statement, Stmt::Item(_))) {
        return None;
    }
    match last {
        Stmt::Expr(Expr::Macro(expr), None) if expr.attrs.is_empty() => Some(Tail::Macro(&expr.mac)),
        Stmt::Macro(statement) if statement.semi_token.is_none() && statement.attrs.is_empty() => {
            Some(Tail::Macro(&statement.mac))
        }
        Stmt::Expr(expr, None) => Some(Tail::Expr(expr)),
        _ => None,
    }
}

/// The value of a function's body.
pub enum Tail<'a> {
    /// A macro call.
    Macro(&'a Macro),
    /// Any other expression.
    Expr(&'a Expr),
}

/// The last word of a trait's path.
pub fn trait_name(implementation: &ItemImpl) -> Option<String> {
    let (path, _) = implementation.trait_.as_ref()?;
    path.segments.last().map(|segment| segment.ident.to_string())
}

/// The last word of a type's path.
pub fn type_name(of: &Type) -> String {
    match of {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default(),
        _ => String::new(),
    }
}

/// A string that is only wrapped: `"x"`, `Alias::new("x").into_iden()`, `"x".to_owned()`.
pub fn literal(expr: &Expr) -> Option<String> {
    const WRAPPING: [&str; 4] = ["into_iden", "into", "to_owned", "to_string"];
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        Expr::MethodCall(call) if call.args.is_empty() && WRAPPING.iter().any(|name| call.method == name) => {
            literal(&call.receiver)
        }
        Expr::Call(call) => match (&*call.func, call.args.first()) {
            (Expr::Path(path), Some(argument)) if call.args.len() == 1 => {
                let words: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let wraps = matches!(
                    words.as_slice(),
                    [.., "Alias" | "SeaRc", "new"] | [.., "DynIden" | "String" | "Alias", "from"]
                );
                wraps.then(|| literal(argument)).flatten()
            }
            _ => None,
        },
        _ => None,
    }
}

/// The bytes of the text that `node` covers.
pub fn range(node: &impl Spanned) -> std::ops::Range<usize> {
    span_range(node.span())
}

/// The bytes of the text that a span covers.
pub fn span_range(span: Span) -> std::ops::Range<usize> {
    span.byte_range()
}
