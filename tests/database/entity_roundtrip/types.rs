//! Every type that a server knows, each with a value of it, and keys of the types that are seldom keys.

use kit_runtime::dialect::Dialect;

/// The statements that create them, with rows: a table `every` with a column for each type, one row of values and one of NULLs, and
/// tables whose keys, parents and enums are unusual.
pub fn every_type(dialect: Dialect) -> Vec<String> {
    let (before, after): (&[&str], &[&str]) = match dialect {
        Dialect::Sqlite => (&[], SQLITE_KEYS),
        Dialect::Postgres => (POSTGRES_TYPES, POSTGRES_KEYS),
        Dialect::MySql => (&[], MYSQL_KEYS),
    };
    let types = with_values(dialect);
    let column = |(number, (name, _)): (usize, &(&str, &str))| format!("c{number} {name} NULL");
    let columns: Vec<String> = types.iter().enumerate().map(column).collect();
    let values: Vec<&str> = types.iter().map(|(_, value)| *value).collect();
    let mut statements: Vec<String> = before.iter().map(|&sql| sql.to_owned()).collect();
    statements.push(format!("CREATE TABLE every (id integer NOT NULL PRIMARY KEY, {})", columns.join(", ")));
    statements.push(format!("INSERT INTO every VALUES (1, {})", values.join(", ")));
    statements.push("INSERT INTO every (id) VALUES (2)".to_owned());
    statements.extend(after.iter().map(|&sql| sql.to_owned()));
    statements
}

fn with_values(dialect: Dialect) -> &'static [(&'static str, &'static str)] {
    match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
        Dialect::MySql => MYSQL,
    }
}

/// The part of docs/types.md on a database, from the compact entity of the table `every`.
pub fn page(dialect: Dialect, entity: &str) -> String {
    let name = match dialect {
        Dialect::Sqlite => "SQLite",
        Dialect::Postgres => "PostgreSQL",
        Dialect::MySql => "MySQL and MariaDB",
    };
    let mut page = format!("\n## {name}\n\n| Column | Field | |\n| --- | --- | --- |\n");
    for (number, (written, _)) in with_values(dialect).iter().enumerate() {
        let field = entity.split_once(&format!("pub c{number}: Option<"));
        let (rust, note) = match field {
            Some((before, after)) => {
                let (rust, _) = after.split_once(">,").unwrap();
                let attributes = before.rsplit("pub ").next().unwrap();
                (
                    format!("`{rust}`"),
                    if attributes.contains("select_as = \"text\"") || attributes.contains("select_as = \"char\"") {
                        "cast"
                    } else {
                        ""
                    },
                )
            }
            None => (String::new(), "left out"),
        };
        let written = if written.is_empty() { "none".to_owned() } else { format!("`{written}`") };
        let line = format!("| {written} | {rust} | {note} |\n");
        if !page.contains(&line) {
            page += &line;
        }
    }
    page
}

/// The tables of [`every_type`].
pub fn tables(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Sqlite => &["every", "loose", "words", "raw", "refers", "people", "pets", "falling", "unnumbered"],
        Dialect::Postgres => &["every", "bits", "refers", "texts", "moods", "spans", "things", "codes"],
        Dialect::MySql => &["every", "tokens", "refers", "addresses", "years", "flags"],
    }
}

/// Columns that no entity has.
pub fn left_out(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::MySql => &["point", "geometry", "linestring", "polygon"],
        _ => &[],
    }
}

const SQLITE: &[(&str, &str)] = &[
    ("INTEGER", "9007199254740993"),
    ("INT", "-7"),
    ("TINYINT", "7"),
    ("SMALLINT", "700"),
    ("MEDIUMINT", "70000"),
    ("BIGINT", "9007199254740993"),
    ("UNSIGNED BIG INT", "9007199254740993"),
    ("INT8", "9007199254740993"),
    ("CHARACTER(20)", "'text'"),
    ("VARCHAR(255)", "'it''s'"),
    ("NCHAR(55)", "'é'"),
    ("NVARCHAR(100)", "'日本'"),
    ("TEXT", "'007'"),
    ("CLOB", "'long'"),
    ("BLOB", "x'00ff'"),
    ("", "'typeless'"),
    ("STRING", "'a string'"),
    ("STRING", "42"),
    ("ANYTHING ODD", "'1e3'"),
    ("BINARY(16)", "x'000102030405060708090a0b0c0d0e0f'"),
    ("VARBINARY(9)", "x'ff'"),
    ("REAL", "1.5"),
    ("DOUBLE", "2.5"),
    ("DOUBLE PRECISION", "3.5"),
    ("FLOAT", "4.5"),
    ("NUMERIC", "5"),
    ("NUMERIC", "5.5"),
    ("MONEY", "6"),
    ("DECIMAL(10, 2)", "6.25"),
    ("NUMBER(10)", "1234567890"),
    ("NUMBER(10, 2)", "7.5"),
    ("BOOLEAN", "1"),
    ("DATE", "'2024-02-29'"),
    ("DATETIME", "'2024-02-29 12:34:56'"),
    ("TIME", "'12:34:56'"),
    ("TIMESTAMP", "'2024-02-29T12:34:56+00:00'"),
    ("TIMESTAMPTZ", "'2024-02-29T12:34:56+00:00'"),
    ("JSON", "'{\"a\":1}'"),
    ("UUID_TEXT", "x'67e5504410b1426f9247bb680e5fe0c8'"),
];

const SQLITE_KEYS: &[&str] = &[
    "CREATE TABLE loose (k PRIMARY KEY NOT NULL, v)",
    "INSERT INTO loose VALUES ('a', 'x')",
    "CREATE TABLE words (k STRING PRIMARY KEY NOT NULL, note text)",
    "INSERT INTO words VALUES ('one', 'x')",
    "CREATE TABLE raw (k BINARY(16) PRIMARY KEY NOT NULL, note text)",
    "INSERT INTO raw VALUES (x'00010203', 'x')",
    "CREATE TABLE refers (id integer PRIMARY KEY, k BINARY(16) REFERENCES raw (k), w STRING REFERENCES WORDS (K))",
    "INSERT INTO refers VALUES (1, x'00010203', 'one')",
    "CREATE TABLE people (Id integer PRIMARY KEY, name text)",
    "INSERT INTO people VALUES (1, 'a')",
    "CREATE TABLE pets (id integer PRIMARY KEY, owner integer NOT NULL REFERENCES PEOPLE(ID))",
    "INSERT INTO pets VALUES (1, 1)",
    "CREATE TABLE falling (id integer PRIMARY KEY DESC NOT NULL, v text)",
    "INSERT INTO falling VALUES (5, 'x')",
    "CREATE TABLE unnumbered (id integer PRIMARY KEY, v text NOT NULL) WITHOUT ROWID",
    "INSERT INTO unnumbered VALUES (5, 'x')",
];

const POSTGRES_TYPES: &[&str] = &[
    "CREATE SCHEMA types",
    "CREATE TYPE mood AS ENUM ('sad', 'it''s')",
    "CREATE TYPE types.mood AS ENUM ('on', 'off')",
    "CREATE TYPE \"Odd \"\"Mood\" AS ENUM ('a', 'b')",
    "CREATE DOMAIN email AS varchar(99) CHECK (VALUE LIKE '%@%')",
    "CREATE DOMAIN types.small AS smallint",
    "CREATE TYPE pair AS (a int, b text)",
    "CREATE TYPE types.\"Pair\" AS (a int, b text)",
];

const POSTGRES: &[(&str, &str)] = &[
    ("smallint", "-7"),
    ("integer", "7"),
    ("bigint", "9007199254740993"),
    ("numeric", "1.25"),
    ("numeric(10, 2)", "1.25"),
    ("real", "1.5"),
    ("double precision", "2.5"),
    ("money", "'12.34'"),
    ("char(3)", "'abc'"),
    ("char(5)", "'a'"),
    ("char(2)[]", "'{x,yz}'"),
    ("varchar(9)[]", "'{x,yz}'"),
    ("varchar", "'v'"),
    ("varchar(99)", "'it''s'"),
    ("text", "'日本'"),
    ("\"char\"", "'x'"),
    ("name", "'n'"),
    ("bytea", "'\\x00ff'"),
    ("timestamp", "'2024-02-29 12:34:56.123456'"),
    ("timestamp(3)", "'2024-02-29 12:34:56.123'"),
    ("timestamptz", "'2024-02-29 12:34:56.123456+02'"),
    ("timestamptz(0)", "'2024-02-29 12:34:56Z'"),
    ("date", "'2024-02-29'"),
    ("time", "'12:34:56'"),
    ("time(2)", "'12:34:56.12'"),
    ("timetz", "'12:34:56+02'"),
    ("interval", "'1 day 2 hours'"),
    ("interval(3)", "'1.5 seconds'"),
    ("interval day to second(2)", "'1 day 2.25 seconds'"),
    ("boolean", "true"),
    ("mood", "'it''s'"),
    ("types.mood", "'off'"),
    ("\"Odd \"\"Mood\"", "'b'"),
    ("mood[]", "'{sad,\"it''s\"}'"),
    ("types.mood[]", "'{on,off}'"),
    ("email", "'a@b'"),
    ("types.small", "3"),
    ("pair", "'(1,x)'"),
    ("types.\"Pair\"", "'(1,x)'"),
    ("pair[]", "'{\"(1,x)\"}'"),
    ("point", "'(1,2)'"),
    ("line", "'{1,2,3}'"),
    ("lseg", "'[(0,0),(1,1)]'"),
    ("box", "'(1,1),(0,0)'"),
    ("path", "'[(0,0),(1,1)]'"),
    ("polygon", "'((0,0),(1,1),(1,0))'"),
    ("circle", "'<(0,0),1>'"),
    ("cidr", "'10.0.0.0/8'"),
    ("inet", "'10.0.0.1'"),
    ("macaddr", "'08:00:2b:01:02:03'"),
    ("macaddr8", "'08:00:2b:01:02:03:04:05'"),
    ("bit", "B'1'"),
    ("bit(4)", "B'1010'"),
    ("varbit", "B'101'"),
    ("varbit(7)", "B'101'"),
    ("tsvector", "'a:1 b:2'"),
    ("tsquery", "'''a'' & ''b'''"),
    ("uuid", "'67e55044-10b1-426f-9247-bb680e5fe0c8'"),
    ("xml", "'<a>1</a>'"),
    ("json", "'{\"a\": 1}'"),
    ("jsonb", "'{\"a\": 1}'"),
    ("jsonpath", "'$.a'"),
    ("int[]", "'{1,2}'"),
    ("text[]", "'{a,b}'"),
    ("text[][]", "'{{a,b},{c,d}}'"),
    ("uuid[]", "'{67e55044-10b1-426f-9247-bb680e5fe0c8}'"),
    ("inet[]", "'{10.0.0.1}'"),
    ("bit(4)[]", "'{1010}'"),
    ("int4range", "'[1,5)'"),
    ("numrange", "'[1,5)'"),
    ("tstzrange", "'[2024-01-01 00:00:00+00,2024-02-01 00:00:00+00)'"),
    ("oid", "1"),
    ("regclass", "'pg_class'"),
    ("pg_lsn", "'16/B374D848'"),
];

const POSTGRES_KEYS: &[&str] = &[
    "CREATE TABLE bits (id bit(4) PRIMARY KEY, other varbit(9) UNIQUE)",
    "INSERT INTO bits VALUES (B'1010', B'11')",
    "CREATE TABLE refers (id serial PRIMARY KEY, b bit(4) REFERENCES bits (id), o varbit(9) REFERENCES bits (other))",
    "INSERT INTO refers (b, o) VALUES (B'1010', B'11')",
    "CREATE TABLE texts (id text[] PRIMARY KEY, note text)",
    "INSERT INTO texts VALUES ('{a,b}', 'x')",
    "CREATE TABLE moods (id mood[] PRIMARY KEY, note text)",
    "INSERT INTO moods VALUES ('{sad}', 'x')",
    "CREATE TABLE spans (id interval(3) PRIMARY KEY, note text)",
    "INSERT INTO spans VALUES ('1 day', 'x')",
    "CREATE TABLE codes (code char(6) PRIMARY KEY, note char(3))",
    "INSERT INTO codes VALUES ('ab', 'x')",
    "CREATE TABLE things (id serial PRIMARY KEY, s1 types.mood NOT NULL, s2 mood NOT NULL, s3 types.mood)",
    "INSERT INTO things (s1, s2) VALUES ('on', 'sad')",
];

const MYSQL: &[(&str, &str)] = &[
    ("tinyint", "-7"),
    ("tinyint(1)", "1"),
    ("tinyint unsigned", "250"),
    ("smallint", "-700"),
    ("smallint unsigned", "65000"),
    ("mediumint", "-70000"),
    ("mediumint unsigned", "70000"),
    ("int", "-7"),
    ("int unsigned", "4000000000"),
    ("bigint", "-9007199254740993"),
    ("bigint unsigned", "18446744073709551615"),
    ("decimal(10, 2)", "1.25"),
    ("decimal(10, 0)", "125"),
    ("float", "1.5"),
    ("double", "2.5"),
    ("bit(1)", "b'1'"),
    ("bit(2)", "b'10'"),
    ("bit(8)", "b'10101010'"),
    ("bit(64)", "b'1111111111111111111111111111111111111111111111111111111111111111'"),
    ("char(3)", "'abc'"),
    ("varchar(99)", "'it''s'"),
    ("tinytext", "'é'"),
    ("text", "'t'"),
    ("mediumtext", "'t'"),
    ("longtext", "'t'"),
    ("varchar(9) CHARACTER SET latin1", "'é'"),
    ("binary(4)", "x'00ff00ff'"),
    ("varbinary(9)", "x'00ff'"),
    ("tinyblob", "x'00ff'"),
    ("blob", "x'00ff'"),
    ("mediumblob", "x'00ff'"),
    ("longblob", "x'00ff'"),
    ("date", "'2024-02-29'"),
    ("time", "'12:34:56'"),
    ("time(3)", "'12:34:56.123'"),
    ("datetime", "'2024-02-29 12:34:56'"),
    ("datetime(6)", "'2024-02-29 12:34:56.123456'"),
    ("timestamp", "'2024-02-29 12:34:56'"),
    ("timestamp(6)", "'2024-02-29 12:34:56.123456'"),
    ("year", "2024"),
    ("json", "'{\"a\": 1}'"),
    ("enum('sad', 'it''s')", "'it''s'"),
    ("set('a', 'b')", "'a,b'"),
    ("uuid", "'67e55044-10b1-426f-9247-bb680e5fe0c8'"),
    ("inet4", "'10.0.0.1'"),
    ("inet6", "'::1'"),
    ("point", "ST_GeomFromText('POINT(1 2)')"),
    ("geometry", "ST_GeomFromText('POINT(1 2)')"),
    ("linestring", "ST_GeomFromText('LINESTRING(0 0, 1 1)')"),
    ("polygon", "ST_GeomFromText('POLYGON((0 0, 1 1, 1 0, 0 0))')"),
];

const MYSQL_KEYS: &[&str] = &[
    "CREATE TABLE tokens (id uuid NOT NULL PRIMARY KEY DEFAULT uuid(), note text)",
    "INSERT INTO tokens VALUES ('67e55044-10b1-426f-9247-bb680e5fe0c8', 'x')",
    "CREATE TABLE refers (id int AUTO_INCREMENT PRIMARY KEY, token_id uuid NOT NULL, FOREIGN KEY (token_id) REFERENCES tokens (id))",
    "INSERT INTO refers (token_id) VALUES ('67e55044-10b1-426f-9247-bb680e5fe0c8')",
    "CREATE TABLE addresses (id inet6 NOT NULL PRIMARY KEY, note text)",
    "INSERT INTO addresses VALUES ('2001:db8::1', 'x')",
    "CREATE TABLE years (id year NOT NULL PRIMARY KEY, note text)",
    "INSERT INTO years VALUES (1999, 'x')",
    "CREATE TABLE flags (id bit(4) NOT NULL PRIMARY KEY, flag bit(2) NOT NULL DEFAULT b'01')",
    "INSERT INTO flags VALUES (b'1010', b'11')",
];
