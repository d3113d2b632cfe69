//! The entities of the database.
