//! Who has a signature examined: the caller with the place of their account. The token alone decides whether there is one, so whoever
//! has to wait is told before anybody reads the body.

use domain::id::AccountId;
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::Registry;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::room::{Place, Room};
use crate::app::App;
use crate::caller::Reader;
use crate::problem::{Code, Problem};

/// Where examinations take turns: accepting events, and other accounts, must not wait for somebody who asks again and again.
static ROOM: Room = Room::new();

/// When to ask again, in seconds, while another examination of the account is under way.
const ASK_AGAIN_AFTER: u32 = 1;

/// A [`Reader`] whose account has its place, until this is dropped: also when the body turns out to be wrong, or its client goes away.
#[derive(Debug)]
pub(super) struct Examinee {
    pub(super) account: AccountId,
    pub(super) place: Place<'static>,
}

impl<'a> ApiExtractor<'a> for Examinee {
    const TYPES: &'static [ApiExtractorType] = Reader::TYPES;

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Reader::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        Reader::security_schemes()
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let Reader { account } = Reader::from_request(request, body, ExtractParamOptions::default()).await?;
        if let Some(place) = ROOM.enter(&account) {
            return Ok(Self { account, place });
        }
        let problem = Problem::new(Code::ExaminationUnderWay).retry_after(ASK_AGAIN_AFTER);
        Err(App::of(request)?.refusals.refuse(&account, problem).await.into())
    }
}
