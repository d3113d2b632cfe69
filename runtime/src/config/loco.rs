//! Loco's configuration, as far as it concerns databases: which file of the folder is read, its templates, and the keys under
//! `database` and `initializers`. It reads one file and returns values with their lines; errors never quote the file.
//!
//! The rules are those of `loco_rs::config::Config::from_folder` and `loco_rs::environment::resolve_from_env`.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use granit_parser::{Event, Parser, ScanError, Span};

use super::file::{ConnectionSettings, Layout, Mistake, Settings};
use super::origin::{Origin, Source};

/// Variables by which Loco knows its environment, the strongest first.
pub const ENVIRONMENT: [&str; 3] = ["LOCO_ENV", "RAILS_ENV", "NODE_ENV"];

/// The variable that names another folder than `config`.
pub const FOLDER: &str = "LOCO_CONFIG_FOLDER";

/// Maps in each other.
const MAX_DEPTH: usize = 64;

/// The databases in Loco's configuration.
#[derive(Clone, Debug, Default)]
pub struct Loco {
    /// The file, relative to the project's root.
    pub file: String,
    /// What is under `database`.
    pub main: Option<LocoConnection>,
    /// What is under `initializers`, by name: `extra_db`, and each one of `multi_db`; without switches, which Loco ignores there.
    pub extra: BTreeMap<String, LocoConnection>,
}

/// A database in Loco's configuration.
#[derive(Clone, Debug)]
pub struct LocoConnection {
    /// The key of its URL: `database.uri`.
    pub key: String,
    /// The line of the URL, counted from 1.
    pub line: usize,
    /// Its settings, or why kit cannot tell them.
    pub settings: Result<ConnectionSettings, UnusableError>,
}

/// Why the settings of a database cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnusableError {
    /// A template names a variable that is not set, and no default.
    Unset {
        /// The key.
        origin: Origin,
        /// The variable.
        variable: String,
    },
    /// A value is not what it should be.
    Invalid(Mistake),
}

/// Whether a project is Loco's: kit.toml says so, or there is the folder in which Loco keeps entities.
pub fn is_loco(root: &Path, settings: &Settings) -> bool {
    match settings.project.layout {
        Some(layout) => layout == Layout::Loco,
        None => root.join("src/models/_entities").is_dir(),
    }
}

/// The files that Loco would read for an environment, the first one that exists first.
pub fn files(folder: Option<&str>, environment: &str) -> [String; 2] {
    let folder = folder.unwrap_or("config").trim_end_matches('/');
    [format!("{folder}/{environment}.local.yaml"), format!("{folder}/{environment}.yaml")]
}

/// Reads the configuration of an environment; `None` if there is no file for it.
///
/// # Errors
/// Why it cannot be read, with the line.
pub fn read(
    root: &Path,
    environment: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Loco>, Mistake> {
    let files = files(variable(FOLDER).as_deref(), environment);
    let Some(file) = files.into_iter().find(|file| root.join(file).is_file()) else { return Ok(None) };
    let text = std::fs::read_to_string(root.join(&file))
        .map_err(|error| Mistake { origin: file.clone(), message: format!("cannot read it: {error}") })?;
    parse(&file, &text, variable).map(Some)
}

/// Reads the text of a file.
///
/// # Errors
/// What is wrong with it.
pub fn parse(file: &str, text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Loco, Mistake> {
    let rendered = render(text, variable).map_err(|line| Mistake {
        origin: format!("{file}:{line}"),
        message: "kit does not evaluate template tags".to_owned(),
    })?;
    let wrong = |line: usize| Mistake { origin: format!("{file}:{line}"), message: "it is no valid YAML".to_owned() };
    let tree = node(&mut Parser::new_from_str(&rendered), 0).map_err(wrong)?.unwrap_or(Node::Other);
    let connection = |node: Option<&Node>, key: &str| node.and_then(|node| connection(file, node, key));
    let main = connection(tree.get("database"), "database");
    // Loco only connects to these: its initializers do not read the switches.
    let connection_only = |node: Option<&Node>, key: &str| {
        let mut found = connection(node, key)?;
        if let Ok(settings) = &mut found.settings {
            settings.auto_migrate = false;
            settings.dangerously_truncate = false;
            settings.dangerously_recreate = false;
        }
        Some(found)
    };
    let mut extra = BTreeMap::new();
    if let Some(initializers) = tree.get("initializers") {
        if let Some(found) = connection_only(initializers.get("extra_db"), "initializers.extra_db") {
            extra.insert("extra_db".to_owned(), found);
        }
        if let Some(Node::Map(several)) = initializers.get("multi_db") {
            for (name, node) in several.iter().filter(|(name, _)| ConnectionSettings::is_name(name)) {
                if let Some(found) = connection_only(Some(node), &format!("initializers.multi_db.{name}")) {
                    extra.insert(name.clone(), found);
                }
            }
        }
    }
    Ok(Loco { file: file.to_owned(), main, extra })
}

/// The settings in a map with a `uri`.
fn connection(file: &str, node: &Node, key: &str) -> Option<LocoConnection> {
    let Some(Node::Scalar { line, .. }) = node.get("uri") else { return None };
    Some(LocoConnection { key: format!("{key}.uri"), line: *line, settings: settings(file, node, key) })
}

fn settings(file: &str, node: &Node, key: &str) -> Result<ConnectionSettings, UnusableError> {
    let reader = Reader { file, node, key };
    let Some(url) = reader.text("uri")? else { return Err(reader.wrong("uri", "it is not a URL")) };
    Ok(ConnectionSettings {
        url: Some(url.to_owned()),
        env: None,
        schema: reader.text("schema")?.map(str::to_owned),
        auto_migrate: reader.value("auto_migrate", "true or false")?.unwrap_or_default(),
        dangerously_truncate: reader.value("dangerously_truncate", "true or false")?.unwrap_or_default(),
        dangerously_recreate: reader.value("dangerously_recreate", "true or false")?.unwrap_or_default(),
        enable_logging: reader.value("enable_logging", "true or false")?.unwrap_or_default(),
        connect_timeout: reader.value("connect_timeout", "a number")?,
        acquire_timeout: reader.value("acquire_timeout", "a number")?,
        idle_timeout: reader.value("idle_timeout", "a number")?,
        min_connections: reader.value("min_connections", "a number")?,
        max_connections: reader.value("max_connections", "a number")?,
    })
}

/// The values of one map.
struct Reader<'a> {
    file: &'a str,
    node: &'a Node,
    key: &'a str,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Result<Option<&str>, UnusableError> {
        let Some(Node::Scalar { text, .. }) = self.node.get(name) else { return Ok(None) };
        match text.split_once(OPEN).and_then(|(_, rest)| rest.split_once(CLOSE)) {
            Some(("", _)) => Err(self.wrong(name, "kit does not evaluate its template")),
            Some((variable, _)) => {
                Err(UnusableError::Unset { origin: self.origin(name), variable: variable.to_owned() })
            }
            None if text.is_empty() || text == "~" || text == "null" => Ok(None),
            None => Ok(Some(text)),
        }
    }

    fn value<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, UnusableError> {
        let wrong = |_| self.wrong(name, &format!("it is not {expected}"));
        self.text(name)?.map(|text| text.parse().map_err(wrong)).transpose()
    }

    fn origin(&self, name: &str) -> Origin {
        let line = match self.node.get(name) {
            Some(Node::Scalar { line, .. }) => Some(*line),
            _ => None,
        };
        Origin::file(Source::Loco, &format!("{}.{name}", self.key), self.file, line)
    }

    fn wrong(&self, name: &str, message: &str) -> UnusableError {
        UnusableError::Invalid(Mistake { origin: self.origin(name).to_string(), message: message.to_owned() })
    }
}

/// Around what a template could not be replaced by: the name of a variable that is not set, or nothing.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// Replaces templates by their values. Lines stay lines.
///
/// # Errors
/// The line of a tag (`{% … %}`), which may change anything.
fn render(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, usize> {
    let mut rendered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        rendered.push_str(before);
        let end = match after.get(..2) {
            Some("{{") => "}}",
            Some("{#") => "#}",
            Some("{%") => return Err(rendered.matches('\n').count() + 1),
            _ => {
                rendered.push('{');
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
        };
        let Some(length) = after.find(end) else { return Err(rendered.matches('\n').count() + 1) };
        let (inside, after) = (after.get(2..length).unwrap_or_default(), after.get(length + 2..).unwrap_or_default());
        if end == "}}" {
            match evaluate(inside.trim_matches('-').trim(), variable) {
                Some(Ok(value)) => rendered.push_str(&value),
                Some(Err(name)) => rendered.push_str(&format!("{OPEN}{name}{CLOSE}")),
                None => rendered.push_str(&format!("{OPEN}{CLOSE}")),
            }
        }
        rendered.push_str(&"\n".repeat(inside.matches('\n').count()));
        rest = after;
    }
    rendered.push_str(rest);
    Ok(rendered)
}

/// The value of `get_env(name="…", default=…)`, or the name of a variable that is not set; `None` for any other expression.
fn evaluate(expression: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<Result<String, String>> {
    let arguments = expression.strip_prefix("get_env")?.trim_start().strip_prefix('(')?.trim_end().strip_suffix(')')?;
    let (mut name, mut default) = (None, None);
    let mut rest = arguments.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, after) = match after.chars().next().filter(|quote| "\"'`".contains(*quote)) {
            Some(quote) => after.get(1..)?.split_once(quote)?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        match key.trim() {
            "name" => name = Some(value),
            "default" => default = Some(value.trim()),
            _ => return None,
        }
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(after) => after.trim_start(),
            None if after.is_empty() => after,
            None => return None,
        };
    }
    let name = name?;
    Some(variable(name).or_else(|| default.map(str::to_owned)).ok_or_else(|| name.to_owned()))
}

/// A YAML document, as far as maps lead to single values.
enum Node {
    Scalar { text: String, line: usize },
    Map(Vec<(String, Node)>),
    Other,
}

impl Node {
    fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(key, _)| key == name).map(|(_, node)| node),
            _ => None,
        }
    }
}

/// The next node, or the line of what is wrong; `None` at the end of what is around it.
fn node<'a, P>(events: &mut P, depth: usize) -> Result<Option<Node>, usize>
where
    P: Iterator<Item = Result<(Event<'a>, Span), ScanError>>,
{
    for event in events.by_ref() {
        let (event, span) = event.map_err(|error| error.marker().line())?;
        let line = span.start.line();
        match event {
            Event::Scalar(text, ..) => return Ok(Some(Node::Scalar { text: text.into_owned(), line })),
            Event::MappingStart(..) | Event::SequenceStart(..) if depth == MAX_DEPTH => return Err(line),
            Event::MappingStart(..) => {
                let mut entries = Vec::new();
                while let Some(key) = node(events, depth + 1)? {
                    let value = node(events, depth + 1)?.unwrap_or(Node::Other);
                    if let Node::Scalar { text, .. } = key {
                        entries.push((text, value));
                    }
                }
                return Ok(Some(Node::Map(entries)));
            }
            Event::SequenceStart(..) => {
                while node(events, depth + 1)?.is_some() {}
                return Ok(Some(Node::Other));
            }
            Event::Alias(_) => return Ok(Some(Node::Other)),
            Event::MappingEnd | Event::SequenceEnd | Event::DocumentEnd | Event::StreamEnd => return Ok(None),
            _ => {}
        }
    }
    Ok(None)
}
