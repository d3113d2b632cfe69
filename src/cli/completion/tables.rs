//! The tables of a project for completion: those of its entities, and those that its migrations leave behind. Files are
//! read, nothing is run and no database is asked, so a table that only a database has is not offered.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::project::{Project, source, source_tables};
use crate::scaffold::guess;

/// Returns the names of the tables, in order.
pub fn tables(project: &Project) -> Vec<String> {
    let migrations = source::candidates(project.migrations());
    let name = |stem: &str| source::name_of_migration(stem).map(str::to_owned);
    let names: Vec<String> = migrations.iter().filter_map(|(stem, _)| name(stem)).collect();
    let mut tables = guess::tables(names.iter().map(String::as_str));
    // Parsing takes time: only files that create a table of which their name tells nothing.
    let silent = |stem: &str| name(stem).is_some_and(|name| guess::tables([name.as_str()]).is_empty());
    let creates = |path: &Path| {
        fs::read_to_string(path).is_ok_and(|text| text.contains("Table::create") || text.contains("create_table"))
    };
    let files = migrations.iter().filter(|(stem, path)| silent(stem) && creates(path)).map(|(_, path)| path.as_path());
    tables.extend(source_tables::created(files));
    let entities = project.settings.entities.output_dir.as_ref().map(|folder| project.root.join(folder));
    tables.extend(of_entities(&entities.unwrap_or_else(|| project.entities())));
    tables.into_iter().collect()
}

/// The first `table_name = "…"` of each file.
fn of_entities(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let names = files.filter_map(|path| {
        let text = fs::read_to_string(path).ok()?;
        let (_, rest) = text.split_once("table_name")?;
        let name = rest.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?.split('"').next()?;
        (!name.is_empty()).then(|| name.to_owned())
    });
    names.collect()
}
