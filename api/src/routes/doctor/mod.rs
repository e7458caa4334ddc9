//! The signature doctor: why a receiver's check of a signature fails.

mod headers;

mod shapes;

use doctor::{self, Case, Diagnosis, Headers, PreviousSecret};
use domain::id::{AccountId, EndpointId};
use domain::sealing::SealedSecret;
use domain::signing::SigningSecret;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use store::rotation::SigningSecrets;
use tokio::sync::Semaphore;

use self::shapes::{DiagnosisView, VerifySignature};
use super::{Call, Group, Resource, fields};
use crate::app::App;
use crate::caller::DashboardUser;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// Examinations at a time; others wait. The longest takes a core for some tenths of a second, and events must not wait for
/// those of somebody who asks again and again.
static ROOM: Semaphore = Semaphore::const_new(2);

/// The call.
#[derive(Debug, Clone, Copy)]
pub struct DoctorApi;

#[OpenApi(tag = "Group::Endpoints")]
impl DoctorApi {
    /// Verify a signature
    ///
    /// Takes the headers and the body of a request as your server saw them, and says whether its signatures are valid, or
    /// what is wrong: the body was changed on the way to your check, the secret was used in a wrong way, the timestamp is
    /// old, and so on. To find out why your own code computes something else, give what it computed as
    /// `X-RKT-Signature` or `webhook-signature`. Nothing is stored, and no secret and no right signature is answered.
    #[oai(
        path = "/api/webhooks-config/:id/verify",
        method = "post",
        operation_id = "verifySignature"
    )]
    async fn verify(
        &self,
        user: DashboardUser,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        body: Json<VerifySignature>,
    ) -> Result<Json<DiagnosisView>, Problem> {
        let endpoint = fields::endpoint_id(&id.0)?;
        let VerifySignature { headers, body } = body.0;
        if body.len() > shapes::max_body(&app.allowance) {
            return Err(Problem::new(Code::BodyTooLarge)
                .detail(format!(
                    "`body` may be {} bytes long, more than any body that is sent.",
                    shapes::max_body(&app.allowance)
                ))
                .field("body"));
        }
        let headers = Headers::new(headers.0)?;
        let store = app.store.get()?;
        let sealed = store
            .signing_secrets(&user.account, &endpoint)
            .await?
            .ok_or_else(fields::no_endpoint)?;
        let sent = match headers.event() {
            Some(event) => store.event_body(&user.account, &event).await?,
            None => None,
        };
        let mut secrets = Secrets::open(&app, &sealed, &user.account, &endpoint)?;
        if let Some(previous) = &mut secrets.previous
            && previous.until < store.time().await?
        {
            // The grace ends by the store's clock, which may not be ours.
            previous.until = domain::clock::Timestamp::default();
        }
        let request = Request {
            endpoint,
            secrets,
            headers,
            body,
            // What was accepted as an event is UTF-8.
            sent: sent.and_then(|bytes| String::from_utf8(bytes.into()).ok()),
        };
        // Hundreds of MACs over a large body take longer than a thread that serves others may.
        let room = ROOM
            .acquire()
            .await
            .map_err(|_| Problem::new(Code::InternalError))?;
        let examination = tokio::task::spawn_blocking(move || {
            let diagnosis = request.examine();
            drop(room);
            diagnosis
        });
        let diagnosis = examination.await.map_err(|error| {
            tracing::error!(%error, "a signature could not be examined");
            Problem::new(Code::InternalError)
        })?;
        Ok(Json(diagnosis.into()))
    }
}

impl Resource for DoctorApi {
    const CALLS: &'static [Call] = &[Call::new("verifySignature", &[Code::InvalidHeaders])];
    const EXAMPLES: &'static str = include_str!("doctor.json");
}

/// All that is examined.
struct Request {
    endpoint: EndpointId,
    secrets: Secrets,
    headers: Headers,
    body: String,
    sent: Option<String>,
}

impl Request {
    fn examine(&self) -> Diagnosis {
        doctor::examine(&Case {
            endpoint: &self.endpoint,
            secret: &self.secrets.current,
            previous: self.secrets.previous.as_ref(),
            headers: &self.headers,
            body: &self.body,
            sent: self.sent.as_deref(),
            now: domain::clock::Timestamp::now(),
        })
    }
}

/// An endpoint's secrets, open.
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
        let open = |secret: &SealedSecret| {
            app.secrets.open(secret, account, endpoint).map_err(|error| {
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
