//! A web application that migrates when it starts, and says that it is ready once nothing is pending.
//!
//! ```sh
//! DATABASE_URL='sqlite://shop.sqlite?mode=rwc' cargo run --example axum
//! curl -i localhost:3000/ready
//! ```
//!
//! Start as many copies as you like, at once and on one database: one of them migrates, the others wait for it, and each
//! is ready when all is done. With `MIGRATE=no` a copy leaves migrating to somebody else, a job before the deployment or
//! `kit migrate`, and is not ready before that is over.
#![expect(clippy::disallowed_methods, reason = "an application reads its own environment")]

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use kit_runtime::{Options, migrate, pending};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use tokio::net::TcpListener;
use tracing::{error, info};

#[path = "../../migrations/mod.rs"]
pub mod migrations;
use migrations::Migrator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let url = std::env::var("DATABASE_URL")?;
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let migrates = std::env::var("MIGRATE").as_deref() != Ok("no");
    run(&url, port.parse()?, migrates).await
}

/// Answers until the process is ended. It listens before it migrates: a probe that finds nobody would have the copy
/// restarted in the midst of a long migration.
pub async fn run(url: &str, port: u16, migrates: bool) -> Result<(), Box<dyn Error>> {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false);
    let db = Database::connect(options).await?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    info!(address = %listener.local_addr()?, "listening");
    if migrates {
        tokio::spawn(start(db.clone()));
    }
    let application =
        Router::new().route("/live", get(|| async { "alive\n" })).route("/ready", get(ready)).with_state(db);
    axum::serve(listener, application).await?;
    Ok(())
}

/// Migrates. What happens meanwhile is said by `kit_runtime` to whoever subscribes: its feature `tracing`.
async fn start(db: DatabaseConnection) {
    let options = Options { wait: Duration::from_secs(300), ..Options::default() };
    match migrate::<Migrator>(&db, &options).await {
        Ok(applied) => info!(applied = applied.len(), "the database is up to date"),
        // It stays alive and not ready, so that whoever deploys keeps the copies that still work. The words say what to do.
        Err(failure) => error!(%failure, "the database is not up to date"),
    }
}

/// The readiness probe: it reads the ledger and nothing else.
async fn ready(State(db): State<DatabaseConnection>) -> (StatusCode, String) {
    match pending::<Migrator>(&db).await {
        Ok(names) if names.is_empty() => (StatusCode::OK, "ready\n".to_owned()),
        Ok(names) => (StatusCode::SERVICE_UNAVAILABLE, format!("pending: {}\n", names.join(", "))),
        Err(failure) => (StatusCode::SERVICE_UNAVAILABLE, format!("{failure}\n")),
    }
}
