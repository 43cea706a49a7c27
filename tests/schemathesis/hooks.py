"""What schemathesis cannot read from the OpenAPI document of evs-local: which answers follow from the
contract although a check would have it otherwise, each with its reason, and links into bodies."""

import re

import schemathesis

# A valid request that is answered with 400 all the same: what the answer says, and why that is right.
REFUSED = [
    (r"Invalid volume_type passed|must be greater than current size|new size", "state"),
    (r"key_size must be an integer", "to Python's patterns a line may end before their end"),
    (r"invalid snapshot_id!|invalid volume type!|retype failed|is not equal to backup|VolumeTypes are not supported", "state"),
    (r"no such action: revert", "it came with microversion 3.40"),
    (r"A fault has exactly one effect|There is no operation|Invalid fault|[a-z_]+ is one of |nth |times is|"
     r"probability is|delay_ms is|goes without operation|no project that a rule", "members exclude each other"),
    (r"toml|TOML|\d+:\d+: ", "a scenario is TOML, which the document tells as text"),
    # OpenStack and the cloud answer 400 where others would answer 409 or 404: it is a thing's state that
    # forbids what was asked, or a thing that a body or a query names is not there.
    (r"status must be|must be available|Invalid volume: |Invalid snapshot: |Invalid backup: ", "state"),
    (r"not allowed for update_snapshot_status|The disk status is|status is unavailable", "state"),
    (r"does not exist|could not be found|can ?not be found|query result is empty", "state"),
    (r"invalid (backup|snapshot|image) id!|query job fail|disk type is incorrect|No service could be changed|No service found", "state"),
    (r"has at most \d+|there are at most|reached the upper limit|Quota|quota", "state"),
    (r"is simulated and is not|this is the only host|already", "state"),
    (r"Invalid (volume|input received).*(availability zone|Availability zone)|invalid availability zone|availablity-zone", "zones are settings"),
    (r"Volume type .* (not|does)|is not in use|Type .*not", "types are data"),
    (r"Bad key\(s\) in quota set", "each disk type, which is data, has limits of its own"),
    (r"deletable_instance_default", "the default quota class is the only one"),
    # What JSON Schema has no word for.
    (r"Sort key supplied is invalid", "what a list sorts by differs from list to list"),
    (r"'sort_key' and 'sort_dir' parameters are deprecated", "two parameters exclude each other"),
    (r"May specify only one of|simultaneously", "members exclude each other"),
    (r"must be an integer and greater than 0|invalid volume size|'size' is a required property", "the size depends on the source"),
    (r"size must be at most", "the largest size is a setting"),
    (r"os-attach\. Value.*under any of the given schemas", "one of a server and a host must be named"),
    (r"can not be greater than 255 characters|invalid (volume|snapshot) (name|description)!|is too long|"
     r"Parameter (name|description) in the request is", "counted in bytes of UTF-8, and trimmed"),
    (r"URI mismatch|does not match the (path|URI)|[Kk]ey.*(path|uri)", "the key in the body is the path's"),
    (r"must not contain < or >", "wherever it stands, in keys too"),
    (r"null character|NUL|\\x00", "no text holds U+0000"),
    (r"Can't (decode|parse) backup record|Provided backup record|missing fields", "JSON in base64"),
    (r"the 'force' flag is invalid", "from 3.66 on"),
    (r"can not be both empty|can not both be empty|name and description", "one of two must say something"),
]

# The words of a version of the block storage API that the document allows.
VERSION = re.compile(r"^volume (latest|3\.(\d+))$")


def minor(headers):
    """The microversion of a request; None if its header means nothing here."""
    header = headers.get("OpenStack-API-Version")
    if header is None:
        return 0
    found = VERSION.match(header)
    return None if found is None else 71 if found[1] == "latest" else int(found[2])


def early(schema, version, found):
    """The names of all members and parameters of a schema that came after a version."""
    if isinstance(schema, dict):
        for name, inner in schema.get("properties", {}).items():
            since = inner.get("x-evs-since") if isinstance(inner, dict) else None
            if since and int(since.split(".")[1]) > version:
                found.add(name)
        for inner in schema.values():
            early(inner, version, found)
    elif isinstance(schema, list):
        for inner in schema:
            early(inner, version, found)


def too_early(case, version):
    """What of an operation is not heard, or refused, in a version."""
    found = set()
    raw = case.operation.definition.raw
    for parameter in case.operation.query:
        since = parameter.definition.get("x-evs-since")
        if since and int(since.split(".")[1]) > version:
            found.add(parameter.name)
    for body in case.operation.body:
        early(body.optimized_schema, version, found)
    early(raw, version, found)
    return found


@schemathesis.serializer("application/toml")
def toml(ctx, value):
    """A scenario: text like any other here."""
    return str(value).encode(errors="replace")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether a failure is one."""
    version = minor(response.request.headers)
    # Most actions on a disk are answered without a body, for which OpenAPI has no word.
    if failure.code in ("ST104", "ST109") and not response.content and case.path.endswith("/volumes/{id}/action"):
        return False
    if failure.code == "ST201":
        # A header that names no version of ours is for another service (OpenStack's microversion
        # specification), and unknown query parameters are nobody's business.
        if version is None:
            return False
        # Of tags that are told twice the last counts, an empty scenario is one, and null is like none.
        if re.search("Non-unique items|Missing request body|project_id: Incorrect type", failure.message):
            return False
        # A name of old is not looked at beside the one that took its place.
        if "-> display_" in failure.message:
            return False
        # What came with a microversion is not heard before it, and in the body of a new disk what is
        # unknown is not refused before 3.53.
        if version < 53 and "volume: Object with unexpected properties" in failure.message:
            return False
        if any(name in failure.message for name in too_early(case, version)):
            return False
    if failure.code == "ST202":
        text = response.text
        if any(re.search(rule, text) for rule, _ in REFUSED):
            return False
        # What came with a microversion is unknown before it.
        if any(f"'{name}'" in text for name in too_early(case, version or 0)):
            return False
    return True
