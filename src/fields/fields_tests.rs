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
        ("by:references:users:set_default:default=1", "by -> Some(\"users\") Some(SetDefault) required Number(\"1\")"),
    ] {
        assert_eq!(line(text), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_pointed_at() {
    for (text, expected) in [
        ("", "0 a field begins with its name: letters, digits and _, then : and a type"),
        (":string", "0 a field begins with its name: letters, digits and _, then : and a type"),
        ("ti tle:string", "2 a name has no ' ': letters, digits and _, then : and a type"),
        ("ti\"tle", "2 a name has no '\"': letters, digits and _, then : and a type"),
        ("title:", "6 a type is missing: string | text | char | int | big_int | small_int | tiny_int "),
        ("title:strng!", "6 there is no type `strng`: string | text | char | int | big_int | small_int | tiny_int "),
        ("n:intger", "2 there is no type `intger`: int | string | text | char | big_int | small_int | tiny_int "),
        ("title:string:index:100", "19 `100` means nothing here: LENGTH | index | default=VALUE"),
        ("title:string:100:200", "17 `200` means nothing here: index | default=VALUE"),
        ("title:string:0", "13 `0` is no LENGTH: a number from 1 to 16383"),
        ("title:string:x", "13 `x` is no LENGTH: a number from 1 to 16383"),
        ("title:string:", "13 something is missing: LENGTH | index | default=VALUE"),
        ("title:text:100", "11 `100` means nothing here: index | default=VALUE"),
        (
            "title:text^",
            "10 `text` cannot be unique: it has no limit, and an index needs one: string:N, var_binary:N: nothing here",
        ),
        ("b:bool:index", "7 `bool` cannot have an index: it has two values: nothing here"),
        ("n:decimal:10", "12 `decimal` needs SCALE: :SCALE"),
        ("n:decimal:5:9", "12 `9` is no SCALE: a number from 0 to 5"),
        ("s:enum", "6 `enum` needs VALUE,VALUE: :VALUE,VALUE"),
        ("s:enum:a,a", "9 `a` is there already: another value"),
        ("s:enum:a,,b", "9 this is no value: values of letters, digits, _, -, . and space, with commas: d"),
        ("s:enum:a'b", "8 this cannot stand in a value: values of letters, digits, _, -, . and space, with commas: d"),
        ("s:enum:a,b:default=c", "19 `c` is none of its values: a, b"),
        ("a:array:json", "8 an array holds no `json`: string | text | int | big_int | float | double | bool"),
        ("n:int:default=x", "14 `x` is no int: a number from -2147483648 to 2147483647"),
        ("n:tiny_unsigned:default=256", "24 `256` is no tiny_unsigned: a number from 0 to 255"),
        (
            "n:decimal:4:2:default=123.4",
            "22 `123.4` is no decimal: a number, with at most 2 digits before the point and 2 behin",
        ),
        ("b:bool:default=yes", "15 `yes` is no bool: true or false"),
        ("u:uuid:default=x", "15 `x` is no uuid: no default: none is the same on every database"),
        ("t:string:default='x", "17 this quote is not closed: ' at the end"),
        ("t:string!?", "9 `!` is required and `?` may be empty: it cannot be both: one of the two"),
        ("u:references:set_null", "13 it cannot become empty: it is required: references? in front | another action"),
        ("u:references:a:b", "15 `b` means nothing here: cascade | set_null | restrict | no_action | set_default | de"),
        ("u:references:a;b", "14 this is no name: a table | a column | cascade | set_null | restrict | no_acti"),
    ] {
        assert_eq!(line(text), expected, "{text}");
    }
    let twice = parse(&["a:int", "A:string"]).unwrap_err();
    assert_eq!((twice.field.as_str(), twice.at), ("A:string", 0));
}

/// A name, what stands behind it, and what it comes to.
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
