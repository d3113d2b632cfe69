//! T1: the network fails around a COMMIT. A proxy of the test's own passes everything on until so many bytes of the COMMIT,
//! or of the answer to it, have gone by; then it cuts. What the run says has to be what the database has.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use kit_runtime::ledger::{self, LEDGER};

use crate::kills::{NAMES, Place, place};
use crate::process::finish;
use crate::tally::{Chance, Tally};
use crate::work::{Goal, connect, empty};

/// Where to cut.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// At this COMMIT, counted from 1.
    commit: u32,
    /// So many bytes of it and of what comes after it are let through to the server, or all of it.
    sent: Option<usize>,
    /// And so many of the answers to it.
    answered: usize,
}

#[derive(Default)]
struct State {
    cut: Mutex<Option<Cut>>,
    commits: AtomicU32,
    /// Bytes of answers that may still pass; below zero there is no limit.
    left: AtomicI64,
    done: AtomicBool,
}

struct Proxy {
    url: String,
    state: Arc<State>,
}

impl Proxy {
    fn new(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().to_string();
        let (before, after) = url.split_once('@').unwrap();
        let (server, path) = after.split_once('/').unwrap();
        let (server, state) = (server.to_owned(), Arc::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(&server).unwrap();
                let (a, b) = ((client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client));
                let (one, two) = (shared.clone(), shared.clone());
                std::thread::spawn(move || to_server(a.0, a.1, &one));
                std::thread::spawn(move || to_client(b.0, b.1, &two));
            }
        });
        Self { url: format!("{before}@{own}/{path}"), state }
    }

    fn cut(&self, cut: Cut) {
        *self.state.cut.lock().unwrap() = Some(cut);
        self.state.commits.store(0, Ordering::SeqCst);
        self.state.left.store(-1, Ordering::SeqCst);
        self.state.done.store(false, Ordering::SeqCst);
    }

    /// Whether it came to it; from now on everything passes.
    fn has_cut(&self) -> bool {
        *self.state.cut.lock().unwrap() = None;
        self.state.done.load(Ordering::SeqCst)
    }
}

fn end(one: &TcpStream, other: &TcpStream) {
    // Either may be closed already.
    let _ = one.shutdown(Shutdown::Both);
    let _ = other.shutdown(Shutdown::Both);
}

/// A statement comes in one piece: the drivers write it so, and it is short.
fn to_server(mut client: TcpStream, mut server: TcpStream, state: &State) {
    let mut buffer = [0; 65_536];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        let bytes = &buffer[..count];
        let cut = *state.cut.lock().unwrap();
        if let Some(cut) = cut.filter(|_| bytes.windows(6).any(|word| word == b"COMMIT"))
            && state.commits.fetch_add(1, Ordering::SeqCst) + 1 == cut.commit
        {
            state.done.store(true, Ordering::SeqCst);
            match cut.sent {
                Some(sent) => {
                    let _ = server.write_all(&bytes[..sent.min(count)]);
                    // Both directions: a network that is gone, not a client that has left.
                    return end(&client, &server);
                }
                None => state.left.store(cut.answered as i64, Ordering::SeqCst),
            }
        }
        if server.write_all(bytes).is_err() {
            break;
        }
    }
    end(&client, &server);
}

fn to_client(mut server: TcpStream, mut client: TcpStream, state: &State) {
    let mut buffer = [0; 65_536];
    while let Ok(count @ 1..) = server.read(&mut buffer) {
        let left = state.left.load(Ordering::SeqCst);
        if left >= 0 {
            let passing = (left as usize).min(count);
            state.left.store(left - passing as i64, Ordering::SeqCst);
            let _ = client.write_all(&buffer[..passing]);
            if passing < count {
                state.left.store(-1, Ordering::SeqCst);
                break;
            }
            continue;
        }
        if client.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    end(&client, &server);
}

/// One COMMIT after the other, each cut in its middle and in the middle of its answer.
fn cuts(commits: u32) -> Vec<Cut> {
    let each = |commit: u32| {
        let sent = [0, 3, 5, 9].map(|sent| Cut { commit, sent: Some(sent), answered: 0 });
        let answered = [0, 1, 4, 6, 9].map(|answered| Cut { commit, sent: None, answered });
        sent.into_iter().chain(answered)
    };
    (1..=commits).flat_map(each).collect()
}

async fn cut_everywhere(place: &Place, commits: u32, every: usize, points: usize) -> Tally {
    let (mut tally, mut chance) = (Tally::default(), Chance::new("T1"));
    let proxy = Proxy::new(place.database.url());
    for cut in cuts(commits).into_iter().step_by(every).take(points) {
        empty(&place.database).await;
        proxy.cut(cut);
        let ended = finish("up", &proxy.url, None);
        assert!(proxy.has_cut(), "{cut:?}: {ended:?}");
        // The server may still be busy with what it got; its lock says when it is not.
        let session = connect(place.database.url()).await;
        let locking = kit_runtime::wire::Locking::default();
        let lock = kit_runtime::lock::acquire(&session, LEDGER, &locking, &mut |_| ()).await.unwrap();
        lock.release(&session).await.unwrap();
        let applied = ledger::read(&session, LEDGER).await.unwrap().applied.len();
        drop(session);
        let what = format!("{cut:?}, then {}", ended.text.trim());
        if ended.fine && applied != place.work.steps.len() {
            tally.wrong += 1;
            tally.reasons.push(format!("{what}: said to be done, and {applied} are in"));
        }
        place.settle(&what, Goal::Up, &mut tally, &mut chance).await;
    }
    tally
}

#[tokio::test]
async fn a_cut_around_commit_is_no_riddle() {
    for name in [NAMES[2], NAMES[3]] {
        cut_everywhere(&place(name).await, 1, 2, 3).await.assert_whole();
    }
}

async fn t1(name: &'static str) {
    let tally = cut_everywhere(&place(name).await, 5, 1, 40).await;
    tally.report("T1 network cut at COMMIT", name, "kit");
    tally.assert_whole();
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn t1_postgres() {
    t1(NAMES[2]).await;
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn t1_mariadb() {
    t1(NAMES[3]).await;
}
