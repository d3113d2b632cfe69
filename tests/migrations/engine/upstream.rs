//! Messages of SeaORM and sea-query by which the engine knows why a migration failed: each is provoked here, so that a
//! version of them that words one of them in another way fails this test.

use kit_runtime::dialect::Dialect;
use kit_runtime::wire::{Cause, Failure};
use sea_orm_migration::prelude::*;

use crate::engine::up;
use crate::support::database::Database;
use crate::support::steps::{Op, Step, run};

fn create(column: &mut ColumnDef) -> Op {
    Op::CreateTable(Table::create().table("typed").col(column).to_owned())
}

/// What the builder of each database cannot write, each with another panic.
fn unsupported(dialect: Dialect) -> Vec<Op> {
    let typed = |kind: ColumnType| create(&mut ColumnDef::new_with_type("c", kind));
    let text = || std::sync::Arc::new(ColumnType::Text);
    let numbered = |column: &mut ColumnDef| create(column.auto_increment());
    match dialect {
        Dialect::Sqlite => {
            let table = || Table::alter().table("t_m1").to_owned();
            let key = ForeignKey::create().name("fk").from("t_m1", "id").to("t_m1", "id").to_owned();
            let column = |name: &str| ColumnDef::new(Alias::new(name)).text().to_owned();
            vec![
                Op::AlterTable(table().modify_column(column("id")).to_owned()),
                Op::AlterTable(table().add_column(column("a")).add_column(column("b")).to_owned()),
                Op::AlterTable(table().drop_foreign_key("fk").to_owned()),
                Op::CreateForeignKey(key),
                Op::DropForeignKey(ForeignKey::drop().name("fk").table("t_m1").to_owned()),
                typed(ColumnType::Array(text())),
                typed(ColumnType::Inet),
                typed(ColumnType::Year),
                typed(ColumnType::Interval(None, None)),
            ]
        }
        Dialect::Postgres => vec![typed(ColumnType::Year), numbered(ColumnDef::new("c").text())],
        Dialect::MySql => vec![
            typed(ColumnType::Array(text())),
            typed(ColumnType::Cidr),
            typed(ColumnType::LTree),
            Op::DropIndex(Index::drop().name("i").table("t_m1").if_exists().to_owned()),
        ],
    }
}

#[tokio::test]
async fn what_a_builder_cannot_write_is_unsupported() {
    for database in Database::all().await {
        for op in unsupported(database.dialect) {
            let steps = [Step::table("m1"), Step::new("m2", vec![op.clone()], vec![])];
            let (_, outcome) = run(&database.session, &steps, &[up()]).await;
            let Err(Failure::Migration { name, cause, message, .. }) = outcome else { panic!("{op:?}: {outcome:?}") };
            assert_eq!((name.as_str(), cause), ("m2", Cause::Unsupported), "{:?} {op:?}: {message}", database.dialect);
            database.execute(&["DELETE FROM kit_migrations WHERE state <> 'applied'"]).await;
        }
    }
}

#[tokio::test]
async fn a_statement_that_is_wrong_everywhere_is_a_panic() {
    for database in Database::all().await {
        let empty = Op::AlterTable(Table::alter().table("t_m1").to_owned());
        for op in [empty, Op::Panic("this feature is not supported")] {
            let steps = [Step::table("m1"), Step::new("m2", vec![op.clone()], vec![])];
            let (_, outcome) = run(&database.session, &steps, &[up()]).await;
            let Err(Failure::Migration { cause, message, .. }) = outcome else { panic!("{op:?}: {outcome:?}") };
            assert_eq!(cause, Cause::Panic, "{:?} {op:?}: {message}", database.dialect);
            database.execute(&["DELETE FROM kit_migrations WHERE state <> 'applied'"]).await;
        }
    }
}
