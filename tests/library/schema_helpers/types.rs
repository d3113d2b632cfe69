//! Every column type makes the column that Loco's makes, which is SeaORM's function of that name.

use std::collections::BTreeSet;

use kit_runtime::connection::Connection;
use kit_runtime::dialect::Dialect;
use kit_runtime::schema::*;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::sea_query::PgInterval;

use crate::schema_helpers::run::{fails, step, up};
use crate::support::database::Database;
use crate::support::quotes;

type Make = fn(Alias) -> ColumnDef;

/// Pairs of a variant and what makes the same column.
macro_rules! pairs {
    ($($kind:expr => $make:expr),+ $(,)?) => {
        vec![$(($kind, (|name: Alias| $make(name).to_owned()) as Make)),+]
    };
}

fn everywhere() -> Vec<(ColType, Make)> {
    use ColType::*;
    let text = |text: &str| text.to_owned();
    pairs! {
        CharLen(5) => |n| char_len(n, 5), CharLenNull(5) => |n| char_len_null(n, 5), CharLenUniq(5) => |n| char_len_uniq(n, 5),
        CharLenWithDefault(5, 'x') => |n| char_len(n, 5).default('x').to_owned(),
        Char => char, CharNull => char_null, CharUniq => char_uniq, CharWithDefault('x') => |n| char(n).default('x').to_owned(),
        StringLen(9) => |n| string_len(n, 9), StringLenNull(9) => |n| string_len_null(n, 9), StringLenUniq(9) => |n| string_len_uniq(n, 9),
        StringLenWithDefault(9, text("it's")) => |n| string_len(n, 9).default("it's").to_owned(),
        String => string, StringNull => string_null, StringUniq => string_uniq,
        StringWithDefault(text("a\\b")) => |n| string(n).default("a\\b").to_owned(),
        Text => kit_runtime::schema::text, TextNull => text_null, TextUniq => text_uniq,
        TextWithDefault(text("")) => |n| kit_runtime::schema::text(n).default("").to_owned(),
        TinyInteger => tiny_integer, TinyIntegerNull => tiny_integer_null, TinyIntegerUniq => tiny_integer_uniq,
        SmallInteger => small_integer, SmallIntegerNull => small_integer_null, SmallIntegerUniq => small_integer_uniq,
        SmallIntegerWithDefault(-3) => |n| small_integer(n).default(-3).to_owned(),
        Integer => integer, IntegerNull => integer_null, IntegerUniq => integer_uniq,
        IntegerWithDefault(7) => |n| integer(n).default(7).to_owned(),
        BigInteger => big_integer, BigIntegerNull => big_integer_null, BigIntegerUniq => big_integer_uniq,
        BigIntegerWithDefault(i64::MAX) => |n| big_integer(n).default(i64::MAX).to_owned(),
        TinyUnsigned => tiny_unsigned, TinyUnsignedNull => tiny_unsigned_null, TinyUnsignedUniq => tiny_unsigned_uniq,
        SmallUnsigned => small_unsigned, SmallUnsignedNull => small_unsigned_null, SmallUnsignedUniq => small_unsigned_uniq,
        SmallUnsignedWithDefault(3) => |n| small_unsigned(n).default(3).to_owned(),
        Unsigned => unsigned, UnsignedNull => unsigned_null, UnsignedUniq => unsigned_uniq,
        UnsignedWithDefault(3) => |n| unsigned(n).default(3).to_owned(),
        BigUnsigned => big_unsigned, BigUnsignedNull => big_unsigned_null, BigUnsignedUniq => big_unsigned_uniq,
        BigUnsignedWithDefault(3) => |n| big_unsigned(n).default(3).to_owned(),
        Decimal => decimal, DecimalNull => decimal_null, DecimalUniq => decimal_uniq,
        DecimalWithDefault(1.5) => |n| decimal(n).default(1.5).to_owned(),
        DecimalLen(24, 8) => |n| decimal_len(n, 24, 8), DecimalLenNull(24, 8) => |n| decimal_len_null(n, 24, 8),
        DecimalLenUniq(24, 8) => |n| decimal_len_uniq(n, 24, 8),
        DecimalLenWithDefault(24, 8, 0.5) => |n| decimal_len(n, 24, 8).default(0.5).to_owned(),
        Float => float, FloatNull => float_null, FloatUniq => float_uniq, FloatWithDefault(0.5) => |n| float(n).default(0.5_f32).to_owned(),
        Double => double, DoubleNull => double_null, DoubleUniq => double_uniq, DoubleWithDefault(0.5) => |n| double(n).default(0.5).to_owned(),
        Boolean => boolean, BooleanNull => boolean_null, BooleanWithDefault(true) => |n| boolean(n).default(true).to_owned(),
        TimestampNull => timestamp_null,
        TimestampWithTimeZoneNull => timestamp_with_time_zone_null,
        Date => date, DateNull => date_null, DateUniq => date_uniq,
        DateWithDefault(text("2024-01-31")) => |n| date(n).default("2024-01-31").to_owned(),
        DateTime => date_time, DateTimeNull => date_time_null, DateTimeUniq => date_time_uniq,
        DateTimeWithDefault(text("2024-01-31 10:11:12")) => |n| date_time(n).default("2024-01-31 10:11:12").to_owned(),
        Time => time, TimeNull => time_null, TimeUniq => time_uniq,
        TimeWithDefault(text("10:11:12")) => |n| time(n).default("10:11:12").to_owned(),
        Binary => binary, BinaryNull => binary_null, BinaryUniq => binary_uniq,
        BinaryLen(5) => |n| binary_len(n, 5), BinaryLenNull(5) => |n| binary_len_null(n, 5), BinaryLenUniq(5) => |n| binary_len_uniq(n, 5),
        VarBinary(5) => |n| var_binary(n, 5), VarBinaryNull(5) => |n| var_binary_null(n, 5), VarBinaryUniq(5) => |n| var_binary_uniq(n, 5),
        Json => json, JsonNull => json_null,
        JsonBinary => json_binary, JsonBinaryNull => json_binary_null, JsonBinaryUniq => json_binary_uniq,
        Blob => blob, BlobNull => blob_null, BlobUniq => blob_uniq,
        Money => money, MoneyNull => money_null, MoneyUniq => money_uniq,
        MoneyWithDefault(1.5) => |n| money(n).default(1.5).to_owned(),
        Uuid => uuid, UuidNull => uuid_null, UuidUniq => uuid_uniq,
        // What is built is the variant of that name.
        ColType::string() => string, ColType::string().default("user") => |n| string(n).default("user").to_owned(),
        ColType::text() => kit_runtime::schema::text, ColType::integer() => integer, ColType::integer().default(1) => |n| integer(n).default(1).to_owned(),
        ColType::boolean().default(false) => |n| boolean(n).default(false).to_owned(),
        ColType::big_integer().null().unique() => |n| big_integer_null(n).unique_key().to_owned(),
        ColType::StringNull.not_null() => string, ColType::date_time().default_now() => |n| date_time(n).default(Expr::current_timestamp()).to_owned(),
    }
}

/// Types that not every database takes, or not so often in one table.
fn some(dialect: Dialect) -> Vec<(ColType, Make)> {
    use ColType::*;
    let mut pairs = Vec::new();
    if dialect != Dialect::Sqlite {
        pairs.extend(pairs! {
            VarBitLen(5) => |n| varbit(n, 5), VarBitLenNull(5) => |n| varbit_null(n, 5), VarBitLenUniq(5) => |n| varbit_uniq(n, 5),
        });
    }
    if dialect != Dialect::Postgres {
        // PostgreSQL compares no JSON that is text.
        pairs.extend(pairs! { JsonUniq => json_uniq });
    }
    if dialect != Dialect::MySql {
        pairs.extend(pairs! {
            Timestamp => timestamp, TimestampUniq => timestamp_uniq, ColType::timestamp() => timestamp,
            TimestampWithTimeZone => timestamp_with_time_zone,
            TimestampWithTimeZoneWithDefault("2024-01-31 10:11:12+00".to_owned()) =>
                |n| timestamp_with_time_zone(n).default("2024-01-31 10:11:12+00").to_owned(),
        });
    }
    if dialect == Dialect::Postgres {
        pairs.extend(pairs! {
            Interval(None, None) => |n| interval(n, None, None), IntervalNull(Some(PgInterval::Day), None) => |n| interval_null(n, Some(PgInterval::Day), None),
            IntervalUniq(None, Some(3)) => |n| interval_uniq(n, None, Some(3)),
            ColType::array(ArrayColType::String) => |n| array(n, ColumnType::string(None)),
            ColType::array_null(ArrayColType::BigInt) => |n| array_null(n, ColumnType::BigInteger),
            ColType::array_uniq(ArrayColType::Bool) => |n| array_uniq(n, ColumnType::Boolean),
            UuidWithDefault("gen_random_uuid()".to_owned()) => |n| uuid(n).default(Expr::cust("gen_random_uuid()")).to_owned(),
            UuidUniqWithDefault("gen_random_uuid()".to_owned()) => |n| uuid_uniq(n).default(Expr::cust("gen_random_uuid()")).to_owned(),
        });
    }
    pairs
}

/// The lines of a schema that say what columns a table has, without its name; and which of them are unique.
async fn columns(database: &Database, table: &str) -> (Vec<String>, BTreeSet<String>) {
    let schema = database.schema().await;
    let begin = format!("column {table}.");
    let columns =
        schema.lines().filter_map(|line| line.strip_prefix(&begin)).map(|line| line.replace(table, "t")).collect();
    let sql = match database.dialect {
        Dialect::Sqlite => format!(
            "SELECT c.name FROM pragma_index_list('{table}') i JOIN pragma_index_info(i.name) c WHERE i.\"unique\""
        ),
        Dialect::Postgres => format!(
            "SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
             WHERE i.indrelid = '{table}'::regclass AND i.indisunique AND NOT i.indisprimary"
        ),
        Dialect::MySql => format!(
            "SELECT CAST(column_name AS CHAR) FROM information_schema.statistics WHERE table_schema = DATABASE() \
             AND table_name = '{table}' AND non_unique = 0 AND index_name <> 'PRIMARY'"
        ),
    };
    (columns, database.query(&sql).await.into_iter().flatten().flatten().collect())
}

#[tokio::test]
async fn every_type_makes_the_column_that_locos_makes() {
    for database in Database::all().await {
        let pairs: Vec<(ColType, Make)> = everywhere().into_iter().chain(some(database.dialect)).collect();
        // MySQL takes 64 indexes for a table.
        for (part, pairs) in pairs.chunks(50).enumerate() {
            let names: Vec<String> = (0..pairs.len()).map(|at| format!("c{at:03}")).collect();
            let ours: Vec<(String, ColType)> =
                names.iter().cloned().zip(pairs.iter().map(|(kind, _)| kind.clone())).collect();
            let theirs: Vec<ColumnDef> =
                names.iter().zip(pairs).map(|(name, (_, make))| make(Alias::new(name.as_str()))).collect();
            let (our, their) = (format!("our{part}"), format!("their{part}"));
            let (table, other) = (our.clone(), their.clone());
            up(
                &database.session,
                step!(
                    [table, other, ours, theirs] | m | {
                        let columns: Vec<(&str, ColType)> =
                            ours.iter().map(|(name, kind)| (name.as_str(), kind.clone())).collect();
                        create_table(m, &table, &columns, &[]).await?;
                        let mut create = table_auto_tz(Alias::new(&other));
                        create.col(big_pk_auto(Alias::new("id")));
                        for column in &theirs {
                            create.col(column.clone());
                        }
                        m.create_table(create).await
                    }
                ),
            )
            .await;
            let (ours, theirs) = (columns(&database, &our).await, columns(&database, &their).await);
            assert_eq!(ours.0.len(), names.len() + 3);
            for (ours, theirs) in ours.0.iter().zip(&theirs.0) {
                let kind =
                    pairs.iter().zip(&names).find(|(_, name)| ours.starts_with(*name)).map(|((kind, _), _)| kind);
                assert_eq!(ours, theirs, "{:?}: {kind:?}", database.dialect);
            }
            assert_eq!(ours.1, theirs.1, "{:?}", database.dialect);
            // A column alone goes, and comes back. All of them would take minutes.
            let before = database.schema_in_any_order().await;
            let (table, kinds): (String, Vec<ColType>) = (our, pairs.iter().map(|(kind, _)| kind.clone()).collect());
            up(
                &database.session,
                step!(
                    [table, names, kinds] | m | {
                        for (name, kind) in names.iter().zip(&kinds).step_by(5) {
                            remove_column(m, &table, name).await?;
                            add_column(m, &table, name, kind.clone()).await?;
                        }
                        Ok(())
                    }
                ),
            )
            .await;
            assert_eq!(database.schema_in_any_order().await, before, "{:?}", database.dialect);
        }
    }
}

#[tokio::test]
async fn keys_are_numbers_or_uuids_and_references_are_of_their_type() {
    for database in Database::all().await {
        up(
            &database.session,
            step!(|m| {
                create_table(m, "users", &[("id", ColType::PkAuto)], &[]).await?;
                create_table(m, "teams", &[("id", ColType::PkUuid)], &[("team?", "parent_id")]).await?;
                m.create_table(Table::create().table(Alias::new("olds")).col(pk_auto(Alias::new("id"))).to_owned())
                    .await?;
                create_table(m, "posts", &[], &[("user", ""), ("team?", ""), ("old", "")]).await
            }),
        )
        .await;
        for (column, of) in [("user_id", "users"), ("team_id", "teams"), ("old_id", "olds")] {
            assert_eq!(
                kind(&database, "posts", column).await,
                kind(&database, of, "id").await,
                "{:?} {column}",
                database.dialect
            );
        }
        assert_eq!(kind(&database, "teams", "parent_id").await, kind(&database, "teams", "id").await);
    }
}

async fn kind(database: &Database, table: &str, column: &str) -> String {
    let rows = database.session.query(database.dialect.table_columns(), &[table.into()]).await.unwrap();
    rows.into_iter().find(|row| row[0].as_deref() == Some(column)).unwrap()[1].clone().unwrap()
}

#[tokio::test]
async fn what_a_database_has_not_is_said_and_nothing_is_made() {
    for (database, lacking) in [
        (
            Database::sqlite().await,
            vec![
                (ColType::array(ArrayColType::Int), "arrays"),
                (ColType::interval(), "intervals"),
                (ColType::VarBitLen(3), "strings of bits"),
            ],
        ),
        (
            Database::mysql().await,
            vec![(ColType::array(ArrayColType::Int), "arrays"), (ColType::interval(), "intervals")],
        ),
    ] {
        for (kind, kind_name) in lacking {
            let create = step!([kind] | m | create_table(m, "t", &[("tags", kind)], &[]).await);
            let said = fails(&database.session, create).await;
            assert!(said.contains("`tags`") && said.contains(kind_name), "{said}");
            assert!(!database.has_table("t").await);
        }
    }
}

#[tokio::test]
async fn enums_take_their_values_and_no_others() {
    for database in Database::all().await {
        let states = || vec!["draft".to_owned(), "published".to_owned()];
        up(
            &database.session,
            step!(|m| {
                let state = ColType::EnumWithDefault("state".to_owned(), states(), "draft".to_owned());
                create_table(
                    m,
                    "posts",
                    &[("state", state), ("before", ColType::EnumNull("state".to_owned(), states()))],
                    &[],
                )
                .await?;
                create_table(m, "pages", &[("n", ColType::IntegerNull)], &[]).await?;
                add_column(
                    m,
                    "pages",
                    "state",
                    ColType::EnumNullWithDefault("state".to_owned(), states(), "published".to_owned()),
                )
                .await?;
                add_column(m, "pages", "needed", ColType::Enum("state".to_owned(), states())).await
            }),
        )
        .await;
        let before = database.dialect.quote("before");
        let insert = |state: &str| format!("INSERT INTO posts (state, {before}) VALUES ('{state}', 'draft')");
        let refused = async |sql: String| database.session.execute(&sql, &[]).await.is_err();
        database.execute(&[&insert("published"), "INSERT INTO pages (needed) VALUES ('draft')"]).await;
        assert!(refused(insert("lost")).await, "{:?}", database.dialect);
        up(
            &database.session,
            step!(|m| add_enum_values(m, "state", vec!["lost".to_owned(), "draft".to_owned()]).await),
        )
        .await;
        database.execute(&[&insert("lost"), "UPDATE pages SET state = 'lost', needed = 'lost'"]).await;
        assert!(refused(insert("found")).await, "{:?}", database.dialect);
        assert_eq!(database.value("(SELECT MIN(state) FROM pages)").await.as_deref(), Some("lost"));
        if database.dialect == Dialect::Postgres {
            let said = fails(&database.session, step!(|m| drop_enum_type(m, "state").await)).await;
            assert!(quotes(&said, "cannot drop type state because other objects depend on it"), "{said}");
        }
        up(
            &database.session,
            step!(|m| {
                remove_column(m, "pages", "state").await?;
                drop_table(m, "pages").await?;
                drop_table(m, "posts").await?;
                drop_enum_type(m, "state").await
            }),
        )
        .await;
        assert!(!database.schema().await.contains("state"));
    }
}
