//! The faults that take longer than twenty seconds.

mod f03_workers_killed_at_random;
