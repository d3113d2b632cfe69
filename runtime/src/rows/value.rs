//! A value for a column, as SQL: of its type, not longer than it may be, unlike the others of the column. It knows types
//! by what they are called, and guesses for one that it has not heard of.

use super::table::{Column, quoted};
use crate::dialect::Dialect;

/// The value of row `number`, in the variant with that number: what stands in checks (`allowed`) is tried, too.
pub(super) fn value(dialect: Dialect, column: &Column, allowed: &[String], number: usize, variant: usize) -> String {
    let text = |text: &str| dialect.text_literal(text);
    if !column.labels.is_empty() {
        return text(&column.labels[(number + variant) % column.labels.len()]);
    }
    if variant >= 2 && !allowed.is_empty() {
        return text(&allowed[(number + variant) % allowed.len()]);
    }
    let kind = column.kind.as_str();
    let has = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    // Beyond what a migration itself may have put there.
    let serial = number + 1 + variant * 17;
    let big = 1_000 + serial;
    let day = format!("{}-{:02}-{:02}", 2_000 + serial / 336 % 99, 1 + serial / 28 % 12, 1 + serial % 28);
    let time = format!("{:02}:{:02}:{:02}", serial / 3_600 % 24, serial / 60 % 60, serial % 60);
    if kind.ends_with("[]") {
        return text("{}");
    }
    if has(&["bool"]) || kind == "tinyint(1)" {
        return dialect.boolean_literal((number + variant).is_multiple_of(2));
    }
    if kind.starts_with("set(") {
        return text(quoted(kind).first().map_or("", String::as_str));
    }
    if has(&["uuid"]) {
        return text(&format!("6b697400-0000-4000-8000-{serial:012x}"));
    }
    if has(&["json"]) {
        return text(&format!("{{\"kit\": {serial}}}"));
    }
    if has(&["xml"]) {
        return text(&format!("<kit>{serial}</kit>"));
    }
    if column.is_bytes() {
        let bytes = limit(kind).unwrap_or(8).clamp(1, 16);
        let digits = format!("{:0width$x}", serial, width = bytes * 2);
        return dialect.bytes_literal(&digits[digits.len() - bytes * 2..]);
    }
    if has(&["timestamp", "datetime"]) {
        return text(&format!("{day} {time}"));
    }
    if has(&["interval"]) {
        return text(&format!("{serial} days"));
    }
    if kind.starts_with("date") {
        return text(&day);
    }
    if kind.starts_with("time") {
        return text(&time);
    }
    if kind.starts_with("year") {
        return (1_950 + serial % 200).to_string();
    }
    if has(&["point", "geometry"]) && !has(&["double"]) {
        return dialect.point_literal(serial);
    }
    if has(&["range"]) {
        return text("empty");
    }
    if has(&["tinyint"]) {
        return (100 + serial % 28).to_string();
    }
    if has(&["int", "serial", "oid"]) {
        return big.to_string();
    }
    if kind.starts_with("bit") || kind.starts_with("varbit") {
        let bits = limit(kind).unwrap_or(1).clamp(1, 16);
        return format!("B'{:0bits$b}'", serial % (1 << bits));
    }
    if has(&["dec", "numeric", "money"]) {
        return decimal(kind, serial);
    }
    if has(&["real", "float", "double"]) {
        return format!("{serial}.5");
    }
    if has(&["inet", "cidr"]) {
        return text(&format!("10.{}.{}.{}", serial >> 16 & 255, serial >> 8 & 255, serial & 255));
    }
    if has(&["macaddr"]) {
        return text(&format!("02:00:00:00:{:02x}:{:02x}", serial >> 8 & 255, serial & 255));
    }
    text(&written(limit(kind), number, serial))
}

/// Every other one is as long as it may be, up to a point.
fn written(limit: Option<usize>, number: usize, serial: usize) -> String {
    let limit = limit.unwrap_or(255).min(255);
    let short = format!("kit {serial}");
    if limit <= short.len() {
        // Digits that change come first.
        return format!("{serial:x}").chars().rev().take(limit).collect();
    }
    if number % 2 == 1 { format!("{short}{}", "x".repeat(limit - short.len())) } else { short }
}

/// A number with as many digits as may stand before and behind the point.
fn decimal(kind: &str, serial: usize) -> String {
    let inside = kind.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(inside, _)| inside);
    let mut numbers = inside.split(',').filter_map(|number| number.trim().parse::<u32>().ok());
    let (precision, scale) = (numbers.next().unwrap_or(6), numbers.next().unwrap_or(0));
    let whole = serial % 10_usize.pow(precision.saturating_sub(scale).min(9));
    if scale == 0 { whole.to_string() } else { format!("{whole}.5") }
}

/// The first number in brackets.
fn limit(kind: &str) -> Option<usize> {
    let (_, rest) = kind.split_once('(')?;
    rest.split([')', ',']).next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn values(kind: &str) -> Vec<String> {
        let column = Column { kind: kind.to_owned(), ..Column::default() };
        (0..5).map(|number| value(Dialect::Postgres, &column, &[], number, 0)).collect()
    }

    #[test]
    fn values_fit_their_types_and_are_unlike_each_other() {
        for kind in [
            "integer",
            "smallint",
            "tinyint",
            "bigint unsigned",
            "varchar(3)",
            "character varying(20)",
            "char(1)",
            "text",
            "",
            "uuid",
            "jsonb",
            "numeric(4,2)",
            "decimal(1,0)",
            "double precision",
            "timestamp without time zone",
            "date",
            "time(6)",
            "year(4)",
            "varbinary(2)",
            "bit(8)",
            "inet",
            "interval",
            "something",
        ] {
            let values = values(kind);
            assert_eq!(values.iter().collect::<BTreeSet<_>>().len(), 5, "{kind}: {values:?}");
        }
        assert_eq!(values("varchar(3)")[0], "'1'");
        assert_eq!(values("character varying(20)")[1].len(), 22);
        assert_eq!(values("numeric(4,2)")[0], "1.5");
        assert_eq!(values("bit(3)")[0], "B'001'");
        assert_eq!(values("binary(2)")[0], "'\\x0001'");
        assert_eq!(values("integer[]")[0], "'{}'");
        assert_eq!(values("boolean")[..2], ["true", "false"]);
    }

    #[test]
    fn what_a_check_names_is_tried() {
        let column = Column { kind: "text".to_owned(), ..Column::default() };
        let allowed = ["new".to_owned(), "old".to_owned()];
        assert_eq!(value(Dialect::Sqlite, &column, &allowed, 0, 0), "'kit 1'");
        assert_eq!(value(Dialect::Sqlite, &column, &allowed, 0, 2), "'new'");
        assert_eq!(value(Dialect::Sqlite, &column, &allowed, 1, 2), "'old'");
    }
}
