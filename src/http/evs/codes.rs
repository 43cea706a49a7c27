//! The codes of the native API with their status and text (OTC "EVS API Reference", "Error Codes").
//! The texts are the published ones, spelling mistakes included: clients compare them.

use crate::http::error::NativeFault;

macro_rules! faults {
    ($($name:ident = $status:ident, $code:literal, $message:literal;)+) => {
        $(pub(super) const $name: NativeFault = NativeFault::$status($code, $message);)+
    };
}

faults! {
    NO_VOLUME = bad_request, "EVS.1001", "null volume!";
    VOLUME_ID = bad_request, "EVS.1002", "invalid volume id!";
    NAME = bad_request, "EVS.1003", "invalid volume name!";
    DESCRIPTION = bad_request, "EVS.1004", "invalid volume description!";
    METADATA_SIZE = bad_request, "EVS.1005", "size of metadata is too large!";
    BACKUP_ID = bad_request, "EVS.1006", "invalid backup id!";
    NOTHING_TO_SAY = bad_request, "EVS.1007", "volume name and description can not both be empty!";
    NO_CREATE = bad_request, "EVS.1008", "null createVolumeReq!";
    NO_NEW_VOLUME = bad_request, "EVS.1009", "invalid volumeForCreate!";
    SIZE = bad_request, "EVS.1010", "invalid volume size!";
    NO_EXTEND = bad_request, "EVS.1011", "null extendVolumeReq!";
    NOT_EXTENDABLE = bad_request, "EVS.1014", "volume can not be extended!";
    NOT_LARGER = bad_request, "EVS.1015", "new volume Size must be greater than old Size!";
    SEVERAL_SOURCES = bad_request, "EVS.1016", "Invalid input received: May specify only one of imageRef, snapshot_id, backup_id!";
    WRONG_TYPE = bad_request, "EVS.1018", "Type conversion error , parameter type is unexpected";
    VOLUME_TYPE = bad_request, "EVS.1020", "invalid volume type!";
    COUNT = bad_request, "EVS.1021", "the quantity of volume is invalid!";
    LESS_THAN_BACKUP = bad_request, "EVS.1022", "the size param is less than backup size!";
    LIMIT = bad_request, "EVS.1023", "invalid filter limit!";
    MARKER = bad_request, "EVS.1024", "invalid filter marker!";
    COUNT_QUOTA = bad_request, "EVS.1034", "volume count exceeded volume count quota!";
    ZONE = bad_request, "EVS.1036", "invalid availability zone!";
    SORT_KEY = bad_request, "EVS.1039", "invalid sort_key!";
    SORT_DIR = bad_request, "EVS.1040", "invalid sort_dir!";
    ZONE_FILTER = bad_request, "EVS.1041", "invalid filter availablity-zone!";
    GIGABYTES_QUOTA = bad_request, "EVS.1042", "volume gigabytes exceeded volume gigabytes quota!";
    INHERITED_METADATA = bad_request, "EVS.1043", "encrypt and cmk and passthrougth in metadata is not support when create volume from snapshot or image!";
    BACKUP_STATUS = bad_request, "EVS.1044", "backup status must be available when create a volume from it!";
    DELETE_SNAPSHOT_STATUS = bad_request, "EVS.1047", "snapshot status must be available or error when delete snapshot!";
    DELETE_STATUS = bad_request, "EVS.1046", "volume status must be available, error, error_extending, error_restoring, error_rollbacking when delete volume!";
    BACKUP_ZONE = bad_request, "EVS.1049", "available-zone is not equal to backup available-zone!";
    BACKUP_BATCH = bad_request, "EVS.1051", "can not batch create volume from backup!";
    NOT_JSON = bad_request, "EVS.1052", "invalid http body!";
    SHAREABLE = bad_request, "EVS.1054", "invalid shareable parameter!";
    PASSTHROUGH = bad_request, "EVS.1057", "invalid hw:passthrough in metadata!";
    METADATA_FILTER = bad_request, "EVS.1058", "invalid metadata filter!";
    TOO_MANY_TAGS = bad_request, "EVS.1061", "The Volume Tags is Exceed Max Limit Num.";
    TAG = bad_request, "EVS.1062", "invalid tag!";
    FULL_CLONE = bad_request, "EVS.1063", "invalid full_clone in metadata!";
    EXTEND_STATUS = bad_request, "EVS.1064", "volume status must be available or in-use when extending!";
    EXTEND_SHARED_STATUS = bad_request, "EVS.1065", "multiattach volume status must be available when extending!";
    INVALID_REQUEST = bad_request, "EVS.1070", "invalid request.";
    ENCRYPTION = bad_request, "EVS.2041", "The encrypt Param is invalid!";
    SNAPSHOT_STATUS = bad_request, "EVS.2043", "The status of snapshot is not available or backing-up.";
    SNAPSHOT_ID = bad_request, "EVS.2045", "invalid snapshot_id!";
    IMAGE = bad_request, "EVS.2046", "invalid imageRef!";
    READ_ONLY_METADATA = bad_request, "EVS.2047", "the metadata Param is not allowed to be updated!";
    SNAPSHOT_ZONE = bad_request, "EVS.2054", "Cannot create volume from snapshot as the az is invalid!";
    UNKNOWN_TYPE = bad_request, "EVS.2070", "VolumeTypes are not supported !";
    NO_ZONE_OR_TYPE = bad_request, "EVS.2083", "AZ and volume type must not be empty or null!";
    RETYPE = bad_request, "EVS.2087", "retype failed. please make sure that type is supported and the new one is higher than origin";
    SHARED_SYSTEM_DISK = bad_request, "EVS.2094", "system image is not support to create Multiattach/shareable volume !";
    BODY = bad_request, "EVS.2108", "Request body is invalid.";
    DELETE_WHILE_BACKING_UP = bad_request, "EVS.2130", "Volume is backing-up, forbidden deleting!";
    SERVER = bad_request, "EVS.2131", "Query server info from ecs fail";
    LIMIT_TOO_LARGE = bad_request, "EVS.2142", "invalid filter limit, can not greater than 1000.";
    BAD_BODY = bad_request, "EVS.5400", "Malformed request body.";
    OFFSET = bad_request, "EVS.5400", "offset param must be an integer.";
    KEY_MISMATCH = bad_request, "EVS.5400", "Request body and URI mismatch.";
    PROTECTED_METADATA = forbidden, "EVS.5403", "metadata can not be operated.";

    // What a job that failed says: they are statuses of disks, and answered with 200 like every job.
    INTERNAL = failure, "EVS.2002", "internal error!";
    ERROR_DELETING = failure, "EVS.2020", "volume is error_deleting!";
    ERROR = failure, "EVS.2024", "volume is error!";
    ERROR_RESTORING = failure, "EVS.2025", "volume is error_restoring!";
    ERROR_EXTENDING = failure, "EVS.2026", "volume is error_extending!";
}
