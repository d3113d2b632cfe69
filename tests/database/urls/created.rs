//! Databases that kit creates have an encoding with every character, whatever the server's own is. The servers are the test's
//! own, since the default of a server holds for everybody on it.

use std::path::Path;

use crate::support::server::Server;
use kit::database::Target;
use kit_runtime::dialect::Dialect;

use crate::support::database::Database;

/// What `sql` returns in the database `name`, which kit has created.
async fn created(server: &Server, dialect: Dialect, name: &str, sql: &str) -> String {
    let url = format!("{}/{name}", server.url().rsplit_once('/').unwrap().0);
    Target::parse(&url, "test", Path::new("/nowhere")).unwrap().create().await.unwrap();
    let database = Database::of(dialect, &url).await;
    database.execute(&["CREATE TABLE t (a varchar(20))", "INSERT INTO t VALUES ('\u{1f980} \u{142}')"]).await;
    assert_eq!(database.value("(SELECT a FROM t)").await.as_deref(), Some("\u{1f980} \u{142}"));
    database.value(sql).await.unwrap()
}

#[tokio::test]
async fn a_postgresql_server_of_another_encoding_gives_a_utf8_database() {
    let server = Server::new(Dialect::Postgres).await;
    let admin = Database::of(Dialect::Postgres, &server.url()).await;
    let sql = "(SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database())";
    assert_eq!(created(&server, Dialect::Postgres, "usual", sql).await, "UTF8");
    for (number, encoding) in ["LATIN1", "SQL_ASCII"].into_iter().enumerate() {
        admin
            .execute(&[
                "ALTER DATABASE template1 IS_TEMPLATE false",
                "DROP DATABASE template1",
                &format!("CREATE DATABASE template1 TEMPLATE template0 ENCODING '{encoding}'"),
            ])
            .await;
        assert_eq!(created(&server, Dialect::Postgres, &format!("unusual{number}"), sql).await, "UTF8", "{encoding}");
    }
}

#[tokio::test]
async fn a_mariadb_server_keeps_its_collation_if_that_has_every_character() {
    let server = Server::new(Dialect::MySql).await;
    let admin = Database::of(Dialect::MySql, &server.url()).await;
    for (number, (configured, expected)) in [
        ("utf8mb4_polish_ci", "utf8mb4_polish_ci"),
        ("utf8mb4_bin", "utf8mb4_bin"),
        ("latin1_swedish_ci", "utf8mb4_unicode_520_ci"),
        ("utf8mb3_general_ci", "utf8mb4_unicode_520_ci"),
    ]
    .into_iter()
    .enumerate()
    {
        let characters = configured.split('_').next().unwrap();
        admin
            .execute(&[
                &format!("SET GLOBAL character_set_server = {characters}"),
                &format!("SET GLOBAL collation_server = {configured}"),
            ])
            .await;
        let collation = created(&server, Dialect::MySql, &format!("of{number}"), "@@collation_database").await;
        assert_eq!(collation, expected, "{configured}");
    }
}
