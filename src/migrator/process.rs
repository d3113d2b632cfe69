//! Running the migrator: the request on its standard input, its events and whatever else it prints
//! from its outputs, as they come.

use std::cell::RefCell;
use std::path::Path;
use std::pin::pin;
use std::process::Stdio;
use std::time::Instant;

use kit_runtime::interrupt::SAME_REQUEST;
use kit_runtime::wire::{Event, Failure, PROTOCOL};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use super::{Notice, Run};
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;

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
    // One that is killed with its future has nothing to end first.
    let mut interrupt = (!run.expendable).then(Interrupt::listen);
    if let Some(mut input) = child.stdin.take() {
        // A migrator that ended before it read its request says why on its outputs.
        let _ = input.write_all(line.as_bytes()).await;
    }
    let (mut end, mut stranger) = (None, None);
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Error::MigratorDied { status: "no output".to_owned() });
    };
    let notify = RefCell::new(notify);
    let mut signals = Signals::default();
    {
        let mut lines = pin!(each_line(out, err, |line, is_out| match serde_json::from_str::<Event>(&line) {
            Ok(Event::Done) if is_out => end = Some(Ok(())),
            Ok(Event::Failed(failure)) if is_out => end = Some(Err(failure)),
            Ok(Event::Hello { protocol }) if is_out && protocol != PROTOCOL => {
                stranger = Some(Failure::Protocol { migrator: protocol });
            }
            Ok(event) if is_out => notify.borrow_mut()(Notice::Event(event)),
            _ => notify.borrow_mut()(Notice::Output(line)),
        }));
        loop {
            tokio::select! {
                biased;
                signal = heard(&mut interrupt) => match signals.add(signal) {
                    Wanted::Stop => {
                        forward(&child, signal);
                        notify.borrow_mut()(Notice::Stopping);
                    }
                    Wanted::Nothing => {}
                    // Its outputs may be open in a process of its own: they are not waited for.
                    Wanted::Kill => {
                        child.kill().await.map_err(failed)?;
                        return Err(Error::Killed { signal });
                    }
                },
                () = &mut lines => break,
            }
        }
    }
    let status = child.wait().await.map_err(failed)?;
    // What it says after that may mean anything.
    if let Some(failure) = stranger {
        return Ok(Err(failure));
    }
    match (end, signals.first) {
        (Some(end), _) => Ok(end),
        // A program that does not know of signals, and that a terminal sent it as well.
        (None, Some((signal, _))) => Err(Error::Killed { signal }),
        (None, None) => Err(Error::MigratorDied { status: status.to_string() }),
    }
}

async fn heard(interrupt: &mut Option<Interrupt>) -> u8 {
    match interrupt {
        Some(interrupt) => interrupt.heard().await,
        None => std::future::pending().await,
    }
}

/// The signals that kit has received during a run.
#[derive(Default)]
struct Signals {
    /// The first one, and when.
    first: Option<(u8, Instant)>,
}

/// The effect of a signal on a run.
enum Wanted {
    /// To end what is running, in order.
    Stop,
    /// The same once more.
    Nothing,
    /// To end at once.
    Kill,
}

impl Signals {
    fn add(&mut self, signal: u8) -> Wanted {
        match self.first {
            None => {
                self.first = Some((signal, Instant::now()));
                Wanted::Stop
            }
            Some((_, since)) if since.elapsed() <= SAME_REQUEST => Wanted::Nothing,
            Some(_) => Wanted::Kill,
        }
    }
}

/// Sends the program a signal that kit has received: a terminal sends it to both, a supervisor to kit alone.
#[cfg(unix)]
fn forward(child: &Child, signal: u8) {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    if let (Some(pid), Some(signal)) = (pid, Signal::from_named_raw(i32::from(signal))) {
        // A program that has ended meanwhile needs none.
        let _ = kill_process(pid, signal);
    }
}

/// Windows sends Ctrl-C to all programs of a console.
#[cfg(not(unix))]
fn forward(_child: &Child, _signal: u8) {}

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
