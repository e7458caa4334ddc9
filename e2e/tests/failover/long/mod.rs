//! What takes longer than twenty seconds.

mod far_replica;
mod killed_often;
mod planned_often;
