//! The program that rustc links with: the one that cargo's settings name for the target that is built, else `cc`.

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item};

use super::Finding;
use crate::error::Advice;
use crate::migrator::cargo_settings::{config_files, toml};
use crate::migrator::programs::Programs;

const NAME: &str = "linker";

/// A linker that settings name.
struct Named {
    /// A path, or a name to look for on the PATH.
    program: String,
    /// The file or the variable.
    origin: String,
}

/// Looks for the linker of each target that is built. Linkers of other targets are not looked for.
pub async fn look(programs: &Programs<'_>) -> Finding {
    let settings = Settings::read(programs);
    let mut targets = settings.targets();
    if targets.is_empty() {
        let host = programs.ask("rustc", &["--print", "host-tuple"]).await.filter(|answer| answer.code == Some(0));
        targets.extend(host.map(|answer| answer.line));
    }
    let mut found = Vec::new();
    for named in targets.iter().filter_map(|target| settings.linker(target)) {
        match programs.find(&named.program) {
            Some(path) => found.push(path.display().to_string()),
            None => {
                let Named { program, origin } = named;
                return Finding::fail(NAME, format!("no program {program}"), Advice::NameLinker { program, origin });
            }
        }
    }
    if !found.is_empty() {
        return Finding::ok(NAME, found.join(", "));
    }
    if settings.has_conditional_linker() {
        return Finding::ok(NAME, "named in cargo's settings");
    }
    match programs.find("cc") {
        Some(path) => Finding::ok(NAME, path.display().to_string()),
        None if cfg!(unix) => Finding::fail(NAME, "no cc on the PATH", Advice::InstallLinker),
        None => Finding::ok(NAME, "as rustc finds it"),
    }
}

/// Cargo's configuration files and the environment.
struct Settings<'a> {
    programs: &'a Programs<'a>,
    /// The one that wins over the others comes first.
    files: Vec<(PathBuf, DocumentMut)>,
}

impl<'a> Settings<'a> {
    fn read(programs: &'a Programs<'a>) -> Self {
        let paths = config_files(programs.folder, programs.env);
        // Nearer ones win, and are the last in the list.
        let files = paths.into_iter().rev().filter_map(|path| Some((path.clone(), toml(&path)?))).collect();
        Self { programs, files }
    }

    /// The targets that `build.target` names.
    fn targets(&self) -> Vec<String> {
        if let Some(target) = self.variable("CARGO_BUILD_TARGET") {
            return vec![target];
        }
        let named = self.files.iter().find_map(|(_, file)| file.get("build")?.get("target"));
        let several = named.and_then(Item::as_array).into_iter().flatten().filter_map(|one| one.as_str());
        named.and_then(Item::as_str).into_iter().chain(several).map(str::to_owned).collect()
    }

    /// The linker for a target: of the flags, which come last in rustc's arguments, else of its own setting.
    fn linker(&self, target: &str) -> Option<Named> {
        let variable = |what: &str| format!("CARGO_TARGET_{}_{what}", target.to_uppercase().replace(['-', '.'], "_"));
        if let Some((flags, origin)) = self.flags(target, &variable("RUSTFLAGS"))
            && let Some(program) = linker_in(&flags)
        {
            return Some(Named { program, origin });
        }
        let name = variable("LINKER");
        if let Some(program) = self.variable(&name) {
            return Some(Named { program, origin: name });
        }
        self.files.iter().find_map(|(path, file)| {
            let program = file.get("target")?.get(target)?.get("linker")?.as_str()?;
            Some(Named { program: relative_to(path, program), origin: self.shown(path) })
        })
    }

    /// The flags that cargo passes to rustc, and where a linker in them is named: cargo takes those of the first place that has any.
    fn flags(&self, target: &str, of_target: &str) -> Option<(Vec<String>, String)> {
        let words = |text: String, separator: char| text.split(separator).map(str::to_owned).collect::<Vec<_>>();
        if let Some(text) = self.variable("CARGO_ENCODED_RUSTFLAGS") {
            return Some((words(text, '\u{1f}'), "CARGO_ENCODED_RUSTFLAGS".to_owned()));
        }
        if let Some(text) = self.variable("RUSTFLAGS") {
            return Some((words(text, ' '), "RUSTFLAGS".to_owned()));
        }
        let in_target = |file: &DocumentMut| list(file.get("target")?.get(target)?.get("rustflags")?);
        let in_build = |file: &DocumentMut| list(file.get("build")?.get("rustflags")?);
        self.merged(of_target, &in_target).or_else(|| self.merged("CARGO_BUILD_RUSTFLAGS", &in_build))
    }

    /// The flags of a variable and of all files together.
    fn merged(
        &self,
        variable: &str,
        of: &dyn Fn(&DocumentMut) -> Option<Vec<String>>,
    ) -> Option<(Vec<String>, String)> {
        let own =
            self.variable(variable).map(|text| (text.split(' ').map(str::to_owned).collect(), variable.to_owned()));
        let files = self.files.iter().filter_map(|(path, file)| Some((of(file)?, self.shown(path))));
        let all: Vec<(Vec<String>, String)> = own.into_iter().chain(files).collect();
        all.iter().find(|(flags, _)| linker_in(flags).is_some()).or(all.first()).cloned()
    }

    /// Whether one is named for all targets of a kind, `[target.'cfg(unix)']`, of which rustc alone knows whether they apply.
    fn has_conditional_linker(&self) -> bool {
        self.files.iter().any(|(_, file)| {
            let targets = file.get("target").and_then(Item::as_table_like);
            let names = |item: &Item| {
                let flags = item.get("rustflags").and_then(list).unwrap_or_default();
                item.get("linker").is_some() || linker_in(&flags).is_some()
            };
            targets.is_some_and(|table| table.iter().any(|(key, item)| key.starts_with("cfg(") && names(item)))
        })
    }

    /// A variable that is set; empty counts as unset.
    fn variable(&self, name: &str) -> Option<String> {
        self.programs.env.get(name).filter(|value| !value.is_empty()).cloned()
    }

    fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.programs.folder).unwrap_or(path).display().to_string()
    }
}

/// A list of flags, or a text with blanks between them.
fn list(item: &Item) -> Option<Vec<String>> {
    match item.as_str() {
        Some(text) => Some(text.split_whitespace().map(str::to_owned).collect()),
        None => Some(item.as_array()?.iter().filter_map(|flag| flag.as_str()).map(str::to_owned).collect()),
    }
}

/// The linker of the last `-C linker=…`, `-Clinker=…` or `--codegen=linker=…`.
fn linker_in(flags: &[String]) -> Option<String> {
    let options = flags.iter().enumerate().filter_map(|(at, flag)| match flag.as_str() {
        "-C" | "--codegen" => flags.get(at + 1).map(String::as_str),
        flag => flag.strip_prefix("-C").or_else(|| flag.strip_prefix("--codegen=")),
    });
    options.filter_map(|option| option.strip_prefix("linker=")).next_back().map(str::to_owned)
}

/// A program of a configuration file: a path is relative to the folder that has `.cargo`.
fn relative_to(config: &Path, program: &str) -> String {
    let is_path = Path::new(program).components().count() > 1;
    let folder = config.parent().and_then(Path::parent).filter(|_| is_path);
    folder.map_or_else(|| program.to_owned(), |folder| folder.join(program).to_string_lossy().into_owned())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::State;
    use super::*;
    use crate::test_files::{write, write_program};

    /// A machine whose rustc builds for `a-host`, with `cc`, `ld-own` on the PATH and a linker in the project.
    async fn found(config: &str, variables: &[(&str, &str)]) -> Finding {
        let folder = tempfile::TempDir::new().unwrap();
        let root = folder.path().canonicalize().unwrap();
        write_program(&root, "bin/rustc", "#!/bin/sh\necho a-host\n");
        for program in ["bin/cc", "bin/ld-own", "tools/ld-project"] {
            write_program(&root, program, "#!/bin/sh\n");
        }
        write(&root, "tools/ld-no-program", "");
        write(&root, ".cargo/config.toml", config);
        let (path, home) = (root.join("bin").display().to_string(), root.join("home").display().to_string());
        let all = [("PATH", path.as_str()), ("CARGO_HOME", home.as_str())];
        let env: BTreeMap<String, String> =
            all.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        look(&Programs { env: &env, folder: &root }).await
    }

    #[tokio::test]
    async fn the_linker_of_the_target_that_is_built_is_looked_for() {
        let gone = "[target.a-host]\nlinker = \"ld-gone\"\n";
        for (config, variables, expected) in [
            ("", &[] as &[(&str, &str)], Ok("bin/cc")),
            ("[target.a-host]\nlinker = \"ld-own\"\n", &[], Ok("bin/ld-own")),
            ("[target.a-host]\nlinker = \"tools/ld-project\"\n", &[], Ok("tools/ld-project")),
            (gone, &[], Err(".cargo/config.toml")),
            ("[target.a-host]\nlinker = \"tools/ld-no-program\"\n", &[], Err(".cargo/config.toml")),
            // A linker of another target is not needed.
            ("[target.another]\nlinker = \"ld-gone\"\n", &[], Ok("bin/cc")),
            ("", &[("CARGO_TARGET_ANOTHER_LINKER", "ld-gone")], Ok("bin/cc")),
            ("[build]\ntarget = \"another\"\n[target.another]\nlinker = \"ld-gone\"\n", &[], Err(".cargo/config.toml")),
            ("[build]\ntarget = [\"another\"]\n[target.a-host]\nlinker = \"ld-gone\"\n", &[], Ok("bin/cc")),
            (gone, &[("CARGO_BUILD_TARGET", "another")], Ok("bin/cc")),
            // Variables win over files, and flags over settings.
            (gone, &[("CARGO_TARGET_A_HOST_LINKER", "ld-own")], Ok("bin/ld-own")),
            ("", &[("CARGO_TARGET_A_HOST_LINKER", "ld-gone")], Err("CARGO_TARGET_A_HOST_LINKER")),
            ("", &[("RUSTFLAGS", "-D warnings -C linker=ld-gone")], Err("RUSTFLAGS")),
            ("", &[("CARGO_ENCODED_RUSTFLAGS", "-C\u{1f}linker=ld-gone")], Err("CARGO_ENCODED_RUSTFLAGS")),
            ("[build]\nrustflags = [\"-Clinker=ld-gone\"]\n", &[], Err(".cargo/config.toml")),
            ("[build]\nrustflags = [\"-Clinker=ld-gone\"]\n", &[("RUSTFLAGS", "-g")], Ok("bin/cc")),
            ("[target.a-host]\nrustflags = \"--codegen=linker=ld-own\"\nlinker = \"ld-gone\"\n", &[], Ok("bin/ld-own")),
            ("[target.'cfg(unix)']\nlinker = \"ld-gone\"\n", &[], Ok("")),
        ] {
            let finding = found(config, variables).await;
            match expected {
                Ok(path) => {
                    assert!(
                        finding.state == State::Ok && finding.found.ends_with(path),
                        "{config}{variables:?}: {finding:?}"
                    );
                }
                Err(origin) => {
                    let advice =
                        matches!(&finding.advice, Some(Advice::NameLinker { origin: named, .. }) if named == origin);
                    assert!(finding.state == State::Fail && advice, "{config}{variables:?}: {finding:?}");
                }
            }
        }
    }
}
