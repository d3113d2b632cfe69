//! What a database costs, for the table in the README.

use std::time::{Duration, Instant};

use kit_runtime::{Options, migrate};

use crate::support::database::Database;
use crate::testing::blog::migrations::Migrator;
use crate::testing::{SERVERS, fresh};

const TIMES: u32 = 40;

/// `cargo test --test testing -- --ignored --nocapture speed`
#[tokio::test]
#[ignore = "measures"]
async fn speed() {
    println!("| | with `TestDatabase` | by the migrations |\n|---|--:|--:|");
    for server in SERVERS {
        // The first makes the template.
        fresh(server).await.close().await.unwrap();
        let mut made = Vec::new();
        let mut migrated = Vec::new();
        for _ in 0..TIMES {
            let clock = Instant::now();
            fresh(server).await.close().await.unwrap();
            made.push(clock.elapsed());
            let clock = Instant::now();
            let database = match server {
                None => Database::sqlite().await,
                Some("KIT_TEST_POSTGRES_URL") => Database::postgres().await,
                Some(_) => Database::mysql().await,
            };
            let db = database.connect().await;
            migrate::<Migrator>(&db, &Options::default()).await.unwrap();
            db.close().await.unwrap();
            drop(database);
            migrated.push(clock.elapsed());
        }
        println!("| {} | {} ms | {} ms |", server.unwrap_or("memory"), median(made), median(migrated));
    }
}

fn median(mut times: Vec<Duration>) -> u128 {
    times.sort();
    times[times.len() / 2].as_millis()
}
