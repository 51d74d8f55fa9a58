//! The house rules: what ARCHITECTURE.md and the other documents claim, checked.

mod documents;
mod fuzzing;
mod imports;
mod repository;
mod tidy;
