//! Everything kit's guide shows, as migrations that run up, down and up again on each database: the schema after
//! `down` is the one before, the second `up` gives what the first gave. Where a database cannot, kit says so by name.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use crate::support::database::Database;
use crate::support::steps::{Op, Step, run};
use kit_runtime::dialect::Dialect;
use kit_runtime::wire::{Action, Cause, Down, Failure, Up};
use sea_orm_migration::prelude::*;

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
    Email,
    Name,
    FullName,
    PasswordHash,
    PhoneNumber,
    CreatedAt,
    UpdatedAt,
}

#[derive(DeriveIden)]
enum Posts {
    Table,
    Id,
    UserId,
    Title,
    Content,
    Published,
    CreatedAt,
}

fn id<T: IntoIden>(column: T) -> ColumnDef {
    ColumnDef::new(column).integer().not_null().auto_increment().primary_key().to_owned()
}

fn create_users() -> Step {
    let create = Table::create()
        .table(Users::Table)
        .if_not_exists()
        .col(id(Users::Id))
        .col(ColumnDef::new(Users::Email).string().not_null().unique_key())
        .col(ColumnDef::new(Users::Name).string().not_null())
        .col(ColumnDef::new(Users::PasswordHash).string().not_null())
        .col(ColumnDef::new(Users::CreatedAt).timestamp().not_null())
        .col(ColumnDef::new(Users::UpdatedAt).timestamp().not_null())
        .to_owned();
    Step::new("m1", vec![Op::CreateTable(create)], vec![Op::DropTable(drop(Users::Table))])
}

fn posts() -> TableCreateStatement {
    Table::create()
        .table(Posts::Table)
        .if_not_exists()
        .col(id(Posts::Id))
        .col(ColumnDef::new(Posts::UserId).integer().default(1))
        .col(ColumnDef::new(Posts::Title).string().not_null())
        .col(ColumnDef::new(Posts::Content).text().not_null())
        .col(ColumnDef::new(Posts::Published).boolean().not_null().default(false))
        .col(ColumnDef::new(Posts::CreatedAt).timestamp().not_null())
        .to_owned()
}

fn drop<T: IntoTableRef>(table: T) -> TableDropStatement {
    Table::drop().table(table).to_owned()
}

fn alter(change: impl FnOnce(&mut TableAlterStatement)) -> Op {
    let mut statement = Table::alter().table(Users::Table).to_owned();
    change(&mut statement);
    Op::AlterTable(statement)
}

/// The failure of a run of all, if it is one.
async fn all_up(database: &Database, steps: &[Step]) -> Result<(), Failure> {
    run(&database.session, steps, &[Action::Up(Up::default())]).await.1
}

/// Up, down, up and down of the last step; the laws of the head of this file. `shows` is in the schema in between.
async fn there_and_back(database: &Database, steps: &[Step], shows: &str) {
    let (last, before) = steps.split_last().unwrap();
    all_up(database, before).await.unwrap();
    let back = Action::Down(Down::Steps(1));
    let initial = database.schema().await;
    let outcome = all_up(database, steps).await;
    assert_eq!(outcome, Ok(()), "{:?}: {last:?}", database.dialect);
    let there = database.schema().await;
    assert_ne!(there, initial, "{:?}: {last:?}", database.dialect);
    assert!(there.to_lowercase().contains(&shows.to_lowercase()), "{:?}: no {shows} in {there}", database.dialect);
    for _ in 0..2 {
        let (_, outcome) = run(&database.session, steps, std::slice::from_ref(&back)).await;
        assert_eq!(outcome, Ok(()), "{:?}: {last:?}", database.dialect);
        assert_eq!(database.schema().await, initial, "{:?}: {last:?}", database.dialect);
        all_up(database, steps).await.unwrap();
        assert_eq!(database.schema().await, there, "{:?}: {last:?}", database.dialect);
    }
    let (_, outcome) = run(&database.session, steps, &[Action::Down(Down::All)]).await;
    assert_eq!(outcome, Ok(()), "{:?}: {last:?}", database.dialect);
    assert_eq!(database.schema().await, "");
}

/// The last step cannot be on this database: kit names it, says so, and nothing of it stays.
async fn unsupported(database: &Database, steps: &[Step]) {
    let (last, before) = steps.split_last().unwrap();
    all_up(database, before).await.unwrap();
    let initial = database.schema().await;
    let outcome = all_up(database, steps).await;
    let Err(Failure::Migration { name, cause: Cause::Unsupported, rolled_back: true, message, .. }) = outcome else {
        panic!("{:?}: {outcome:?}", database.dialect)
    };
    assert_eq!(name, last.name);
    assert!(!message.is_empty());
    assert_eq!(database.schema().await, initial);
    let (_, outcome) = run(&database.session, before, &[Action::Down(Down::All)]).await;
    assert_eq!(outcome, Ok(()));
}

#[tokio::test]
async fn creating_and_dropping_a_table() {
    for database in Database::all().await {
        there_and_back(&database, &[create_users()], "password_hash").await;
    }
}

#[tokio::test]
async fn every_column_type() {
    let column = || ColumnDef::new(Alias::new("c"));
    for database in Database::all().await {
        for (column, shows) in [
            (column().integer().to_owned(), "int"),
            (column().big_integer().to_owned(), if database.dialect == Dialect::Sqlite { "integer" } else { "bigint" }),
            (column().small_integer().to_owned(), "smallint"),
            (column().float().to_owned(), if database.dialect == Dialect::Postgres { "real" } else { "float" }),
            (column().double().to_owned(), "double"),
            (column().decimal().to_owned(), if database.dialect == Dialect::MySql { "decimal" } else { "c" }),
            (column().decimal_len(12, 3).to_owned(), "12"),
            (column().string().to_owned(), "var"),
            (column().string_len(100).to_owned(), "(100)"),
            (column().text().to_owned(), "text"),
            (column().boolean().to_owned(), if database.dialect == Dialect::MySql { "tinyint(1)" } else { "boolean" }),
            (column().timestamp().null().to_owned(), "timestamp"),
            (column().date().to_owned(), "date"),
            (column().time().to_owned(), "time"),
            (column().blob().to_owned(), if database.dialect == Dialect::Postgres { "bytea" } else { "blob" }),
            (column().json().to_owned(), if database.dialect == Dialect::MySql { "c" } else { "json" }),
            (column().uuid().to_owned(), if database.dialect == Dialect::MySql { "binary(16)" } else { "uuid" }),
        ] {
            let table = || Alias::new("typed");
            let create = Table::create().table(table()).col(id(Alias::new("id"))).col(column).to_owned();
            let step = Step::new("m1", vec![Op::CreateTable(create)], vec![Op::DropTable(drop(table()))]);
            there_and_back(&database, &[step], shows).await;
        }
    }
}

#[tokio::test]
async fn every_modifier() {
    let column = || ColumnDef::new(Alias::new("c"));
    for database in Database::all().await {
        let (not_null, null, unique) = match database.dialect {
            Dialect::Sqlite => ("c varchar not null", "column typed.c varchar\n", "unique constraint c"),
            Dialect::Postgres => ("c character varying not null", "column typed.c character varying\n", "unique (c)"),
            Dialect::MySql => ("varchar(255) not null", "varchar(255) default null", "unique key `c` (`c`)"),
        };
        for (column, shows) in [
            (column().string().not_null().to_owned(), not_null),
            (column().string().null().to_owned(), null),
            (column().string().default("it's a \"va\\lue\"").to_owned(), "va"),
            (column().integer().default(7).to_owned(), "default 7"),
            (column().boolean().not_null().default(true).to_owned(), "default "),
            (column().timestamp().not_null().default(Expr::current_timestamp()).to_owned(), "current_timestamp"),
            (column().string().unique_key().to_owned(), unique),
            (column().string_len(20).not_null().primary_key().to_owned(), "p"),
            (column().integer().not_null().auto_increment().primary_key().to_owned(), "int"),
            (column().big_integer().not_null().auto_increment().primary_key().to_owned(), "int"),
        ] {
            let table = || Alias::new("typed");
            let create = Table::create().table(table()).col(column).to_owned();
            let step = Step::new("m1", vec![Op::CreateTable(create)], vec![Op::DropTable(drop(table()))]);
            there_and_back(&database, &[step], shows).await;
        }
    }
}

#[tokio::test]
async fn adding_and_renaming_columns() {
    for database in Database::all().await {
        let add = alter(|table| {
            table.add_column(ColumnDef::new(Users::PhoneNumber).string().null());
        });
        let dropped = alter(|table| {
            table.drop_column(Users::PhoneNumber);
        });
        there_and_back(&database, &[create_users(), Step::new("m2", vec![add], vec![dropped])], "phone_number").await;
        let rename = alter(|table| {
            table.rename_column(Users::Name, Users::FullName);
        });
        let back = alter(|table| {
            table.rename_column(Users::FullName, Users::Name);
        });
        there_and_back(&database, &[create_users(), Step::new("m2", vec![rename], vec![back])], "full_name").await;
        let rename = Table::rename().table(Users::Table, Alias::new("people")).to_owned();
        let back = Table::rename().table(Alias::new("people"), Users::Table).to_owned();
        let step = Step::new("m2", vec![Op::RenameTable(rename)], vec![Op::RenameTable(back)]);
        there_and_back(&database, &[create_users(), step], "people").await;
    }
}

#[tokio::test]
async fn modifying_columns() {
    for database in Database::all().await {
        // 255 by itself is the default of one database only.
        let widened = |length: u32| {
            alter(|table| {
                table.modify_column(ColumnDef::new(Users::Name).string_len(length).not_null());
            })
        };
        let narrow = Step::new("m2", vec![widened(255)], vec![]);
        let wide = Step::new("m3", vec![widened(500)], vec![widened(255)]);
        if database.dialect == Dialect::Sqlite {
            unsupported(&database, &[create_users(), narrow]).await;
        } else {
            there_and_back(&database, &[create_users(), narrow, wide], "(500)").await;
        }
    }
}

#[tokio::test]
async fn indexes() {
    for database in Database::all().await {
        let index = || Index::create().name("idx_users").table(Users::Table).col(Users::Name).to_owned();
        let no_index = Op::DropIndex(Index::drop().name("idx_users").table(Users::Table).to_owned());
        for (index, shows) in [
            (index(), "name"),
            (index().unique().to_owned(), "unique"),
            (index().col(Users::CreatedAt).to_owned(), "created_at"),
            (index().col(Users::CreatedAt).unique().to_owned(), "created_at"),
            (index().if_not_exists().to_owned(), "idx_users"),
        ] {
            if database.dialect == Dialect::MySql && format!("{index:?}").contains("if_not_exists: true") {
                // No such words there; sea-query leaves them out.
                assert!(!index.to_string(MysqlQueryBuilder).contains("IF NOT EXISTS"));
            }
            let step = Step::new("m2", vec![Op::CreateIndex(index)], vec![no_index.clone()]);
            there_and_back(&database, &[create_users(), step], shows).await;
        }
        // As the guide drops one, without its table. The words of one database need the table there.
        let bare = Op::DropIndex(Index::drop().name("idx_users").to_owned());
        let steps = [create_users(), Step::new("m2", vec![Op::CreateIndex(index())], vec![bare])];
        if database.dialect == Dialect::MySql {
            all_up(&database, &steps).await.unwrap();
            let (_, outcome) = run(&database.session, &steps, &[Action::Down(Down::Steps(1))]).await;
            let Err(Failure::Migration { name, cause: Cause::Error | Cause::Panic, .. }) = outcome else {
                panic!("{outcome:?}")
            };
            assert_eq!(name, "m2");
        } else {
            there_and_back(&database, &steps, "idx_users").await;
        }
    }
}

/// InnoDB takes the words and keeps the key without the action; of RESTRICT, which is the default, it says nothing.
const KEY_WITHOUT_ACTION: &str = "fk_posts_user";

const ACTIONS: [(ForeignKeyAction, &str); 5] = [
    (ForeignKeyAction::Cascade, "cascade"),
    (ForeignKeyAction::SetNull, "set null"),
    (ForeignKeyAction::SetDefault, "set default"),
    (ForeignKeyAction::Restrict, "restrict"),
    (ForeignKeyAction::NoAction, "no action"),
];

#[tokio::test]
async fn foreign_keys_with_every_action() {
    for database in Database::all().await {
        for (action, words) in ACTIONS {
            let mut key = ForeignKey::create()
                .name("fk_posts_user")
                .from(Posts::Table, Posts::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(action)
                .on_update(action)
                .to_owned();
            let create = posts().foreign_key(&mut key).to_owned();
            let step = Step::new("m2", vec![Op::CreateTable(create)], vec![Op::DropTable(drop(Posts::Table))]);
            // The server's text leaves out what is the default.
            let shows = match (database.dialect, action) {
                (Dialect::Postgres, ForeignKeyAction::NoAction) => "foreign key (user_id) references users(id)",
                (Dialect::MySql, ForeignKeyAction::SetDefault | ForeignKeyAction::Restrict) => KEY_WITHOUT_ACTION,
                _ => words,
            };
            there_and_back(&database, &[create_users(), step], shows).await;
        }
    }
}

#[tokio::test]
async fn foreign_keys_on_an_existing_table() {
    for database in Database::all().await {
        for (action, words) in ACTIONS {
            let plain = Step::new("m2", vec![Op::CreateTable(posts())], vec![Op::DropTable(drop(Posts::Table))]);
            let key = ForeignKey::create()
                .name("fk_posts_user")
                .from(Posts::Table, Posts::UserId)
                .to(Users::Table, Users::Id)
                .on_delete(action)
                .to_owned();
            let mut down =
                vec![Op::DropForeignKey(ForeignKey::drop().name("fk_posts_user").table(Posts::Table).to_owned())];
            if database.dialect == Dialect::MySql {
                // The index that came with the key does not go with it.
                down.push(Op::DropIndex(Index::drop().name("fk_posts_user").table(Posts::Table).to_owned()));
            }
            let steps = [create_users(), plain, Step::new("m3", vec![Op::CreateForeignKey(key)], down)];
            let shows = match (database.dialect, action) {
                (_, ForeignKeyAction::NoAction) => "fk_posts_user",
                (Dialect::MySql, ForeignKeyAction::SetDefault | ForeignKeyAction::Restrict) => KEY_WITHOUT_ACTION,
                _ => words,
            };
            if database.dialect == Dialect::Sqlite {
                unsupported(&database, &steps).await;
            } else {
                there_and_back(&database, &steps, shows).await;
            }
        }
    }
}
