//! F3: the server dies while a run is at work, and comes back.

use std::time::Duration;

use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;

use crate::kills::{NAMES, Place, duration, peer_goes_on};
use crate::process::start;
use crate::support::database::Database;
use crate::support::server::Server;
use crate::tally::{Chance, Tally};
use crate::work::{Goal, empty};

async fn crash(server: &mut Server, place: &Place, task: &str, rounds: u32, chance: &mut Chance) -> Tally {
    empty(&place.database).await;
    let longest = duration(task, place.database.url());
    let mut tally = Tally::default();
    while tally.tried < rounds {
        place.prepare(Goal::Up).await;
        let mut run = start(task, place.database.url(), None);
        run.wait_for("ready");
        let moment = Duration::from_micros(chance.below(longest.as_micros() as u64));
        std::thread::sleep(moment);
        let was_over = run.is_over();
        server.crash();
        server.start().await;
        let ended = run.wait();
        assert_eq!(ended.signal, None, "{ended:?}");
        // Its pool may still have the connection that the crash has ended.
        let _ = place.database.session.query("SELECT '1'", &[]).await;
        if was_over {
            continue;
        }
        let what = format!("after {moment:?}, then {}", ended.text.trim());
        match task {
            "peer" => peer_goes_on(place, &what, &mut tally).await,
            _ => place.settle(&what, Goal::Up, &mut tally, chance).await,
        }
    }
    tally
}

async fn f3(dialect: Dialect, name: &'static str) {
    let mut server = Server::new(dialect).await;
    let mut chance = Chance::new("F3");
    let place = Place::of(Database::on(dialect, &server.url()).await).await;
    let tally = crash(&mut server, &place, "up", 20, &mut chance).await;
    tally.report("F3 server crash", name, "kit");
    let peer = crash(&mut server, &place, "peer", 20, &mut chance).await;
    peer.report("F3 server crash", name, "sea-orm-migration");
    tally.assert_whole();
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f3_postgres() {
    f3(Dialect::Postgres, NAMES[2]).await;
}

#[tokio::test]
#[ignore = "./test.sh --faults"]
async fn f3_mariadb() {
    f3(Dialect::MySql, NAMES[3]).await;
}
