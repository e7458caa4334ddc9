//! What takes minutes.

mod few_workers;
