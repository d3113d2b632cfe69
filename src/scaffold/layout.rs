//! How generated statements are laid out, as rustfmt does it: chains, arguments, bodies of functions. It puts text
//! together and does not know what it means.

/// Widest chain of calls, or list of arguments, that rustfmt leaves on one line.
const CHAIN: usize = 60;

/// A statement of a function that returns `Result<(), DbErr>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Something that is awaited and may fail, without what ends it.
    Awaited(String),
    /// Anything else, whole.
    Whole(String),
}

/// Calls a method of the manager.
pub fn call(method: &str, argument: &str) -> Step {
    Step::Awaited(format!("manager\n{}\n    .await", indented(&self::argument(method, argument))))
}

/// The steps where `condition` holds.
pub fn only_if(condition: &str, steps: &[Step]) -> Step {
    Step::Whole(format!("if {condition} {{\n{}\n}}", indented(&failing(steps))))
}

/// A function's body.
pub fn body(steps: &[Step]) -> String {
    match steps.split_last() {
        Some((Step::Awaited(last), [])) => last.clone(),
        Some((Step::Awaited(last), before)) => format!("{}\n{last}", failing(before)),
        Some(_) => format!("{}\nOk(())", failing(steps)),
        None => "Ok(())".to_owned(),
    }
}

fn failing(steps: &[Step]) -> String {
    let texts = steps.iter().map(|step| match step {
        Step::Awaited(text) => format!("{text}?;"),
        Step::Whole(text) => text.clone(),
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// `.method(call)`, the call on lines of its own if it has several.
pub fn argument(method: &str, call: &str) -> String {
    if call.contains('\n') { format!(".{method}(\n{},\n)", indented(call)) } else { format!(".{method}({call})") }
}

/// `head.call().call()`, on lines of their own where that is too long.
pub fn chain(head: &str, calls: &[String]) -> String {
    let line = format!("{head}{}", calls.concat());
    if line.len() <= CHAIN && !line.contains('\n') {
        return line;
    }
    let calls: Vec<String> = calls.iter().map(|call| indented(call)).collect();
    format!("{head}\n{}", calls.join("\n"))
}

/// `open item, item close`, each item on a line of its own where that is too long.
pub fn list(open: &str, items: &[String], close: &str) -> String {
    let line = items.join(", ");
    if line.len() <= CHAIN && !line.contains('\n') {
        return format!("{open}{line}{close}");
    }
    let items: Vec<String> = items.iter().map(|item| format!("{},\n", indented(item))).collect();
    format!("{open}\n{}{close}", items.concat())
}

/// Every line four columns further in.
pub fn indented(text: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| if line.is_empty() { String::new() } else { format!("    {line}") }).collect();
    lines.join("\n")
}
