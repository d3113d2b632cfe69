//! The schema of a database that is a file, in a database in memory: statements that change the schema are executed there, and
//! catalogs are read there. It has no rows.

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, QueryResult, Statement as Question};

use super::super::{Handle, Session, Settings, version};
use crate::dialect::Dialect;

/// A schema without rows.
pub(super) struct Shadow(DatabaseConnection);

impl Shadow {
    /// Copies the schema of a session's database.
    pub(super) async fn of(session: &Session) -> Result<Self, DbErr> {
        let (Handle::Connection(real) | Handle::Pool(real, _)) = &session.handle else {
            return Err(DbErr::Custom("a transaction has no schema of its own".to_owned()));
        };
        let opened = Session::open(Settings::new("sqlite::memory:")).await?;
        let (Handle::Connection(own) | Handle::Pool(own, _)) = opened.handle else {
            return Err(DbErr::Custom("a database in memory has one connection".to_owned()));
        };
        own.execute_unprepared("PRAGMA foreign_keys = 0").await?;
        let question = Question::from_string(real.get_database_backend(), Dialect::Sqlite.schema_statements());
        for row in version::query(real, question).await? {
            let sql: String = row.try_get_by_index(0)?;
            // What needs an extension that only the real database has is left out.
            let _ = own.execute_unprepared(&sql).await;
        }
        own.execute_unprepared("SAVEPOINT kit_before").await?;
        Ok(Self(own))
    }

    pub(super) async fn execute(&self, sql: &str) -> Result<(), DbErr> {
        self.0.execute_unprepared(sql).await.map(|_| ())
    }

    pub(super) async fn query(&self, question: Question) -> Result<Vec<QueryResult>, DbErr> {
        version::query(&self.0, question).await
    }

    /// What was executed since stays.
    pub(super) async fn settle(&self) {
        // Both exist from the beginning.
        let _ = self.execute("RELEASE kit_before").await;
        let _ = self.execute("SAVEPOINT kit_before").await;
    }

    /// Undoes what was executed since it was settled.
    #[cfg(feature = "sea-orm-1")]
    pub(super) async fn rewind(&self) {
        // It exists from the beginning.
        let _ = self.execute("ROLLBACK TO kit_before").await;
    }
}
