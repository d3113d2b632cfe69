//! The real world, handed to [`kit::run`] as a [`Host`]: arguments, environment, folder, clock, streams.

use std::io::{IsTerminal, stderr, stdin, stdout};
use std::process::ExitCode;

use kit::ui::{Interaction, Streams};
use kit::{Host, run};

#[expect(clippy::disallowed_methods, reason = "the one home of the outside world")]
fn main() -> ExitCode {
    let interactive = stdin().is_terminal() && stderr().is_terminal();
    let host = Host {
        env: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        cwd: std::env::current_dir().unwrap_or_default(),
        executable: std::env::current_exe().ok(),
        now: chrono::Utc::now,
        local_now: || chrono::Local::now().naive_local(),
        streams: Streams {
            out: Box::new(stdout()),
            err: Box::new(stderr()),
            out_is_terminal: stdout().is_terminal(),
            err_is_terminal: stderr().is_terminal(),
            width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        },
        interaction: if interactive { Interaction::Terminal } else { Interaction::Absent },
    };
    let arguments = std::env::args_os().collect();
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let exit = runtime.block_on(run(arguments, host)).unwrap_or_else(|error| error.exit());
            ExitCode::from(exit.code())
        }
        Err(_) => ExitCode::FAILURE,
    }
}
