//! The messages of SeaORM 1.1 and its sea-query by which kit knows why a migration failed; those of 2.0 are provoked in
//! `tests/engine/upstream.rs`.

#![allow(clippy::unwrap_used, reason = "tests")]

use kit_runtime::wire::{Cause, Failure};

use crate::support::assert_failure;
use crate::support::projects::{migration, ok, seaorm, states};

/// A migration that has no `down`.
fn without_down() -> String {
    let text = migration("let _ = manager; Ok(())", "let _ = manager; Ok(())");
    let (before, _) = text.split_once("\n\n    async fn down").unwrap();
    format!("{before}\n}}\n")
}

#[test]
fn failures_on_sea_orm_1_1_have_their_causes() {
    let two_changes = migration(
        "manager.alter_table(Table::alter().table(Alias::new(\"a\"))\
         .add_column(ColumnDef::new(Alias::new(\"b\")).integer())\
         .add_column(ColumnDef::new(Alias::new(\"c\")).integer()).to_owned()).await",
        "let _ = manager; Ok(())",
    );
    let sandbox =
        seaorm("1.1.0", &[("m20240101_000001_stays", without_down()), ("m20240101_000002_alters", two_changes)]);
    let unsupported = sandbox.kit(&["migrate"]);
    assert_failure!(unsupported, Failure::Migration { name, cause: Cause::Unsupported, rolled_back: true, .. }
        if name == "m20240101_000002_alters");
    let irreversible = sandbox.kit(&["migrate:rollback", "--force"]);
    assert_failure!(irreversible, Failure::Migration { name, cause: Cause::Irreversible, .. }
        if name == "m20240101_000001_stays");
    let found: Vec<String> = states(&sandbox, &[]).into_iter().map(|(_, state)| state).collect();
    assert_eq!(found, ["ran", "pending"]);
    ok(sandbox.kit(&["migrate", "--limit", "0"]));
}

/// SQLite takes a double-quoted name that is no column for a text: `tests/engine/taken_for_text.rs`.
#[test]
fn an_index_on_a_column_that_does_not_exist_fails_on_sea_orm_1_1_and_2() {
    let creates = migration(
        "manager.create_table(Table::create().table(Alias::new(\"posts\"))\
         .col(ColumnDef::new(Alias::new(\"id\")).integer()).to_owned()).await",
        "let _ = manager; Ok(())",
    );
    let indexes = migration(
        "manager.create_index(Index::create().name(\"posts_slug\").table(Alias::new(\"posts\"))\
         .col(Alias::new(\"slug\")).unique().to_owned()).await",
        "let _ = manager; Ok(())",
    );
    for version in ["1.1.0", "2.0.0"] {
        let files = [("m20240101_000001_posts", creates.clone()), ("m20240101_000002_index", indexes.clone())];
        let sandbox = seaorm(version, &files);
        let failed = sandbox.kit(&["migrate"]);
        assert_failure!(failed, Failure::Migration { name, cause: Cause::NoColumn, rolled_back: true, .. }
            if name == "m20240101_000002_index");
        assert!(!failed.hint().is_empty());
        let found: Vec<String> = states(&sandbox, &[]).into_iter().map(|(_, state)| state).collect();
        assert_eq!(found, ["ran", "pending"], "{version}");
    }
}
