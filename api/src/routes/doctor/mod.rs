//! The signature doctor tells why a receiver's check of a signature fails.

mod examinee;

mod examiner;

mod request;

mod room;

mod view;

use std::time::Duration;

use doctor::{self, Budget, Case, Diagnosis, Headers, PreviousSecret};
use domain::id::{AccountId, EndpointId};
use domain::sealing::SealedSecret;
use domain::signing::SigningSecret;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use store::rotation::SigningSecrets;

use self::examinee::Examinee;
use self::request::VerifySignature;
use self::view::DiagnosisView;
use super::{Call, Group, Resource, fields};
use crate::app::App;
use crate::json::Json;
use crate::problem::{Code, Faults, Problem};

/// How much processor time an examination gets. It may take a tenth of a second; the rest is for its last step.
const TIME: Duration = Duration::from_millis(80);

/// Examining a signature.
#[derive(Debug, Clone, Copy)]
pub struct DoctorApi;

#[OpenApi(tag = "Group::Endpoints")]
impl DoctorApi {
    /// Verify a signature
    ///
    /// Takes the headers and the body of a request as your server saw them, and tells whether its signatures are valid or, if
    /// they aren't, why: the body was changed before your code checked it, the secret was used in the wrong way, the timestamp
    /// is old, and so on. To find out why your own code computes something else, send what it computed as
    /// `X-RKT-Signature` or `webhook-signature`. Nothing is stored, and the answer never contains a secret or a correct
    /// signature. An account has one request examined at a time, for at most 100 ms of processor time: if that isn't enough to
    /// try every usual mistake, the answer has a finding `stopped_looking`, and the others are right all the same.
    #[oai(
        path = "/api/webhooks-config/:id/verify",
        method = "post",
        operation_id = "verifySignature"
    )]
    async fn verify(
        &self,
        examinee: Examinee,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        body: Json<VerifySignature>,
    ) -> Result<Json<DiagnosisView>, Problem> {
        let endpoint = fields::endpoint_id(&id.0)?;
        let VerifySignature { headers, body } = body.0;
        let mut faults = Faults::default();
        if body.len() > request::max_body(&app.allowance) {
            faults.note(
                Problem::new(Code::BodyTooLarge)
                    .detail(format!(
                        "`body` may be {} bytes long, more than any body that is sent.",
                        request::max_body(&app.allowance)
                    ))
                    .field("body")
                    .param("max", request::max_body(&app.allowance)),
            );
        }
        let headers = faults.take(Headers::new(headers.0, app.header_prefix.clone()));
        let Some(headers) = headers.filter(|_| !faults.are_there()) else {
            return Err(faults.into());
        };
        let store = app.store.of(&examinee.account)?;
        let sealed = store
            .signing_secrets(&examinee.account, &endpoint)
            .await?
            .ok_or_else(fields::no_endpoint)?;
        let sent = match headers.event() {
            Some(event) => store.event_body(&examinee.account, &event).await?,
            None => None,
        };
        let mut secrets = Secrets::open(&app, &sealed, &examinee.account, &endpoint)?;
        if let Some(previous) = &mut secrets.previous
            && previous.until < store.time().await?
        {
            // The grace period ends by the store's clock, which may differ from ours.
            previous.until = domain::clock::Timestamp::default();
        }
        let request = Request {
            endpoint,
            secrets,
            headers,
            body,
            // A payload that was accepted is UTF-8.
            sent: sent.and_then(|bytes| String::from_utf8(bytes.into()).ok()),
        };
        // Hundreds of MACs over a large body would keep a thread busy that serves other requests.
        let turn = examinee.place.turn().await;
        let examination = examiner::run(move || {
            let diagnosis = request.examine();
            // Not when the caller goes away: until here, the examiner is busy.
            drop(turn);
            diagnosis
        });
        let diagnosis = examination.await.ok_or_else(|| {
            tracing::error!("a signature could not be examined");
            Problem::new(Code::InternalError)
        })?;
        Ok(Json(DiagnosisView::new(diagnosis, &app.header_prefix)))
    }
}

impl Resource for DoctorApi {
    const CALLS: &'static [Call] = &[Call::new(
        "verifySignature",
        &[Code::InvalidHeaders, Code::ExaminationUnderWay],
    )];
    const EXAMPLES: &'static str = include_str!("doctor.json");
}

/// The request to be examined, and what it is compared with.
struct Request {
    endpoint: EndpointId,
    secrets: Secrets,
    headers: Headers,
    body: String,
    sent: Option<String>,
}

impl Request {
    fn examine(&self) -> Diagnosis {
        let case = Case {
            endpoint: &self.endpoint,
            secret: &self.secrets.current,
            previous: self.secrets.previous.as_ref(),
            headers: &self.headers,
            body: &self.body,
            sent: self.sent.as_deref(),
            now: domain::clock::Timestamp::now(),
        };
        doctor::examine(&case, Budget::new(TIME, &examiner::clock()))
    }
}

/// An endpoint's secrets, unsealed.
struct Secrets {
    current: SigningSecret,
    previous: Option<PreviousSecret>,
}

impl Secrets {
    fn open(
        app: &App,
        sealed: &SigningSecrets,
        account: &AccountId,
        endpoint: &EndpointId,
    ) -> Result<Self, Problem> {
        let keys = app.secrets.get();
        let open = |secret: &SealedSecret| {
            keys.open(secret, account, endpoint).map_err(|error| {
                tracing::error!(%endpoint, %error, "a signing secret could not be opened");
                Problem::new(Code::InternalError)
            })
        };
        let previous = sealed.previous.as_ref().map(|previous| {
            Ok::<_, Problem>(PreviousSecret {
                secret: open(&previous.secret)?,
                until: previous.until,
                signs_legacy: previous.signs_legacy,
            })
        });
        Ok(Self {
            current: open(&sealed.current)?,
            previous: previous.transpose()?,
        })
    }
}
