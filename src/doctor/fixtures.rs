//! Files that `kit db:seed` would take, and tables for them.

use std::path::PathBuf;

use super::{Finding, Place, some};
use crate::error::{Advice, SeedError};
use crate::project::Project;
use crate::schema::model::Schema;
use crate::seeds;

const NAME: &str = "fixtures";

/// Compares files with tables; nothing where there is no folder of them.
pub fn look(project: &Project, place: &Place<'_>, schema: Option<&Schema>) -> Vec<Finding> {
    let folder = project.fixtures();
    if !folder.is_dir() {
        return Vec::new();
    }
    let found = match seeds::find(&folder, &project.environment(&place.invocation()).value) {
        Ok(found) => found,
        Err(error) => {
            return vec![Finding::warn(NAME, error.to_string(), Advice::of(&error).unwrap_or(Advice::Fixture))];
        }
    };
    let mut findings = vec![Finding::ok(NAME, format!("{} in {}", found.len(), project.relative(&folder)))];
    let beside = found.first().and_then(|first| first.path.parent()).unwrap_or(&folder);
    let files = std::fs::read_dir(beside).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let mut strays: Vec<String> = files
        .filter(|path| path.is_file() && !is_hidden(path) && found.iter().all(|fixture| fixture.path != *path))
        .map(|path| project.relative(&path))
        .collect();
    strays.sort();
    if !strays.is_empty() {
        let error = SeedError::Fixtures { path: folder.clone(), message: String::new() }.into();
        let advice = Advice::of(&error).unwrap_or(Advice::Fixture);
        findings.push(Finding::warn(NAME, format!("no fixtures: {}", some(&strays)), advice));
    }
    if let Some(schema) = schema {
        let lost: Vec<String> = found
            .iter()
            .filter(|fixture| schema.table(&fixture.table).is_none())
            .map(|fixture| project.relative(&fixture.path))
            .collect();
        if !lost.is_empty() {
            findings.push(Finding::warn(
                NAME,
                format!("without a table of that name: {}", some(&lost)),
                Advice::Fixture,
            ));
        }
    }
    findings
}
