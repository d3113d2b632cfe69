//! The migrator's end of the wire: one request from standard input, events to standard output, which
//! belongs to the wire alone. What migrations print goes to standard error.

use std::fs::File;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use crate::connection::{Connection, Migrations};
use crate::engine;
use crate::interrupt::Interrupt;
use crate::wire::{Action, Event, Failure, PROTOCOL, Request};

/// Serves one request with the migrations and the way to connect that an adapter brings.
pub fn serve<C, M, F>(migrations: &M, connect: impl FnOnce(Request) -> F) -> ExitCode
where
    C: Connection,
    M: Migrations<C>,
    F: Future<Output = Result<C, Failure>>,
{
    serve_with(|request, on_event| {
        if request.actions == [Action::List] {
            let names = migrations.list().into_iter().map(|listed| listed.name).collect();
            on_event(Event::Listed { migrations: names, ledger: migrations.ledger_table() });
            return Ok(());
        }
        let interrupt = Interrupt::of_signals();
        block_on(async {
            let connection = interrupt.or(connect(request.clone())).await.map_err(interrupted)??;
            #[cfg(feature = "pretend")]
            if let [Action::Pretend { actions }] = request.actions.as_slice() {
                let pretending = crate::pretend::run(&request, actions, migrations, &connection, on_event);
                return interrupt.or(pretending).await.map_err(interrupted)?;
            }
            engine::run_until(&request, migrations, &connection, on_event, &interrupt).await
        })
    })
}

/// The failure of a run that a signal ended while nothing was running.
pub(crate) fn interrupted(signal: u8) -> Failure {
    Failure::Interrupted { signal, stopped: None }
}

/// Serves one request with whatever answers it.
pub fn serve_with(answer: impl FnOnce(Request, &mut (dyn FnMut(Event) + Send)) -> Result<(), Failure>) -> ExitCode {
    // Without a wire nobody can be told why.
    let Ok(mut wire) = Wire::open() else { return ExitCode::FAILURE };
    wire.send(&Event::Hello { protocol: PROTOCOL });
    engine::quiet_panics();
    let outcome = read_request().and_then(|request| answer(request, &mut |event| wire.send(&event)));
    let (last, code) = match outcome {
        Ok(()) => (Event::Done, ExitCode::SUCCESS),
        Err(failure) => (Event::Failed(failure), ExitCode::FAILURE),
    };
    wire.send(&last);
    code
}

/// Does it to its end, in this thread alone.
pub fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Request { message: error.to_string() })?.block_on(work)
}

fn read_request() -> Result<Request, Failure> {
    let mut line = String::new();
    let bad = |message: String| Failure::Request { message };
    io::stdin().lock().read_line(&mut line).map_err(|error| bad(error.to_string()))?;
    // The version first: another version's request may not be readable at all.
    let value: serde_json::Value = serde_json::from_str(&line).map_err(|error| bad(error.to_string()))?;
    if value.get("protocol").and_then(serde_json::Value::as_u64) != Some(u64::from(PROTOCOL)) {
        return Err(Failure::Protocol { migrator: PROTOCOL });
    }
    serde_json::from_value(value).map_err(|error| bad(error.to_string()))
}

struct Wire(File);

impl Wire {
    /// Takes standard output for the wire and leaves standard error in its place.
    #[cfg(unix)]
    #[expect(clippy::disallowed_methods, reason = "the wire is this program's standard output")]
    fn open() -> io::Result<Self> {
        use std::os::fd::AsFd;
        let own = io::stdout().as_fd().try_clone_to_owned()?;
        rustix::stdio::dup2_stdout(io::stderr())?;
        Ok(Self(File::from(own)))
    }

    /// Where file descriptors cannot be swapped safely, kit tells events from prints by their form.
    #[cfg(windows)]
    #[expect(clippy::disallowed_methods, reason = "the wire is this program's standard output")]
    fn open() -> io::Result<Self> {
        use std::os::windows::io::AsHandle;
        Ok(Self(File::from(io::stdout().as_handle().try_clone_to_owned()?)))
    }

    fn send(&mut self, event: &Event) {
        // Events are plain data; one that does not serialise cannot be sent by any other way either.
        if let Ok(mut line) = serde_json::to_string(event) {
            line.push('\n');
            // If kit is gone, the migration goes on to its end and the ledger says so.
            let _ = self.0.write_all(line.as_bytes());
        }
    }
}
