//! What the schema helpers remember of a migration's manager.

use super::{DatabaseConnection, MigrationManager, Session};
use crate::schema::references::{has_just_removed, note};

#[test]
fn a_manager_at_the_same_address_starts_without_notes() {
    let session = Session::new(DatabaseConnection::default());
    let mut place: Option<MigrationManager<'_>> = None;
    let mut addresses = Vec::new();
    for _ in 0..2 {
        let manager = &place.insert(session.manager()).0;
        addresses.push(std::ptr::from_ref(manager).addr());
        assert!(!has_just_removed(manager, "posts", "user_id"));
        note(manager, "posts", "user_id");
        note(manager, "posts", "editor_id");
        assert!(has_just_removed(manager, "posts", "editor_id"), "by this manager it is known");
        place = None;
    }
    assert_eq!(addresses[0], addresses[1]);
}
