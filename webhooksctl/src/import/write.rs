//! Writing what an import makes.

use std::collections::{BTreeMap, BTreeSet};

use domain::endpoint::{NewEndpoint, origin_of};
use domain::id::EndpointId;
use domain::sealing::{HeaderPlace, SecretsKeyring};
use domain::signing::SigningSecret;
use store::endpoints::CreateOutcome;
use store::shards::Shards;
use store::{Store, StoreError};

use super::ImportArgs;
use super::line::{State, Wanted};
use super::report::Report;
use crate::order::Deed;
use crate::runtime;
use crate::stores::is_of_account;

/// Makes the new ones, shard by shard.
pub(super) async fn write(
    new: Vec<Wanted>,
    shards: &Shards,
    arguments: &ImportArgs,
    report: &mut Report,
) -> anyhow::Result<()> {
    let keys = &arguments.secrets.secrets_key;
    let mut by_shard: BTreeMap<usize, Vec<Wanted>> = BTreeMap::new();
    for one in new {
        by_shard
            .entry(shards.number_of(&one.account))
            .or_default()
            .push(one);
    }
    let order = arguments.order.order();
    let progress = runtime::progress(|made: usize| format!("made {made} endpoints …"));
    for (number, wanted) in by_shard {
        let Some(store) = shards.all().get(number) else {
            continue;
        };
        store.demand_secrets_key(keys).await?;
        let accounts: BTreeSet<_> = wanted.iter().map(|one| one.account.clone()).collect();
        let of_one = accounts.first().filter(|_| accounts.len() == 1);
        let deed = Deed {
            action: "import",
            target: &format!("{} endpoints of {} accounts", wanted.len(), accounts.len()),
            account: of_one.map_or("", |account| account.as_str()),
        };
        let before = report.made();
        let making = async {
            for one in wanted {
                let line = one.line;
                match make(store, keys, one, arguments.max_endpoints_per_account).await? {
                    Ok((id, has_new_secret)) => report.note_made(line, id, has_new_secret),
                    Err(says) => report.note_refused(line, says),
                }
                progress(report.made());
            }
            Ok(report.made() - before)
        };
        let said = |made: &usize| format!("{made} endpoints");
        deed.noted(&store.ordered_by(&order), making, said).await?;
    }
    Ok(())
}

/// Makes one, sealed as the API seals it. Answers its id and whether it got a new secret, or why the store refuses it.
async fn make(
    store: &Store,
    keys: &SecretsKeyring,
    wanted: Wanted,
    most: u32,
) -> Result<Result<(EndpointId, bool), String>, StoreError> {
    let id = wanted.id.unwrap_or_else(EndpointId::random);
    let has_new_secret = wanted.secret.is_none();
    let secret = wanted.secret.unwrap_or_else(SigningSecret::generate);
    let place = HeaderPlace {
        account: &wanted.account,
        endpoint: &id,
        origin: origin_of(wanted.url.as_str()),
    };
    let headers = wanted.headers.iter();
    let headers = headers
        .map(|(name, value)| (name, keys.seal_header(name, value, place)))
        .collect();
    let new = NewEndpoint {
        secret: keys.seal(&secret, &wanted.account, &id),
        id,
        account: wanted.account,
        url: wanted.url,
        events: wanted.events,
        chatbots: wanted.chatbots,
        filters: wanted.filters,
        description: wanted.description,
        headers,
        rate_limit: wanted.rate_limit,
        auto_resume: wanted.auto_resume,
        active: wanted.state == State::Active,
        by: Some("operator".to_owned()),
    };
    let refused = match store
        .import_endpoint(&new, most, wanted.state == State::Paused)
        .await
    {
        Ok(CreateOutcome::Created(endpoint)) if endpoint.account == new.account => {
            return Ok(Ok((new.id, has_new_secret)));
        }
        Ok(CreateOutcome::TypeGone(name)) => format!("there is no event type `{name}` any more"),
        Ok(CreateOutcome::TypeForbidden(name)) => format!("the account may not have events of type `{name}`"),
        Ok(CreateOutcome::RoutesTooLong) => {
            "all filters and lists of chatbots of the account would take more than 64 KiB".to_owned()
        }
        Ok(CreateOutcome::TooMany(most)) => format!("the account may have {most} endpoints"),
        Ok(_) => "another endpoint has this id".to_owned(),
        // Of this account alone.
        Err(error) if is_of_account(&error) => format!("{error}: import the line again later"),
        Err(error) => return Err(error),
    };
    Ok(Err(refused))
}
