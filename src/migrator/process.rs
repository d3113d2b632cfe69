//! Running the migrator: the request on its standard input, its events and whatever else it prints
//! from its outputs, as they come.

use std::path::Path;
use std::process::Stdio;

use kit_runtime::wire::{Event, Failure, PROTOCOL};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::Command;

use super::{Notice, Run};
use crate::error::{Error, Result};

/// Runs `command` in `folder` with the run's request. The inner `Err` is the failure that it reported.
pub async fn run(
    command: &[String],
    folder: &Path,
    run: &Run,
    notify: &mut dyn FnMut(Notice),
) -> Result<std::result::Result<(), Failure>> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| Error::MigratorDied { status: "no command".to_owned() })?;
    let failed = |source| Error::Program { program: program.clone(), source };
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .kill_on_drop(run.expendable)
        .envs(run.env.iter().map(|(name, value)| (*name, value.as_str())))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut line = serde_json::to_string(&run.request).map_err(|error| failed(error.into()))?;
    line.push('\n');
    if let Some(mut input) = child.stdin.take() {
        // A migrator that ended before it read its request says why on its outputs.
        let _ = input.write_all(line.as_bytes()).await;
    }
    let (mut end, mut stranger) = (None, None);
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Error::MigratorDied { status: "no output".to_owned() });
    };
    each_line(out, err, |line, is_out| match serde_json::from_str::<Event>(&line) {
        Ok(Event::Done) if is_out => end = Some(Ok(())),
        Ok(Event::Failed(failure)) if is_out => end = Some(Err(failure)),
        Ok(Event::Hello { protocol }) if is_out && protocol != PROTOCOL => {
            stranger = Some(Failure::Protocol { migrator: protocol });
        }
        Ok(event) if is_out => notify(Notice::Event(event)),
        _ => notify(Notice::Output(line)),
    })
    .await;
    let status = child.wait().await.map_err(failed)?;
    // What it says after that may mean anything.
    if let Some(failure) = stranger {
        return Ok(Err(failure));
    }
    end.ok_or_else(|| Error::MigratorDied { status: status.to_string() })
}

/// Calls `on_line` with each line of both streams and whether it is from the first, until both end.
pub async fn each_line(
    first: impl AsyncRead + Unpin,
    second: impl AsyncRead + Unpin,
    mut on_line: impl FnMut(String, bool),
) {
    let (mut first, mut second) = (BufReader::new(first), BufReader::new(second));
    let (mut one, mut two) = (Vec::new(), Vec::new());
    let (mut one_open, mut two_open) = (true, true);
    while one_open || two_open {
        tokio::select! {
            read = first.read_until(b'\n', &mut one), if one_open => {
                one_open = matches!(read, Ok(length) if length > 0);
                if !one.is_empty() {
                    on_line(text(&mut one), true);
                }
            }
            read = second.read_until(b'\n', &mut two), if two_open => {
                two_open = matches!(read, Ok(length) if length > 0);
                if !two.is_empty() {
                    on_line(text(&mut two), false);
                }
            }
        }
    }
}

fn text(bytes: &mut Vec<u8>) -> String {
    let line = String::from_utf8_lossy(bytes).trim_end_matches(['\n', '\r']).to_owned();
    bytes.clear();
    line
}
