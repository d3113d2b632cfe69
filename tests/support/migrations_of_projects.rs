//! Migrations in the styles in which projects write them, as one list for each database. They are our own text; each does
//! one thing that scripts, dumps or rollbacks have stumbled over. They run through the engine without a build.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;

use kit_runtime::dialect::Dialect;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement as Question, TransactionTrait};

type Work<'a> = Pin<Box<dyn Future<Output = Result<(), DbErr>> + Send + 'a>>;

/// A migration of the list.
#[derive(Clone, Copy)]
pub struct Migration {
    pub name: &'static str,
    pub on: &'static [Dialect],
    pub transaction: Option<bool>,
    up: for<'a> fn(&'a SchemaManager<'a>) -> Work<'a>,
}

impl MigrationName for Migration {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        (self.up)(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        self.transaction
    }
}

thread_local! {
    static CHOSEN: Cell<(&'static [Migration], Dialect)> = const { Cell::new((&[], Dialect::Sqlite)) };
}

/// Chooses what [`Migrator`] has from now on, on this thread.
pub fn choose(list: &'static [Migration], dialect: Dialect) {
    CHOSEN.set((list, dialect));
}

/// A project's `Migrator` with the migrations that are chosen.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let (list, dialect) = CHOSEN.get();
        let own = list.iter().filter(|migration| migration.on.contains(&dialect));
        own.map(|migration| Box::new(*migration) as Box<dyn MigrationTrait>).collect()
    }
}

const ALL: &[Dialect] = &[Dialect::Sqlite, Dialect::Postgres, Dialect::MySql];
const SQLITE: &[Dialect] = &[Dialect::Sqlite];
const POSTGRES: &[Dialect] = &[Dialect::Postgres];
const MYSQL: &[Dialect] = &[Dialect::MySql];
const SERVERS: &[Dialect] = &[Dialect::Postgres, Dialect::MySql];

async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(sql).await.map(|_| ())
}

async fn rows(manager: &SchemaManager<'_>, sql: &str) -> Result<usize, DbErr> {
    let db = manager.get_connection();
    Ok(db.query_all_raw(Question::from_string(db.get_database_backend(), sql)).await?.len())
}

/// Adds a column unless the catalog has it, as helpers of projects do.
async fn add_unless_there(manager: &SchemaManager<'_>, table: &str, column: &str, kind: &str) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => format!("SELECT name FROM pragma_table_info('{table}') WHERE name = '{column}'"),
        DbBackend::Postgres => format!(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}' \
             AND column_name = '{column}'"
        ),
        _ => format!("SHOW COLUMNS FROM {table} LIKE '{column}'"),
    };
    match rows(manager, &sql).await? {
        0 => run(manager, &format!("ALTER TABLE {table} ADD COLUMN {column} {kind}")).await,
        _ => Ok(()),
    }
}

fn id(name: &str) -> Alias {
    Alias::new(name)
}

macro_rules! migrations {
    ($($name:literal $on:ident $transaction:expr, |$manager:ident| $work:block)*) => {
        &[$(Migration { name: $name, on: $on, transaction: $transaction, up: |$manager| Box::pin(async move { $work }) }),*]
    };
}

/// Migrations of which a script can say exactly what they do.
pub const DECIDED: &[Migration] = migrations! {
    "m001_builders" ALL None, |m| {
        let key = ColumnDef::new(id("id")).integer().not_null().auto_increment().primary_key().to_owned();
        let users = Table::create().table(id("users")).if_not_exists().col(key.clone())
            .col(ColumnDef::new(id("email")).string().not_null().unique_key())
            .col(ColumnDef::new(id("state")).string_len(20).not_null().default("new")).to_owned();
        m.create_table(users).await?;
        let author = ForeignKey::create().name("fk_posts_author").from(id("posts"), id("author_id"))
            .to(id("users"), id("id")).on_delete(ForeignKeyAction::Restrict).to_owned();
        let posts = Table::create().table(id("posts")).col(key).col(ColumnDef::new(id("author_id")).integer().not_null())
            .col(ColumnDef::new(id("title")).text().not_null()).foreign_key(&mut author.clone()).to_owned();
        m.create_table(posts).await
    }
    "m002_seed_with_subquery" ALL None, |m| {
        run(m, "INSERT INTO users (email) VALUES ('a@x'), ('b@x'); INSERT INTO posts (author_id, title) SELECT id, 'first; post' FROM users WHERE email = 'a@x'").await
    }
    "m003_helper_adds_what_is_there" ALL None, |m| {
        add_unless_there(m, "users", "email", "varchar(99)").await?;
        add_unless_there(m, "users", "nick", "varchar(99)").await?;
        add_unless_there(m, "users", "nick", "varchar(99)").await
    }
    "m004_guards" ALL None, |m| {
        if !m.has_column("users", "nick").await? { run(m, "CREATE TABLE wrong_1 (a int)").await?; }
        if m.has_table("Users").await? && m.get_database_backend() != DbBackend::Postgres { run(m, "CREATE TABLE other_case (a int)").await?; }
        if m.has_table("posts").await? { run(m, "CREATE TABLE guarded (a int)").await?; }
        Ok(())
    }
    "m005_two_tables_in_two_cases" SERVERS None, |m| {
        m.create_table(Table::create().table(id("Orders")).col(ColumnDef::new(id("Id")).integer()).to_owned()).await?;
        if !m.has_table("orders").await? {
            m.create_table(Table::create().table(id("orders")).col(ColumnDef::new(id("n")).integer()).to_owned()).await?;
        }
        if !m.has_column("Orders", "id").await? {
            m.alter_table(Table::alter().table(id("Orders")).add_column(ColumnDef::new(id("id")).integer()).to_owned()).await?;
        }
        Ok(())
    }
    "m006_backfill_that_reads" ALL None, |m| {
        let db = m.get_connection();
        let list = db.query_all_raw(Question::from_string(db.get_database_backend(), "SELECT id, email FROM users ORDER BY id")).await?;
        for row in list {
            let (key, email) = (row.try_get::<i32>("", "id")?, row.try_get::<String>("", "email")?);
            let update = Query::update().table(id("users")).value(id("nick"), email.replace('@', "-")).and_where(Expr::col(id("id")).eq(key)).to_owned();
            db.execute(&update).await?;
        }
        Ok(())
    }
    "m007_only_if_rows" ALL None, |m| {
        if rows(m, "SELECT 1 FROM posts, guarded RIGHT JOIN users ON 1 = 1, users u WHERE u.nick = 'a-x'").await? > 0 {
            run(m, "CREATE TABLE joined (a int)").await?;
        }
        Ok(())
    }
    "m008_ignores_a_column_that_exists" SQLITE None, |m| {
        let _ = run(m, "ALTER TABLE users ADD COLUMN nick text").await;
        let _ = m.drop_index(Index::drop().name("never_was").table(id("users")).to_owned()).await;
        run(m, "ALTER TABLE users ADD COLUMN age int").await
    }
    "m009_ignores_a_column_that_exists" MYSQL None, |m| {
        let _ = run(m, "ALTER TABLE users ADD COLUMN nick text").await;
        let _ = m.drop_index(Index::drop().name("never_was").table(id("users")).to_owned()).await;
        let _ = run(m, "DROP TABLE never_was").await;
        run(m, "ALTER TABLE users ADD COLUMN age int").await
    }
    "m010_ignores_without_a_transaction" POSTGRES Some(false), |m| {
        let _ = run(m, "ALTER TABLE users ADD COLUMN nick text").await;
        let _ = run(m, "CREATE TABLE lost (a int); CREATE TABLE users (a int)").await;
        let _ = run(m, "CREATE TYPE absent_check AS ENUM ('x')").await;
        let _ = run(m, "CREATE TYPE absent_check AS ENUM ('y')").await;
        run(m, "ALTER TABLE users ADD COLUMN age int; CREATE TABLE kept (a int)").await
    }
    "m011_ignores_within_a_savepoint" POSTGRES None, |m| {
        let inner = m.get_connection().begin().await?;
        if inner.execute_unprepared("ALTER TABLE users ADD COLUMN nick text").await.is_ok() { inner.commit().await?; } else { inner.rollback().await?; }
        run(m, "ALTER TABLE users ADD COLUMN zip text").await
    }
    "m012_conditional_words" SERVERS None, |m| {
        run(m, "ALTER TABLE users ADD COLUMN IF NOT EXISTS nick varchar(9)").await?;
        run(m, "DROP TABLE IF EXISTS never_was").await?;
        run(m, "CREATE TABLE IF NOT EXISTS users (wrong int)").await?;
        run(m, "ALTER TABLE users DROP COLUMN IF EXISTS never_was").await?;
        run(m, "CREATE INDEX IF NOT EXISTS users_age ON users (age)").await?;
        run(m, "CREATE INDEX IF NOT EXISTS users_age ON users (nick)").await
    }
    "m013_ledger" ALL None, |m| {
        run(m, "DELETE FROM seaql_migrations WHERE version = 'm000_squashed'; INSERT INTO seaql_migrations (version, applied_at) VALUES ('m000_base', 7)").await?;
        if rows(m, "SELECT 1 FROM seaql_migrations WHERE version IN ('m001_builders', 'm000_base')").await? != 2 { run(m, "CREATE TABLE wrong_2 (a int)").await?; }
        if !m.has_table("seaql_migrations").await? { run(m, "CREATE TABLE wrong_3 (a int)").await?; }
        Ok(())
    }
    "m014_ledger_is_tidied" ALL None, |m| {
        run(m, "UPDATE seaql_migrations SET version = 'm000_renamed' WHERE version = 'm000_base'").await
    }
    "m015_enum_value_is_used" POSTGRES None, |m| {
        run(m, "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE moods (m mood)").await?;
        run(m, "ALTER TYPE mood ADD VALUE 'glad'; COMMIT; BEGIN;").await?;
        run(m, "INSERT INTO moods VALUES ('glad')").await
    }
    "m016_after_the_commit" POSTGRES None, |m| { run(m, "CREATE TABLE after_commit (a int)").await }
    "m017_commits_and_stays_outside" POSTGRES None, |m| {
        run(m, "CREATE TABLE half (a int)").await?;
        run(m, "COMMIT").await?;
        run(m, "INSERT INTO half VALUES (1)").await
    }
    "m018_enum_guard" POSTGRES None, |m| {
        if rows(m, "SELECT 1 FROM pg_type WHERE typname = 'mood'").await? == 0 { run(m, "CREATE TYPE mood AS ENUM ('bad')").await?; }
        if rows(m, "SELECT 1 FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typname = 'hue' AND n.nspname = 'public'").await? == 0 { run(m, "CREATE TYPE hue AS ENUM ('red')").await?; }
        if rows(m, "SELECT 1 FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = 'hue' AND e.enumlabel = 'red'").await? == 0 { run(m, "CREATE TABLE wrong_4 (a int)").await?; }
        if rows(m, "SELECT 1 FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = 'hue' AND e.enumlabel = 'blue'").await? == 0 { run(m, "ALTER TYPE hue ADD VALUE 'blue'").await?; }
        Ok(())
    }
    "m019_index_and_constraint_guards" POSTGRES None, |m| {
        run(m, "ALTER TABLE posts ADD CONSTRAINT title_length CHECK (length(title) > 0); CREATE INDEX posts_title ON posts (title)").await?;
        for (name, sql) in [
            ("g1", "SELECT 1 FROM pg_constraint WHERE conname = 'title_length'"),
            ("g2", "SELECT 1 FROM pg_indexes WHERE schemaname = 'public' AND indexname = 'posts_title'"),
            ("g3", "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'posts_title' AND n.nspname = 'public'"),
            ("g4", "SELECT 1 FROM information_schema.table_constraints WHERE table_name = 'posts' AND constraint_name = 'posts_pkey'"),
            ("g5", "SELECT 1 FROM pg_catalog.pg_tables WHERE tablename = 'posts'"),
            ("g6", "SELECT 1 FROM information_schema.tables WHERE table_name = 'absent'"),
            ("g7", "SELECT 1 FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'age' AND data_type = 'integer' AND is_nullable = 'YES'"),
        ] {
            if rows(m, sql).await? > 0 { run(m, &format!("CREATE TABLE {name} (a int)")).await?; }
        }
        if m.has_index("posts", "posts_pkey").await? && m.has_index("users", "users_email_key").await? { run(m, "CREATE TABLE g8 (a int)").await?; }
        Ok(())
    }
    "m020_catalog_guards" MYSQL None, |m| {
        run(m, "ALTER TABLE posts ADD CONSTRAINT posts_u UNIQUE (author_id, id), ADD INDEX posts_i (author_id)").await?;
        for (name, sql) in [
            ("g1", "SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'posts' AND index_name = 'POSTS_I'"),
            ("g2", "SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'AGE'"),
            ("g3", "SHOW COLUMNS FROM users WHERE Field = 'age'"),
            ("g4", "SHOW INDEX FROM posts WHERE Key_name = 'posts_u'"),
            ("g5", "SHOW TABLES LIKE 'posts'"),
            ("g6", "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'absent'"),
            ("g7", "DESCRIBE users"),
            ("g8", "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'POSTS'"),
        ] {
            if rows(m, sql).await? > 0 { run(m, &format!("CREATE TABLE {name} (a int)")).await?; }
        }
        if m.has_index("posts", "PRIMARY").await? { run(m, "CREATE TABLE g9 (a int)").await?; }
        Ok(())
    }
    "m021_catalog_guards" SQLITE None, |m| {
        run(m, "CREATE UNIQUE INDEX Posts_Title ON posts (title)").await?;
        for (name, sql) in [
            ("g1", "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = 'Posts_Title'"),
            ("g2", "PRAGMA table_info(users)"),
            ("g3", "SELECT 1 FROM pragma_index_list('posts') WHERE \"unique\" = 1"),
            ("g4", "SELECT 1 FROM sqlite_schema WHERE sql LIKE '%age int%'"),
            ("g5", "SELECT 1 FROM pragma_foreign_key_list('posts') WHERE \"table\" = 'users'"),
            ("g6", "SELECT 1 FROM sqlite_master WHERE name = 'absent'"),
        ] {
            if rows(m, sql).await? > 0 { run(m, &format!("CREATE TABLE {name} (a int)")).await?; }
        }
        Ok(())
    }
    "m022_rebuilds_a_parent" SQLITE None, |m| {
        run(m, "CREATE TABLE users_new (id integer PRIMARY KEY AUTOINCREMENT, email text NOT NULL UNIQUE, state text, nick text, age int)").await?;
        run(m, "INSERT INTO users_new SELECT id, email, state, nick, age FROM users").await?;
        run(m, "DROP TABLE users").await?;
        run(m, "ALTER TABLE users_new RENAME TO users").await
    }
    "m023_after_the_rebuild" SQLITE None, |m| {
        if rows(m, "SELECT 1 FROM posts JOIN users ON users.id = author_id").await? == 1 { run(m, "CREATE TABLE still_there (a int)").await?; }
        Ok(())
    }
    "m024_edits_its_own_definition" SQLITE None, |m| {
        let db = m.get_connection();
        let row = db.query_one_raw(Question::from_string(DbBackend::Sqlite, "SELECT sql FROM sqlite_master WHERE name = 'guarded'")).await?;
        let sql: String = row.map_or(Ok(String::new()), |row| row.try_get("", "sql"))?;
        run(m, &sql.replace("guarded", "guarded_copy").replace("a int", "a int, b text DEFAULT 'x'")).await
    }
    "m025_view" ALL None, |m| {
        run(m, "CREATE VIEW authors AS SELECT u.email, p.title FROM users u JOIN posts p ON p.author_id = u.id").await?;
        if rows(m, "SELECT * FROM authors").await? == 1 { run(m, "CREATE TABLE view_has_a_row (a int)").await?; }
        Ok(())
    }
    "m026_function_and_trigger" POSTGRES None, |m| {
        run(m, "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN NEW.state := 'touched'; RETURN NEW; END $body$; \
                CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch()").await?;
        run(m, "UPDATE users SET nick = 'n' WHERE email = 'b@x'").await
    }
    "m027_trigger" SQLITE None, |m| {
        run(m, "CREATE TABLE log (line text); CREATE TRIGGER users_log AFTER UPDATE ON users BEGIN INSERT INTO log VALUES ('changed; ' || NEW.id); END; UPDATE users SET nick = 'n' WHERE email = 'b@x'").await
    }
    "m028_trigger" MYSQL None, |m| {
        run(m, "CREATE TABLE log (line text); CREATE TRIGGER users_log AFTER UPDATE ON users FOR EACH ROW BEGIN INSERT INTO log VALUES (CONCAT('changed; ', NEW.id)); END; UPDATE users SET nick = 'n' WHERE email = 'b@x'").await
    }
    "m029_concurrently" POSTGRES Some(false), |m| { run(m, "CREATE INDEX CONCURRENTLY users_zip ON users (zip)").await }
    "m030_one_statement_outside" ALL Some(false), |m| {
        run(m, "INSERT INTO guarded VALUES (1)").await?;
        run(m, "INSERT INTO guarded VALUES (2)").await
    }
    "m031_data_and_schema" ALL Some(true), |m| {
        run(m, "INSERT INTO guarded VALUES (3)").await?;
        run(m, "UPDATE guarded SET a = a * 10 WHERE a < 3").await
    }
    "m032_own_transactions" ALL None, |m| {
        let kept = m.get_connection().begin().await?;
        kept.execute_unprepared("INSERT INTO guarded VALUES (5)").await?;
        kept.commit().await?;
        let undone = m.get_connection().begin().await?;
        undone.execute_unprepared("INSERT INTO guarded VALUES (6)").await?;
        undone.rollback().await?;
        if rows(m, "SELECT a FROM guarded WHERE a = 6").await? > 0 { run(m, "CREATE TABLE wrong_5 (a int)").await?; }
        Ok(())
    }
    "m033_own_transaction_outside" ALL Some(false), |m| {
        let kept = m.get_connection().begin().await?;
        kept.execute_unprepared("INSERT INTO guarded VALUES (7)").await?;
        kept.commit().await?;
        run(m, "INSERT INTO guarded VALUES (8)").await
    }
    "m034_renames" ALL None, |m| {
        m.rename_table(Table::rename().table(id("guarded"), id("watched")).to_owned()).await?;
        run(m, "ALTER TABLE watched RENAME COLUMN a TO n").await?;
        if m.has_table("guarded").await? || m.has_column("watched", "a").await? || !m.has_column("watched", "n").await? { run(m, "CREATE TABLE wrong_6 (a int)").await?; }
        run(m, "INSERT INTO watched (n) SELECT n + 100 FROM watched WHERE n = 3").await
    }
    "m035_drops_and_creates_again" ALL None, |m| {
        run(m, "DROP TABLE watched").await?;
        if m.has_table("watched").await? { run(m, "CREATE TABLE wrong_7 (a int)").await?; }
        run(m, "CREATE TABLE watched (n int, label varchar(20) DEFAULT 'none')").await?;
        run(m, "INSERT INTO watched (n) VALUES (1), (2)").await
    }
    "m036_column_comes_back" SERVERS None, |m| {
        run(m, "ALTER TABLE watched DROP COLUMN label").await?;
        if m.has_column("watched", "label").await? { run(m, "CREATE TABLE wrong_8 (a int)").await?; }
        run(m, "ALTER TABLE watched ADD COLUMN label int").await?;
        if m.has_column("watched", "label").await? { run(m, "UPDATE watched SET label = n + 1").await?; }
        Ok(())
    }
    "m037_table_from_a_query" ALL None, |m| {
        run(m, "CREATE TABLE counted AS SELECT n, n * 2 AS twice FROM watched").await?;
        if rows(m, "SELECT twice FROM counted WHERE twice = 4").await? == 1 { run(m, "CREATE TABLE counted_well (a int)").await?; }
        Ok(())
    }
    "m038_quotes_and_comments" ALL None, |m| {
        run(m, "-- a comment; with an end\nINSERT INTO watched (n) VALUES (3); /* another; one */ INSERT INTO watched (n) VALUES (4)").await
    }
    "m039_block_with_exception" POSTGRES None, |m| {
        run(m, "DO $$ BEGIN CREATE TYPE mood AS ENUM ('other'); EXCEPTION WHEN duplicate_object THEN NULL; END $$").await?;
        run(m, "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'tone') THEN CREATE TYPE tone AS ENUM ('low'); END IF; END $$").await?;
        run(m, "CREATE TABLE tones (t tone)").await
    }
    "m040_reads_beside_a_block" POSTGRES None, |m| {
        if m.has_table("watched").await? && rows(m, "SELECT 1 FROM watched").await? == 4 { run(m, "CREATE TABLE beside (a int)").await?; }
        Ok(())
    }
    "m041_deletes_and_numbers_on" ALL None, |m| {
        let insert = |email: &str| Query::insert().into_table(id("users")).columns([id("email")]).values_panic([email.into()]).to_owned();
        m.get_connection().execute(&insert("c@x")).await?;
        run(m, "DELETE FROM users WHERE email = 'c@x'").await?;
        m.get_connection().execute(&insert("d@x")).await.map(|_| ())
    }
    "m042_partitions" POSTGRES None, |m| {
        run(m, "CREATE TABLE events (at date) PARTITION BY RANGE (at); CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')").await?;
        run(m, "INSERT INTO events VALUES ('2024-05-05')").await
    }
    "m043_other_schema" POSTGRES None, |m| {
        run(m, "CREATE SCHEMA archive; CREATE TABLE archive.users (a int); INSERT INTO archive.users VALUES (1)").await?;
        if !m.has_column("users", "email").await? || rows(m, "SELECT title FROM posts, archive.users").await? != 1 { run(m, "CREATE TABLE wrong_9 (a int)").await?; }
        Ok(())
    }
    "m044_procedure" MYSQL None, |m| {
        run(m, "CREATE PROCEDURE fill() BEGIN DECLARE i int DEFAULT 0; WHILE i < 3 DO INSERT INTO watched (n) VALUES (i); SET i = i + 1; END WHILE; END").await
    }
    "m046_numbers_after_rows_are_gone" ALL None, |m| {
        let db = m.get_connection();
        m.create_table(Table::create().table(id("tags")).col(ColumnDef::new(id("id")).integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(id("label")).string()).to_owned()).await?;
        run(m, "CREATE TABLE tagged (tag int); INSERT INTO tags (label) VALUES ('a'), ('b'), ('c'); DELETE FROM tags WHERE label <> 'a'").await?;
        let mut insert = Query::insert().into_table(id("tags")).columns([id("label")]).values_panic(["d".into()]).to_owned();
        let key = match db.get_database_backend() {
            DbBackend::MySql => db.execute(&insert).await?.last_insert_id() as i32,
            _ => db.query_one(&insert.returning_col(id("id")).to_owned()).await?.map_or(Ok(0), |row| row.try_get::<i32>("", "id"))?,
        };
        run(m, &format!("INSERT INTO tagged VALUES ({key})")).await
    }
    "m047_answers_to_names" ALL None, |m| {
        m.create_table(Table::create().table(id("Cased")).col(ColumnDef::new(id("Id")).integer().not_null().primary_key()).col(ColumnDef::new(id("low")).integer()).to_owned()).await?;
        m.create_index(Index::create().name("Ix_Cased").table(id("Cased")).col(id("low")).to_owned()).await?;
        run(m, "CREATE TABLE answers (question varchar(40), answer int)").await?;
        for (question, answer) in [
            ("table Cased", m.has_table("Cased").await?), ("table cased", m.has_table("cased").await?), ("table CASED", m.has_table("CASED").await?),
            ("column Cased.Id", m.has_column("Cased", "Id").await?), ("column Cased.id", m.has_column("Cased", "id").await?),
            ("column Cased.LOW", m.has_column("Cased", "LOW").await?), ("column cased.low", m.has_column("cased", "low").await?),
            ("index Ix_Cased", m.has_index("Cased", "Ix_Cased").await?), ("index ix_cased", m.has_index("Cased", "ix_cased").await?),
            ("index of cased", m.has_index("cased", "Ix_Cased").await?), ("key Cased_pkey", m.has_index("Cased", "Cased_pkey").await?),
            ("key PRIMARY", m.has_index("Cased", "PRIMARY").await?), ("index of another", m.has_index("users", "Ix_Cased").await?),
        ] {
            run(m, &format!("INSERT INTO answers VALUES ('{question}', {})", i32::from(answer))).await?;
        }
        Ok(())
    }
    "m048_answers_after_a_rename" SERVERS None, |m| {
        m.rename_table(Table::rename().table(id("Cased"), id("renamed")).to_owned()).await?;
        for (question, answer) in [
            ("renamed", m.has_table("renamed").await?), ("renamed.Id", m.has_column("renamed", "Id").await?),
            ("renamed Ix_Cased", m.has_index("renamed", "Ix_Cased").await?), ("renamed Cased_pkey", m.has_index("renamed", "Cased_pkey").await?),
            ("Cased again", m.has_table("Cased").await?), ("Cased Ix_Cased", m.has_index("Cased", "Ix_Cased").await?),
        ] {
            run(m, &format!("INSERT INTO answers VALUES ('{question}', {})", i32::from(answer))).await?;
        }
        Ok(())
    }
    "m049_session" ALL None, |m| {
        match m.get_database_backend() {
            DbBackend::Postgres => run(m, "SET LOCAL statement_timeout = 5000; COMMENT ON TABLE users IS 'it''s us'").await,
            DbBackend::MySql => run(m, "SET @x = 1; ALTER TABLE users COMMENT = 'it''s us'").await,
            _ => run(m, "PRAGMA recursive_triggers").await,
        }
    }
};

/// Migrations, each for an empty database, that ask what only a run can answer.
pub const UNDECIDED: &[Migration] = migrations! {
    "u01_catalog_by_number" POSTGRES None, |m| {
        run(m, "CREATE TABLE a (x int)").await?;
        rows(m, "SELECT attname FROM pg_attribute WHERE attrelid = 'a'::regclass").await.map(|_| ())
    }
    "u02_statements_that_are_made_in_a_block" POSTGRES None, |m| {
        run(m, "DO $$ BEGIN EXECUTE 'CREATE TABLE made (x int)'; END $$").await?;
        if m.has_table("made").await? { run(m, "INSERT INTO made VALUES (1)").await?; }
        Ok(())
    }
    "u03_a_block_that_names_the_table" POSTGRES None, |m| {
        run(m, "CREATE TABLE a (x int); DO $$ BEGIN IF true THEN ALTER TABLE a ADD COLUMN y int; END IF; END $$").await?;
        m.has_column("a", "y").await.map(|_| ())
    }
    "u04_a_number_of_a_sequence" POSTGRES None, |m| {
        run(m, "CREATE SEQUENCE s START 7").await?;
        rows(m, "SELECT nextval('s')").await.map(|_| ())
    }
    "u05_rows_after_a_trigger" SQLITE None, |m| {
        run(m, "CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES (NEW.x); END; INSERT INTO a VALUES (1)").await?;
        rows(m, "SELECT x FROM b").await.map(|_| ())
    }
    "u06_rows_after_a_trigger" MYSQL None, |m| {
        run(m, "CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW INSERT INTO b VALUES (NEW.x); INSERT INTO a VALUES (1)").await?;
        rows(m, "SELECT x FROM b").await.map(|_| ())
    }
    "u07_rows_after_a_routine_of_a_trigger" POSTGRES None, |m| {
        run(m, "CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE FUNCTION copy_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO b VALUES (NEW.x); RETURN NEW; END $$; CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION copy_row(); INSERT INTO a VALUES (1)").await?;
        rows(m, "SELECT x FROM b").await.map(|_| ())
    }
    "u08_rows_that_a_foreign_key_deletes" ALL None, |m| {
        run(m, "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a_id int, FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE CASCADE); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); DELETE FROM a").await?;
        rows(m, "SELECT a_id FROM b").await.map(|_| ())
    }
    "u09_rows_of_a_procedure" MYSQL None, |m| {
        run(m, "CREATE TABLE a (x int); CREATE PROCEDURE p() INSERT INTO a VALUES (1)").await?;
        run(m, "CALL p()").await?;
        rows(m, "SELECT x FROM a").await.map(|_| ())
    }
    "u10_the_text_of_a_table" MYSQL None, |m| {
        run(m, "CREATE TABLE a (x int)").await?;
        rows(m, "SHOW CREATE TABLE a").await.map(|_| ())
    }
    "u11_rows_that_refer_to_none" SQLITE None, |m| {
        run(m, "CREATE TABLE a (x int)").await?;
        rows(m, "PRAGMA foreign_key_check").await.map(|_| ())
    }
    "u12_another_search_path" POSTGRES None, |m| {
        run(m, "CREATE SCHEMA other; CREATE TABLE other.a (x int); CREATE TABLE a (y int); SET LOCAL search_path TO other").await?;
        m.has_table("a").await.map(|_| ())
    }
};

/// Migrations that ignore an error where the server does not: in a transaction that it ends.
pub const ABORTED: &[Migration] = migrations! {
    "a01_table" POSTGRES None, |m| { run(m, "CREATE TABLE a (x int)").await }
    "a02_ignores_an_error" POSTGRES None, |m| {
        run(m, "CREATE TABLE b (x int)").await?;
        let _ = run(m, "ALTER TABLE a ADD COLUMN x int").await;
        let _ = run(m, "INSERT INTO a VALUES (1)").await;
        Ok(())
    }
    "a03_table" POSTGRES None, |m| { run(m, "CREATE TABLE c (x int)").await }
};
