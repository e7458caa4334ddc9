//! Nothing gets lost: one module for each fault, against the real programs and a real Redis. Those that take long are in `long`.
//!
//! Every test ends with the account ([`e2e::account`]): each event that was answered with 202 was delivered, exhausted, parked
//! or canceled, and the stored state, the counters and the logs agree.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod check_command;
mod egress_check;
mod f01_worker_killed_before_its_post;
mod f02_worker_killed_after_its_post;
mod f03_workers_killed_at_random;
mod f04_worker_stopped_past_its_leases;
mod f05_api_killed;
mod f06_redis_killed;
mod f07_redis_restarted;
mod f08_truncated_file;
mod f10_redis_stopped;
mod f11_answers_lost;
mod f12_slow_network;
mod f13_finished_work;
mod f13_memory_full;
mod f14_scripts_and_clients_gone;
mod f15_storms;
mod f16_panics_and_unreadable_records;
mod f17_receivers_misbehave;
mod f18_private_addresses;
mod f19_clocks_step;
mod f20_workers_terminated;
mod f22_guarded_redis;
mod f23_failover_behind_one_address;
mod f24_store_replaced;
mod f25_disk_full;
mod f25_server_set_up_anew;
mod f26_our_own_network;
mod f27_one_bad_worker;
mod f28_receivers_habits;
mod f29_names_that_never_answer;
mod f30_out_of_files;
mod f31_killed_while_packing;
mod f32_killed_while_erasing;
mod f33_primary_lost;
mod f34_workers_come_and_go;
mod f35_handed;
mod history_clocks;
mod history_scene;
mod history_upgraded;
mod long;
mod newer_forms;
mod random_faults;
mod released_in_turns;
mod replaced_under_load;
mod replays_survive;
mod replicated;
mod scene;
mod upgrades;
mod wildcard_names;
mod worker_scene;
