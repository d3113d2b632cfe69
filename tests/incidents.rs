//! What docs/incidents.md says of tests is so: each one that it names is there, and is a test.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn each_test_that_is_named_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    ["tests", "src", "runtime/src"].iter().for_each(|folder| sources(&root.join(folder), &mut files));
    let texts: Vec<String> = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    // A name after the last attribute of a test.
    let is_test = |name: &str| {
        let call = format!("fn {name}(");
        texts.iter().any(|text| {
            text.split_once(&call).is_some_and(|(before, _)| {
                let attributes = before.rsplit("\n\n").next().unwrap_or_default();
                attributes.contains("#[test]") || attributes.contains("#[tokio::test]")
            })
        })
    };
    let table = fs::read_to_string(root.join("docs/incidents.md")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| |"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert!(rows.len() > 20, "{rows:?}");
    let mut missing = Vec::new();
    for row in &rows {
        let [number, reported, what, test] = row.as_slice() else { panic!("{row:?}") };
        assert!(number.parse::<u32>().is_ok() && reported.contains('#') && !what.is_empty(), "{row:?}");
        let name = test.trim_matches('`');
        if !is_test(name) {
            missing.push(format!("{number}: {name}"));
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// Nothing that makes a run fail on purpose is in what people build.
#[test]
fn an_ordinary_build_has_no_faults() {
    let features = |edges: &str| {
        let output = std::process::Command::new(env!("CARGO"))
            .args(["tree", "--offline", "--locked", "-p", "kit", "-e", edges, "-f", "{p} [{f}]"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find(|line| line.contains("kit-runtime")).unwrap();
        line.rsplit(['[', ']']).nth(1).unwrap().split(',').map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(features("normal,build,dev").contains(&"fault".to_owned()));
    assert!(!features("normal,build").contains(&"fault".to_owned()));
}
