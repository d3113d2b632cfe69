//! The transcripts in `docs/` are what kit prints now, on each of the three databases.

use std::path::Path;
use std::process::Command;

use crate::support::cache;

#[test]
fn the_transcripts_are_what_kit_prints() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/walkthrough.sh");
    let output = Command::new(script)
        .arg("--check")
        .env("KIT", env!("CARGO_BIN_EXE_kit"))
        .env("KIT_CACHE_DIR", cache::kit_cache())
        .output()
        .unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{complained}\n{said}");
}
