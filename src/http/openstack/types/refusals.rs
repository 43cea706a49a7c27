//! What is refused about disk types and qualities of service, in Cinder's words and codes.

use crate::http::error::Fault;
use crate::service::disk_types::{DiskTypeRefused, EncryptionChange};
use crate::service::qos_specs::QosRefused;

/// What a refusal about disk types is on the wire.
pub(in crate::http) fn type_fault(refused: &DiskTypeRefused) -> Fault {
    use DiskTypeRefused as R;
    match refused {
        R::NameTaken(_) | R::AccessExists(..) => Fault::CONFLICT,
        R::InUse(_)
        | R::IsDefault(_)
        | R::IsOnlyOne(_)
        | R::SpecsInUse(_)
        | R::SpecsExclusive
        | R::PublicHasNoAccess
        | R::EncryptionInUse(..)
        | R::EncryptionExists(_) => Fault::BAD_REQUEST,
        R::NoDefault
        | R::NoExtraSpec(..)
        | R::PublicHasNoList
        | R::NoAccess(..)
        | R::NoEncryption(_) => Fault::NOT_FOUND,
    }
}

/// The sentence of a refusal about disk types.
pub(in crate::http) fn type_message(refused: &DiskTypeRefused) -> String {
    use DiskTypeRefused as R;
    match refused {
        R::NameTaken(name) => format!("Volume Type {name} already exists."),
        R::InUse(_) => "Target volume type is still in use.".to_owned(),
        R::IsDefault(id) => {
            format!("The volume type {id} is a default volume type and cannot be deleted.")
        }
        R::IsOnlyOne(id) => format!(
            "The volume type {id} is the only currently defined volume type and cannot be deleted."
        ),
        R::NoDefault => "Default volume type can not be found.".to_owned(),
        R::SpecsInUse(_) => "Volume Type is currently in use.".to_owned(),
        R::SpecsExclusive => "cacheable cannot be set with multiattach.".to_owned(),
        R::NoExtraSpec(id, key) => {
            format!("Volume Type {id} has no extra specs with key {key}.")
        }
        R::PublicHasNoList => "Access list not available for public volume types.".to_owned(),
        R::PublicHasNoAccess => "Invalid volume type: Type access modification is not applicable \
                                 to public volume type."
            .to_owned(),
        R::AccessExists(id, project) => {
            format!("Volume type access for {id} / {project} combination already exists.")
        }
        R::NoAccess(id, project) => {
            format!("Volume type access not found for {id} / {project} combination.")
        }
        R::EncryptionInUse(_, change) => {
            let verb = match change {
                EncryptionChange::Create => "create",
                EncryptionChange::Update => "update",
                EncryptionChange::Delete => "delete",
            };
            format!("Cannot {verb} encryption specs. Volume type in use.")
        }
        R::EncryptionExists(id) => {
            format!("Volume type encryption for type {id} already exists.")
        }
        R::NoEncryption(of) => format!("Volume type encryption for type {of} does not exist."),
    }
}

/// What a refusal about qualities of service is on the wire.
pub(in crate::http) fn qos_fault(refused: &QosRefused) -> Fault {
    match refused {
        QosRefused::NameTaken(_) => Fault::CONFLICT,
        QosRefused::InUse(_) | QosRefused::HasOther(..) => Fault::BAD_REQUEST,
        QosRefused::NoKey(..) => Fault::NOT_FOUND,
    }
}

/// The sentence of a refusal about qualities of service.
pub(in crate::http) fn qos_message(refused: &QosRefused) -> String {
    match refused {
        QosRefused::NameTaken(name) => format!("QoS Specs {name} already exists."),
        QosRefused::InUse(_) => "Qos specs still in use.".to_owned(),
        QosRefused::NoKey(id, key) => format!("QoS spec {id} has no spec with key {key}."),
        QosRefused::HasOther(disk_type, qos) => format!(
            "Invalid volume type: Type {disk_type} is already associated with another qos specs: \
             {qos}"
        ),
    }
}
