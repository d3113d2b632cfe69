//! What fields mean, and where they are wrong.

use super::reference::{Resolved, resolve};
use super::*;

/// A field in one line.
fn line(text: &str) -> String {
    let fault = |fault: Misfit| {
        let valid = fault.valid.join(" | ");
        format!("{} {}: {}", fault.at, fault.reason, valid.chars().take(60).collect::<String>())
    };
    let field = match parse(&[text]) {
        Ok(mut fields) => fields.remove(0),
        Err(error) => return fault(error),
    };
    let mut words = vec![field.name.clone()];
    words.push(match &field.kind {
        Kind::Value(kind) => format!("{kind:?}").to_lowercase().replace(['{', '}', ' '], ""),
        Kind::Reference(to) => format!("-> {:?} {:?}", to.third, to.on_delete),
    });
    words.push(if field.nullable { "null" } else { "required" }.to_owned());
    words.extend(field.unique.then(|| "unique".to_owned()));
    words.extend((field.index && !field.is_reference()).then(|| "index".to_owned()));
    words.extend(field.default.map(|default| format!("{default:?}")));
    words.join(" ")
}

#[test]
fn fields_are_read() {
    for (text, expected) in [
        ("title", "title string(none) null"),
        ("title!", "title string(none) required"),
        ("title^", "title string(none) required unique"),
        ("title:string", "title string(none) null"),
        ("title:string!", "title string(none) required"),
        ("title:string^", "title string(none) required unique"),
        ("title:string!^", "title string(none) required unique"),
        ("title:string^!", "title string(none) required unique"),
        ("title:string^?", "title string(none) null unique"),
        ("title:string:100", "title string(some(100)) null"),
        ("title:string!:100", "title string(some(100)) required"),
        ("title:string:100!", "title string(some(100)) required"),
        ("title:string:index", "title string(none) null index"),
        ("title:string:100!:index:default=x", "title string(some(100)) required index Text(\"x\")"),
        ("title:string:default='a:b''c'", "title string(none) null Text(\"a:b'c\")"),
        ("title:string:default=Hi!", "title string(none) null Text(\"Hi!\")"),
        ("title:string:default=", "title string(none) null Text(\"\")"),
        ("pid:uuid", "pid uuid required unique"),
        ("pid:uuid?", "pid uuid null"),
        ("pid:uuid!", "pid uuid required"),
        ("pid:uuid_col", "pid uuid null"),
        ("pid:uuid_col!", "pid uuid required"),
        ("n:INT", "n integerbits:32,unsigned:false null"),
        ("n:bigint!", "n integerbits:64,unsigned:false required"),
        ("n:int!:default=-5", "n integerbits:32,unsigned:false required Number(\"-5\")"),
        ("n:decimal", "n decimal(19,4) null"),
        ("n:decimal_len!", "n decimal(19,4) required"),
        ("n:decimal:10:2!", "n decimal(10,2) required"),
        ("n:decimal_len!:24:8", "n decimal(24,8) required"),
        ("n:decimal:10:2:default=1.50", "n decimal(10,2) null Number(\"1.50\")"),
        ("n:money:default=5", "n decimal(19,4) null Number(\"5.0\")"),
        ("n:float:default=1", "n float null Number(\"1.0\")"),
        ("b:bool!:default=false", "b boolean required Bool(false)"),
        ("s:enum:draft,live!:default=live", "s enum([\"draft\",\"live\"]) required Text(\"live\")"),
        ("s:enum!:draft,in-review", "s enum([\"draft\",\"in-review\"]) required"),
        ("a:array:string!", "a array(string(none)) required"),
        ("a:array!:int", "a array(integerbits:32,unsigned:false) required"),
        ("h:binary_len:16", "h binary(16) null"),
        ("h:varbinary:16^", "h varbinary(16) required unique"),
        ("at:tstz!:default=now", "at timestampwithtimezone required Now"),
        ("at:time:default='12:30:00'", "at time null Text(\"12:30:00\")"),
        ("d:json:default='{\"a\": 1}'", "d json null Text(\"{\\\"a\\\": 1}\")"),
        ("user:references", "user -> None None required"),
        ("user:references?", "user -> None None null"),
        ("user?:references", "user -> None None null"),
        ("user:references^", "user -> None None required unique"),
        ("user:references:cascade", "user -> None Some(Cascade) required"),
        ("user:references?:set_null", "user -> None Some(SetNull) null"),
        ("user:references:set_null?", "user -> None Some(SetNull) null"),
        ("by:references:users:restrict", "by -> Some(\"users\") Some(Restrict) required"),
        ("by:references:restrict:users", "by -> Some(\"users\") Some(Restrict) required"),
        ("title:string:required", "title string(none) required"),
        ("title:string:unique", "title string(none) required unique"),
        ("title:string:null:unique", "title string(none) null unique"),
        ("title:string:20:unique:nullable", "title string(some(20)) null unique"),
        ("title:string:REQUIRED:Index", "title string(none) required index"),
        ("title:string!:unique", "title string(none) required unique"),
        ("title:string:unique!", "title string(none) required unique"),
        ("title!:string:100:index:unique:default=a", "title string(some(100)) required unique index Text(\"a\")"),
        ("title:string:default=null:null", "title string(none) null Text(\"null\")"),
        ("bio:text:null", "bio text null"),
        ("pid:uuid:null", "pid uuid null"),
        ("pid:uuid:required", "pid uuid required"),
        ("pid:uuid:index", "pid uuid required unique index"),
        ("n:decimal:10:2:required", "n decimal(10,2) required"),
        ("required:string:null", "required string(none) null"),
        ("null", "null string(none) null"),
        ("s:enum:null,required:required", "s enum([\"null\",\"required\"]) required"),
        ("a:array:string:required", "a array(string(none)) required"),
        ("h:binary_len:16:unique", "h binary(16) required unique"),
        ("user:references:null", "user -> None None null"),
        ("user:references:required", "user -> None None required"),
        ("user:references:unique:null", "user -> None None null unique"),
        ("user:references:null:set_null", "user -> None Some(SetNull) null"),
        ("user:references:index:null", "user -> None None null"),
        ("by:references:null:users", "by -> Some(\"users\") None null"),
        ("by:references:users:null:restrict", "by -> Some(\"users\") Some(Restrict) null"),
        ("by:references:users:cascade:unique", "by -> Some(\"users\") Some(Cascade) required unique"),
        ("by:references:uniques", "by -> Some(\"uniques\") None required"),
        ("by:references:users:set_default:default=1", "by -> Some(\"users\") Some(SetDefault) required Number(\"1\")"),
    ] {
        assert_eq!(line(text), expected, "{text}");
    }
}

/// The texts of failures: the character, the reason, the first of what would be right.
#[test]
fn what_is_wrong_is_pointed_at() {
    let fields = "
         |:string|ti tle:string|ti\"tle|title:|title:strng!|n:intger|title:string:index:100|title:string:100:200|\
         title:string:0|title:string:x|title:string:|title:text:100|title:text^|title:text:unique|b:bool:index|n:decimal:10|\
         n:decimal_len:8|n:decimal:10:required|n:decimal:10:x|n:decimal:5:9|s:enum|s:enum:unique|s:enum:a,a|s:enum:a,,b|\
         s:enum:a'b|a:array:json|a:array:intger|n:int:default=x|n:integer:default=x|n:tiny_unsigned:default=256|\
         n:decimal:4:2:default=123.4|b:bool:default=yes|u:uuid:default=x|t:string:default='x|u:references:set_null|\
         u:references:a:b|u:references:a;b|u:references:cascade:restrict|\
         t:string!?|t:string:null:required|t:string!:null|t?:string:unique:required|t!:string!|t:string!!|\
         t:string:index:20:index|t:string:unique:unique|t:string^:unique|t:string:nullable:null|t:int:default=1:default=2|\
         u:references:null:required|u:references?:required";
    let lines = fields.trim().split('|').map(|field| format!("{field:<34}{}", line(field)));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
    let twice = parse(&["a:int", "A:string"]).unwrap_err();
    assert_eq!((twice.field.as_str(), twice.at), ("A:string", 0));
}

/// A word that is not in the field language, and what was probably meant.
#[test]
fn the_nearest_name_comes_first() {
    for (text, expected) in [
        ("a:strng", "string"),
        ("a:intger", "int"),
        ("a:date-time", "date_time"),
        ("a:belongsTo", "references"),
        ("a:foreign_key", "references"),
        ("a:float8", "double"),
        ("a:int8", "big_int"),
        ("a:Vec", "array"),
        ("a:bytea", "blob"),
        ("a:pk", "nothing: every table has the key `id`"),
        ("a:required", "string:required"),
        ("a:notnull", "string:required"),
        ("a:nullable", "string:null"),
        ("a:optional", "string:null"),
        ("a:default=x", "string:default=x"),
        ("a:varchar(20)", "varchar:20"),
        ("a:decimal{10, 2}!", "decimal:10:2"),
        ("a:enum(a, b)", "enum:a,b"),
        ("a:string[]", "array:string"),
        ("a:string:requird", "required"),
        ("a:string:not_null", "required"),
        ("a:string:null=false", "required"),
        ("a:string:uniqe", "unique"),
        ("a:string:optional", "null"),
        ("a:string:defalt=x", "default=VALUE"),
        ("a:string:default", "default=VALUE"),
        ("a:string:length=20", "LENGTH"),
        ("a:string:max(20)", "LENGTH"),
        ("a:int:indx", "index"),
        ("a:references:not_null", "required"),
        ("a:references:setnull", "set_null"),
        ("a:references:on_delete=cascade", "cascade"),
        ("a:references:cascad", "cascade"),
        ("a:references:users:restrct", "restrict"),
        ("a:references:optional", "null"),
        ("a:array:varchr", "string"),
    ] {
        let fault = parse(&[text]).unwrap_err();
        assert!(fault.valid[0].starts_with(expected), "{text}: {fault:?}");
        assert!(fault.valid.len() <= 7, "{text}: {fault:?}");
    }
    // Argument and modifiers that are right are not among those of another type.
    for text in ["n:decimal_len:8", "n:decimal_len:8:x", "n:decimal_len:8:2:1"] {
        let fault = parse(&[text]).unwrap_err();
        assert!(!fault.reason.contains("`decimal`"), "{fault:?}");
    }
}

/// A name, the third part, the column and the table.
type Case = (&'static str, Option<&'static str>, &'static str, &'static str);

#[test]
fn references_are_settled() {
    let cases: [(&[&str], &[Case]); 3] = [
        (
            &[],
            &[
                ("user", None, "user_id", "users"),
                ("user_id", None, "user_id", "users"),
                ("team_lead", None, "team_lead_id", "team_leads"),
                ("category", None, "category_id", "categories"),
                ("approved_by", Some("users"), "approved_by", "users"),
                ("user", Some("approved_by"), "approved_by", "users"),
                ("departing_train", Some("trains"), "departing_train", "trains"),
            ],
        ),
        (&["users"], &[("user", Some("boss"), "boss", "users"), ("user", Some("likes"), "likes", "users")]),
        (&["staff", "boss"], &[("staff", None, "staff_id", "staff"), ("by", Some("staff"), "by", "staff")]),
    ];
    for (tables, cases) in cases {
        for (name, third, column, table) in cases {
            let resolved = resolve(name, *third, |table| tables.contains(&table));
            let expected = Resolved { column: (*column).into(), table: (*table).into(), decided: third.is_some() };
            assert_eq!(resolved, expected, "{name} {third:?}");
        }
    }
}

/// The rows of Loco's own table, and the names of its later versions.
#[test]
fn everything_loco_names_is_there() {
    let rows = "uuid uuid_col uuid_col! string string! string^ text text! tiny_integer tiny_integer! tiny_integer^ small_integer \
                small_integer! small_integer^ int int! int^ big_int big_int! big_int^ float float! double double! decimal decimal! \
                decimal_len decimal_len! bool bool! tstz tstz! date date! ts ts! json json! jsonb jsonb! uuid! uuid^ time time! \
                date_time date_time! blob blob! money money! money^ small_int small_int! small_int^ small_unsigned small_unsigned^ \
                unsigned unsigned! big_unsigned^ binary_len:8 binary_len!:8 var_binary:8! enum:a,b,c enum!:a,b,c array:string \
                array!:int array:big_int array:float array:double array:bool decimal_len:8:2 decimal_len!:8:2 decimal_len:8:2! \
                integer bigint smallint tinyint boolean timestamp timestamptz datetime references references? references:author_id";
    for row in rows.split_whitespace() {
        let fields = parse(&[format!("x:{row}")]).unwrap_or_else(|fault| panic!("{row}: {fault:?}"));
        let is_required = row.contains('!')
            || row.contains('^')
            || row == "uuid"
            || row.starts_with("references") && !row.contains('?');
        assert_eq!(!fields[0].nullable, is_required, "{row}");
    }
}
