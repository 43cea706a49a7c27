//! What is wrong with requests about backup policies (VBS "Error Codes"; the sentences are ours, since
//! VBS documents descriptions only).

use crate::http::error::{ApiError, NativeFault};
use crate::service::policies::PolicyRefused;
use crate::service::{Resource, ServiceError};

macro_rules! faults {
    ($($name:ident = $code:literal, $message:literal;)+) => {
        $(pub(super) const $name: NativeFault = NativeFault::bad_request($code, $message);)+
    };
}

faults! {
    EMPTY = "AutoBackup.0000", "The request is empty";
    MISSING = "AutoBackup.0001", "backup_policy_name, scheduled_policy and its start_time and status are required";
    EMPTY_SCHEDULE = "AutoBackup.0001", "scheduled_policy must not be empty";
    POLICY_ID = "AutoBackup.0006", "backup_policy_id is required";
    NOT_JSON = "AutoBackup.0008", "The request body is not a JSON object";
    DEFAULT = "AutoBackup.0100", "The default backup policy keeps its name and cannot be deleted";
    NAME_LENGTH = "AutoBackup.0101", "backup_policy_name must have 1 to 64 characters and not start with default";
    NAME_CHARACTERS = "AutoBackup.0102", "backup_policy_name may have letters, digits, _ and - only";
    START_TIME = "AutoBackup.0103", "start_time must be full hours HH:00, ascending, separated by commas";
    STATUS = "AutoBackup.0104", "status must be ON or OFF";
    KEEP_FIRST = "AutoBackup.0105", "remain_first_backup_of_curMonth must be Y or N";
    DAYS = "AutoBackup.0106", "frequency must be 1 to 30, or week_frequency a list of SUN MON TUE WED THU FRI SAT";
    CHANGED_DAYS = "AutoBackup.0106", "frequency must be 1 to 14, or week_frequency a list of SUN MON TUE WED THU FRI SAT";
    RETENTION = "AutoBackup.0107", "rentention_num must be 2 to 99, or rentention_day 2 to 99999";
    CHANGED_RETENTION = "AutoBackup.0107", "rentention_num must be 2 to 14, or rentention_day 2 to 99999";
    TOO_MANY = "AutoBackup.0203", "";
    NO_DISKS = "AutoBackup.0207", "resources must name at least one disk";
    NO_ID = "AutoBackup.0209", "each of resources needs a resource_id";
    KIND = "AutoBackup.0211", "resource_type must be volume";
    TAG = "AutoBackup.0214", "a tag needs a key of 1 to 36 and a value of up to 43 letters, digits, _ and -";
    SEARCH = "AutoBackup.0214", "tags are lists of different keys with up to 10 different values each, and matches of resource_name";
    SEARCH_PAGE = "AutoBackup.0214", "limit must be 1 to 1000 and offset 0 or more";
    TOO_MANY_TAGS = "AutoBackup.0215", "there are at most 10 tags";
    NO_TAG = "AutoBackup.0216", "The tag does not exist";
    SNAPSHOT_QUOTA = "AutoBackup.0217", "";
    BACKUP_QUOTA = "AutoBackup.0218", "";
    ANGLE = "AutoBackup.0221", "The request must not contain < or >";
    TAG_ACTION = "AutoBackup.0222", "action must be create, update or delete";
    SEARCH_ACTION = "AutoBackup.0222", "action must be filter or count";
    RUNNING = "AutoBackup.0225", "The policy is being executed";
    TIME_ZONE = "AutoBackup.0226", "time_zone must be UTC+hh:mm or UTC-hh:mm, up to 14 hours";
}

const UNKNOWN: NativeFault = NativeFault::not_found("AutoBackup.1100", "");

/// Why a policy cannot be looked at: VBS has another code for one that is not there then than for one that
/// is to be changed.
pub(super) fn queried(error: ServiceError) -> ApiError {
    if let ServiceError::NotFound(Resource::Policy, id) = &error {
        return UNKNOWN.saying(format!("Backup policy {id} could not be found.")).into();
    }
    error.into()
}

/// What a refusal about policies is on the wire.
pub(in crate::http) fn refusal(refused: &PolicyRefused) -> NativeFault {
    use PolicyRefused as R;
    match refused {
        R::TooMany(most) => {
            TOO_MANY.saying(format!("A project has at most {most} backup policies."))
        }
        R::Default(_) => DEFAULT,
        R::ReservedName(_) => NAME_LENGTH,
        R::Short(exceeded) if exceeded.is_about_backups() => {
            BACKUP_QUOTA.saying(exceeded.to_string())
        }
        R::Short(exceeded) => SNAPSHOT_QUOTA.saying(exceeded.to_string()),
        R::Running(_) => RUNNING,
        R::NoTag(_) => NO_TAG,
        R::TooManyTags(_) => TOO_MANY_TAGS,
    }
}
