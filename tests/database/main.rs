//! What is in a database: schemas, entities, rows, and the URLs that lead there.

mod db_seed;
mod db_sync;
mod entities_compile;
mod entity_roundtrip;
mod schema;
mod seeders;
#[path = "../support/mod.rs"]
mod support;
mod urls;
