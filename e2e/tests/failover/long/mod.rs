//! What takes longer than twenty seconds.

mod killed_often;
mod planned_often;
