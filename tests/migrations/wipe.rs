//! Wiping and counting, on real servers: everything of the own schema goes, in whatever order it depends on
//! each other and whatever it is called; nothing else does.
#![allow(clippy::unwrap_used, reason = "tests")]

mod batches;

use crate::support::database::{Database, HOSTILE};
use kit_runtime::census::{self, Census};
use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::ledger::LEDGER;
use kit_runtime::wipe::wipe;
use kit_runtime::wire::Wipe;

const ALL: Wipe = Wipe { views: true, types: true };

async fn wipe_all(database: &Database) -> usize {
    wipe(&database.session, ALL, LEDGER).await.unwrap()
}

#[tokio::test]
async fn an_empty_database_has_nothing_to_drop() {
    for database in Database::all().await {
        assert_eq!(wipe_all(&database).await, 0);
    }
}

#[tokio::test]
async fn hostile_names_go_and_are_counted() {
    for database in Database::all().await {
        let quote = |name: &str| database.dialect.quote(name);
        for (index, name) in HOSTILE.iter().enumerate() {
            let (table, column) = (quote(name), quote(&format!("c{name}").chars().take(50).collect::<String>()));
            let parent = quote(HOSTILE[(index + 1) % HOSTILE.len()]);
            let constraint = quote(&format!("f{name}").chars().take(50).collect::<String>());
            database.execute(&[&format!("CREATE TABLE {table} (id int NOT NULL PRIMARY KEY, {column} int)")]).await;
            if database.dialect != Dialect::Sqlite {
                // The parent may not be there yet: added below.
                continue;
            }
            let child = quote(&format!("child {name}").chars().take(60).collect::<String>());
            database
                .execute(&[&format!(
                    "CREATE TABLE {child} (id int PRIMARY KEY, p int, CONSTRAINT {constraint} FOREIGN KEY (p) REFERENCES {parent} (id))"
                )])
                .await;
        }
        for (index, name) in HOSTILE.iter().enumerate() {
            let short = |prefix: &str| format!("{prefix}{name}").chars().take(50).collect::<String>();
            let (table, column, parent) =
                (quote(name), quote(&short("c")), quote(HOSTILE[(index + 1) % HOSTILE.len()]));
            let view = quote(&short("v"));
            database.execute(&[&format!("CREATE VIEW {view} AS SELECT {column} FROM {table}")]).await;
            database.execute(&[&format!("CREATE INDEX {} ON {table} ({column})", quote(&short("i")))]).await;
            if database.dialect != Dialect::Sqlite {
                // A ring: no order of tables would do.
                let constraint = quote(&short("f"));
                let sql = format!(
                    "ALTER TABLE {table} ADD CONSTRAINT {constraint} FOREIGN KEY ({column}) REFERENCES {parent} (id)"
                );
                database.execute(&[&sql]).await;
            }
            if database.dialect == Dialect::Postgres {
                let (kind, domain, function) = (quote(&short("e")), quote(&short("d")), quote(&short("g")));
                database
                    .execute(&[
                        &format!("CREATE TYPE {kind} AS ENUM ('a', 'b')"),
                        &format!("CREATE DOMAIN {domain} AS int CHECK (VALUE > 0)"),
                        &format!("CREATE FUNCTION {function}({kind}, {domain}, {table}) RETURNS int LANGUAGE sql AS 'SELECT 1'"),
                        &format!("CREATE SEQUENCE {}", quote(&short("s"))),
                    ])
                    .await;
            }
        }
        for name in HOSTILE {
            database.execute(&[&format!("INSERT INTO {} VALUES (1, NULL)", quote(name))]).await;
        }
        let tables = if database.dialect == Dialect::Sqlite { 34 } else { 17 };
        let census = census::count(&database.session, &[]).await.unwrap();
        assert_eq!(census, Census { tables, rows: 17 }, "{:?}", database.dialect);
        let objects = wipe_all(&database).await;
        assert_eq!(objects, if database.dialect == Dialect::Postgres { 6 * 17 } else { tables + 17 });
        assert_eq!(database.schema().await, "", "{:?}", database.dialect);
    }
}

#[tokio::test]
async fn foreign_key_switches_are_put_back() {
    for database in [Database::sqlite().await, Database::mysql().await] {
        let switch = database.dialect.foreign_key_switch().unwrap();
        for position in ["0", "1"] {
            let session = database.session().await;
            session.execute(&format!("{}{position}", switch.set), &[]).await.unwrap();
            session.execute("CREATE TABLE a (id int PRIMARY KEY)", &[]).await.unwrap();
            assert_eq!(wipe(&session, ALL, LEDGER).await.unwrap(), 1);
            assert_eq!(session.query(switch.read, &[]).await.unwrap(), [[Some(position.to_owned())]]);
        }
    }
}

#[tokio::test]
async fn sqlite_everything() {
    let database = Database::sqlite().await;
    database
        .execute(&[
            "CREATE TABLE a (id integer PRIMARY KEY AUTOINCREMENT, b int REFERENCES b (id) ON DELETE RESTRICT)",
            "CREATE TABLE b (id integer PRIMARY KEY AUTOINCREMENT, a int NOT NULL REFERENCES a (id))",
            "INSERT INTO a (b) VALUES (NULL)",
            "INSERT INTO b (a) VALUES (1)",
            "UPDATE a SET b = 1",
            "CREATE TABLE w (k text PRIMARY KEY, v int) WITHOUT ROWID",
            "CREATE TABLE g (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c int AS (a + 1))",
            "CREATE TABLE strict_one (a int) STRICT",
            "CREATE VIRTUAL TABLE words USING fts5(body)",
            "CREATE VIRTUAL TABLE \"wo\"\"rds\" USING fts5(body)",
            "CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1)",
            "INSERT INTO words VALUES ('hello')",
            "CREATE VIEW v AS SELECT * FROM a",
            "CREATE VIEW vv AS SELECT * FROM v",
            "CREATE TRIGGER t AFTER INSERT ON w BEGIN INSERT INTO a (b) VALUES (NULL); END",
            "CREATE TRIGGER tv INSTEAD OF INSERT ON vv BEGIN INSERT INTO a (b) VALUES (NULL); END",
            "CREATE INDEX i ON g (b)",
            "CREATE UNIQUE INDEX p ON a (b) WHERE b > 0",
            "ANALYZE",
        ])
        .await;
    assert_eq!(census::count(&database.session, &["b"]).await.unwrap(), Census { tables: 7, rows: 2 });
    assert_eq!(wipe_all(&database).await, 10);
    assert_eq!(database.schema().await, "");
    assert_eq!(database.value("(SELECT COUNT(*) FROM sqlite_sequence)").await.as_deref(), Some("0"));
    // The counter starts anew, and a second time there is nothing to do.
    database.execute(&["CREATE TABLE a (id integer PRIMARY KEY AUTOINCREMENT)", "INSERT INTO a DEFAULT VALUES"]).await;
    assert_eq!(database.query("SELECT CAST(id AS TEXT) FROM a").await, [[Some("1".to_owned())]]);
    assert_eq!(wipe_all(&database).await, 1);
    assert_eq!(wipe_all(&database).await, 0);
}

#[tokio::test]
async fn views_and_types_can_stay() {
    for database in [Database::sqlite().await, Database::mysql().await] {
        database.execute(&["CREATE TABLE a (id int PRIMARY KEY)", "CREATE VIEW v AS SELECT 1 AS one"]).await;
        assert_eq!(wipe(&database.session, Wipe { views: false, types: false }, LEDGER).await.unwrap(), 1);
        assert_eq!(database.tables().await, ["v"]);
    }
    let database = Database::postgres().await;
    database
        .execute(&[
            "CREATE TYPE mood AS ENUM ('sad', 'ok')",
            "CREATE SEQUENCE s",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE TABLE a (id serial PRIMARY KEY, m mood, n int DEFAULT f() + nextval('s'))",
            "CREATE VIEW v AS SELECT 1 AS one",
        ])
        .await;
    assert_eq!(wipe(&database.session, Wipe { views: false, types: false }, LEDGER).await.unwrap(), 1);
    let left = database.schema().await;
    for object in ["enum mood", "sequence s", "function f()", "view v"] {
        assert!(left.contains(object), "{object}: {left}");
    }
    database.execute(&["CREATE TABLE a (id int)", "CREATE VIEW on_a AS SELECT * FROM a"]).await;
    let error = wipe(&database.session, Wipe { views: false, types: true }, LEDGER).await.unwrap_err();
    assert!(error.message.contains("view on_a") && error.message.contains("table a"), "{error}");
    assert_eq!(database.tables().await, ["a", "on_a", "v"]);
    assert!(database.schema().await.contains("enum mood"));
}

#[tokio::test]
async fn postgres_everything() {
    let database = Database::postgres().await;
    database
        .execute(&[
            "CREATE EXTENSION citext",
            "CREATE EXTENSION pg_trgm",
            "CREATE EXTENSION postgres_fdw",
            "CREATE TYPE mood AS ENUM ('sad', 'ok')",
            "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
            "CREATE TYPE pair AS (x int, m mood)",
            "CREATE TYPE pairs AS (one pair, more pair[])",
            "CREATE TYPE span AS RANGE (subtype = float8)",
            "CREATE TYPE shell",
            "CREATE SEQUENCE own_sequence",
            "CREATE TABLE a (id serial PRIMARY KEY, b int, m mood DEFAULT 'ok', p positive, e citext, s span, n int DEFAULT nextval('own_sequence'))",
            "CREATE TABLE b (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int REFERENCES a (id), combined pairs, t mood[])",
            "ALTER TABLE a ADD CONSTRAINT \"a to \"\"b\" FOREIGN KEY (b) REFERENCES b (id) ON DELETE CASCADE",
            "CREATE TABLE parts (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
            "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY LIST (id)",
            "CREATE TABLE parts_1_1 PARTITION OF parts_1 FOR VALUES IN (1)",
            "CREATE TABLE parent (id int)",
            "CREATE TABLE child (x int) INHERITS (parent)",
            "INSERT INTO parts VALUES (1, '2020-05-05')",
            "INSERT INTO child VALUES (1, 2)",
            "CREATE VIEW v AS SELECT * FROM a",
            "CREATE VIEW vv AS SELECT v.id, c.x FROM v, child c",
            "CREATE MATERIALIZED VIEW mv AS SELECT * FROM vv",
            "CREATE VIEW on_mv AS SELECT * FROM mv",
            "CREATE RECURSIVE VIEW numbers (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 3",
            "CREATE UNIQUE INDEX ON mv (id)",
            "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT $1'",
            "CREATE FUNCTION f(a, mood DEFAULT 'ok') RETURNS SETOF vv LANGUAGE sql AS 'SELECT * FROM vv'",
            "CREATE FUNCTION f(VARIADIC text[]) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
            "CREATE FUNCTION outs(IN i int, OUT o int, INOUT io text) LANGUAGE sql AS 'SELECT 1, ''x'''",
            // A body that is parsed, on the servers that have such.
            "DO $$ BEGIN IF current_setting('server_version_num')::int >= 140000 THEN EXECUTE 'CREATE FUNCTION atomic_one() RETURNS bigint \
             LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM a; END'; END IF; END $$",
            "CREATE PROCEDURE p(INOUT x int) LANGUAGE sql AS 'SELECT 1'",
            "CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int)",
            "CREATE AGGREGATE total(*) (sfunc = int8inc, stype = bigint, initcond = '0')",
            "CREATE AGGREGATE middle(float8 ORDER BY anyelement) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra = true)",
            "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER touched BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION touch()",
            "CREATE RULE no_delete AS ON DELETE TO a DO INSTEAD NOTHING",
            "CREATE POLICY mine ON a USING (f(id) = 1)",
            "ALTER TABLE a ADD CONSTRAINT checked CHECK (f(id) > 0)",
            "CREATE INDEX by_f ON a (f(VARIADIC ARRAY['x']))",
            "CREATE STATISTICS together ON id, b FROM a",
            "CREATE FUNCTION same(mood, mood) RETURNS boolean LANGUAGE sql AS 'SELECT $1 = $2'",
            "CREATE OPERATOR ### (leftarg = mood, rightarg = mood, function = same)",
            "CREATE CAST (pair AS text) WITH INOUT",
            "CREATE COLLATION odd (provider = libc, locale = 'C')",
            "CREATE TEXT SEARCH CONFIGURATION words (COPY = simple)",
            "CREATE FUNCTION compare(mood, mood) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 0'",
            "CREATE OPERATOR CLASS mood_ops FOR TYPE mood USING btree AS FUNCTION 1 compare(mood, mood)",
            "CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw",
            "CREATE FOREIGN TABLE far (id int) SERVER elsewhere",
            "CREATE SCHEMA other",
            "CREATE TABLE other.a (id int PRIMARY KEY)",
            "CREATE TABLE b2 (id int REFERENCES other.a (id))",
            "INSERT INTO other.a VALUES (1)",
            "CREATE PUBLICATION everything FOR TABLE a",
        ])
        .await;
    let census = census::count(&database.session, &["b"]).await.unwrap();
    assert_eq!(census, Census { tables: 8, rows: 2 });
    let objects = wipe_all(&database).await;
    let left = database.schema().await;
    let left: Vec<&str> = left.lines().filter(|line| !line.starts_with("function ")).collect();
    assert_eq!(left, Vec::<&str>::new());
    // 9 tables and a foreign one; 5 views; 7 types, a sequence; 12 routines, 11 on 13; operator, collation, configuration, class, family.
    assert!(objects >= 37, "{objects}");
    let count = |sql: &'static str| {
        let database = &database;
        async move { database.query(sql).await[0][0].clone().unwrap() }
    };
    assert_eq!(
        count(
            "SELECT count(*)::text FROM pg_proc p WHERE pronamespace = current_schema()::regnamespace AND NOT EXISTS \
               (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        )
        .await,
        "0"
    );
    assert_eq!(count("SELECT count(*)::text FROM pg_extension").await, "4");
    assert_eq!(count("SELECT (similarity('abc', 'abd') > 0)::text || ('A'::citext = 'a'::citext)").await, "truetrue");
    assert_eq!(count("SELECT count(*)::text FROM other.a").await, "1");
    assert_eq!(count("SELECT count(*)::text FROM pg_operator WHERE oprname = '###'").await, "0");
    assert_eq!(wipe_all(&database).await, 0);
}

#[tokio::test]
async fn postgres_stops_at_another_schema() {
    let database = Database::postgres().await;
    database
        .execute(&[
            "CREATE SCHEMA \"oth\"\"er\"",
            "CREATE TYPE mood AS ENUM ('sad')",
            "CREATE SEQUENCE s",
            "CREATE TABLE a (id int PRIMARY KEY, at date)",
            "CREATE TABLE parts (id int) PARTITION BY LIST (id)",
        ])
        .await;
    let before = database.schema().await;
    let other = "\"oth\"\"er\"";
    for (create, drop, names) in [
        ("VIEW {}.x AS SELECT id FROM a", "VIEW {}.x", "table a"),
        ("TABLE {}.x (id int REFERENCES a (id))", "TABLE {}.x", "table a"),
        ("TABLE {}.x (m mood)", "TABLE {}.x", "type mood"),
        ("TABLE {}.x (n int DEFAULT nextval('s'))", "TABLE {}.x", "sequence s"),
        ("TABLE {}.x PARTITION OF parts FOR VALUES IN (1)", "TABLE {}.x", "table"),
        ("TABLE {}.x () INHERITS (a)", "TABLE {}.x", "table a"),
        ("FUNCTION {}.x() RETURNS a LANGUAGE sql AS 'SELECT * FROM a'", "FUNCTION {}.x", "type a"),
    ] {
        database.execute(&[&format!("CREATE {}", create.replace("{}", other))]).await;
        let Err(error) = wipe(&database.session, ALL, LEDGER).await else { panic!("{create}") };
        assert!(error.message.contains(&format!("{other}.x")) && error.message.contains(names), "{create}: {error}");
        database.execute(&[&format!("DROP {}", drop.replace("{}", other))]).await;
        assert_eq!(database.schema().await, before, "{create}");
    }
    assert_eq!(wipe_all(&database).await, 4);
    // The other way round it is none of its business.
    let session = database.session().await;
    database.execute(&["CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE \"oth\"\"er\".b (id int)"]).await;
    session.execute("SET search_path TO \"oth\"\"er\"", &[]).await.unwrap();
    assert_eq!(wipe(&session, ALL, LEDGER).await.unwrap(), 1);
    assert_eq!(database.tables().await, ["a"]);
}

#[tokio::test]
async fn postgres_drops_all_or_nothing() {
    let database = Database::postgres().await;
    database
        .execute(&[
            "CREATE TABLE a (id int)",
            "CREATE TABLE z (id int)",
            "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE object_name = 'z') THEN RAISE 'not z'; END IF; END $$",
            "CREATE SCHEMA other",
            "ALTER FUNCTION refuse() SET SCHEMA other",
            "CREATE EVENT TRIGGER refuses ON sql_drop EXECUTE FUNCTION other.refuse()",
        ])
        .await;
    let error = wipe(&database.session, ALL, LEDGER).await.unwrap_err();
    assert!(error.message.contains("`public.z`") && error.message.contains("not z"), "{error}");
    assert_eq!(database.tables().await, ["a", "z"]);
}

#[tokio::test]
async fn mysql_everything() {
    let database = Database::mysql().await;
    let mariadb = database.value("version()").await.unwrap().contains("MariaDB");
    database
        .execute(&[
            "CREATE TABLE a (id int AUTO_INCREMENT PRIMARY KEY, b int)",
            "CREATE TABLE b (id int PRIMARY KEY, a int, CONSTRAINT `b to ``a` FOREIGN KEY (a) REFERENCES a (id))",
            "ALTER TABLE a ADD CONSTRAINT `a to \"b` FOREIGN KEY (b) REFERENCES b (id) ON DELETE SET NULL",
            "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3",
            "CREATE TABLE self (id int PRIMARY KEY, up int, FOREIGN KEY (up) REFERENCES self (id))",
            "INSERT INTO a (b) VALUES (NULL), (NULL)",
            "CREATE VIEW v AS SELECT * FROM a",
            "CREATE VIEW vv AS SELECT * FROM v",
            "CREATE TABLE gone (id int)",
            "CREATE VIEW broken AS SELECT * FROM gone",
            "DROP TABLE gone",
            "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.b = NULL",
            "CREATE FUNCTION `f``f`() RETURNS int DETERMINISTIC RETURN 1",
            "CREATE PROCEDURE p(IN x int) BEGIN SELECT x; SELECT 2; END",
            "CREATE PROCEDURE `f``f`() SELECT 1",
            "CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO SELECT 1",
        ])
        .await;
    let mut expected = 4 + 3 + 3 + 1;
    if mariadb {
        database
            .execute(&[
                "CREATE SEQUENCE s",
                "CREATE TABLE versioned (id int DEFAULT nextval(s)) WITH SYSTEM VERSIONING",
                "CREATE AGGREGATE FUNCTION total(x int) RETURNS int BEGIN DECLARE sum int DEFAULT 0; \
                 DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN sum; LOOP FETCH GROUP NEXT ROW; SET sum = sum + x; END LOOP; END",
                "SET sql_mode = 'ORACLE'",
                "CREATE PACKAGE pack AS FUNCTION one RETURN int; END",
                "CREATE PACKAGE BODY pack AS FUNCTION one RETURN int AS BEGIN RETURN 1; END; END",
                "SET sql_mode = ''",
            ])
            .await;
        expected += 4;
    }
    let census = census::count(&database.session, &["self"]).await.unwrap();
    assert_eq!(census, Census { tables: if mariadb { 4 } else { 3 }, rows: 2 });
    assert_eq!(wipe_all(&database).await, expected);
    assert_eq!(database.schema().await, "");
    assert_eq!(wipe_all(&database).await, 0);
}

#[tokio::test]
async fn mysql_stops_at_another_database() {
    let (database, other) = (Database::mysql().await, Database::mysql().await);
    let name = database.value("DATABASE()").await.unwrap();
    database.execute(&["CREATE TABLE a (id int PRIMARY KEY)"]).await;
    other.execute(&[&format!("CREATE TABLE b (a int, CONSTRAINT far FOREIGN KEY (a) REFERENCES {name}.a (id))")]).await;
    let error = wipe(&database.session, ALL, LEDGER).await.unwrap_err();
    assert!(error.message.contains("far"), "{error}");
    assert_eq!(database.tables().await, ["a"]);
    let switch = database.dialect.foreign_key_switch().unwrap();
    assert_eq!(database.query(switch.read).await, [[Some("1".to_owned())]]);
    assert_eq!(wipe_all(&other).await, 1);
    assert_eq!(wipe_all(&database).await, 1);
}

#[tokio::test]
async fn counting_stops_when_it_is_enough() {
    for database in Database::all().await {
        database.execute(&["CREATE TABLE a (id int)", "CREATE TABLE b (id int)", "INSERT INTO a VALUES (1)"]).await;
        for _ in 0..17 {
            database.execute(&["INSERT INTO a SELECT id FROM a"]).await;
        }
        assert_eq!(census::count(&database.session, &[]).await.unwrap(), Census { tables: 2, rows: census::ENOUGH });
    }
}
