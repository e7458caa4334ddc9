//! Who has a signature examined: the caller with the place of their share. The token alone decides whether there is one, so whoever
//! has to wait is told before anybody reads the body.

use domain::id::AccountId;
use poem::{FromRequest, Request, RequestBody, Result};

use super::room::{Place, Room};
use crate::app::App;
use crate::caller::Caller;
use crate::problem::{Code, Problem};

/// Where examinations take turns: accepting events, and other accounts, must not wait for somebody who asks again and again.
static ROOM: Room = Room::new();

/// When to ask again, in seconds, while another examination of the account is under way.
const ASK_AGAIN_AFTER: u32 = 1;

/// A [`Caller`] whose share has its place, until this is dropped: also when the body turns out to be wrong, or its client goes away.
#[derive(Debug)]
pub(super) struct Examinee {
    pub(super) account: AccountId,
    pub(super) place: Place<'static>,
}

impl<'a> FromRequest<'a> for Examinee {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        let caller = Caller::before_body(request).await?;
        let share = caller.share();
        if let Some(place) = ROOM.enter(&share) {
            return Ok(Self {
                account: caller.account,
                place,
            });
        }
        let problem = Problem::new(Code::ExaminationUnderWay).retry_after(ASK_AGAIN_AFTER);
        Err(App::of(request)?.refusals.refuse(&share, problem).await.into())
    }
}
