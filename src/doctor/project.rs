//! The project as kit finds it: root, layout, kit.toml, `.env`, and what a kit that was killed has left.

use std::path::Path;

use super::Finding;
use crate::error::{Advice, Error, Result};
use crate::migrator::programs::Programs;
use crate::project::Project;
use crate::scaffold::staging;

/// Looks at the project, or at why there is none.
pub async fn look(programs: &Programs<'_>, project: &Result<Project>) -> Vec<Finding> {
    let project = match project {
        Ok(project) => project,
        Err(error) => return vec![unfound(error)],
    };
    let root = &project.root;
    let layout = format!("{:?}, {}", project.layout, project.relative(&project.index)).to_lowercase();
    let settings = if root.join("kit.toml").is_file() { "read" } else { "none, everything as usual" };
    let mut findings = vec![
        Finding::ok("project", root.display().to_string()),
        Finding::ok("layout", layout),
        Finding::ok("kit_toml", settings),
        dotenv(programs, project).await,
    ];
    if staging::is_unfinished(root) {
        let found = "kit was killed while it wrote files";
        findings.push(Finding::warn("files", found, Advice::FinishFiles));
    }
    findings
}

fn unfound(error: &Error) -> Finding {
    match error {
        Error::Config { .. } | Error::UnknownKey { .. } => Finding::failed("kit_toml", error, Advice::Settings),
        Error::Unreadable { path, .. } if path.ends_with(".env") => Finding::failed("dotenv", error, Advice::Dotenv),
        Error::Unreadable { path, .. } if path.ends_with("kit.toml") => {
            Finding::failed("kit_toml", error, Advice::Settings)
        }
        _ => Finding::failed("project", error, Advice::NameProject),
    }
}

async fn dotenv(programs: &Programs<'_>, project: &Project) -> Finding {
    const NAME: &str = "dotenv";
    if let Some(error) = project.warning() {
        let advice = Advice::of(&error).unwrap_or(Advice::Dotenv);
        return Finding::warn(NAME, error.to_string(), advice);
    }
    let Some(path) = project.dotenv_path() else { return Finding::ok(NAME, "none") };
    if path.parent() != Some(project.root.as_path()) {
        return Finding::ok(NAME, path.display().to_string());
    }
    if is_in_repository(&project.root) {
        let ask = async |arguments| programs.ask("git", arguments).await.and_then(|answer| answer.code);
        if ask(&["ls-files", "--error-unmatch", ".env"]).await == Some(0) {
            return Finding::warn(NAME, "git tracks it, and with it the password", Advice::UntrackDotenv);
        }
        if ask(&["check-ignore", "--quiet", ".env"]).await == Some(1) {
            return Finding::warn(NAME, "git does not ignore it", Advice::IgnoreDotenv);
        }
    }
    Finding::ok(NAME, "read")
}

fn is_in_repository(root: &Path) -> bool {
    root.ancestors().any(|folder| folder.join(".git").exists())
}
