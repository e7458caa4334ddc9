//! What takes minutes.

mod few_workers;

mod rolling;
