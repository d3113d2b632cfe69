//! Queries for a schema on PostgreSQL. The definition of an object is the statement that the server itself writes for it, if it
//! has a function for that; the settings that `pg_dump` prints as separate statements follow, unless they have their default.
//! Columns of newer catalogs are read through `to_jsonb`, because older servers reject a query that names them.

use crate::snapshot::Scope;

/// The queries, written for one scope.
pub(super) fn queries(scope: Scope) -> Vec<String> {
    let mut queries = of_relations(scope);
    queries.extend(of_types(scope));
    queries.extend(of_routines(scope));
    queries.extend(of_search(scope));
    queries.push(comments(scope));
    if scope == Scope::Database {
        queries.extend(of_database());
    }
    queries
}

const CURRENT: &str = "to_regnamespace(quote_ident(current_schema()))";

/// Passes for what is in the schemas that count.
fn here(scope: Scope, namespace: &str) -> String {
    match scope {
        Scope::Schema => format!("{namespace} = {CURRENT}"),
        Scope::Database => format!(
            "{namespace} IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')"
        ),
    }
}

/// A name, qualified if it is not in the current schema.
fn name(namespace: &str, name: &str) -> String {
    format!(
        "CASE WHEN {namespace} = {CURRENT} THEN {name}::text ELSE {namespace}::regnamespace::text || '.' || {name}::text END"
    )
}

/// Passes for what belongs to no extension.
fn own(catalog: &str, oid: &str) -> String {
    format!(
        "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass AND e.objid = {oid} AND e.deptype = 'e')"
    )
}

fn owner(column: &str) -> String {
    format!("'owner ' || pg_get_userbyid({column})")
}

/// The privileges on an object, if they are not those that its owner has by default. `kind` is what `acldefault` calls it.
fn privileges(column: &str, kind: char, owner: &str) -> String {
    let sorted = |acl: &str| {
        format!("coalesce((SELECT string_agg(acl::text, ', ' ORDER BY acl::text) FROM unnest({acl}) acl), 'none')")
    };
    let (is, usual) = (sorted(column), sorted(&format!("acldefault('{kind}', {owner})")));
    format!("CASE WHEN {column} IS NOT NULL AND {is} <> {usual} THEN 'privileges ' || {is} END")
}

/// Sorted options of a relation, a column or a server.
fn options(column: &str) -> String {
    format!("'options ' || (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest({column}) o)")
}

/// A column that not every version has, as text.
fn newer(row: &str, column: &str) -> String {
    format!("to_jsonb({row}) ->> '{column}'")
}

fn of_relations(scope: Scope) -> Vec<String> {
    let relation = name("c.relnamespace", "c.relname");
    let in_scope = format!("{} AND {}", here(scope, "c.relnamespace"), own("pg_class", "c.oid"));
    vec![
        format!(
            "SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'c' THEN 'composite type' \
             WHEN 'f' THEN 'foreign table' ELSE 'table' END, {relation}, NULL, \
             CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END, CASE c.relpersistence WHEN 'u' THEN 'unlogged' END, \
             'partition by ' || CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END, \
             'inherits ' || (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid), \
             'partition ' || pg_get_expr(c.relpartbound, c.oid), 'of type ' || NULLIF(c.reloftype, 0)::regtype, \
             'access method ' || (SELECT a.amname FROM pg_am a WHERE a.oid = c.relam AND (a.amname <> 'heap' OR c.relkind = 'p')), \
             'tablespace ' || (SELECT s.spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace), {options}, \
             'toast ' || (SELECT {toast} FROM pg_class t WHERE t.oid = c.reltoastrelid), \
             CASE WHEN c.relrowsecurity THEN 'row level security' END, CASE WHEN c.relforcerowsecurity THEN 'forced row level security' END, \
             CASE c.relreplident WHEN 'f' THEN 'replica identity full' WHEN 'n' THEN CASE WHEN c.relkind IN ('r', 'p') THEN 'replica identity nothing' END \
             WHEN 'i' THEN 'replica identity index' END, \
             CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN 'without data' END, \
             'server ' || (SELECT s.srvname FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid), \
             (SELECT {foreign} FROM pg_foreign_table f WHERE f.ftrelid = c.oid), {owner}, {privileges} \
             FROM pg_class c WHERE {in_scope} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')",
            options = options("c.reloptions"),
            toast = options("t.reloptions"),
            foreign = options("f.ftoptions"),
            owner = owner("c.relowner"),
            privileges = privileges("c.relacl", 'r', "c.relowner"),
        ),
        format!(
            "SELECT 'column', {relation}, a.attname::text, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' END, \
             CASE {generated} WHEN 's' THEN 'stored ' WHEN 'v' THEN 'virtual ' ELSE 'default ' END || pg_get_expr(d.adbin, d.adrelid), \
             CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END, \
             CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || a.attcollation::regcollation END, \
             CASE WHEN a.attstorage <> t.typstorage THEN 'storage ' || a.attstorage::text END, 'compression ' || NULLIF({compression}, ''), \
             CASE WHEN a.attstattarget >= 0 THEN 'statistics ' || a.attstattarget END, {options}, {foreign}, \
             CASE WHEN a.attinhcount > 0 THEN 'inherited' || CASE WHEN a.attislocal THEN ' and local' ELSE '' END END, {privileges} \
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid \
             LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE {in_scope} \
             AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped",
            generated = newer("a", "attgenerated"),
            compression = newer("a", "attcompression"),
            options = options("a.attoptions"),
            foreign = options("a.attfdwoptions"),
            privileges = privileges("a.attacl", 'c', "c.relowner"),
        ),
        format!(
            "SELECT 'columns of', {relation}, NULL, string_agg(a.attname::text, chr(10) ORDER BY a.attnum) \
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE {in_scope} \
             AND c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped GROUP BY c.relname, c.relnamespace"
        ),
        format!(
            "SELECT 'sequence', {relation}, NULL, 'as ' || format_type(s.seqtypid, NULL), 'start ' || s.seqstart, \
             'increment ' || s.seqincrement, 'from ' || s.seqmin, 'to ' || s.seqmax, 'cache ' || NULLIF(s.seqcache, 1), \
             CASE WHEN s.seqcycle THEN 'cycle' END, CASE c.relpersistence WHEN 'u' THEN 'unlogged' END, \
             (SELECT CASE d.deptype WHEN 'i' THEN 'identity of ' ELSE 'owned by ' END || d.refobjid::regclass || '.' || a.attname \
             FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_class'::regclass \
             AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')), {owner}, {privileges} \
             FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid WHERE {in_scope}",
            owner = owner("c.relowner"),
            privileges = privileges("c.relacl", 's', "c.relowner"),
        ),
        format!(
            "SELECT 'index', {relation}, x.relname::text, pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN 'INVALID' END, \
             CASE WHEN i.indisclustered THEN 'clustered' END, CASE WHEN i.indisreplident THEN 'replica identity' END, \
             'tablespace ' || (SELECT s.spcname FROM pg_tablespace s WHERE s.oid = x.reltablespace), \
             'partition of ' || (SELECT p.inhparent::regclass FROM pg_inherits p WHERE p.inhrelid = x.oid), \
             'statistics ' || (SELECT string_agg(a.attnum || ': ' || a.attstattarget, ', ' ORDER BY a.attnum) FROM pg_attribute a \
             WHERE a.attrelid = x.oid AND a.attstattarget >= 0) \
             FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid WHERE {in_scope} AND c.relkind <> 't'"
        ),
        format!(
            "SELECT 'constraint', coalesce({relation}, {of_type}), k.conname::text, pg_get_constraintdef(k.oid), \
             CASE WHEN k.coninhcount > 0 THEN 'inherited' || CASE WHEN k.conislocal THEN ' and local' ELSE '' END END \
             FROM pg_constraint k LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid \
             WHERE {here} AND {own_class} AND {own_type} AND (k.contype <> 'n' OR k.connoinherit OR NOT k.convalidated OR k.conname <> {usual})",
            of_type = name("t.typnamespace", "t.typname"),
            // A constraint `NOT NULL` with these properties is described by its column or domain alone, as on servers without such
            // constraints.
            usual = "CASE WHEN k.conrelid = 0 THEN t.typname || '_not_null' ELSE c.relname || '_' \
                     || (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1]) || '_not_null' END",
            here = here(scope, "k.connamespace"),
            own_class = own("pg_class", "k.conrelid"),
            own_type = own("pg_type", "k.contypid"),
        ),
        format!(
            "SELECT 'trigger', {relation}, t.tgname::text, pg_get_triggerdef(t.oid), \
             CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on replicas' WHEN 'A' THEN 'enabled always' END \
             FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE {in_scope} AND {user_trigger}",
            // Up to PostgreSQL 14 the copy of a trigger on a partition counts as internal.
            user_trigger =
                format!("(NOT t.tgisinternal OR {} <> '0' AND t.tgconstraint = 0)", newer("t", "tgparentid")),
        ),
        format!(
            "SELECT 'rule', {relation}, r.rulename::text, pg_get_ruledef(r.oid), \
             CASE r.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on replicas' WHEN 'A' THEN 'enabled always' END \
             FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE {in_scope} AND r.rulename <> '_RETURN'"
        ),
        format!(
            "SELECT 'policy', {relation}, p.polname::text, CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, \
             'for ' || p.polcmd::text, 'to ' || (SELECT string_agg(CASE r WHEN 0 THEN 'public' ELSE pg_get_userbyid(r) END, ', ' ORDER BY r) \
             FROM unnest(p.polroles) r), 'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid) \
             FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE {in_scope}"
        ),
        format!(
            "SELECT 'statistics', {of}, NULL, pg_get_statisticsobjdef(s.oid), 'target ' || NULLIF({target}, '-1'), {owner} \
             FROM pg_statistic_ext s WHERE {here} AND {own}",
            of = name("s.stxnamespace", "s.stxname"),
            target = newer("s", "stxstattarget"),
            owner = owner("s.stxowner"),
            here = here(scope, "s.stxnamespace"),
            own = own("pg_statistic_ext", "s.oid"),
        ),
    ]
}

fn of_types(scope: Scope) -> Vec<String> {
    let own_type = own("pg_type", "t.oid");
    vec![
        format!(
            "SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' ELSE 'type' END, {name}, NULL, \
             (SELECT string_agg(l.enumlabel::text, chr(10) ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid), \
             CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) END, CASE WHEN t.typnotnull THEN 'not null' END, \
             'default ' || t.typdefault, CASE WHEN t.typtype = 'd' AND t.typcollation <> (SELECT b.typcollation FROM pg_type b \
             WHERE b.oid = t.typbasetype) THEN 'collate ' || t.typcollation::regcollation END, \
             (SELECT concat_ws(chr(10), 'subtype ' || format_type(r.rngsubtype, NULL), 'operator class ' || (SELECT o.opcname FROM pg_opclass o \
             WHERE o.oid = r.rngsubopc), 'collate ' || NULLIF(r.rngcollation, 0)::regcollation, 'canonical ' || NULLIF(r.rngcanonical, 0)::regproc, \
             'difference ' || NULLIF(r.rngsubdiff, 0)::regproc, 'multirange ' || ({multirange})::oid::regtype) FROM pg_range r WHERE r.rngtypid = t.oid), \
             CASE WHEN t.typtype = 'b' THEN (SELECT string_agg(key || ' ' || value, chr(10) ORDER BY key) FROM jsonb_each_text(to_jsonb(t) - ARRAY['oid', \
             'typname', 'typnamespace', 'typowner', 'typacl', 'typarray', 'typrelid', 'typdefault', 'typdefaultbin', 'typnotnull'])) END, \
             CASE WHEN NOT t.typisdefined THEN 'shell' END, {owner}, {privileges} FROM pg_type t \
             WHERE {here} AND t.typtype NOT IN ('c', 'm') AND (t.typtype <> 'p' OR NOT t.typisdefined) AND NOT (t.typelem <> 0 AND t.typlen = -1 AND t.typname ~ '^_') AND {own_type}",
            name = name("t.typnamespace", "t.typname"),
            multirange = newer("r", "rngmultitypid"),
            owner = owner("t.typowner"),
            privileges = privileges("t.typacl", 'T', "t.typowner"),
            here = here(scope, "t.typnamespace"),
        ),
        format!(
            "SELECT 'collation', {name}, NULL, (SELECT string_agg(key || ' ' || value, chr(10) ORDER BY key) FROM jsonb_each_text(to_jsonb(o) \
             - ARRAY['oid', 'collname', 'collnamespace', 'collowner', 'collversion'])), {owner} FROM pg_collation o WHERE {here} AND {own}",
            name = name("o.collnamespace", "o.collname"),
            owner = owner("o.collowner"),
            here = here(scope, "o.collnamespace"),
            own = own("pg_collation", "o.oid"),
        ),
        format!(
            "SELECT 'conversion', {name}, NULL, pg_encoding_to_char(o.conforencoding) || ' to ' || pg_encoding_to_char(o.contoencoding), \
             'function ' || o.conproc, CASE WHEN o.condefault THEN 'default' END, {owner} FROM pg_conversion o WHERE {here} AND {own}",
            name = name("o.connamespace", "o.conname"),
            owner = owner("o.conowner"),
            here = here(scope, "o.connamespace"),
            own = own("pg_conversion", "o.oid"),
        ),
    ]
}

fn of_routines(scope: Scope) -> Vec<String> {
    let sorted = |catalog: &str, alias: &str, family: &str| {
        format!(
            "(SELECT string_agg(pg_describe_object('{catalog}'::regclass, {alias}.oid, 0), chr(10) \
             ORDER BY pg_describe_object('{catalog}'::regclass, {alias}.oid, 0)) FROM {catalog} {alias} WHERE {alias}.{family} = f.oid)"
        )
    };
    vec![
        format!(
            "SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, p.oid::regprocedure::text, NULL, \
             CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END, CASE WHEN p.prokind = 'a' THEN 'parallel ' || p.proparallel::text END, \
             (SELECT string_agg(key || ' ' || value, chr(10) ORDER BY key) FROM pg_aggregate a, jsonb_each_text(to_jsonb(a) - ARRAY['aggfnoid', \
             'aggtranstype', 'aggmtranstype', 'aggsortop']) WHERE a.aggfnoid = p.oid), \
             (SELECT concat_ws(chr(10), 'state ' || format_type(a.aggtranstype, NULL), 'moving state ' || format_type(NULLIF(a.aggmtranstype, 0), NULL), \
             'sort operator ' || NULLIF(a.aggsortop, 0)::regoperator) FROM pg_aggregate a WHERE a.aggfnoid = p.oid), {owner}, {privileges} \
             FROM pg_proc p WHERE {here} AND {own}",
            owner = owner("p.proowner"),
            privileges = privileges("p.proacl", 'f', "p.proowner"),
            here = here(scope, "p.pronamespace"),
            own = own("pg_proc", "p.oid"),
        ),
        format!(
            "SELECT 'operator', o.oid::regoperator::text, NULL, 'function ' || o.oprcode, 'commutator ' || NULLIF(o.oprcom, 0)::regoperator, \
             'negator ' || NULLIF(o.oprnegate, 0)::regoperator, 'restrict ' || NULLIF(o.oprrest, 0)::regproc, 'join ' || NULLIF(o.oprjoin, 0)::regproc, \
             CASE WHEN o.oprcanhash THEN 'hashes' END, CASE WHEN o.oprcanmerge THEN 'merges' END, {owner} FROM pg_operator o WHERE {here} AND {own}",
            owner = owner("o.oprowner"),
            here = here(scope, "o.oprnamespace"),
            own = own("pg_operator", "o.oid"),
        ),
        format!(
            "SELECT 'operator class', {name}, a.amname::text, 'for ' || format_type(o.opcintype, NULL), CASE WHEN o.opcdefault THEN 'default' END, \
             'storage ' || format_type(NULLIF(o.opckeytype, 0), NULL), 'family ' || pg_describe_object('pg_opfamily'::regclass, o.opcfamily, 0), {owner} \
             FROM pg_opclass o JOIN pg_am a ON a.oid = o.opcmethod WHERE {here} AND {own}",
            name = name("o.opcnamespace", "o.opcname"),
            owner = owner("o.opcowner"),
            here = here(scope, "o.opcnamespace"),
            own = own("pg_opclass", "o.oid"),
        ),
        format!(
            "SELECT 'operator family', {name}, a.amname::text, {operators}, {functions}, {owner} \
             FROM pg_opfamily f JOIN pg_am a ON a.oid = f.opfmethod WHERE {here} AND {own}",
            name = name("f.opfnamespace", "f.opfname"),
            operators = sorted("pg_amop", "x", "amopfamily"),
            functions = sorted("pg_amproc", "y", "amprocfamily"),
            owner = owner("f.opfowner"),
            here = here(scope, "f.opfnamespace"),
            own = own("pg_opfamily", "f.oid"),
        ),
    ]
}

/// Configurations and dictionaries of full text search.
fn of_search(scope: Scope) -> Vec<String> {
    vec![
        format!(
            "SELECT 'text search configuration', {name}, NULL, 'parser ' || (SELECT p.prsname FROM pg_ts_parser p WHERE p.oid = c.cfgparser), \
             (SELECT string_agg(m.maptokentype || ': ' || m.mapdict::regdictionary, chr(10) ORDER BY m.maptokentype, m.mapseqno) \
             FROM pg_ts_config_map m WHERE m.mapcfg = c.oid), {owner} FROM pg_ts_config c WHERE {here} AND {own}",
            name = name("c.cfgnamespace", "c.cfgname"),
            owner = owner("c.cfgowner"),
            here = here(scope, "c.cfgnamespace"),
            own = own("pg_ts_config", "c.oid"),
        ),
        format!(
            "SELECT 'text search dictionary', {name}, NULL, 'template ' || (SELECT t.tmplname FROM pg_ts_template t WHERE t.oid = d.dicttemplate), \
             d.dictinitoption, {owner} FROM pg_ts_dict d WHERE {here} AND {own}",
            name = name("d.dictnamespace", "d.dictname"),
            owner = owner("d.dictowner"),
            here = here(scope, "d.dictnamespace"),
            own = own("pg_ts_dict", "d.oid"),
        ),
    ]
}

/// Comments and labels of any object, and the extensions that an object needs.
fn comments(scope: Scope) -> String {
    let described = |what: &str, catalog: &str, text: &str, filter: &str, [class, object, part]: [&str; 3]| {
        format!(
            "SELECT '{what}', pg_describe_object(d.{class}, d.{object}, {part}), NULL, {text} FROM {catalog} d, \
             LATERAL pg_identify_object(d.{class}, d.{object}, {part}) i WHERE d.{object} >= 16384 AND {filter} {within} \
             AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.{class} AND e.objid = d.{object} AND e.deptype = 'e')",
            within = match scope {
                // The identity of a trigger, a rule or a policy ends in the name of its table.
                Scope::Schema => {
                    "AND (i.schema = quote_ident(current_schema()) \
                     OR i.schema IS NULL AND i.identity LIKE '% on ' || quote_ident(current_schema()) || '.%')"
                }
                Scope::Database => "AND i.type <> 'extension' AND i.schema IS DISTINCT FROM 'pg_catalog'",
            },
        )
    };
    let place = ["classoid", "objoid", "d.objsubid"];
    [
        described("comment on", "pg_description", "d.description", "true", place),
        described("security label of", "pg_seclabel", "d.provider || ' ' || d.label", "true", place),
        described(
            "dependency of",
            "pg_depend",
            "'on extension ' || (SELECT x.extname FROM pg_extension x WHERE x.oid = d.refobjid)",
            "d.deptype = 'x'",
            ["classid", "objid", "d.objsubid"],
        ),
    ]
    .join(" UNION ALL ")
}

/// Queries for objects outside all schemas.
fn of_database() -> Vec<String> {
    let made = |oid: &str, catalog: &str| format!("{oid} >= 16384 AND {}", own(catalog, oid));
    let all = |row: &str, without: &str| {
        format!(
            "(SELECT string_agg(key || ' ' || value, chr(10) ORDER BY key) FROM jsonb_each_text(to_jsonb({row}) - ARRAY['oid', {without}]))"
        )
    };
    vec![
        format!(
            "SELECT 'schema', n.nspname::text, NULL, {}, {} FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND {}",
            owner("n.nspowner"),
            privileges("n.nspacl", 'n', "n.nspowner"),
            own("pg_namespace", "n.oid"),
        ),
        "SELECT 'extension', x.extname::text, NULL, 'version ' || x.extversion, 'schema ' || x.extnamespace::regnamespace FROM pg_extension x".to_owned(),
        format!(
            "SELECT 'cast', c.castsource::regtype || ' as ' || c.casttarget::regtype, NULL, 'function ' || NULLIF(c.castfunc, 0)::regprocedure, \
             'context ' || c.castcontext::text, 'method ' || c.castmethod::text FROM pg_cast c WHERE {}",
            made("c.oid", "pg_cast"),
        ),
        format!(
            "SELECT 'event trigger', t.evtname::text, NULL, 'on ' || t.evtevent, 'tags ' || array_to_string(t.evttags, ', '), 'function ' || t.evtfoid::regproc, \
             CASE t.evtenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled on replicas' WHEN 'A' THEN 'enabled always' END, {} \
             FROM pg_event_trigger t WHERE {}",
            owner("t.evtowner"),
            made("t.oid", "pg_event_trigger"),
        ),
        format!(
            "SELECT 'foreign data wrapper', f.fdwname::text, NULL, 'handler ' || NULLIF(f.fdwhandler, 0)::regproc, \
             'validator ' || NULLIF(f.fdwvalidator, 0)::regproc, {}, {}, {} FROM pg_foreign_data_wrapper f WHERE {}",
            options("f.fdwoptions"),
            owner("f.fdwowner"),
            privileges("f.fdwacl", 'F', "f.fdwowner"),
            made("f.oid", "pg_foreign_data_wrapper"),
        ),
        format!(
            "SELECT 'server', s.srvname::text, NULL, 'wrapper ' || (SELECT f.fdwname FROM pg_foreign_data_wrapper f WHERE f.oid = s.srvfdw), \
             'type ' || s.srvtype, 'version ' || s.srvversion, {}, {}, {} FROM pg_foreign_server s WHERE {}",
            options("s.srvoptions"),
            owner("s.srvowner"),
            privileges("s.srvacl", 'S', "s.srvowner"),
            made("s.oid", "pg_foreign_server"),
        ),
        // The options may hold a password.
        "SELECT 'user mapping', u.srvname::text, u.usename::text, 'options ' || md5(array_to_string(u.umoptions, ',')) FROM pg_user_mappings u".to_owned(),
        format!(
            "SELECT 'language', l.lanname::text, NULL, {}, {}, {} FROM pg_language l WHERE {}",
            all("l", "'lanname', 'lanowner', 'lanacl'"),
            owner("l.lanowner"),
            privileges("l.lanacl", 'l', "l.lanowner"),
            made("l.oid", "pg_language"),
        ),
        format!(
            "SELECT 'publication', p.pubname::text, NULL, {}, (SELECT string_agg(to_jsonb(t)::text, chr(10) ORDER BY to_jsonb(t)::text) \
             FROM pg_publication_tables t WHERE t.pubname = p.pubname), {} FROM pg_publication p",
            all("p", "'pubname', 'pubowner'"),
            owner("p.pubowner"),
        ),
        "SELECT 'subscription', s.subname::text, NULL, CASE WHEN s.subenabled THEN 'enabled' END, array_to_string(s.subpublications, ', ') \
         FROM pg_subscription s WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())".to_owned(),
        "SELECT 'default privileges', pg_get_userbyid(d.defaclrole)::text, coalesce(NULLIF(d.defaclnamespace, 0)::regnamespace || ' ', '') \
         || d.defaclobjtype::text, (SELECT string_agg(a::text, ', ' ORDER BY a::text) FROM unnest(d.defaclacl) a) FROM pg_default_acl d".to_owned(),
        "SELECT 'transform', t.trftype::regtype::text, (SELECT l.lanname::text FROM pg_language l WHERE l.oid = t.trflang), \
         t.trffromsql::text, t.trftosql::text FROM pg_transform t WHERE t.oid >= 16384".to_owned(),
        "SELECT 'access method', a.amname::text, NULL, a.amtype::text, a.amhandler::text FROM pg_am a WHERE a.oid >= 16384".to_owned(),
    ]
}
