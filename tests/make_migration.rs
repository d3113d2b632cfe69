//! Transcripts of `kit make:migration`.

mod support;

use support::Sandbox;

#[test]
fn outside_of_a_project_nothing_is_made() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.kit(&["about"]), @"
      kit .................................................................... 0.1.0
      Project ................................................... none here or above
    --- exit 0 ---
    ");
    assert!(sandbox.files().is_empty());
}
