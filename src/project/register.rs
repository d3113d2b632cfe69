//! Registering a migration in mod.rs or lib.rs: read with syn, edited as text at the exact place.
