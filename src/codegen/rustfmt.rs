//! Formatting with the project's own rustfmt, as sea-orm-cli does it: `cargo fmt` then changes nothing in generated
//! files. Where there is no rustfmt, sources stay as kit formatted them. It writes only to a temporary folder.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Paths on one command line.
const AT_ONCE: usize = 500;

/// A Rust source.
pub(super) struct Source<'a> {
    /// Whether it declares modules that are files of their own.
    pub declares_modules: bool,
    /// What is formatted.
    pub text: &'a mut String,
}

/// Formats sources that go below `folder`, for an edition of Rust such as `2021`.
pub(super) fn format(sources: Vec<Source<'_>>, folder: &Path, edition: &str) {
    let rustfmt = || rustfmt(folder, edition);
    // rustfmt follows the modules of a file, but not those of its standard input.
    let (indexes, mut files): (Vec<_>, Vec<_>) = sources.into_iter().partition(|source| source.declares_modules);
    for source in indexes {
        if let Ok(text) = through(rustfmt(), source.text) {
            *source.text = text;
        }
    }
    for files in files.chunks_mut(AT_ONCE) {
        // Whatever fails, the sources stay as they are.
        let _ = in_files(rustfmt(), files);
    }
}

/// rustfmt with the settings of the project, in which it is called.
fn rustfmt(folder: &Path, edition: &str) -> Command {
    let mut command = Command::new("rustfmt");
    command.args(["--quiet", "--edition", edition]);
    if let Some(project) = folder.ancestors().find(|folder| folder.is_dir()) {
        command.current_dir(project);
    }
    let mut settings =
        folder.ancestors().flat_map(|folder| [folder.join("rustfmt.toml"), folder.join(".rustfmt.toml")]);
    if let Some(settings) = settings.find(|path| path.is_file()) {
        command.arg("--config-path").arg(settings);
    }
    // Rustup would install a toolchain that a project asks for.
    command.env("RUSTUP_AUTO_INSTALL", "0").stderr(Stdio::null());
    command
}

/// Returns what the program writes for the text on its standard input.
fn through(mut command: Command, text: &str) -> io::Result<String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let input = child.stdin.take();
    let output = std::thread::scope(|scope| {
        // One that has ended early is known by its status.
        scope.spawn(|| input.map(|mut input| input.write_all(text.as_bytes())));
        child.wait_with_output()
    })?;
    match output.status.success() {
        true => String::from_utf8(output.stdout).map_err(io::Error::other),
        false => Err(io::Error::other("rustfmt failed")),
    }
}

/// Formats all of them in one process, since one process a file takes seconds for hundreds of files.
#[expect(clippy::disallowed_methods, reason = "the files are temporary, and none of the project's")]
fn in_files(mut command: Command, sources: &mut [Source<'_>]) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let paths: Vec<_> = (0..sources.len()).map(|index| folder.path().join(format!("{index}.rs"))).collect();
    for (path, source) in paths.iter().zip(&*sources) {
        std::fs::write(path, &*source.text)?;
    }
    let status = command.args(&paths).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    for (path, source) in paths.iter().zip(sources).filter(|_| status.success()) {
        *source.text = std::fs::read_to_string(path)?;
    }
    Ok(())
}
