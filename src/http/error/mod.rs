//! Everything that can go wrong, what it is on the wire, and the shapes it takes there.

mod statuses;
mod texts;

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};
use thiserror::Error;

use super::dialect::Dialect;
use super::evs::policies;
use super::openstack::types::refusals;
use crate::domain::access::Action;
use crate::domain::fault::FaultRefused;
use crate::domain::ids::RequestId;
use crate::domain::microversion::BadMicroversion;
use crate::domain::state::StateRefused;
use crate::service::identity::IdentityError;
use crate::service::{Resource, ServiceError};
use crate::store::StoreError;
use crate::tasks::Gone;

/// Why a request is not answered as it wished.
#[derive(Debug, Clone, Error)]
pub enum ApiError {
    /// The body is no JSON, or nested too deeply.
    #[error("malformed request body")]
    MalformedBody,
    /// The body's content type is not JSON.
    #[error("unsupported content type")]
    UnsupportedType,
    /// The body is larger than the settings allow.
    #[error("the request body is too large")]
    BodyTooLarge,
    /// The body does not come in.
    #[error("the request body took too long")]
    BodyTooSlow,
    /// A member of the body breaks a rule, which the sentence names.
    #[error("{0}")]
    Schema(String),
    /// A member of the body is longer than it may be, in the words of `/v2`.
    #[error("{0}")]
    TooLong(String),
    /// What the path names is not there, as the sentence says.
    #[error("{0}")]
    NotThere(String),
    /// A query parameter breaks a rule, which the sentence names.
    #[error("{0}")]
    Query(String),
    /// A header breaks a rule, which the sentence names.
    #[error("{0}")]
    Header(String),
    /// What a login request lacks.
    #[error("{0}")]
    Login(String),
    /// The action in the body is none of ours.
    #[error("there is no such action: {0}")]
    NoSuchAction(String),
    /// A member of a native body breaks a rule, which has a code of its own.
    #[error(transparent)]
    Native(#[from] NativeFault),
    /// The project in the path is not the token's.
    #[error("the project in the path is not the token's")]
    ProjectMismatch,
    /// There is no such path.
    #[error("no route")]
    NoRoute,
    /// There is no such path, since an id in it is empty.
    #[error("no route: the path ends in an empty id")]
    EmptyId,
    /// The path does not take the method.
    #[error("bad method")]
    BadMethod {
        /// The methods that it does take, as the `Allow` header spells them.
        allow: String,
    },
    /// The caller's role does not suffice.
    #[error("the caller may not: {}", .0.rule())]
    Forbidden(Action),
    /// The microversion is none, or none of ours.
    #[error(transparent)]
    Microversion(BadMicroversion),
    /// The use case came to nothing.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The use case ended without a result.
    #[error(transparent)]
    Gone(#[from] Gone),
    /// Too many requests, by a rule of faults.
    #[error("too many requests, by a fault")]
    TooManyRequests,
    /// There is no answer, by a rule of faults: the connection is closed.
    #[error("no answer, by a fault")]
    NoAnswer,
    /// The web framework failed by itself.
    #[error("{0}")]
    Framework(String),
}

/// A rule of the native API: its status and code, and a sentence that names member and rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code}: {message}")]
pub struct NativeFault {
    /// The HTTP status.
    pub status: StatusCode,
    /// The code that the native API documents for it.
    pub code: &'static str,
    /// The member and the rule.
    pub message: Cow<'static, str>,
}

impl NativeFault {
    /// What is wrong with a request.
    pub const fn bad_request(code: &'static str, message: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: Cow::Borrowed(message) }
    }

    /// What is not there.
    pub const fn not_found(code: &'static str, message: &'static str) -> Self {
        Self { status: StatusCode::NOT_FOUND, code, message: Cow::Borrowed(message) }
    }

    /// What nobody may do.
    pub const fn forbidden(code: &'static str, message: &'static str) -> Self {
        Self { status: StatusCode::FORBIDDEN, code, message: Cow::Borrowed(message) }
    }

    /// What went wrong with a job.
    pub const fn failure(code: &'static str, message: &'static str) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code, message: Cow::Borrowed(message) }
    }

    /// The same with another sentence.
    #[must_use]
    pub fn saying(self, message: String) -> Self {
        Self { message: Cow::Owned(message), ..self }
    }
}

/// The two errors of every native path that its API has codes and sentences of its own for.
const WRONG_PROJECT: (&str, &str) = ("EVS.0001", "invalid tenant id!");
const NOT_LET_IN: (&str, &str) = ("EVS.5401", "Authentication required.");

/// HTTP status, OpenStack's fault name, and the code of the EVS dialect (OTC "EVS API Reference", "Error Codes").
pub(super) struct Fault(StatusCode, &'static str, &'static str);

impl Fault {
    pub(super) const BAD_REQUEST: Self = Self(StatusCode::BAD_REQUEST, "badRequest", "EVS.5400");
    const UNAUTHORIZED: Self = Self(StatusCode::UNAUTHORIZED, "unauthorized", "EVS.5401");
    const FORBIDDEN: Self = Self(StatusCode::FORBIDDEN, "forbidden", "EVS.5403");
    pub(super) const NOT_FOUND: Self = Self(StatusCode::NOT_FOUND, "itemNotFound", "EVS.5404");
    const BAD_METHOD: Self = Self(StatusCode::METHOD_NOT_ALLOWED, "badMethod", "EVS.5400");
    const NOT_ACCEPTABLE: Self = Self(StatusCode::NOT_ACCEPTABLE, "computeFault", "EVS.5400");
    pub(super) const CONFLICT: Self = Self(StatusCode::CONFLICT, "conflictingRequest", "EVS.5400");
    const GONE: Self = Self(StatusCode::GONE, "gone", "EVS.5400");
    const OVER_LIMIT: Self = Self(StatusCode::PAYLOAD_TOO_LARGE, "overLimit", "EVS.5413");
    // Cinder has no name of its own for these.
    const TOO_SLOW: Self = Self(StatusCode::REQUEST_TIMEOUT, "computeFault", "EVS.5400");
    const UNPROCESSABLE: Self = Self(StatusCode::UNPROCESSABLE_ENTITY, "computeFault", "EVS.5400");
    const TOO_MANY: Self = Self(StatusCode::TOO_MANY_REQUESTS, "overLimit", "EVS.5400");
    const OURS: Self = Self(StatusCode::INTERNAL_SERVER_ERROR, "computeFault", "EVS.5500");
    const BUSY: Self = Self(StatusCode::SERVICE_UNAVAILABLE, "serviceUnavailable", "EVS.5503");
    const FULL: Self = Self(StatusCode::INSUFFICIENT_STORAGE, "computeFault", "EVS.5500");
}

/// The body of every 500: nothing of the inside gets out.
const OUR_FAULT: &str =
    "The server has either erred or is incapable of performing the requested operation.";

/// The text of every 401.
const UNAUTHENTICATED: &str = "The request you have made requires authentication.";

impl ApiError {
    /// Exhaustive on purpose: a new error must be decided here.
    fn fault(&self) -> Fault {
        match self {
            Self::MalformedBody
            | Self::UnsupportedType
            | Self::Schema(_)
            | Self::Query(_)
            | Self::Header(_)
            | Self::Login(_)
            | Self::NoSuchAction(_)
            | Self::ProjectMismatch
            // Nobody ever sees what it is.
            | Self::NoAnswer
            | Self::Microversion(BadMicroversion::Malformed(_)) => Fault::BAD_REQUEST,
            Self::Native(fault) => Fault(fault.status, "badRequest", fault.code),
            Self::BodyTooLarge | Self::TooLong(_) => Fault::OVER_LIMIT,
            Self::BodyTooSlow => Fault::TOO_SLOW,
            Self::NoRoute | Self::EmptyId | Self::NotThere(_) => Fault::NOT_FOUND,
            Self::BadMethod { .. } => Fault::BAD_METHOD,
            Self::Forbidden(_) => Fault::FORBIDDEN,
            Self::TooManyRequests => Fault::TOO_MANY,
            Self::Microversion(BadMicroversion::Unsupported(_)) => Fault::NOT_ACCEPTABLE,
            Self::Gone(_) | Self::Framework(_) => Fault::OURS,
            Self::Service(error) => service_fault(error),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.fault().0
    }

    /// The value of `Retry-After`, in seconds: 0 for quotas, as Cinder says; 1 for a locked database;
    /// what is left of the window after too many wrong guesses.
    pub fn retry_after(&self) -> Option<String> {
        use ServiceError as S;
        if let Self::Service(ServiceError::Guesses(refused)) = self {
            return Some(refused.retry_after_s.to_string());
        }
        let quota =
            matches!(self, Self::Service(S::Quota(_) | S::RecipientQuota(_) | S::RestoreQuota(_)));
        let busy = self.status() == StatusCode::SERVICE_UNAVAILABLE
            || matches!(self, Self::TooManyRequests);
        if quota { Some("0".to_owned()) } else { busy.then(|| "1".to_owned()) }
    }

    /// The body in a dialect. A 401 has Keystone's shape, as its middleware answers it, but on native
    /// paths, or that of Huawei's gateway, which checks signatures before any service sees them.
    pub fn body(&self, dialect: Dialect, request: &RequestId) -> Value {
        let Fault(status, name, code) = self.fault();
        let message = self.message();
        let dialect = if matches!(self, Self::Service(ServiceError::Signature(_))) {
            Dialect::Gateway
        } else if status == StatusCode::UNAUTHORIZED && dialect != Dialect::Evs {
            Dialect::Keystone
        } else {
            dialect
        };
        match dialect {
            Dialect::Gateway => json!({
                "error_code": code,
                "error_msg": message,
                "request_id": request.as_str(),
            }),
            Dialect::Evs => {
                let native = self.native_message();
                let (code, message) = if matches!(self, Self::ProjectMismatch) {
                    WRONG_PROJECT
                } else if status == StatusCode::UNAUTHORIZED {
                    NOT_LET_IN
                } else {
                    (code, native.as_ref())
                };
                json!({"error": {"message": message, "code": code}})
            }
            Dialect::Keystone => json!({"error": {
                "code": status.as_u16(),
                "message": message,
                "title": status.canonical_reason().unwrap_or_default(),
            }}),
            // Cinder's router answers it before any fault is made (recorded against Cinder 29.0.0).
            Dialect::OpenStack if matches!(self, Self::EmptyId) => json!({
                "message": format!("{message}<br /><br />\n\n\n"),
                "code": "404 Not Found",
                "title": "Not Found",
            }),
            Dialect::OpenStack => {
                let mut fault = json!({"code": status.as_u16(), "message": message});
                if name == Fault::OVER_LIMIT.1
                    && let (Some(seconds), Some(members)) =
                        (self.retry_after(), fault.as_object_mut())
                {
                    members.insert("retryAfter".to_owned(), seconds.into());
                }
                json!({ name: fault })
            }
        }
    }

    /// The methods that the path does take, if it does not take the request's.
    pub fn allowed_methods(&self) -> Option<&str> {
        if let Self::BadMethod { allow } = self { Some(allow) } else { None }
    }

    /// What the caller is not permitted to do, as the cloud's own permissions call it. It stands in a
    /// header, since the sentence of a refusal is Cinder's to the letter.
    pub fn denied_action(&self) -> Option<&'static str> {
        if let Self::Forbidden(action) = self { Some(action.name()) } else { None }
    }

    /// The sentence for a client of the native API, which knows no policy of Cinder's.
    fn native_message(&self) -> Cow<'_, str> {
        match self.denied_action() {
            Some(name) => {
                format!("Policy check failed. Policy doesn't allow {name} to be performed.").into()
            }
            None => self.message(),
        }
    }

    /// The sentence for the client.
    pub(super) fn message(&self) -> Cow<'_, str> {
        match self {
            Self::MalformedBody => "Malformed request body".into(),
            Self::UnsupportedType => "Unsupported Content-Type".into(),
            Self::BodyTooLarge => "Request is too large: see server.max_body_bytes.".into(),
            Self::BodyTooSlow => "Request took too long: see server.request_timeout_s.".into(),
            Self::Schema(sentence)
            | Self::TooLong(sentence)
            | Self::NotThere(sentence)
            | Self::Query(sentence)
            | Self::Header(sentence)
            | Self::Login(sentence) => sentence.into(),
            Self::NoSuchAction(action) => format!(
                "There is no such action: {action}. Verify the request body and Content-Type \
                 header and try again."
            )
            .into(),
            Self::Native(fault) => Cow::Borrowed(&*fault.message),
            Self::ProjectMismatch => "Malformed request url".into(),
            Self::NoRoute | Self::EmptyId => "The resource could not be found.".into(),
            Self::BadMethod { .. } => "The method is not allowed for the requested URL.".into(),
            Self::Forbidden(action) => {
                format!("Policy doesn't allow {} to be performed.", action.rule()).into()
            }
            Self::TooManyRequests => "Too many requests. Try again.".into(),
            Self::Microversion(bad) => bad.to_string().into(),
            Self::NoAnswer | Self::Gone(_) | Self::Framework(_) => OUR_FAULT.into(),
            Self::Service(error) => texts::of(error),
        }
    }
}

fn service_fault(error: &ServiceError) -> Fault {
    use ServiceError as S;
    match error {
        S::NotFound(Resource::Policy, _) => {
            Fault(StatusCode::NOT_FOUND, "itemNotFound", "AutoBackup.0205")
        }
        S::NotFound(Resource::Job, _) => {
            Fault(StatusCode::BAD_REQUEST, "badRequest", "Common.0011")
        }
        S::NotFound(
            Resource::Disk
            | Resource::Transfer
            | Resource::Snapshot
            | Resource::Backup
            | Resource::BackupShare
            | Resource::Message
            | Resource::Attachment
            | Resource::DiskType
            | Resource::DiskTypeName
            | Resource::PolicyTask
            | Resource::QosSpecs
            | Resource::User
            | Resource::AccessKey
            | Resource::Fault,
            _,
        )
        | S::NoImageMetadata
        | S::NoMetadata { .. }
        | S::NoTag(_) => Fault::NOT_FOUND,
        S::MetadataChanged(_) => Fault(StatusCode::PRECONDITION_FAILED, "computeFault", "EVS.5400"),
        S::Policy(refused) => {
            let native = policies::refusal(refused);
            Fault(native.status, "badRequest", native.code)
        }
        S::Transfer(_)
        | S::WrongKey(_)
        | S::Status(_)
        | S::NotDeletable(..)
        | S::HasSnapshots(_)
        | S::SnapshotForbidsCascade(_)
        | S::Source(_)
        | S::Snapshot(_)
        | S::UnknownNewType(_)
        | S::NotLatestSnapshot(..)
        | S::SnapshotOfOtherSize(..)
        | S::ResetToAwaitingTransfer
        | S::ResetToInUse
        | S::Attachment(_)
        | S::NotLarger { .. }
        | S::TooLarge(_)
        | S::UnknownZone(_)
        | S::Backup(_)
        | S::LowerType(_)
        | S::TooManyTags(_)
        | S::TooManyAccessKeys(_)
        | S::Clock(_)
        | S::Scenario(_)
        | S::Fault(FaultRefused::Wrong(_) | FaultRefused::TooMany(_)) => Fault::BAD_REQUEST,
        S::Quota(_) | S::RecipientQuota(_) | S::RestoreQuota(_) => Fault::OVER_LIMIT,
        S::TokenReused | S::Fault(FaultRefused::CrashNotAllowed) => Fault::CONFLICT,
        S::IdempotencyKeyReused => Fault::UNPROCESSABLE,
        S::Unauthenticated => Fault::UNAUTHORIZED,
        S::Signature(_) => Fault(StatusCode::UNAUTHORIZED, "unauthorized", "APIGW.0301"),
        S::Identity(refusal) => identity_fault(refusal),
        S::DiskType(refused) => refusals::type_fault(refused),
        S::Qos(refused) => refusals::qos_fault(refused),
        S::Guesses(_) => Fault::TOO_MANY,
        S::State(refused) => state_fault(refused),
        S::EventsWentBack { .. } => Fault::GONE,
        S::Hasher(_) | S::Sealing(_) | S::Panicked(_) => Fault::OURS,
        S::Store(error) => match error {
            StoreError::Busy(_) | StoreError::Closed | StoreError::Displaced(_) => Fault::BUSY,
            StoreError::Full => Fault::FULL,
            // Units run one after the other, so only a hand in the file can make them collide.
            StoreError::Conflict(_) => Fault::CONFLICT,
            StoreError::Corrupt { .. }
            | StoreError::RowsAffected { .. }
            | StoreError::Lost(_)
            | StoreError::Database(_) => Fault::OURS,
        },
    }
}

fn state_fault(refused: &StateRefused) -> Fault {
    use StateRefused as R;
    match refused {
        R::NoName(_) | R::Reserved(_) => Fault::BAD_REQUEST,
        R::Unknown(_) | R::NoProject(_) => Fault::NOT_FOUND,
        R::Exists(_)
        | R::Foreign(_)
        | R::Newer { .. }
        | R::Damaged { .. }
        | R::Broken { .. }
        | R::Referred { .. }
        | R::Exposed => Fault::CONFLICT,
    }
}

/// Keystone v3 API, Status Codes.
fn identity_fault(refusal: &IdentityError) -> Fault {
    use IdentityError as I;
    match refusal {
        I::NotFound(..) | I::NoToken | I::NoAssignment { .. } => Fault::NOT_FOUND,
        I::NotAuthorized(_) | I::Restricted => Fault::FORBIDDEN,
        I::NameTaken { .. } | I::CredentialNameTaken(_) => Fault::CONFLICT,
        I::RoleNotHeld(..) | I::NotScopedToProject | I::AlreadyExpired | I::DomainFixed => {
            Fault::BAD_REQUEST
        }
        I::WrongPassword => Fault::UNAUTHORIZED,
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// Without a body: the outermost layer knows the path, and so the dialect.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status())
    }
}
