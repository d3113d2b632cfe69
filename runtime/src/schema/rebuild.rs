//! Making a table anew, where the database cannot alter it: the statement that made it is changed in one place, rows are
//! copied, and what stood around the table is put up again. Rows of other tables that refer to it are not touched: where
//! they would be, nothing is done, and it is said or left to the engine, which begins again without looking at keys.

use sea_orm_migration::prelude::*;

use super::definition::Definition;
use super::tables::Tables;
use crate::dialect::schema::anew;
use crate::sea_orm::manager::{begin, is_in_transaction, rows};

/// What a table is made anew with.
struct Work {
    /// Up to where the old one is still there.
    before: Vec<String>,
    after: Vec<String>,
    /// What the new one is called until then.
    aside: String,
    /// It has a foreign key that the old one does not have, so rows may refer to none.
    has_new_key: bool,
    /// Fails where a trigger or a view names a column that is gone.
    check: Option<String>,
}

/// Makes a table anew, with its definition as `edit` leaves it; `edit` says what stands against it. Indexes in `without` are
/// not put up again.
pub async fn change(
    tables: &Tables<'_>,
    table: &str,
    without: &[String],
    edit: impl FnOnce(&mut Definition) -> Result<(), DbErr> + Send,
) -> Result<(), DbErr> {
    let (mut definition, numbers) = read(tables, table).await?;
    let old = definition.clone();
    edit(&mut definition)?;
    let mut work = plan(tables, table, &definition, without, numbers).await?;
    work.has_new_key = definition.has_another_key_than(&old);
    let watched = tables.ask(tables.dialect.foreign_key_switch().map_or("", |switch| switch.read), &[]).await?;
    let watched = watched.first().and_then(|row| row.first()?.as_deref()) == Some("1");
    if !watched || !is_referred_to(tables, table).await? {
        let transaction = begin(tables.manager).await?;
        let outcome = async {
            let check = sound(&transaction, &work).await;
            copy(&transaction, table, &work).await?;
            perform(&transaction, &work.after).await?;
            perform(&transaction, check.as_slice()).await
        };
        return match outcome.await {
            Ok(()) => transaction.commit().await,
            Err(error) => {
                // It is of the session, and stays when the rest is taken back.
                let _ = transaction.execute_unprepared(&anew::rename_alone("0")).await;
                // The first failure is the one to report.
                let _ = transaction.rollback().await;
                Err(error)
            }
        };
    }
    if is_in_transaction(tables.manager) {
        let words = format!(
            "`{table}` has to be made anew, and rows of other tables refer to it: this needs `PRAGMA foreign_keys = OFF` \
             before the transaction, or kit, which sees to that"
        );
        for statement in anew::refuse(&tables.dialect.literal(&words)) {
            tables.execute(&statement).await?;
        }
        return Err(DbErr::Custom(words));
    }
    alone(tables, table, &work).await
}

/// The definition of a table.
pub async fn definition(tables: &Tables<'_>, table: &str) -> Result<Definition, DbErr> {
    Ok(read(tables, table).await?.0)
}

/// Executes statements, all or none.
pub async fn together(tables: &Tables<'_>, statements: &[String]) -> Result<(), DbErr> {
    let transaction = begin(tables.manager).await?;
    match perform(&transaction, statements).await {
        Ok(()) => transaction.commit().await,
        Err(error) => {
            // The first failure is the one to report.
            let _ = transaction.rollback().await;
            Err(error)
        }
    }
}

/// The definition of a table, and whether its rows have numbers of their own.
async fn read(tables: &Tables<'_>, table: &str) -> Result<(Definition, bool), DbErr> {
    let made = tables.ask(anew::TABLE, &[table]).await?;
    let Some([Some(sql), numbers]) = made.first().map(Vec::as_slice) else {
        return Err(DbErr::Custom(format!("`{table}` is no table that can be made anew")));
    };
    let Some(definition) = Definition::read(sql) else {
        return Err(DbErr::Custom(format!("the statement that made `{table}` cannot be read: {sql}")));
    };
    Ok((definition, numbers.as_deref() == Some("1")))
}

/// Outside of a transaction the keys can be left out of sight, in one go, since the next statement may be another session's.
/// What can fail is tried first.
async fn alone(tables: &Tables<'_>, table: &str, work: &Work) -> Result<(), DbErr> {
    let rehearsal = begin(tables.manager).await?;
    let check = sound(&rehearsal, work).await;
    let tried = copy(&rehearsal, table, work).await;
    rehearsal.rollback().await?;
    tried?;
    let statements: Vec<String> = work.before.iter().chain(&work.after).chain(&check).cloned().collect();
    let done = tables.execute(&anew::unwatched(&statements)).await;
    if done.is_err() {
        for statement in anew::GIVE_UP {
            // Where there is nothing to give up, it says so.
            let _ = tables.execute(statement).await;
        }
    }
    done
}

/// The check, if it passes as things are: what is broken already stands against nothing.
async fn sound(on: &impl ConnectionTrait, work: &Work) -> Option<String> {
    let check = work.check.clone()?;
    on.execute_unprepared(&check).await.is_ok().then_some(check)
}

async fn perform(on: &impl ConnectionTrait, statements: &[String]) -> Result<(), DbErr> {
    for statement in statements {
        on.execute_unprepared(statement).await?;
    }
    Ok(())
}

async fn plan(
    tables: &Tables<'_>,
    table: &str,
    definition: &Definition,
    without: &[String],
    numbers: bool,
) -> Result<Work, DbErr> {
    let quote = |name: &str| tables.dialect.quote(name);
    let aside = format!("kit_new_{table}");
    let (old, new) = (quote(table), quote(&aside));
    let names: Vec<String> = tables.ask(anew::COLUMNS, &[table]).await?.into_iter().flatten().flatten().collect();
    let mut columns: Vec<String> = names.iter().filter(|name| definition.has(name)).map(|name| quote(name)).collect();
    if numbers {
        columns.insert(0, "rowid".to_owned());
    }
    let columns = columns.join(", ");
    let before = vec![definition.write(&new), format!("INSERT INTO {new} ({columns}) SELECT {columns} FROM {old}")];
    let alone = tables.ask(anew::RENAMES_ALONE, &[]).await?.into_iter().flatten().flatten().next();
    let mut after = vec![
        format!("DROP TABLE {old}"),
        // Views that name the table would stand against its return.
        anew::rename_alone("1"),
        format!("ALTER TABLE {new} RENAME TO {old}"),
        anew::rename_alone(alone.as_deref().unwrap_or("0")),
    ];
    if !tables.ask(anew::HAS_SEQUENCES, &[]).await?.is_empty()
        && let Some(last) = tables.ask(anew::SEQUENCE, &[table]).await?.into_iter().flatten().flatten().next()
    {
        after.extend(anew::set_sequence(&tables.dialect.literal(table), &last));
    }
    for row in tables.ask(anew::AROUND, &[table]).await? {
        if let [_, Some(name), Some(sql)] = row.as_slice()
            && !without.contains(name)
        {
            after.push(sql.clone());
        }
    }
    let left =
        names.iter().find(|name| definition.has(name)).filter(|_| names.iter().any(|name| !definition.has(name)));
    let check = left.map(|name| format!("ALTER TABLE {old} RENAME COLUMN {} TO {}", quote(name), quote(name)));
    Ok(Work { before, after, aside, has_new_key: true, check })
}

/// Whether rows, of other tables or its own, would go or change with those of the table.
async fn is_referred_to(tables: &Tables<'_>, table: &str) -> Result<bool, DbErr> {
    for row in tables.ask(anew::CHILDREN, &[table]).await? {
        let [Some(child), Some(column)] = row.as_slice() else { continue };
        let (child, column) = (tables.dialect.quote(child), tables.dialect.quote(column));
        let one = format!("SELECT '1' FROM {child} WHERE {column} IS NOT NULL LIMIT 1");
        if !tables.ask(&one, &[]).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Copies the rows, and sees whether one of them leads nowhere that did not before.
async fn copy(on: &impl ConnectionTrait, table: &str, work: &Work) -> Result<(), DbErr> {
    perform(on, &work.before).await?;
    if !work.has_new_key {
        return Ok(());
    }
    let before = rows(on, anew::DANGLING, &[table]).await?;
    let now = rows(on, anew::DANGLING, &[work.aside.as_str()]).await?;
    match now.iter().find(|row| !before.contains(row)).and_then(|row| row.first()?.as_deref()) {
        Some(parent) => Err(DbErr::Custom(format!(
            "FOREIGN KEY constraint failed: rows of `{table}` refer to no row of `{parent}`"
        ))),
        None => Ok(()),
    }
}
