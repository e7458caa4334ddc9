//! Who orders what changes something, and why: for the audit, and asked again where much would change.

use std::env;
use std::io::{IsTerminal as _, Write as _};

use anyhow::{bail, ensure};
use clap::Args;
use store::Store;
use store::audit::Order;

/// What changes more than so many deliveries is asked again.
const MANY: u64 = 100;

/// Who, and why.
#[derive(Debug, Args)]
pub(crate) struct OrderArgs {
    /// Who does it, for `webhooksctl audit`. By default $SUDO_USER or $USER, and the host's name.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,

    /// Why, for `webhooksctl audit`: owners don't read it.
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
}

impl OrderArgs {
    /// The order.
    pub(crate) fn order(&self) -> Order {
        self.order_because("")
    }

    /// The order, with this as the reason where no other was given.
    pub(crate) fn order_because(&self, reason: &str) -> Order {
        let why = if self.why.is_empty() { reason } else { &self.why };
        Order::new(&self.by.clone().unwrap_or_else(whoever), why)
    }
}

/// Whoever runs the command, as far as the environment says so.
fn whoever() -> String {
    let named = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let user = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(named);
    let user = user.unwrap_or_else(|| "somebody".to_owned());
    format!("{user}@{}", program::host::name())
}

/// What is done in several steps: noted as it begins, and with what came of it.
pub(crate) struct Deed<'a> {
    pub(crate) action: &'a str,
    pub(crate) target: &'a str,
    /// The account of the target; empty for what concerns all.
    pub(crate) account: &'a str,
}

impl Deed<'_> {
    /// Does it, and notes that. What can't be noted isn't begun.
    pub(crate) async fn noted<T>(
        &self,
        store: &Store,
        doing: impl Future<Output = anyhow::Result<T>>,
        said: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<T> {
        let Self {
            action,
            target,
            account,
        } = *self;
        store.note_order(action, target, account, "begins").await?;
        let done = doing.await;
        let result = match &done {
            Ok(done) => said(done),
            Err(error) => format!("failed: {error:#}"),
        };
        self.note(store, &result).await;
        done
    }

    /// Notes what was done: it stays done, whether or not that can be noted.
    pub(crate) async fn note(&self, store: &Store, result: &str) {
        let noted = store
            .note_order(self.action, self.target, self.account, result)
            .await;
        if let Err(error) = noted {
            eprintln!("webhooksctl: the audit lacks this: {error}");
        }
    }
}

/// Asks whether all are meant: on a terminal the person there has to say the word, elsewhere `--yes`.
pub(crate) fn confirm_all(what: &str, yes: bool) -> anyhow::Result<()> {
    ask_for(what, yes, "Type `all` to go on:", &["all"])
}

/// Asks whether so many deliveries, events or endpoints are meant, if they are many: on a terminal the person there, elsewhere `--yes` has to say so.
pub(crate) fn confirm(what: &str, many: u64, yes: bool) -> anyhow::Result<()> {
    ask(what, yes || many <= MANY)
}

/// Asks whether something is meant, in the same way.
pub(crate) fn ask(what: &str, yes: bool) -> anyhow::Result<()> {
    ask_for(what, yes, "Go on? [y/N]", &["y", "yes"])
}

fn ask_for(what: &str, is_answered: bool, question: &str, words: &[&str]) -> anyhow::Result<()> {
    if is_answered {
        return Ok(());
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        bail!("nothing was changed: this would {what}. If that is meant, add --yes");
    }
    let mut stderr = std::io::stderr();
    write!(stderr, "This will {what}. {question} ")?;
    stderr.flush()?;
    let mut answer = String::new();
    stdin.read_line(&mut answer)?;
    let is_meant = words.contains(&answer.trim().to_lowercase().as_str());
    ensure!(is_meant, "nothing was changed");
    Ok(())
}
