//! A schema that uses what each database has, in its own words: types, nullability, defaults, numbering, keys of several
//! columns, references to itself, two to one table, in a circle, enums, arrays, checks, comments, indexes of all kinds.

use kit_runtime::dialect::Dialect;

/// The statements that create it.
pub fn everything(dialect: Dialect) -> Vec<String> {
    let mut statements: Vec<&str> = match dialect {
        Dialect::Sqlite => SQLITE.to_vec(),
        Dialect::Postgres => POSTGRES.to_vec(),
        Dialect::MySql => MYSQL.to_vec(),
    };
    statements.extend(COMMON);
    let id = match dialect {
        Dialect::Sqlite => "integer NOT NULL PRIMARY KEY AUTOINCREMENT",
        Dialect::Postgres => "serial PRIMARY KEY",
        Dialect::MySql => "int NOT NULL AUTO_INCREMENT PRIMARY KEY",
    };
    let int = if dialect == Dialect::Sqlite { "integer" } else { "int" };
    let later = |sql: &&str| !(dialect == Dialect::Sqlite && sql.starts_with("ALTER TABLE"));
    let circle = if dialect == Dialect::Sqlite {
        ", FOREIGN KEY (head_id) REFERENCES staff (id) ON DELETE SET NULL"
    } else {
        ""
    };
    let words = |sql: &str| sql.replace("{id}", id).replace("{int}", int).replace("{circle}", circle);
    statements.into_iter().filter(later).map(words).collect()
}

/// What an application works with, the same on each.
const COMMON: [&str; 11] = [
    "CREATE TABLE authors (id {id}, email varchar(200) NOT NULL UNIQUE, name varchar(50) NOT NULL, boss_id {int}, \
     FOREIGN KEY (boss_id) REFERENCES authors (id) ON DELETE SET NULL)",
    "CREATE TABLE profiles (author_id {int} NOT NULL PRIMARY KEY, motto varchar(99), \
     FOREIGN KEY (author_id) REFERENCES authors (id) ON DELETE CASCADE ON UPDATE CASCADE)",
    "CREATE TABLE books (id {id}, author_id {int} NOT NULL, editor_id {int}, title varchar(200) NOT NULL, \
     published boolean NOT NULL DEFAULT false, pages {int} DEFAULT 7, CONSTRAINT one_title UNIQUE (author_id, title), \
     CHECK (pages > 0), FOREIGN KEY (author_id) REFERENCES authors (id) ON DELETE CASCADE, \
     FOREIGN KEY (editor_id) REFERENCES authors (id) ON DELETE RESTRICT)",
    "CREATE INDEX books_published ON books (published, title)",
    "CREATE INDEX books_pages ON books (pages)",
    "CREATE TABLE tags (id {id}, label varchar(50) NOT NULL)",
    "CREATE TABLE books_tags (book_id {int} NOT NULL, tag_id {int} NOT NULL, PRIMARY KEY (book_id, tag_id), \
     FOREIGN KEY (book_id) REFERENCES books (id) ON DELETE CASCADE, FOREIGN KEY (tag_id) REFERENCES tags (id))",
    "CREATE TABLE departments (id {id}, label varchar(50) NOT NULL, head_id {int}{circle})",
    "CREATE TABLE staff (id {id}, department_id {int} NOT NULL, FOREIGN KEY (department_id) REFERENCES departments (id))",
    "ALTER TABLE departments ADD FOREIGN KEY (head_id) REFERENCES staff (id) ON DELETE SET NULL",
    "CREATE TABLE rooms (house varchar(20) NOT NULL, number {int} NOT NULL, beside_house varchar(20), beside_number {int}, \
     PRIMARY KEY (house, number), FOREIGN KEY (beside_house, beside_number) REFERENCES rooms (house, number))",
];

/// Types are written as SeaORM writes them where it has a word.
const SQLITE: [&str; 3] = [
    "CREATE TABLE kinds (code varchar(20) NOT NULL PRIMARY KEY, yes boolean NOT NULL, tiny tinyint, small smallint, middle int, \
     big bigint NOT NULL DEFAULT 5, real4 float, real8 double, exact real_decimal(10, 2), price real_money(19, 4), letters char(3), words varchar(99), \
     endless varchar, prose text NOT NULL, blob4 blob(4), some varbinary_blob(9), raw blob, day date_text, hour time_text, at datetime_text, \
     moment timestamp_text DEFAULT CURRENT_TIMESTAMP, zoned timestamp_with_timezone_text, doc json_text, doc2 jsonb_text, token uuid_text, \
     nocase varchar(9) COLLATE NOCASE, twice int GENERATED ALWAYS AS (middle * 2) STORED, CONSTRAINT grown CHECK (middle > 0))",
    "CREATE UNIQUE INDEX kinds_some ON kinds (big) WHERE middle > 1",
    "CREATE INDEX kinds_lower ON kinds (lower(words), day DESC)",
];

const POSTGRES: [&str; 10] = [
    "CREATE TYPE mood AS ENUM ('sad', 'it''s \"ok\"', 'über', '')",
    "CREATE DOMAIN small_price AS numeric(6, 2) CHECK (VALUE > 0)",
    "CREATE SEQUENCE lonely",
    "CREATE TABLE kinds (code varchar(20) NOT NULL PRIMARY KEY, yes boolean NOT NULL, small smallint, middle int, \
     big bigint NOT NULL DEFAULT 5, real4 real, real8 double precision, exact numeric(10, 2), loose numeric, price small_price, letters char(3), \
     words varchar(99), endless varchar, prose text NOT NULL, raw bytea, day date, hour time, at timestamp, zoned timestamptz DEFAULT now(), \
     doc json, doc2 jsonb, token uuid DEFAULT gen_random_uuid(), cash money, span interval, spot point, net inet, mac macaddr, stretch int4range, \
     mood mood NOT NULL DEFAULT 'sad', moods mood[], numbers int[] NOT NULL, texts text[], other varchar(9) COLLATE \"C\", \
     twice int GENERATED ALWAYS AS (middle * 2) STORED, CONSTRAINT grown CHECK (middle > 0))",
    "CREATE UNIQUE INDEX kinds_some ON kinds (big) INCLUDE (small) WHERE middle > 1",
    "CREATE INDEX kinds_lower ON kinds (lower(words), day DESC)",
    "CREATE INDEX kinds_doc ON kinds USING gin (doc2)",
    "CREATE TABLE numbered (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, other int GENERATED BY DEFAULT AS IDENTITY, \
     loose int NOT NULL DEFAULT nextval('lonely'))",
    "COMMENT ON TABLE kinds IS 'All \"kinds\"'",
    "COMMENT ON COLUMN kinds.words IS 'It''s\nwords'",
];

const MYSQL: [&str; 4] = [
    "CREATE TABLE kinds (code varchar(20) NOT NULL PRIMARY KEY, yes bool NOT NULL, tiny tinyint, small smallint, middle int, \
     big bigint NOT NULL DEFAULT 5, utiny tinyint unsigned, usmall smallint unsigned, umiddle int unsigned, ubig bigint unsigned, medium mediumint, \
     real4 float, real8 double, exact decimal(10, 2), letters char(3), words varchar(99) COMMENT 'It''s \"words\"', prose text NOT NULL, long1 longtext, \
     blob4 binary(4), some varbinary(9), raw blob, long2 longblob, day date, hour time, at datetime, moment timestamp NULL DEFAULT current_timestamp(), \
     fine datetime(6), built year, doc json, flags bit(8), mood enum('sad', 'is \"ok\"', '') NOT NULL DEFAULT 'sad', several set('a', 'b'), spot point, \
     other varchar(9) COLLATE utf8mb4_bin, twice int GENERATED ALWAYS AS (middle * 2) STORED, CONSTRAINT grown CHECK (middle > 0)) COMMENT 'All \"kinds\"'",
    "CREATE UNIQUE INDEX kinds_some ON kinds (big)",
    "CREATE INDEX kinds_words ON kinds (words(9), day DESC)",
    "CREATE FULLTEXT INDEX kinds_prose ON kinds (prose)",
];
