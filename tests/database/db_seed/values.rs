//! Values of every type that the databases have come back from a dump as they were.

use super::contents;
use super::generated_types::INFINITE;
use super::{ok, project};
use crate::support::database::Database;

async fn come_back(database: &Database) {
    let before = contents(database).await;
    assert!(before.iter().all(|(_, rows)| !rows.is_empty()), "{before:?}");
    let sandbox = project(database);
    ok(&sandbox, &["db:seed", "--dump"]);
    ok(&sandbox, &["db:seed", "--reset", "--force"]);
    let after = contents(database).await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after, "{}", sandbox.read(&format!("database/fixtures/{}.yaml", before.0)));
    }
}

#[tokio::test]
async fn values_of_postgres() {
    let database = Database::postgres().await;
    database
        .execute(&[
            "CREATE EXTENSION hstore",
            "CREATE EXTENSION citext",
            "CREATE SCHEMA types",
            "CREATE TYPE status AS ENUM ('draft', 'it''s')",
            "CREATE TYPE types.status AS ENUM ('on', 'off')",
            "CREATE TYPE pair AS (x int, label text)",
            "CREATE DOMAIN short AS varchar(5) CHECK (VALUE <> 'no')",
            "CREATE TABLE kinds (a status, b types.status, c status[], d types.status[][], e pair, f pair[], g short, h hstore, \
             i citext, j bit(3), k bit varying, l int4range, m tstzrange, n money, o interval, p timetz, q xml, r tsvector, \
             s point, t macaddr, u inet, v cidr, w \"char\", x char(5), y jsonb, z json)",
            "INSERT INTO kinds VALUES ('it''s', 'off', '{draft,NULL}', '{{on,off},{off,on}}', '(1,\"a \"\"b\"\"\")', \
             ARRAY['(1,)'::pair, NULL], 'yes', 'a=>\"b c\", d=>NULL', 'MiXed', B'101', B'', '[1,5)', '[\"0044-03-15 BC\",infinity]', \
             12.34, '1 mon -2 days 00:00:00.000001', '12:00:00+05:30', '<a>&amp;</a>', 'fat & rat', '(1.5,-0)', \
             '08:00:2b:01:02:03', '::1/64', '10.0.0.0/8', 'x', 'a', '{\"n\": 123456789012345678901234567890.10}', \
             '{\"n\": 1.0, \"n\": 1e400 , \"t\": \"\\u00e9\"}')",
            "CREATE TABLE numbers (id int GENERATED ALWAYS AS IDENTITY, f float4, d float8, n numeric, t timestamptz, e date, \
             ar int[], twice int GENERATED ALWAYS AS (id * 2) STORED)",
            &format!(
                "INSERT INTO numbers (f, d, n, t, e, ar) VALUES ('NaN', '-Infinity', 'NaN', 'infinity', '-infinity', '[2:3]={{1,2}}'), \
             (0.1, '-0', {INFINITE}, '0044-03-15 10:00 BC', '4713-01-01 BC', '{{{{1,2}},{{3,4}}}}'), \
             ('1e-45', 0.30000000000000004, 10::numeric ^ 400 + 0.5, '294276-12-31', '5874897-12-31', '{{}}')"
            ),
            "CREATE TABLE nothing ()",
            "INSERT INTO nothing DEFAULT VALUES",
            "INSERT INTO nothing DEFAULT VALUES",
            "CREATE TABLE \"<<\" (\"<<\" int, \"a\" int, \"A\" int, \"@b\" text)",
            "INSERT INTO \"<<\" VALUES (1, 2, 3, '@x')",
            "CREATE TABLE invoices (number text PRIMARY KEY)",
            "CREATE SEQUENCE numbering OWNED BY invoices.number",
            "ALTER TABLE invoices ALTER number SET DEFAULT 'i' || nextval('numbering')",
            "INSERT INTO invoices DEFAULT VALUES",
            "INSERT INTO invoices DEFAULT VALUES",
        ])
        .await;
    come_back(&database).await;
    // A counter of a default that is more than a number goes on where it was.
    database.execute(&["INSERT INTO invoices DEFAULT VALUES"]).await;
    assert_eq!(database.value("(SELECT max(number) FROM invoices)").await.as_deref(), Some("i3"));
}

#[tokio::test]
async fn values_of_mysql_and_mariadb() {
    let database = Database::mysql().await;
    database
        .execute(&[
            "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
            "CREATE TABLE kinds (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, y year, b bit(10), s set('a', 'b c'), e enum('x', 'é'), \
             d date, t timestamp NULL, dt datetime(6), tm time, f float, db double, n decimal(65, 30), g geometry, p point, \
             j json, l varchar(20) CHARACTER SET latin1, bin binary(4), vb varbinary(4), txt text CHARACTER SET utf8mb4, \
             ti tinyint, flag tinyint(1), twice int INVISIBLE DEFAULT 3, made int AS (ti + 1) STORED)",
            "INSERT INTO kinds (id, y, b, s, e, d, t, dt, tm, f, db, n, g, p, j, l, bin, vb, txt, ti, flag, twice) VALUES \
             (0, 0, b'0', '', 'é', '0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', '-838:59:59', 0.1, -0e0, -1e-30, \
              ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))', 4326), Point(1, 2), '{\"n\": 1.10}', 'é', x'00', x'', 'a\\0b\\Z😀', -128, 5, 9), \
             (18446744073709551615, 2155, b'1111111111', 'a,b c', NULL, '9999-12-31', NULL, '2024-02-30 00:00:00' + INTERVAL 0 DAY, \
              '838:59:59', 3.4e38, 1.7976931348623157e308, 99999999999999999999999999999999999.9, NULL, NULL, 'null', '', x'ff00ff00', \
              x'27', '''', 127, -1, NULL)",
            "CREATE TABLE mine (id int PRIMARY KEY, v text) ENGINE = MyISAM",
            "INSERT INTO mine VALUES (1, 'a')",
        ])
        .await;
    if database.value("version()").await.unwrap().contains("MariaDB") {
        database
            .execute(&[
                "CREATE TABLE own (id uuid PRIMARY KEY, a inet6, b int WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING",
                "INSERT INTO own VALUES ('00112233-4455-6677-8899-aabbccddeeff', '::1', 1)",
            ])
            .await;
    }
    come_back(&database).await;
}

#[tokio::test]
async fn values_of_sqlite() {
    let database = Database::sqlite().await;
    database
        .execute(&[
            "CREATE TABLE kinds (i integer, r real, t text, b blob, n numeric, d date, ts timestamp, f boolean, j json, u uuid_text, any_thing)",
            "INSERT INTO kinds VALUES (1e300, 9e999, 'a' || char(0) || 'b', 'text', '1e5x', 2460000.5, 1700000000, 'x', '{bad', 'no', 1), \
             ('word', -9e999, 12, 12, 0.30000000000000004, 'tomorrow', x'00', 5, 5, x'00112233445566778899aabbccddeeff', x''), \
             (9223372036854775807, 0.1, '1_000', x'00ff', 123456789012345678, '2024-02-29', NULL, 1, 'null', 'A0', '1'), \
             (NULL, 5e-324, '', '', 1.7976931348623157e308, '', '', 0, '\"x\"', NULL, 2.0)",
            "CREATE TABLE wr (a text, b int, PRIMARY KEY (b, a)) WITHOUT ROWID",
            "INSERT INTO wr VALUES ('x', 1), ('x', 0)",
            "CREATE TABLE strict_one (id integer PRIMARY KEY, v any, r real, w int) STRICT",
            "INSERT INTO strict_one VALUES (1, '1', 1, 2), (2, 1, 0.5, NULL), (-3, x'01', 2e0, 3)",
            "CREATE TABLE twice (k text PRIMARY KEY, n int, m int AS (n * 2), s int AS (n + 1) STORED)",
            "INSERT INTO twice VALUES ('a', 1), (NULL, 2), (NULL, 3)",
            "CREATE TABLE same (a)",
            "INSERT INTO same VALUES (1), (1), ('1')",
            "CREATE VIEW v AS SELECT a FROM same",
            "CREATE TRIGGER into_v INSTEAD OF INSERT ON v BEGIN INSERT INTO same VALUES (NEW.a); END",
        ])
        .await;
    come_back(&database).await;
}
