//! What a command works with: the outside world, the project and its database, global options, questions, and the keys of JSON
//! documents that several commands have. It holds no logic of any command.

pub mod answer;
pub mod confirm;
pub mod context;
pub mod globals;
