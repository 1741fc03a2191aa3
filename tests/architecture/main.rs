//! What the tree of files promises: imports point down, and every file that is read stands here.

#[path = "../files/mod.rs"]
mod data;
mod files;
mod imports;
