"""Huawei's SDK makes disks, lists, shows, changes, tags and removes them, and follows the jobs.

Environment: EVS_URL, DEMO_AK, DEMO_SK and DEMO_PROJECT.
"""
import os

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkevs.v2 import (
    BatchCreateVolumeTagsRequest,
    BatchCreateVolumeTagsRequestBody,
    BatchDeleteVolumeTagsRequest,
    BatchDeleteVolumeTagsRequestBody,
    CreateVolumeOption,
    CreateVolumeRequest,
    CreateVolumeRequestBody,
    DeleteTagsOption,
    DeleteVolumeRequest,
    EvsClient,
    ListVolumesByTagsRequest,
    ListVolumesByTagsRequestBody,
    ListVolumesRequest,
    ListVolumeTagsRequest,
    Match,
    OsExtend,
    ResizeVolumeRequest,
    ResizeVolumeRequestBody,
    RetypeVolume,
    RetypeVolumeRequest,
    RetypeVolumeRequestBody,
    ShowJobRequest,
    ShowVolumeRequest,
    ShowVolumeTagsRequest,
    Tag,
    TagsForListVolumes,
    UpdateVolumeOption,
    UpdateVolumeRequest,
    UpdateVolumeRequestBody,
)

URL = os.environ["EVS_URL"]
credentials = BasicCredentials(
    os.environ["DEMO_AK"], os.environ["DEMO_SK"], os.environ["DEMO_PROJECT"]
)
evs = (
    EvsClient.new_builder()
    .with_credentials(credentials)
    .with_region(Region("sim-1", URL))
    .build()
)


def option(**members):
    return CreateVolumeOption(availability_zone="az-sim-1", volume_type="SSD", **members)


def create(token=None, **members):
    body = CreateVolumeRequestBody(volume=option(**members))
    return evs.create_volume(CreateVolumeRequest(x_client_token=token, body=body))


def job(job_id):
    told = evs.show_job(ShowJobRequest(job_id=job_id))
    assert (told.status, told.error_code, told.fail_reason) == ("SUCCESS", None, None), told
    assert told.begin_time.endswith("Z") and len(told.end_time) == 24, told
    return told


def show(disk):
    return evs.show_volume(ShowVolumeRequest(volume_id=disk)).volume


def listed(**filters):
    answer = evs.list_volumes(ListVolumesRequest(**filters))
    return answer.count, [volume.id for volume in answer.volumes]


def refused(code, call):
    try:
        call()
    except ClientRequestException as why:
        assert why.error_code == code, why
        assert why.request_id.startswith("req-"), why
    else:
        raise AssertionError(f"{code} was not answered")


# A batch, sent twice.
batch = create("once", name="v", size=10, count=3, tags={"team": "ops"}, metadata={"k": "v"})
assert create("once", name="v", size=10, count=3, tags={"team": "ops"}, metadata={"k": "v"}) == batch
refused("EVS.5400", lambda: create("once", name="w", size=10))
told = job(batch.job_id)
assert told.job_type == "batchCreateVolume", told
parts = told.entities.sub_jobs
assert [part.entities.name for part in parts] == ["v-0001", "v-0002", "v-0003"], parts
assert [part.entities.volume_id for part in parts] == batch.volume_ids, parts
assert {(part.status, part.job_type) for part in parts} == {("SUCCESS", "createVolume")}, parts
first, second, third = batch.volume_ids

# Lists with filters, and one disk.
assert listed() [0] == 3
assert listed(name="0002") == (1, [second])
assert listed(ids=f"['{first}','nonsense']", id=second) == (1, [first])
assert listed(metadata='{"k":"v"}', status="available", multiattach=False)[0] == 3
count, page = listed(limit=2, offset=1, sort_key="id", sort_dir="asc")
assert (count, page) == (3, sorted(batch.volume_ids)[1:])
refused("EVS.1039", lambda: listed(sort_key="colour"))
disk = show(first)
assert (disk.name, disk.size, disk.status, disk.tags) == ("v-0001", 10, "available", {"team": "ops"})
assert (disk.service_type, disk.shareable, disk.enterprise_project_id) == ("EVS", "false", "0"), disk
assert disk.wwn.startswith("6888603") and len(disk.wwn) == 32, disk

# Changes.
change = UpdateVolumeOption(name="ledger", description="d")
updated = evs.update_volume(
    UpdateVolumeRequest(volume_id=first, body=UpdateVolumeRequestBody(volume=change))
)
assert (updated.id, updated.name, updated.description) == (first, "ledger", "d"), updated


def resize(size):
    body = ResizeVolumeRequestBody(os_extend=OsExtend(new_size=size))
    return evs.resize_volume(ResizeVolumeRequest(volume_id=first, body=body)).job_id


told = job(resize(20))
assert (told.job_type, told.entities.size) == ("extendVolume", 20), told
refused("EVS.1015", lambda: resize(20))
body = RetypeVolumeRequestBody(os_retype=RetypeVolume(new_type="ESSD"))
told = job(evs.retype_volume(RetypeVolumeRequest(volume_id=first, body=body)).job_id)
assert (told.job_type, told.entities.volume_type) == ("retypeVolume", "ESSD"), told
assert (show(first).size, show(first).volume_type) == (20, "ESSD")

# Tags.
body = BatchCreateVolumeTagsRequestBody(action="create", tags=[Tag("tier", "gold")])
evs.batch_create_volume_tags(BatchCreateVolumeTagsRequest(volume_id=first, body=body))
tags = evs.show_volume_tags(ShowVolumeTagsRequest(volume_id=first)).tags
assert [(tag.key, tag.value) for tag in tags] == [("team", "ops"), ("tier", "gold")], tags
everything = evs.list_volume_tags(ListVolumeTagsRequest()).tags
assert everything == {"team": ["ops"], "tier": ["gold"]}, everything
body = ListVolumesByTagsRequestBody(
    action="filter",
    limit=10,
    offset=0,
    matches=[Match("resource_name", "ledg")],
    tags=[TagsForListVolumes("tier", ["gold"])],
)
found = evs.list_volumes_by_tags(ListVolumesByTagsRequest(body=body))
assert (found.total_count, found.resources[0].resource_id) == (1, first), found
assert found.resources[0].resource_detail.size == 20, found
body = BatchDeleteVolumeTagsRequestBody(action="delete", tags=[DeleteTagsOption("tier")])
evs.batch_delete_volume_tags(BatchDeleteVolumeTagsRequest(volume_id=first, body=body))
assert show(first).tags == {"team": "ops"}

# The end.
for disk in batch.volume_ids:
    told = job(evs.delete_volume(DeleteVolumeRequest(volume_id=disk)).job_id)
    assert (told.job_type, told.entities.volume_id) == ("deleteVolume", disk), told
    refused("EVS.5404", lambda: show(disk))
assert listed() == (0, [])
refused("Common.0011", lambda: job("0" * 32))
print("made, listed, changed, tagged, removed")
