//! The faults that take longer than twenty seconds.

mod f04_quarantine_starves_nobody;
mod f09_redis_down_for_a_minute;
mod f15_parked_storms;
mod f17_receivers_misbehave;
mod f19_clocks_step;
mod f22_guarded_redis;
mod f26_our_own_network;
mod f31_killed_while_packing;
mod f33_primary_lost;
mod f34_workers_come_and_go;
mod replaced_under_load;
