//! `CLUSTER MIGRATESLOTS` (Valkey from 9): the server copies the slot beside its work, and hands it over in one step.
//!
//! It does that by itself once it was told to, so that nobody has to stay: whoever gives the same order again follows it.

use std::collections::HashMap;

use redis::{Value, from_redis_value};

use super::Progress;
use super::fault::MoveError;
use super::layout::Node;
use super::nodes::{Door, Doors, LOOK_EVERY};

/// What a server says of a slot that it moves or has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    name: String,
    pub(super) target: String,
    state: String,
    message: String,
}

impl Job {
    fn is_over(&self) -> bool {
        matches!(
            self.state.as_str(),
            "success" | "failed" | "canceled" | "cancelled"
        )
    }
}

/// Whether the node moves the slot just now. `None` if it can't move slots by itself.
pub(super) async fn job(doors: &Doors, from: &Node, slot: u16) -> Result<Option<Option<Job>>, MoveError> {
    let mut door = doors.open(&from.address).await?;
    match jobs(&mut door, slot).await {
        Ok(jobs) => Ok(Some(jobs.into_iter().find(|job| !job.is_over()))),
        Err(MoveError::Node { reason, .. }) if reason.contains("unknown subcommand") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Lets the node move the slot, or follows it, until it is there.
pub(super) async fn go(
    doors: &Doors,
    from: &Node,
    to: &Node,
    slot: u16,
    begun: bool,
    tell: &impl Fn(Progress),
) -> Result<(), MoveError> {
    let mut door = doors.open(&from.address).await?;
    let before = jobs(&mut door, slot).await?;
    let mut command = redis::cmd("CLUSTER").arg("MIGRATESLOTS").to_owned();
    if !begun {
        command.arg("SLOTSRANGE").arg(slot).arg(slot);
        let () = door.ask(command.arg("NODE").arg(&to.id)).await?;
    }
    let is_it = |job: &Job| begun || before.iter().all(|known| known.name != job.name);
    loop {
        // The newest stands first.
        let jobs = jobs(&mut door, slot).await?;
        let Some(job) = jobs.into_iter().find(is_it) else {
            return Err(gave_up(
                from,
                "it has forgotten the move, and may not have made it",
            ));
        };
        match job.state.as_str() {
            "success" => return Ok(()),
            _ if job.is_over() => {
                return Err(gave_up(from, &format!("{}: {}", job.state, job.message.trim())));
            }
            state => tell(Progress::Server(state.to_owned())),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn gave_up(from: &Node, reason: &str) -> MoveError {
    MoveError::Node {
        node: from.to_string(),
        reason: format!("the move was given up ({reason}); the shard is where it was"),
    }
}

/// What the node says of moves of a slot away from it, the newest first.
async fn jobs(door: &mut Door, slot: u16) -> Result<Vec<Job>, MoveError> {
    let command = redis::cmd("CLUSTER").arg("GETSLOTMIGRATIONS").to_owned();
    let all: Vec<HashMap<String, Value>> = door.ask(&command).await?;
    let read = |mut one: HashMap<String, Value>| {
        let mut word = |name: &str| from_redis_value::<String>(one.remove(name)?).ok();
        let is_of_slot = word("slot_ranges")?.split(' ').any(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let bounds = first.parse::<u16>().ok().zip(last.parse().ok());
            bounds.is_some_and(|(first, last)| (first..=last).contains(&slot))
        });
        (is_of_slot && word("operation")? == "EXPORT").then_some(())?;
        Some(Job {
            name: word("name")?,
            target: word("target_node")?,
            state: word("state")?,
            message: word("message").unwrap_or_default(),
        })
    };
    Ok(all.into_iter().filter_map(read).collect())
}
