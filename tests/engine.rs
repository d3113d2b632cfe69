//! smoke
#[path = "support/database.rs"]
mod database;
use database::Database;

#[tokio::test]
async fn empty_databases_are_empty() {
    for database in Database::all().await {
        assert_eq!(database.schema().await, "");
        database.execute(&["CREATE TABLE t (id int NOT NULL PRIMARY KEY, x varchar(20) UNIQUE)"]).await;
        println!("{}", database.schema().await);
        assert!(database.has_table("t").await);
        assert_eq!(database.value("1 + 1").await.as_deref(), Some("2"));
    }
}
