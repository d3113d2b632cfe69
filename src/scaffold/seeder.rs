//! A seeder's file, and the module of seeders: `DatabaseSeeder` with a call of each. It returns a plan. What `DatabaseSeeder`
//! says otherwise stays as it is; where kit does not find its way in it, nothing is called and the line is returned instead.

use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::{Expr, FnArg, ImplItem, ImplItemFn, Item, Pat, Stmt};

use super::factory::type_name;
use super::{FilePlan, stub};
use crate::error::{Error, Registering, Result};
use crate::project::index::{range, trait_name, type_name as name_of_type};
use crate::project::modules::{declare, declares};
use crate::project::seeders::{ALL, factories, seeders};
use crate::project::{Project, read};

/// A seeder that is written.
#[derive(Debug)]
pub struct Planned {
    /// The files.
    pub plan: FilePlan,
    /// Its own.
    pub path: PathBuf,
    /// The type.
    pub name: String,
    /// What calls it, if `DatabaseSeeder` does not yet.
    pub call: Option<String>,
}

/// What a seeder is to be.
pub struct Request<'a> {
    /// As typed: `user`, `UserSeeder`.
    pub name: &'a str,
    /// Whose factory it uses, if there is one.
    pub model: &'a str,
    /// The table.
    pub table: &'a str,
    /// There will be a factory, if there is none yet.
    pub factory_comes: bool,
    /// What is there is overwritten.
    pub force: bool,
}

/// Plans the seeder, its module and the call of it.
///
/// # Errors
/// [`Error::FileExists`], [`Error::Registration`], those of [`stub::fill`] and of [`FilePlan`].
pub fn plan(project: &Project, request: &Request<'_>) -> Result<Planned> {
    let Request { model, table, factory_comes, force, .. } = *request;
    let root = &project.root;
    let name = type_name(request.name, "Seeder")?;
    let index = seeders(root);
    let fresh = !index.is_file();
    let text = if fresh { stub::fill(root, "seeders.rs", &[])? } else { read(&index)? };
    let mut plan = FilePlan::new(root);
    if name == ALL {
        if force {
            plan.write(&index, stub::fill(root, "seeders.rs", &[])?)?
        } else {
            plan.create(&index, text)?
        }
        return Ok(Planned { plan, path: index, name, call: None });
    }
    let module = heck::ToSnakeCase::to_snake_case(name.as_str());
    let factory = type_name(model, "Factory")?;
    let file = format!("{}.rs", heck::ToSnakeCase::to_snake_case(factory.as_str()));
    let has_factory = factory_comes || factories(root).with_file_name(file).is_file();
    let values = match has_factory {
        true => [
            ("import", format!("use crate::factories::{factory};")),
            ("summary", format!("Puts rows into `{table}`.")),
            ("name", name.clone()),
            ("seeds", "seeds".to_owned()),
            ("body", format!("{factory}.count(10).create(seeds).await?;")),
        ],
        false => [
            ("import", String::new()),
            ("summary", format!("Puts rows into `{table}`.")),
            ("name", name.clone()),
            ("seeds", "_seeds".to_owned()),
            ("body", "// What a row is to be, then `.insert(seeds.db()).await?`.".to_owned()),
        ],
    };
    let path = index.with_file_name(format!("{module}.rs"));
    let source = stub::fill(root, "seeder.rs", &values)?;
    if force {
        plan.write(&path, source)?
    } else {
        plan.create(&path, source)?
    }
    let call = format!("{module}::{name}");
    let declared = declared_in(&index, &text, &format!("pub mod {module};\n"), &module)?;
    let (text, call) = match calling(&declared, &call) {
        // It does already, and is only written anew.
        _ if declared.contains(&format!("{call})")) => (declared, None),
        Some(text) => (text, None),
        None => (declared, Some(call)),
    };
    plan.write(&index, text)?;
    Ok(Planned { plan, path, name, call })
}

/// The index of a folder of modules with one more, whose type others name through it; `head` begins a new index.
///
/// # Errors
/// [`Error::Registration`], those of reading it.
pub fn declared(index: &Path, head: &str, module: &str, name: &str) -> Result<String> {
    let text = if index.is_file() { read(index)? } else { format!("{head}\n") };
    declared_in(index, &text, &format!("pub mod {module};\npub use {module}::{name};\n"), module)
}

fn declared_in(index: &Path, text: &str, lines: &str, module: &str) -> Result<String> {
    if declares(text, module) == Some(true) {
        return Ok(text.to_owned());
    }
    let declared = declare(text, lines).ok_or_else(|| Error::Registration {
        edit: Registering::Register,
        path: index.to_owned(),
        module: module.to_owned(),
        reason: "kit does not find its way in it".to_owned(),
        lines: lines.to_owned(),
    })?;
    Ok(sorted(&sorted(&declared, "pub mod "), "pub use "))
}

/// The text with lines that begin so in their order, as rustfmt has them, wherever several follow each other.
fn sorted(text: &str, start: &str) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    for run in lines.chunk_by_mut(|one, other| one.starts_with(start) && other.starts_with(start)) {
        run.sort_unstable();
    }
    lines.concat()
}

/// The text with a call of the seeder at the end of what `DatabaseSeeder` does. `None` if it does not end with `Ok(())`.
fn calling(text: &str, seeder: &str) -> Option<String> {
    let file = syn::parse_file(text).ok()?;
    let run = file.items.iter().find_map(run_of_all)?;
    let Some(Stmt::Expr(tail @ Expr::Call(_), None)) = run.block.stmts.last() else { return None };
    if tail.to_token_stream().to_string() != "Ok (())" {
        return None;
    }
    let seeds = run.sig.inputs.iter().find_map(|input| match input {
        FnArg::Typed(typed) => match typed.pat.as_ref() {
            Pat::Ident(name) => Some(name),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    })?;
    let name = seeds.ident.to_string();
    let (at, tail) = (range(&seeds.ident), range(tail).start);
    let line = text.get(..tail)?.rfind('\n')? + 1;
    let indent = text.get(line..tail)?;
    if !indent.trim().is_empty() {
        return None;
    }
    // One that was not used until now has a name that says so.
    let used = name.trim_start_matches('_');
    let mut new = text.to_owned();
    new.insert_str(line, &format!("{indent}{used}.call({seeder}).await?;\n"));
    new.replace_range(at, used);
    syn::parse_file(&new).ok().map(|_| new)
}

fn run_of_all(item: &Item) -> Option<&ImplItemFn> {
    let Item::Impl(implementation) = item else { return None };
    if trait_name(implementation).as_deref() != Some("Seeder") || name_of_type(&implementation.self_ty) != ALL {
        return None;
    }
    implementation.items.iter().find_map(|item| match item {
        ImplItem::Fn(function) if function.sig.ident == "run" => Some(function),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_goes_to_the_end_of_what_all_do() {
        let stub = include_str!("../../stubs/seeders.rs");
        let once = calling(stub, "user_seeder::UserSeeder").unwrap();
        let twice = calling(&once, "post_seeder::PostSeeder").unwrap();
        assert!(
            twice.contains(
                "run(&self, seeds: &Seeds<'_>) -> Result<(), DbErr> {\n        seeds.call(user_seeder::UserSeeder).await?;\n        \
                 seeds.call(post_seeder::PostSeeder).await?;\n        Ok(())\n    }"
            ),
            "{twice}"
        );
        for unclear in [
            "",
            "fn {",
            "impl Seeder for DatabaseSeeder { async fn run(&self, seeds: &Seeds<'_>) -> Result<(), DbErr> { Ok(()) } }",
            "impl Seeder for DatabaseSeeder {\n fn run(&self, seeds: &Seeds<'_>) -> X {\n  other(seeds)\n }\n}\n",
            "impl Seeder for OtherSeeder {\n fn run(&self, seeds: &Seeds<'_>) -> X {\n  Ok(())\n }\n}\n",
        ] {
            assert_eq!(calling(unclear, "a::A"), None, "{unclear}");
        }
    }
}
