//! `kit cache`.

use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use serde::Serialize;

use crate::app::context::Context;
use crate::error::{Exit, Result};
use crate::migrator::Cache;
use crate::migrator::cache::{self, CachedBuild, Cleaned, Inventory, Kept, Rules};
use crate::ui::{self, counted, size};

/// Show the builds that kit keeps, and delete what is not used
///
/// Lists the programs that kit has built for projects, the target folders that they share, and what all of it takes on the disk. The
/// size of a build is what deleting it frees. Works outside a project and without a database.
///
/// Without being asked, kit deletes builds that were not used for 30 days, and then the oldest ones while the cache takes more than
/// KIT_CACHE_LIMIT (default: 20GiB; `none` for no limit): after a build, at most once a day.
#[derive(Debug, Args)]
#[command(after_long_help = "\
--clear and --older-than ask nothing, as all of it can be built again. What a running kit uses is kept.

Example: kit cache --older-than 7")]
pub struct CacheArgs {
    /// Delete everything that is not in use
    #[arg(long, conflicts_with = "older_than")]
    clear: bool,
    /// Delete what was not used for this many days
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(..=36_500))]
    older_than: Option<u32>,
}

/// Lists the cache, or cleans it.
pub fn run(ctx: &Context, args: &CacheArgs) -> Result<Exit> {
    ctx.ui.declare(&Answer::default());
    let limit = ctx.cache_limit()?;
    ctx.ui.set(&Answer { limit, ..Answer::default() });
    let unused_for = match (args.clear, args.older_than) {
        (true, _) => Some(Duration::ZERO),
        (false, Some(days)) => Some(Duration::from_secs(u64::from(days) * 24 * 60 * 60)),
        (false, None) => None,
    };
    let Some(unused_for) = unused_for else { return list(ctx, limit) };
    ctx.ui.progress("Cleaning the build cache");
    let outcome = ctx.cache()?.clean(&Rules { now: ctx.now(), unused_for: Some(unused_for), limit: None });
    ctx.ui.clear_transient();
    let cleaned = outcome?;
    if ctx.ui.is_json() {
        ctx.ui.set(&Deleted {
            deleted: cleaned.builds.iter().map(|build| build.name.as_str()).collect(),
            kept: cleaned.kept.iter().map(name_of_kept).collect(),
            freed_bytes: cleaned.bytes,
        });
        let cache = ctx.cache()?;
        report(ctx, &cache, &cache.inventory()?);
    }
    show_cleaned(ctx, &cleaned);
    Ok(Exit::Ok)
}

/// A program that kit has built.
#[derive(Serialize)]
struct Build<'a> {
    name: &'a str,
    /// The root of its project.
    project: Option<&'a Path>,
    /// migrations or seeders
    program: Option<&'a str>,
    sea_orm: Option<&'a str>,
    /// The version of kit that built it.
    kit: Option<&'a str>,
    last_used: String,
    /// A running kit uses it.
    in_use: bool,
    /// What deleting it frees.
    bytes: u64,
}

/// What builds share.
#[derive(Serialize)]
struct Shared {
    name: String,
    last_used: String,
    bytes: u64,
}

/// The answer of `kit cache`.
#[derive(Default, Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    listed: Listed<'a>,
    #[serde(flatten)]
    deleted: Deleted<'a>,
    /// How many bytes the cache may take.
    limit: Option<u64>,
}

/// What is in the cache.
#[derive(Default, Serialize)]
struct Listed<'a> {
    folder: Option<&'a Path>,
    bytes: u64,
    builds: Vec<Build<'a>>,
    targets: Vec<Shared>,
    sources: Vec<Shared>,
}

/// What was deleted.
#[derive(Default, Serialize)]
struct Deleted<'a> {
    deleted: Vec<&'a str>,
    kept: Vec<&'a str>,
    freed_bytes: u64,
}

/// The builds with what deleting each frees, the one that was used last first.
fn by_last_use(inventory: &Inventory) -> Vec<(&CachedBuild, u64)> {
    let mut builds: Vec<(&CachedBuild, u64)> = inventory.builds.iter().zip(inventory.exclusive_bytes()).collect();
    builds.sort_by_key(|(build, _)| std::cmp::Reverse(build.last_used));
    builds
}

fn report(ctx: &Context, cache: &Cache, inventory: &Inventory) {
    ctx.ui.set(&Listed {
        folder: Some(&cache.folder),
        bytes: inventory.bytes(),
        builds: by_last_use(inventory).into_iter().map(|(build, bytes)| line(build, bytes)).collect(),
        targets: targets(inventory),
        sources: sources(inventory),
    });
}

fn list(ctx: &Context, limit: Option<u64>) -> Result<Exit> {
    let cache = ctx.cache()?;
    let inventory = cache.inventory()?;
    let builds = by_last_use(&inventory);
    report(ctx, &cache, &inventory);
    let folder = ui::printable(&cache.folder.display().to_string());
    if builds.is_empty() && inventory.bytes() == 0 {
        ctx.ui.info(format!("There are no builds in {folder}"));
        return Ok(Exit::Ok);
    }
    for (build, bytes) in builds {
        let used = if cache::is_used(&build.folder.path) { "in use".to_owned() } else { age(ctx, build.last_used) };
        let what = match &build.record {
            Some(record) => format!("{}, SeaORM {}, {used}", record.program, record.sea_orm),
            None => used,
        };
        ctx.ui.row(&label(build), &format!("{} {}", ui::dim(&what), size(bytes)));
    }
    for shared in targets(&inventory).into_iter().chain(sources(&inventory)) {
        ctx.ui.row(&shared.name, &format!("{} {}", ui::dim("shared by builds"), size(shared.bytes)));
    }
    let limit = limit.map(|limit| format!(" of {}", size(limit))).unwrap_or_default();
    ctx.ui.row(&folder, &format!("{}{limit}", size(inventory.bytes())));
    Ok(Exit::Ok)
}

fn line(build: &CachedBuild, bytes: u64) -> Build<'_> {
    let record = build.record.as_ref();
    Build {
        name: &build.name,
        project: record.map(|record| record.project.as_path()),
        program: record.map(|record| record.program.as_str()),
        sea_orm: record.map(|record| record.sea_orm.as_str()),
        kit: record.map(|record| record.kit.as_str()),
        last_used: timestamp(build.last_used),
        in_use: cache::is_used(&build.folder.path),
        bytes,
    }
}

fn targets(inventory: &Inventory) -> Vec<Shared> {
    let targets = inventory.targets.iter().filter_map(|target| {
        let last_used = timestamp(inventory.last_use_of(target)?);
        Some(Shared { name: target.name.clone(), last_used, bytes: target.bytes() })
    });
    targets.collect()
}

/// kit's own sources, all versions together are a few megabytes.
fn sources(inventory: &Inventory) -> Vec<Shared> {
    let sources = inventory.runtimes.iter().map(|item| Shared {
        name: format!("runtime/{}", item.path.file_name().unwrap_or_default().to_string_lossy()),
        last_used: timestamp(item.modified),
        bytes: item.bytes,
    });
    sources.collect()
}

fn show_cleaned(ctx: &Context, cleaned: &Cleaned) {
    for build in &cleaned.builds {
        ctx.ui.row(&label(build), &ui::done("deleted"));
    }
    for kept in &cleaned.kept {
        let name = match kept {
            Kept::Build(build) => label(build),
            Kept::Target(name) => name.clone(),
            Kept::Shared => "shared by builds".to_owned(),
        };
        ctx.ui.row(&name, &ui::pending("kept: in use"));
    }
    match cleaned.bytes {
        0 => ctx.ui.info("Nothing to delete"),
        bytes => ctx.ui.info(format!("Deleted {}: {}", counted(cleaned.builds.len(), "build"), size(bytes))),
    }
}

fn name_of_kept(kept: &Kept) -> &str {
    match kept {
        Kept::Build(build) => &build.name,
        Kept::Target(name) => name,
        Kept::Shared => "shared",
    }
}

/// The project of a build; its name where the project is not known.
fn label(build: &CachedBuild) -> String {
    build.record.as_ref().map_or_else(|| build.name.clone(), |record| record.project.display().to_string())
}

fn age(ctx: &Context, last_used: SystemTime) -> String {
    match ctx.now().duration_since(last_used).unwrap_or_default().as_secs() / (24 * 60 * 60) {
        0 => "used today".to_owned(),
        days => format!("unused for {}", counted(usize::try_from(days).unwrap_or(usize::MAX), "day")),
    }
}

fn timestamp(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Secs, true)
}
