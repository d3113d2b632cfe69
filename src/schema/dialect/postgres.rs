//! Reads a schema of PostgreSQL from pg_catalog: one query for each kind of thing, with names passed as JSON, since
//! they may hold anything. What belongs to an extension is left out, and so are partitions.

use kit_runtime::connection::{Connection, Error};

use super::{Cells, Tables, parse_list};
use crate::schema::model::{
    Action, Check, Column, Counting, Domain, Enum, ForeignKey, Generated, Identity, Index, Key, Kind, Nulls, Part,
    Schema, Sequence, View, What,
};
use crate::schema::types::postgres as types;

pub(super) async fn read(session: &impl Connection) -> Result<Schema, Error> {
    let name = session.query("SELECT current_schema()::text", &[]).await?.into_iter().flatten().flatten().next();
    let Some(name) = name else {
        return Err(Error::new("there is no current schema: the search path names none that exists"));
    };
    let mut schema = Schema { is_default: name == "public", name: Some(name), ..Schema::default() };
    let mut tables = Tables::default();
    for row in session.query(RELATIONS, &[]).await? {
        let mut cells = Cells::new(row);
        let (name, kind, comment) = (cells.must()?, cells.must()?, cells.maybe());
        if matches!(kind.as_str(), "v" | "m") {
            let definition = cells.maybe().unwrap_or_default();
            schema.views.push(View { name, materialized: kind == "m", definition, columns: Vec::new() });
        } else {
            tables.add(name, comment);
        }
    }
    for row in session.query(COLUMNS, &[]).await? {
        let mut cells = Cells::new(row);
        let relation = cells.must()?;
        let column = column(cells)?;
        if let Some(table) = tables.get(&relation) {
            table.columns.push(column);
        } else if let Some(view) = schema.views.iter_mut().find(|view| view.name == relation) {
            view.columns.push(column);
        }
    }
    for row in session.query(CONSTRAINTS, &[]).await? {
        let mut cells = Cells::new(row);
        let (relation, kind, name, columns) = (cells.must()?, cells.must()?, cells.maybe(), cells.list()?);
        let Some(table) = tables.get(&relation) else { continue };
        match kind.as_str() {
            "p" => table.primary_key = Some(Key { name, columns }),
            "u" => table.uniques.push(Key { name, columns }),
            "c" => table.checks.push(Check { name, expression: cells.maybe().unwrap_or_default() }),
            _ => {
                let _ = cells.maybe();
                let (schema, other, references) = (cells.maybe(), cells.must()?, cells.list()?);
                let on_delete = action(cells.maybe());
                let on_update = action(cells.maybe());
                table.foreign_keys.push(ForeignKey {
                    name,
                    columns,
                    schema,
                    table: other,
                    references,
                    on_delete,
                    on_update,
                });
            }
        }
    }
    for row in session.query(INDEXES, &[]).await? {
        let mut cells = Cells::new(row);
        let (relation, name, unique, method) = (cells.must()?, cells.must()?, cells.yes(), cells.maybe());
        let (parts, include, predicate) = (cells.maybe(), cells.list()?, cells.maybe());
        let parts: Vec<(String, bool, bool, bool, Option<String>)> =
            serde_json::from_str(parts.as_deref().unwrap_or("[]"))
                .map_err(|error| Error::new(format!("the catalog: {error}")))?;
        let parts = parts.into_iter().map(|(text, is_column, descending, first, operators)| Part {
            what: if is_column { What::Column(text) } else { What::Expression(text) },
            descending,
            nulls: (first != descending).then_some(if first { Nulls::First } else { Nulls::Last }),
            length: None,
            operators,
        });
        if let Some(table) = tables.get(&relation) {
            table.indexes.push(Index { name, unique, method, parts: parts.collect(), include, predicate });
        }
    }
    for row in session.query(TYPES, &[]).await? {
        let mut cells = Cells::new(row);
        let (name, kind) = (cells.must()?, cells.must()?);
        if kind == "e" {
            schema.enums.push(Enum { name, values: cells.list()? });
            continue;
        }
        let _ = cells.maybe();
        let (type_name, nullable, default) = (cells.must()?, !cells.yes(), cells.maybe());
        let checks: Vec<(String, String)> =
            serde_json::from_str(&cells.must()?).map_err(|error| Error::new(format!("the catalog: {error}")))?;
        let checks = checks.into_iter().map(|(name, expression)| Check { name: Some(name), expression }).collect();
        schema.domains.push(Domain { name, type_name, nullable, default, checks });
    }
    for row in session.query(SEQUENCES, &[]).await? {
        let mut cells = Cells::new(row);
        let (name, type_name) = (cells.must()?, cells.must()?);
        let mut number = || -> Result<i64, Error> {
            cells.must()?.parse().map_err(|_| Error::new("the catalog has no number where a sequence has one"))
        };
        let (start, increment, minimum, maximum, cache) = (number()?, number()?, number()?, number()?, number()?);
        let cycles = cells.yes();
        let counting = Counting { type_name, start, increment, minimum, maximum, cache, cycles };
        schema.sequences.push(Sequence { name, counting: Some(counting) });
    }
    schema.tables = tables.finish();
    Ok(schema)
}

fn column(mut cells: Cells) -> Result<Column, Error> {
    let (name, type_name, base, is_array, dimensions) =
        (cells.must()?, cells.must()?, cells.must()?, cells.yes(), cells.maybe());
    let (enum_schema, enum_name, enum_values) = (cells.maybe(), cells.maybe(), cells.maybe());
    let (nullable, default, identity, generated) = (!cells.yes(), cells.maybe(), cells.maybe(), cells.text());
    let (owned, collation, comment) = (cells.yes(), cells.maybe(), cells.maybe());
    let element = match enum_name {
        Some(name) => Kind::Enum { schema: enum_schema, name: Some(name), values: parse_list(enum_values.as_deref())? },
        None => types::kind(&base),
    };
    let several = dimensions.is_some_and(|count| count.parse::<u32>().is_ok_and(|count| count > 1));
    let kind = if is_array { types::array(element, several) } else { element };
    let cast = Some(types::cast(&kind, cells.must()?));
    let identity = match identity.as_deref() {
        Some("a") => Some(Identity::Always),
        Some("d") => Some(Identity::ByDefault),
        _ if owned => Some(Identity::AutoIncrement),
        _ => None,
    };
    let (default, generated) = match generated.as_deref() {
        Some(how) => (None, Some(Generated { expression: default.unwrap_or_default(), stored: how == "s" })),
        None => (default, None),
    };
    Ok(Column { name, type_name, kind, cast, nullable, default, identity, generated, collation, comment })
}

fn action(letter: Option<String>) -> Action {
    match letter.as_deref() {
        Some("r") => Action::Restrict,
        Some("c") => Action::Cascade,
        Some("n") => Action::SetNull,
        Some("d") => Action::SetDefault,
        _ => Action::NoAction,
    }
}

/// No object of an extension: those change with the extension, not with a migration.
macro_rules! own {
    ($class:literal, $oid:literal) => {
        concat!(
            "NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = '",
            $class,
            "'::regclass AND e.objid = ",
            $oid,
            " AND e.deptype = 'e')"
        )
    };
}

macro_rules! here {
    ($column:literal) => {
        concat!($column, " = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema())")
    };
}

/// Whether a type is found by its name alone, on the connections that use the entities: those of the default schema find what
/// this one finds, and others get the schema's name with each table.
macro_rules! found {
    ($type:literal) => {
        concat!(
            "(",
            $type,
            "_schema.nspname = 'pg_catalog' OR current_schema() = 'public' AND pg_type_is_visible(",
            $type,
            ".oid))"
        )
    };
}

const RELATIONS: &str = concat!(
    "SELECT c.relname::text, c.relkind::text, obj_description(c.oid, 'pg_class')::text, \
     CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid)::text END FROM pg_catalog.pg_class c WHERE ",
    here!("c.relnamespace"),
    " AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT c.relispartition AND ",
    own!("pg_class", "c.oid")
);

const COLUMNS: &str = concat!(
    "WITH RECURSIVE beneath(id, oid, typmod) AS (\
       SELECT oid, typbasetype, typtypmod FROM pg_catalog.pg_type WHERE typtype = 'd' \
       UNION ALL SELECT b.id, t.typbasetype, t.typtypmod FROM beneath b JOIN pg_catalog.pg_type t ON t.oid = b.oid \
       WHERE t.typtype = 'd'), \
     enums AS (SELECT enumtypid, json_agg(enumlabel::text ORDER BY enumsortorder)::text AS labels \
       FROM pg_catalog.pg_enum GROUP BY enumtypid), \
     owned AS (SELECT refobjid, refobjsubid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid \
       WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a' \
       AND s.relkind = 'S' GROUP BY 1, 2) \
     SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod)::text, \
       format_type(item.oid, coalesce(b.typmod, a.atttypmod))::text, (item.oid <> base.oid)::text, a.attndims::text, \
       CASE WHEN item.typtype = 'e' AND (item.typname LIKE '%\"%' OR NOT ",
    found!("item"),
    ") THEN item_schema.nspname::text END, \
       CASE WHEN item.typtype = 'e' THEN item.typname::text END, enums.labels, \
       (a.attnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'n' \
        AND NOT k.convalidated AND k.conkey = ARRAY[a.attnum]))::text, \
       pg_get_expr(d.adbin, d.adrelid)::text, a.attidentity::text, a.attgenerated::text, \
       (owned.refobjid IS NOT NULL AND pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%')::text, \
       CASE WHEN a.attcollation <> t.typcollation THEN l.collname::text END, col_description(c.oid, a.attnum)::text, \
       CASE WHEN ",
    found!("own"),
    " THEN format_type(a.atttypid, a.atttypmod)::text \
       ELSE quote_ident(own_schema.nspname) || '.' || quote_ident(own.typname) || \
         coalesce(substring(format_type(a.atttypid, a.atttypmod) FROM '\\([^()\"]*\\)(?=(\\[\\])?$)'), '') || \
         CASE WHEN own.oid <> t.oid THEN '[]' ELSE '' END END \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
     LEFT JOIN (beneath b JOIN pg_catalog.pg_type bt ON bt.oid = b.oid AND bt.typtype <> 'd') ON b.id = t.oid \
     JOIN pg_catalog.pg_type base ON base.oid = coalesce(b.oid, t.oid) \
     JOIN pg_catalog.pg_type item ON item.oid = CASE WHEN base.typcategory = 'A' AND base.typelem <> 0 THEN base.typelem ELSE base.oid END \
     JOIN pg_catalog.pg_namespace item_schema ON item_schema.oid = item.typnamespace \
     JOIN pg_catalog.pg_type own ON own.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END \
     JOIN pg_catalog.pg_namespace own_schema ON own_schema.oid = own.typnamespace \
     LEFT JOIN enums ON enums.enumtypid = item.oid \
     LEFT JOIN owned ON owned.refobjid = c.oid AND owned.refobjsubid = a.attnum \
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation WHERE ",
    here!("c.relnamespace"),
    " AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT c.relispartition ORDER BY c.relname, a.attnum"
);

const CONSTRAINTS: &str = concat!(
    "SELECT c.relname::text, k.contype::text, k.conname::text, \
       (SELECT json_agg(a.attname::text ORDER BY n.place)::text FROM unnest(k.conkey) WITH ORDINALITY n(number, place) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number), \
       CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid)::text END, \
       CASE WHEN f.relnamespace <> c.relnamespace THEN s.nspname::text END, f.relname::text, \
       (SELECT json_agg(a.attname::text ORDER BY n.place)::text FROM unnest(k.confkey) WITH ORDINALITY n(number, place) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.number), \
       k.confdeltype::text, k.confupdtype::text \
     FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
     LEFT JOIN pg_catalog.pg_class f ON f.oid = k.confrelid LEFT JOIN pg_catalog.pg_namespace s ON s.oid = f.relnamespace \
     WHERE k.contype IN ('p', 'u', 'c', 'f') AND NOT c.relispartition AND ",
    here!("c.relnamespace"),
    // A key to a partitioned table has a row for each partition besides its own.
    " AND (k.contype <> 'f' OR k.conparentid = 0)"
);

const INDEXES: &str = concat!(
    "SELECT c.relname::text, x.relname::text, i.indisunique::text, m.amname::text, \
       (SELECT json_agg(json_build_array(coalesce(a.attname::text, pg_get_indexdef(i.indexrelid, n.place::int, true)), \
          a.attname IS NOT NULL, (i.indoption[(n.place - 1)::int] & 1) = 1, (i.indoption[(n.place - 1)::int] & 2) = 2, \
          (SELECT o.opcname::text FROM pg_catalog.pg_opclass o WHERE o.oid = i.indclass[(n.place - 1)::int] AND NOT o.opcdefault)) \
          ORDER BY n.place)::text \
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY n(number, place) \
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = n.number AND n.number > 0 \
        WHERE n.place <= i.indnkeyatts), \
       (SELECT json_agg(a.attname::text ORDER BY n.place)::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY n(number, place) \
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = n.number WHERE n.place > i.indnkeyatts), \
       pg_get_expr(i.indpred, i.indrelid)::text \
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid \
     JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = x.relam \
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k \
       WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u')) AND ",
    here!("c.relnamespace")
);

const TYPES: &str = concat!(
    "SELECT t.typname::text, t.typtype::text, \
       (SELECT json_agg(e.enumlabel::text ORDER BY e.enumsortorder)::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid), \
       format_type(t.typbasetype, t.typtypmod)::text, t.typnotnull::text, t.typdefault::text, \
       coalesce((SELECT json_agg(json_build_array(k.conname, pg_get_expr(k.conbin, 0)) ORDER BY k.conname)::text \
        FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'), '[]') \
     FROM pg_catalog.pg_type t WHERE t.typtype IN ('e', 'd') AND ",
    here!("t.typnamespace"),
    " AND ",
    own!("pg_type", "t.oid")
);

const SEQUENCES: &str = concat!(
    "SELECT c.relname::text, format_type(s.seqtypid, NULL)::text, s.seqstart::text, s.seqincrement::text, s.seqmin::text, \
       s.seqmax::text, s.seqcache::text, s.seqcycle::text \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid WHERE ",
    here!("c.relnamespace"),
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid \
     AND e.deptype IN ('a', 'i', 'e'))"
);
