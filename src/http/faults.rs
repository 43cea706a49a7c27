//! Where faults meet calls: before the work, around it, and when the answer is on its way.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde_json::Value;

use super::error::ApiError;
use super::received::Received;
use crate::crash;
use crate::domain::access::{Action, Caller};
use crate::domain::fault::{CallFaults, Called, CrashPoint, ErrorKind, Moment, Then};
use crate::domain::ids::{DiskId, FaultId};
use crate::domain::quota::QuotaExceeded;
use crate::service::{self, App, ServiceError};
use crate::store::{Constraint, StoreError};

/// The header that names the rules that met a call.
const FAULT_HEADER: &str = "x-evs-fault";

/// What of a body names a disk.
const DISK_MEMBERS: [&str; 4] = ["volume_id", "volume_uuid", "source_volid", "resource_id"];

/// The disks that a call is about: those that its path and body name, and those that a transfer, a
/// snapshot, a backup or an attachment in its path is of. Found out only if a rule asks.
pub(super) async fn disks_of(received: &Received) -> Result<Vec<DiskId>, ApiError> {
    let app = received.app();
    if !app.faults_name_disks() {
        return Ok(Vec::new());
    }
    let mut disks = Vec::new();
    // The project in a path has no dashes: its id is no other's.
    for part in received.path().split('/').filter(|part| part.contains('-')) {
        let Some(id) = DiskId::parse(part) else { continue };
        disks.push(id);
        disks.extend(app.disk_behind(id).await?);
    }
    if let Ok(body) = serde_json::from_slice(received.body()) {
        named_in(&body, &mut disks);
    }
    Ok(disks)
}

fn named_in(value: &Value, disks: &mut Vec<DiskId>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let id = value.as_str().filter(|_| DISK_MEMBERS.contains(&key.as_str()));
                disks.extend(id.and_then(DiskId::parse));
                named_in(value, disks);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| named_in(value, disks)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Meets a call with the rules that are about it, of which the request remembers what is left to do.
pub(super) fn meet(
    received: &Received,
    caller: &Caller,
    disks: &[DiskId],
    action: Action,
) -> Result<(), ApiError> {
    let begins = Called { action, project: &caller.project, disks };
    let Some(met) = received.app().meet_call(begins) else { return Ok(()) };
    let outcome = match met.then {
        Some(Then::Error(kind)) => Err(error(received.app(), kind, action, &met.by)),
        Some(Then::Drop(Moment::Before)) => Err(ApiError::NoAnswer),
        Some(Then::Drop(Moment::After) | Then::At(..)) | None => Ok(()),
    };
    received.request().extensions_mut().insert(met);
    outcome
}

/// The error that the product answers by itself where something is so.
fn error(app: &App, kind: ErrorKind, action: Action, by: &[FaultId]) -> ApiError {
    match kind {
        ErrorKind::BadRequest => ApiError::MalformedBody,
        ErrorKind::Unauthorized => ServiceError::Unauthenticated.into(),
        ErrorKind::Forbidden => ApiError::Forbidden(action),
        ErrorKind::NotFound => ApiError::NoRoute,
        ErrorKind::Conflict => {
            ServiceError::Store(StoreError::Conflict(Constraint::Reference)).into()
        }
        ErrorKind::Quota => {
            let key = "volumes".to_owned();
            let limit = app.rules().quotas.of(&key);
            ServiceError::Quota(QuotaExceeded::Disks { key, limit }).into()
        }
        ErrorKind::TooManyRequests => ApiError::TooManyRequests,
        ErrorKind::Internal => ApiError::Framework(format!("by fault {}", listed(by))),
        ErrorKind::Busy => ServiceError::Store(StoreError::Busy(None)).into(),
        ErrorKind::Full => ServiceError::Store(StoreError::Full).into(),
    }
}

fn listed(by: &[FaultId]) -> String {
    by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What a rule wants around the work of a call that changes something.
#[derive(Debug, Clone)]
pub(super) struct Around {
    delay: Duration,
    armed: Option<crash::Armed>,
}

impl Around {
    /// What the rules that met this request want, if they want anything there.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        let mut extensions = request.extensions_mut();
        let met = extensions.get_mut::<CallFaults>()?;
        // Later it would come a second time.
        let delay = Duration::from_millis(std::mem::take(&mut met.delay_ms));
        let point = match met.then {
            Some(Then::At(way, point)) => Some((way, point)),
            Some(Then::Error(_) | Then::Drop(_)) | None => None,
        };
        let by = met.by.last().copied();
        let armed = point.zip(by).map(|((way, point), by)| crash::Armed::new(point, way, by));
        Some(Self { delay, armed })
    }

    /// Does the work so. It waits first: whoever gives up meanwhile has begun it all the same.
    pub(super) async fn work<T>(
        self,
        work: impl Future<Output = service::Result<T>>,
    ) -> service::Result<T> {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let done = crash::with(self.armed.clone(), work).await;
        if let Some(armed) = self.armed {
            let here = armed.here(CrashPoint::BeforeAnswer);
            here.map_err(StoreError::from)?;
        }
        done
    }

    /// Waits for the answer, unless a rule leaves whoever waits for it; the work goes on.
    pub(super) async fn answer<T>(
        self,
        request: &HttpRequest,
        answer: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let Some(armed) = self.armed else { return answer.await };
        let answered = tokio::select! {
            () = armed.dropped() => Err(ApiError::NoAnswer),
            answered = answer => answered,
        };
        if !armed.is_dropped() {
            return answered;
        }
        // Whoever was left is not answered, even if the answer was there first, or in the same moment.
        if let Some(met) = request.extensions_mut().get_mut::<CallFaults>() {
            met.then = Some(Then::Drop(Moment::After));
        }
        Err(ApiError::NoAnswer)
    }
}

/// Lets an answer go, or not, as the rules want that met its request.
pub(super) async fn let_go(mut response: ServiceResponse) -> ServiceResponse {
    let met = response.request().extensions_mut().remove::<CallFaults>();
    let Some(met) = met else { return response };
    if met.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(met.delay_ms)).await;
    }
    if matches!(met.then, Some(Then::Drop(_))) {
        return response.into_response(HttpResponse::Ok().body(NoAnswer));
    }
    if let Ok(value) = HeaderValue::from_str(&listed(&met.by)) {
        response.headers_mut().insert(HeaderName::from_static(FAULT_HEADER), value);
    }
    response
}

/// A body that fails before its first byte. The server keeps the head of an answer back until it has
/// looked at the body, and closes a connection whose body fails: so nothing of it is ever sent.
#[derive(Debug)]
struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dropped by a fault")
    }
}

impl std::error::Error for NoAnswer {}

impl MessageBody for NoAnswer {
    type Error = Self;

    fn size(&self) -> BodySize {
        BodySize::Sized(1)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(Some(Err(Self)))
    }
}
