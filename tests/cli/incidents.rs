//! What docs/incidents.md and docs/security.md say of tests is so: each one that they name is there, and is a test.
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

/// The cells of a page's table.
fn rows(page: &str) -> Vec<Vec<String>> {
    let table = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page)).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| |"));
    rows.map(|line| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()).collect()
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
    let incidents = rows("incidents.md");
    assert!(incidents.len() > 20, "{incidents:?}");
    for row in &incidents {
        let [number, reported, what, _] = row.as_slice() else { panic!("{row:?}") };
        assert!(number.parse::<u32>().is_ok() && reported.contains('#') && !what.is_empty(), "{row:?}");
    }
    let named = incidents.iter().chain(&rows("security.md")).filter_map(|row| row.last()).cloned().collect::<Vec<_>>();
    let missing: Vec<&String> = named.iter().filter(|name| !is_test(name.trim_matches('`'))).collect();
    assert_eq!(missing, Vec::<&String>::new());
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
