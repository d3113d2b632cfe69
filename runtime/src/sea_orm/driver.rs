//! The driver's pools, with a guard at the door: while a run has the lock, a connection that died is not replaced
//! without a word, and one that says that the lock is gone is given to nobody. Without the feature `drivers` the
//! project opens its own connections, and the lock is looked at only before kit's own writes.

#![cfg_attr(not(feature = "drivers"), allow(unused, reason = "drivers that are not there need less"))]

use sea_orm_migration::sea_orm::{ConnectOptions, DatabaseConnection, DbErr};

use super::guard::Guard;
use crate::connection::Row;

/// What a pool is to be like.
#[derive(Clone, Default)]
pub struct Pool {
    /// How to reach the server, where no URL says it.
    pub exact: Option<Exact>,
    /// Statement that every new connection starts with.
    pub first: Option<String>,
    /// Names of prepared statements mean nothing from one transaction to the next.
    pub lent: bool,
    /// Its one session has the lock.
    pub main: bool,
}

/// The address of a server in an application's own pool: more than a URL can hold.
#[derive(Clone)]
pub enum Exact {
    /// PostgreSQL's.
    #[cfg(feature = "sqlx-postgres")]
    Postgres(Box<sea_orm_migration::sea_orm::sqlx::postgres::PgConnectOptions>),
    /// MySQL's.
    #[cfg(feature = "sqlx-mysql")]
    MySql(Box<sea_orm_migration::sea_orm::sqlx::mysql::MySqlConnectOptions>),
}

/// Opens an application's own pool. The host of a URL may be an IPv6 address in brackets, with which the drivers ask a resolver.
///
/// # Errors
/// What the driver said.
pub async fn open_pool(options: ConnectOptions) -> Result<DatabaseConnection, DbErr> {
    #[cfg(feature = "driver")]
    if address(options.get_url()).is_some() {
        return with_drivers::connect_by_address(options).await;
    }
    sea_orm_migration::sea_orm::Database::connect(options).await
}

/// The IPv6 address that is the host of a URL, without its brackets.
pub fn address(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.strip_prefix('[')?.split_once(']').map(|(address, _)| address)
}

#[cfg(not(feature = "driver"))]
pub async fn unprepared(_connection: &DatabaseConnection, _sql: &str) -> Option<Result<Vec<Row>, DbErr>> {
    None
}

#[cfg(not(feature = "driver"))]
pub async fn open(options: ConnectOptions, _pool: Pool, _guard: &Guard) -> Result<DatabaseConnection, DbErr> {
    sea_orm_migration::sea_orm::Database::connect(options).await
}

#[cfg(not(feature = "driver"))]
pub async fn ask(_connection: &DatabaseConnection, _sql: &str) -> Result<Option<String>, DbErr> {
    Err(DbErr::Custom("there is no driver".to_owned()))
}

#[cfg(feature = "driver")]
pub use with_drivers::{ask, open, reached, unprepared};

#[cfg(feature = "driver")]
mod with_drivers {
    #[cfg(feature = "sqlx-mysql")]
    use sea_orm_migration::sea_orm::SqlxMySqlConnector;
    #[cfg(feature = "sqlx-postgres")]
    use sea_orm_migration::sea_orm::SqlxPostgresConnector;
    #[cfg(feature = "sqlx-sqlite")]
    use sea_orm_migration::sea_orm::SqlxSqliteConnector;
    use sea_orm_migration::sea_orm::sqlx::{self, ConnectOptions as _, Executor};
    use sea_orm_migration::sea_orm::{Database, DbBackend, RuntimeErr};

    use super::super::backend;
    use super::*;

    /// Prepared statements that a session on MySQL or MariaDB keeps, instead of 100. Beyond it each statement closes another, and with
    /// sqlx 0.9 that costs 40 ms; migrations of a whole project are hundreds.
    #[cfg(feature = "sqlx-mysql")]
    const STATEMENTS: usize = 2_000;

    pub async fn open(mut options: ConnectOptions, pool: Pool, guard: &Guard) -> Result<DatabaseConnection, DbErr> {
        let url = options.get_url().to_owned();
        // Opens nothing yet: SeaORM's own way from its options to the driver's.
        options.connect_lazy(true);
        let plan = Database::connect(options).await?;
        Ok(match backend(&plan) {
            #[cfg(feature = "sqlx-mysql")]
            DbBackend::MySql => {
                let plan = plan.get_mysql_connection_pool();
                let (first, second, own) = (guard.clone(), guard.clone(), pool.clone());
                let options = plan
                    .options()
                    .clone()
                    .before_acquire(move |connection, _| {
                        let guard = first.clone();
                        Box::pin(async move { Ok(passes(connection, &guard, mysql).await) })
                    })
                    .after_connect(move |connection, _| {
                        let (guard, pool) = (second.clone(), own.clone());
                        Box::pin(async move {
                            if let Some(sql) = &pool.first {
                                (&mut *connection).execute(text(sql)).await?;
                            }
                            if (pool.main && guard.is_on()) || !passes(&mut *connection, &guard, mysql).await {
                                guard.lose();
                                // Refused here, the pool would try until its patience is over.
                                let _ =
                                    connection.execute(text(crate::dialect::Dialect::MySql.end_own_session())).await;
                                return Ok(());
                            }
                            number(connection, &guard, crate::dialect::Dialect::MySql, mysql).await
                        })
                    });
                let place = match pool.exact {
                    Some(Exact::MySql(exact)) => *exact,
                    _ => match address(&url) {
                        Some(address) => (*plan.connect_options()).clone().host(address),
                        None => (*plan.connect_options()).clone(),
                    },
                };
                let place = place.statement_cache_capacity(STATEMENTS);
                let opened = options.connect_with(place).await.map_err(failed)?;
                SqlxMySqlConnector::from_sqlx_mysql_pool(opened)
            }
            #[cfg(feature = "sqlx-postgres")]
            DbBackend::Postgres => {
                let plan = plan.get_postgres_connection_pool();
                let (first, second, own) = (guard.clone(), guard.clone(), pool.clone());
                let options = plan
                    .options()
                    .clone()
                    .before_acquire(move |connection, _| {
                        let guard = first.clone();
                        Box::pin(async move { Ok(passes(connection, &guard, postgres).await) })
                    })
                    .after_connect(move |connection, _| {
                        let (guard, pool) = (second.clone(), own.clone());
                        Box::pin(async move {
                            if let Some(sql) = &pool.first {
                                (&mut *connection).execute(text(sql)).await?;
                            }
                            let replaced = pool.main && !pool.lent && guard.is_on();
                            if replaced || !passes(&mut *connection, &guard, postgres).await {
                                guard.lose();
                                // As above.
                                let _ =
                                    connection.execute(text(crate::dialect::Dialect::Postgres.end_own_session())).await;
                                return Ok(());
                            }
                            if pool.lent {
                                // The pooler gives this session to another client next.
                                return Ok(());
                            }
                            number(connection, &guard, crate::dialect::Dialect::Postgres, postgres).await
                        })
                    });
                let place = match pool.exact {
                    Some(Exact::Postgres(exact)) => *exact,
                    _ => match address(&url) {
                        Some(address) => (*plan.connect_options()).clone().host(address),
                        None => (*plan.connect_options()).clone(),
                    },
                };
                // SeaORM has a setting for that only since 1.1.17.
                let place = if pool.lent { place.statement_cache_capacity(0) } else { place };
                let opened = options.connect_with(place).await.map_err(failed)?;
                SqlxPostgresConnector::from_sqlx_postgres_pool(opened)
            }
            #[cfg(feature = "sqlx-sqlite")]
            DbBackend::Sqlite => {
                let plan = plan.get_sqlite_connection_pool();
                let guard = guard.clone();
                let options = plan.options().clone().after_connect(move |connection, _| {
                    let guard = guard.clone();
                    Box::pin(async move {
                        connection.lock_handle().await?.set_progress_handler(STEPS, move || !guard.cancels());
                        Ok(())
                    })
                });
                let opened = options.connect_with((*plan.connect_options()).clone()).await.map_err(failed)?;
                SqlxSqliteConnector::from_sqlx_sqlite_pool(opened)
            }
            _ => plan,
        })
    }

    /// Steps of SQLite's virtual machine between two questions whether a statement is to end: about a tenth of a millisecond.
    #[cfg(feature = "sqlx-sqlite")]
    const STEPS: i32 = 10_000;

    /// Notes the number of a new session.
    async fn number<'c, D, E>(
        connection: E,
        guard: &Guard,
        dialect: crate::dialect::Dialect,
        cell: fn(&D::Row) -> Option<String>,
    ) -> Result<(), sqlx::Error>
    where
        D: sqlx::Database,
        E: Executor<'c, Database = D>,
    {
        let Some(sql) = dialect.session_query() else { return Ok(()) };
        let row = connection.fetch_optional(text(&sql)).await?;
        if let Some(number) = row.and_then(|row| cell(&row)?.parse().ok()) {
            guard.add_session(number);
        }
        Ok(())
    }

    /// The first cell of a query's answer, without a prepared statement.
    pub async fn ask(connection: &DatabaseConnection, sql: &str) -> Result<Option<String>, DbErr> {
        match backend(connection) {
            #[cfg(feature = "sqlx-mysql")]
            DbBackend::MySql => {
                let row = connection.get_mysql_connection_pool().fetch_optional(text(sql)).await.map_err(failed)?;
                Ok(row.and_then(|row| mysql(&row)))
            }
            #[cfg(feature = "sqlx-postgres")]
            DbBackend::Postgres => {
                let row = connection.get_postgres_connection_pool().fetch_optional(text(sql)).await.map_err(failed)?;
                Ok(row.and_then(|row| postgres(&row)))
            }
            _ => Ok(None),
        }
    }

    /// All rows of a query as text, without a prepared statement; `None` where that is no quicker.
    pub async fn unprepared(connection: &DatabaseConnection, sql: &str) -> Option<Result<Vec<Row>, DbErr>> {
        match backend(connection) {
            #[cfg(feature = "sqlx-mysql")]
            DbBackend::MySql => {
                let failed = |error: sqlx::Error| DbErr::Query(RuntimeErr::SqlxError(error.into()));
                let rows = connection.get_mysql_connection_pool().fetch_all(text(sql)).await;
                let cells = |row: sqlx::mysql::MySqlRow| -> Result<Row, sqlx::Error> {
                    (0..sqlx::Row::len(&row)).map(|at| sqlx::Row::try_get(&row, at)).collect()
                };
                Some(rows.and_then(|rows| rows.into_iter().map(cells).collect()).map_err(failed))
            }
            _ => None,
        }
    }

    /// What leads to the database behind a pool: a URL, and the driver's own options where a URL cannot say all of it. `None` for
    /// a database in memory.
    pub fn reached(connection: &DatabaseConnection) -> Option<(String, Option<Exact>)> {
        match backend(connection) {
            // Only the scheme counts: the driver writes no URL for a user with a `/`, and panics at an IPv6 address.
            #[cfg(feature = "sqlx-mysql")]
            DbBackend::MySql => {
                let options = (*connection.get_mysql_connection_pool().connect_options()).clone();
                Some(("mysql://localhost".to_owned(), Some(Exact::MySql(Box::new(options)))))
            }
            #[cfg(feature = "sqlx-postgres")]
            DbBackend::Postgres => {
                let options = (*connection.get_postgres_connection_pool().connect_options()).clone();
                Some(("postgres://localhost".to_owned(), Some(Exact::Postgres(Box::new(options)))))
            }
            #[cfg(feature = "sqlx-sqlite")]
            DbBackend::Sqlite => {
                // These take their options by value in sqlx 0.7.
                let options = || (*connection.get_sqlite_connection_pool().connect_options()).clone();
                options().get_filename().is_file().then(|| (options().to_url_lossy().to_string(), None))
            }
            _ => None,
        }
    }

    /// Opens a pool on a server whose address is in brackets in the URL.
    pub async fn connect_by_address(mut options: ConnectOptions) -> Result<DatabaseConnection, DbErr> {
        let url = options.get_url().to_owned();
        let address = address(&url).unwrap_or_default();
        options.connect_lazy(true);
        let plan = Database::connect(options).await?;
        Ok(match backend(&plan) {
            #[cfg(feature = "sqlx-mysql")]
            DbBackend::MySql => {
                let plan = plan.get_mysql_connection_pool();
                let place = (*plan.connect_options()).clone().host(address);
                let opened = plan.options().clone().connect_with(place).await.map_err(failed)?;
                SqlxMySqlConnector::from_sqlx_mysql_pool(opened)
            }
            #[cfg(feature = "sqlx-postgres")]
            DbBackend::Postgres => {
                let plan = plan.get_postgres_connection_pool();
                let place = (*plan.connect_options()).clone().host(address);
                let opened = plan.options().clone().connect_with(place).await.map_err(failed)?;
                SqlxPostgresConnector::from_sqlx_postgres_pool(opened)
            }
            _ => plan,
        })
    }

    #[cfg(feature = "sqlx-mysql")]
    fn mysql(row: &<sqlx::MySql as sqlx::Database>::Row) -> Option<String> {
        sqlx::Row::try_get(row, 0).ok().flatten()
    }

    #[cfg(feature = "sqlx-postgres")]
    fn postgres(row: &<sqlx::Postgres as sqlx::Database>::Row) -> Option<String> {
        sqlx::Row::try_get(row, 0).ok().flatten()
    }

    /// Whether the lock is still this run's, where it is one that any session can ask for.
    async fn passes<'c, D, E>(connection: E, guard: &Guard, cell: fn(&D::Row) -> Option<String>) -> bool
    where
        D: sqlx::Database,
        E: Executor<'c, Database = D>,
    {
        let Some(question) = guard.question() else { return true };
        let answer = connection.fetch_optional(text(&question)).await;
        let passes = matches!(answer, Ok(Some(row)) if cell(&row).as_deref() == Some("1"));
        if !passes {
            guard.lose();
        }
        passes
    }

    /// Statements of kit's own; the drivers of different versions want to be told so in different ways.
    #[cfg(feature = "sea-orm-1")]
    fn text(sql: &str) -> &str {
        sql
    }

    #[cfg(not(feature = "sea-orm-1"))]
    fn text(sql: &str) -> sqlx::AssertSqlSafe<String> {
        sqlx::AssertSqlSafe(sql.to_owned())
    }

    fn failed(error: sqlx::Error) -> DbErr {
        DbErr::Conn(RuntimeErr::Internal(error.to_string()))
    }
}
