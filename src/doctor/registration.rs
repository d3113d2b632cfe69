//! Whether files of migrations and the list of them are the same migrations, in the same order.

use kit_runtime::plan;
use kit_runtime::wire::{Failure, Warning};

use super::{Finding, some};
use crate::error::Advice;
use crate::project::Project;
use crate::project::source::{self, SourceMigration};

/// Compares both.
pub fn look(project: &Project) -> Vec<Finding> {
    const NAME: &str = "registration";
    let index = project.relative(&project.index);
    let sources = match source::read(project) {
        Ok(sources) => sources,
        Err(error) => return vec![Finding::failed(NAME, &error, Advice::Index { index })],
    };
    if sources.migrator.is_none() {
        let found = format!("no `impl MigratorTrait for …` in {index}");
        return vec![Finding::fail(NAME, found, Advice::Migrator)];
    }
    let mut findings = Vec::new();
    let file_of = |migration: &SourceMigration| {
        migration.file.as_ref().map_or_else(|| migration.name.clone(), |file| project.relative(file))
    };
    let strays: Vec<String> = sources.unregistered.iter().map(file_of).collect();
    if let Some(first) = sources.unregistered.first() {
        let advice = Advice::Register { index: index.clone(), module: module_of(first) };
        findings.push(Finding::warn("unregistered", some(&strays), advice));
    }
    let Some(registered) = &sources.registered else {
        findings.insert(0, Finding::ok(NAME, format!("{index}, whose list only a build tells")));
        return findings;
    };
    let gone: Vec<&SourceMigration> = registered.iter().filter(|migration| migration.is_gone()).collect();
    if let Some(first) = gone.first() {
        let files: Vec<String> = gone.iter().map(|migration| file_of(migration)).collect();
        let advice = Advice::RestoreFile { index: index.clone(), module: module_of(first) };
        findings.push(Finding::fail("missing_files", some(&files), advice));
    }
    let names: Vec<String> = registered.iter().map(|migration| migration.name.clone()).collect();
    if let Some(name) = plan::duplicate(&names) {
        let advice = Advice::after(&Failure::Duplicate { name: name.clone() });
        findings.push(Finding::fail("duplicate_names", name, advice.unwrap_or(Advice::Index { index: index.clone() })));
    }
    if !names.is_sorted() {
        let late: Vec<&str> = names.windows(2).filter(|pair| pair[0] > pair[1]).map(|pair| pair[1].as_str()).collect();
        let advice =
            Advice::after(&Failure::Strict(Warning::Unsorted)).unwrap_or(Advice::Index { index: index.clone() });
        findings.push(Finding::warn("order", format!("not in name order: {}", some(&late)), advice));
    }
    let plural = if names.len() == 1 { "" } else { "s" };
    findings.insert(0, Finding::ok(NAME, format!("{} migration{plural} in {index}", names.len())));
    findings
}

/// The name under which the list has it.
fn module_of(migration: &SourceMigration) -> String {
    let stem = migration.file.as_ref().and_then(|file| {
        let stem = file.file_stem()?.to_str()?;
        if stem == "mod" { file.parent()?.file_name()?.to_str() } else { Some(stem) }
    });
    stem.unwrap_or(&migration.name).to_owned()
}
