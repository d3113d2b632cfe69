//! The fixture of Loco's guide to models, with its table: it is loaded, loaded again after a reset, and written to files.

use super::*;

/// "Creating a new seed": the rows as printed, with the values of required columns that the guide leaves out.
const FIXTURE: &str = r#"---
- id: 1
  pid: 11111111-1111-1111-1111-111111111111
  email: user1@example.com
  password: "$2b$12$gf4o2FShIahg/GY6YkK2wOcs8w4.lu444wP6BL3FyjX0GsxnEV6ZW"
  name: user1
  created_at: "2023-11-12T12:34:56.789"
- id: 2
  pid: 22222222-2222-2222-2222-222222222222
  email: user2@example.com
  reset_token: "SJndjh2389hNJKnJI90U32NKJ"
  password: "$2b$12$gf4o2FShIahg/GY6YkK2wOcs8w4.lu444wP6BL3FyjX0GsxnEV6ZW"
  name: user2
  created_at: "2023-11-12T12:34:56.789"
"#;

#[tokio::test]
async fn the_fixture_of_locos_guide_is_loaded_and_written() {
    for database in Database::all().await {
        let [id, uuid, moment] = match database.dialect {
            Dialect::Sqlite => ["integer PRIMARY KEY AUTOINCREMENT", "uuid_text", "timestamp_text"],
            Dialect::Postgres => ["serial4 PRIMARY KEY", "uuid", "timestamp"],
            Dialect::MySql => ["int AUTO_INCREMENT PRIMARY KEY", "char(36)", "datetime(3)"],
        };
        let create = format!(
            "CREATE TABLE users (id {id}, pid {uuid} NOT NULL, email varchar(100) NOT NULL, password varchar(100) NOT NULL, \
             name varchar(100) NOT NULL, reset_token varchar(100) NULL, \
             created_at {moment} NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT users_email_key UNIQUE (email))"
        );
        database.execute(&[&create]).await;
        // No `--from`: kit reads Loco's folder where the project has none of its own.
        let sandbox = project(&database).file("src/fixtures/users.yaml", FIXTURE);
        ok(&sandbox, &["db:seed"]);
        assert_eq!(database.value("(SELECT reset_token FROM users WHERE id = 1)").await, None);
        let token = database.value("(SELECT reset_token FROM users WHERE id = 2)").await;
        assert_eq!(token.as_deref(), Some("SJndjh2389hNJKnJI90U32NKJ"));
        let password = database.value("(SELECT password FROM users WHERE id = 1)").await.unwrap();
        assert!(password.starts_with("$2b$12$gf4o2FSh"), "{password}");
        let loaded = contents(&database).await;
        // Loco's `db seed --reset`, and its `--dump` with `--from`.
        database.execute(&["UPDATE users SET name = 'Eve'"]).await;
        ok(&sandbox, &["db:seed", "--reset", "--force"]);
        assert_eq!(contents(&database).await, loaded, "{:?}", database.dialect);
        ok(&sandbox, &["db:seed", "--dump", "--from", "dumped"]);
        ok(&sandbox, &["db:seed", "--reset", "--from", "dumped", "--force"]);
        assert_eq!(contents(&database).await, loaded, "{:?}", database.dialect);
        // A required column is missing: its file and row are named, and the rows before it are not stored.
        database.execute(&["DELETE FROM users"]).await;
        sandbox.write("src/fixtures/users.yaml", &FIXTURE.replace("  email: user2@example.com\n", ""));
        let failed = fails(&sandbox, &["db:seed"]);
        assert!(place(&failed).starts_with("users.yaml:8 row 2"), "{failed}");
        assert_eq!(database.value("(SELECT COUNT(*) FROM users)").await.as_deref(), Some("0"));
    }
}
