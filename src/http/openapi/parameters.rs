//! What query parameters and parts of paths mean, each said once.

use super::table::Kind::{self, Between, Filled, Flag, From, Like, Or, Text, Time, Uuid, Word};
use crate::domain::microversion::{MIN, Microversion};
use crate::http::dialect::Dialect;

/// An empty text, which is like none where the cloud's own API answers.
const NONE: Kind = Word(&[""]);
/// Keys and values as Python spells them.
const PAIRS: Kind = Like("^\\{('[A-Za-z0-9:_ .-]*': '[A-Za-z0-9:_ .-]*')?\\}$");
/// Keys and lists of values as JSON.
const LISTS: Kind = Like("^\\{(\"[A-Za-z0-9_-]*\": \\[(\"[A-Za-z0-9_-]*\")?\\])?\\}$");
/// Comparisons with moments.
const TIMES: Kind = Like(
    "^(gt|gte|eq|neq|lt|lte):20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3])\
     (:[0-5][0-9]){2}$",
);
/// A word or all words below one.
const WORDS: Kind = Like("^[a-z_]{1,60}(\\.[a-z_]{1,60}){0,3}(\\.\\*)?$");
/// The name of a state.
const STATE: Kind = Like("^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$");

/// What stands behind the name of a parameter that must be given.
pub(super) const REQUIRED: char = '!';

/// What divides the name of a parameter from the word for those that are so called.
const CALLED: char = '@';

/// From which microversion on a query parameter is heard; the others always are.
const SINCE: &[(&str, u16)] = &[
    ("bootable", 2),
    ("glance_metadata", 4),
    ("group_id", 10),
    ("force", 23),
    ("name~", 34),
    ("description~", 34),
    ("status~", 34),
    ("volume_id~", 34),
    ("availability_zone~", 34),
    ("with_count", 45),
    ("created_at", 60),
    ("updated_at", 60),
    ("consumes_quota", 65),
];

/// Every query parameter.
pub(super) const QUERY: &[(&str, Kind, &str)] = &[
    ("limit", From(0), "The most items of a page; at most 1000."),
    ("limit@native", Or(&[Between(1, 1000), NONE]), "The most items of a page; at most 1000."),
    ("limit@least", From(1), "The most items of a page; at most 1000."),
    ("limit@own", Between(1, 1000), "The most items of a page; at most 1000."),
    ("offset@native", Or(&[From(0), NONE]), "How many items to leave out."),
    ("offset", From(0), "How many items to leave out."),
    ("marker@native", Or(&[Uuid, NONE]), "The id of the last item of the page before."),
    ("marker", Text, "The id of the last item of the page before."),
    ("sort", Text, "What to sort by: `key:asc,key:desc`."),
    ("sort_key@native", Word(&["created_at", "id", "status", "size", ""]), "What to sort by."),
    ("sort_key", Text, "What to sort by."),
    ("sort_dir", Word(&["asc", "desc", ""]), "In which direction to sort."),
    ("all_tenants", Flag, "Those of all projects; administrators alone are heard."),
    ("with_count", Flag, "Tell how many there are on all pages (microversion 3.45)."),
    ("name", Text, "With this name."),
    ("name~", Text, "With this in the name (microversion 3.34)."),
    ("description~", Text, "With this in the description (microversion 3.34)."),
    ("status", Text, "In this status."),
    (
        "status@tasks",
        Word(&[
            "WAITING",
            "RUNNING",
            "EXECUTE_SUCCESS",
            "EXECUTE_FAIL",
            "EXECUTE_TIMEOUT",
            "SKIP",
            "",
        ]),
        "In this status.",
    ),
    ("status~", Text, "With this in the status (microversion 3.34)."),
    ("id", Text, "With this id."),
    ("ids", Text, "With one of these ids, at most 60: `['a','b']`."),
    ("volume_id", Text, "Of this disk."),
    ("volume_id~", Text, "With this in the disk's id (microversion 3.34)."),
    ("backup_id", Text, "Of this backup."),
    ("backup_id!", Filled, "Of this backup."),
    ("share_to_me", Flag, "What is shared with the project, not what it shares."),
    ("from_project_id", Text, "Shared by this project."),
    ("to_project_id", Text, "Shared with this project."),
    ("avalilability_zone", Text, "In this zone; so spelled."),
    ("is_backup_id", Flag, "The id is the backup's: all of its shares are meant."),
    ("metadata@native", Or(&[PAIRS, NONE]), "With these keys and values: `{'key': 'value'}`."),
    ("metadata", Text, "With these keys and values: `{'key': 'value'}`."),
    ("not_metadata", Or(&[PAIRS, NONE]), "Without these keys and values."),
    ("glance_metadata", Text, "With these keys and values of the image (microversion 3.4)."),
    ("bootable", Flag, "System disks or not."),
    ("multiattach", Or(&[Flag, NONE]), "Shareable or not."),
    ("migration_status", Text, "No disk is ever on the move here."),
    ("availability_zone", Text, "In this zone."),
    ("availability_zone~", Text, "With this in the zone's name (microversion 3.34)."),
    ("group_id", Text, "No disk is in a group here (microversion 3.10)."),
    ("size", Text, "Of this size in GiB."),
    ("created_at", TIMES, "Made then: `gt:TIME,lt:TIME` (microversion 3.60)."),
    ("updated_at", TIMES, "Changed then: `gt:TIME,lt:TIME` (microversion 3.60)."),
    ("consumes_quota", Flag, "Every disk and snapshot does (microversion 3.65)."),
    ("project_id", Text, "Of this project; administrators alone are heard."),
    ("user_id", Text, "Of this user."),
    ("host", Text, "On this host."),
    ("snapshot_id", Text, "Made from this snapshot."),
    ("source_volid", Text, "Made from this disk."),
    ("volume_type_id", Text, "Of the disk type with this id."),
    ("cascade", Flag, "Remove the snapshots too."),
    ("force@always", Flag, "Remove it whatever hinders that."),
    ("force", Flag, "Remove it whatever hinders that."),
    ("instance_id", Text, "Attached to this server."),
    ("attach_status", Text, "In this status."),
    ("server_id", Text, "Attached to this server."),
    ("resource_uuid", Text, "About the thing with this id."),
    ("dry_run", Flag, "Only tell whether it could be done."),
    ("project", Text, "Only what the project of this name has."),
    ("request_id", Text, "About this request."),
    ("event_id", Text, "About what failed in this way."),
    (
        "resource_type",
        Text,
        "About things of this kind: `VOLUME`, `VOLUME_SNAPSHOT` or `VOLUME_BACKUP`.",
    ),
    ("message_level", Text, "Of this severity; here all are errors."),
    ("usage", Kind::TRUTH, "Tell what is used too."),
    ("resource", Text, "Of lists of this kind."),
    ("binary", Text, "Of this kind of service."),
    ("zone", Text, "In this zone."),
    ("detail", Flag, "With all that is known."),
    ("volume_type", Text, "For disks of this type, by id or name."),
    (
        "is_public",
        Or(&[Kind::TRUTH, Word(&["none"])]),
        "Public or not; `none`: both. Administrators alone are heard.",
    ),
    ("extra_specs", PAIRS, "With these extra specs: `{'key': 'value'}`."),
    ("consumer", Text, "With this consumer."),
    ("vol_type_id!", Filled, "The id of the disk type."),
    ("service_type", Text, "On shared or on dedicated storage."),
    ("dedicated_storage_id", Text, "On the dedicated storage with this id."),
    ("dedicated_storage_name", Text, "On the dedicated storage of this name; here none has one."),
    ("enterprise_project_id", Text, "Of this enterprise project; `all_granted_eps`: of any."),
    ("tags", Or(&[LISTS, NONE]), "With all of these tags: `{\"key\": [\"value\"]}`."),
    ("tags_any", Or(&[LISTS, NONE]), "With any of these tags."),
    ("not_tags", Or(&[LISTS, NONE]), "Without any of these tags."),
    ("not_tags_any", Or(&[LISTS, NONE]), "Without one of these tags."),
    ("job_id", Text, "With this id."),
    ("policy_id!", Text, "The id of the backup policy; it must be given."),
    ("nocatalog", Text, "Leave the catalogue out."),
    ("parent_region_id", Text, "Inside this region; no region is inside another here."),
    ("type", Text, "Of this type."),
    ("region_id", Text, "In this region."),
    ("region", Text, "In this region."),
    ("service_id", Text, "Of the service with this id."),
    ("interface", Text, "For these callers."),
    ("domain_id", Text, "In this domain."),
    ("parent_id", Text, "In this domain."),
    ("is_domain", Text, "No project is a domain here."),
    ("enabled", Text, "Enabled or not."),
    ("scope.project.id", Text, "In this project."),
    ("scope.domain.id", Text, "In this domain."),
    ("scope.system", Text, "No role is in the system here."),
    ("role.id", Text, "Of the role with this id."),
    ("user.id", Text, "Of the user with this id."),
    ("group.id", Text, "There are no groups here."),
    (
        "after",
        Like("^([0-9]{1,18}|latest)$"),
        "Behind the event of this number; `latest`: what comes from now on.",
    ),
    ("epoch", From(1), "Whether the numbers are still those of this epoch."),
    ("action", WORDS, "Of this action: `transfer.create`, or `transfer.*` for all below it."),
    ("event_type", WORDS, "So called: `transfer.create.end`, or `transfer.*` for all below it."),
    ("disk_id", Text, "That tell of this disk."),
    ("resource_id", Text, "That tell of the thing with this id."),
    ("since", Time, "At this moment or later."),
    ("until", Time, "At this moment or earlier."),
    ("wait_s", Between(0, 60), "How long to wait for an event that is not there yet; at most 60."),
    ("include_names", Text, "Tell names as well as ids."),
    ("from!", STATE, "The name of a state, or `now`; it must be given."),
    ("to!", STATE, "The name of the other state, or `now`; it must be given."),
    ("all", Flag, "Tell every row, also of events, tokens and what else comes and goes by itself."),
];

/// Every part of a path.
pub(super) const PATH: &[(&str, Kind, &str)] = &[
    ("project_id", PART, "The project, which must be the one that the token acts on."),
    ("id", PART, "The id of what is meant."),
    ("id@native", Uuid, "The id of what is meant."),
    ("key", PART, "The key of what is meant."),
    ("target", PART, "The id of the project whose quota is meant."),
    ("class", PART, "The class of quotas: `default`."),
    ("action", PART, "What to do with the service: enable, disable, freeze, thaw, failover_host …"),
    ("host", PART, "The name of the host."),
    ("alias", PART, "The short name of the extension."),
    ("type", PART, "The kind of what has tags: `volumes`."),
    ("user", PART, "The id of the user."),
    ("project", PART, "The id of the project."),
    ("domain", PART, "The id of the domain."),
    ("role", PART, "The id of the role."),
    ("access", PART, "The public part of the access key."),
    ("state", STATE, "The name of the state."),
];

/// What is not nothing.
const PART: Kind = Filled;

/// Every header of requests beyond those of authentication.
pub(super) const HEADERS: &[(&str, bool, Kind, &str)] = &[
    ("X-Subject-Token", true, Filled, "The token that is meant."),
    (
        "Idempotency-Key",
        false,
        Like("^[!-~]{16,255}$"),
        "A name of the request, 16 to 255 visible ASCII characters that nobody can guess. Sent again under it \
         within `transfers.idempotency_window_s`, the request gets the first answer, with the header \
         `Idempotency-Replayed: true`; another request under it gets a 422.",
    ),
    (
        "X-Evs-Transfer-Expires-In",
        false,
        Between(0, 31_536_000),
        "After how many seconds (1 to 31536000) the offer ends by itself, 0 for never; without it as \
         `transfers.expire_after_s` says. The header `X-Evs-Transfer-Expires-At` of the answer tells when.",
    ),
    (
        "Last-Event-ID",
        false,
        Like("^[0-9]{1,18}$"),
        "The number of the last event that came; the stream goes on after it.",
    ),
    (
        "X-Client-Token",
        false,
        Like("^[!-~]{1,255}$"),
        "A name of the request, under which it may be sent again.",
    ),
];

/// The name of a parameter, without what tells those from each other that are so called.
pub(super) fn plain(name: &str) -> &str {
    name.split([CALLED, REQUIRED]).next().unwrap_or(name)
}

/// The name of a parameter among the components, which know few signs.
pub(super) fn component(name: &str) -> String {
    name.replace('~', "-part").replace(CALLED, ".").replace(REQUIRED, ".required")
}

/// From which microversion on a query parameter is heard.
pub(super) fn since(name: &str) -> Microversion {
    let found = SINCE.iter().find(|(of, _)| *of == name);
    found.map_or(MIN, |(_, minor)| Microversion(MIN.0, *minor))
}

/// The parameter that a part of a path is.
pub(super) fn of_path(name: &str, path: &str) -> String {
    let native = name == "id" && Dialect::of(path) == Dialect::Evs && is_of_disks(path);
    component(if native { "id@native" } else { name })
}

/// The parameter that a word of a query is: the list of events refuses what others put right.
pub(super) fn of_query(name: &str, path: &str) -> String {
    let own = name == "limit" && path.starts_with("/_evs/");
    component(if own { "limit@own" } else { name })
}

/// Whether the id in a native path is a disk's, which is looked at before anything else.
fn is_of_disks(path: &str) -> bool {
    let words = ["/cloudvolumes/", "/os-vendor-volumes/", "/os-vendor-tags/", "/retype"];
    words.iter().any(|word| path.contains(word))
}
