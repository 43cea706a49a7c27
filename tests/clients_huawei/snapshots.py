"""Huawei's SDK takes snapshots of a disk, lists, shows and changes them, takes the disk back to one,
makes a disk from it, and removes them; a transfer is refused as long as one is there.

Environment: EVS_URL, DEMO_AK, DEMO_SK and DEMO_PROJECT.
"""
import os

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkevs.v2 import (
    CinderCreateVolumeTransferRequest,
    CreateSnapshotOption,
    CreateSnapshotRequest,
    CreateSnapshotRequestBody,
    CreateVolumeOption,
    CreateVolumeRequest,
    CreateVolumeRequestBody,
    CreateVolumeTransferOption,
    CinderCreateVolumeTransferRequestBody,
    DeleteSnapshotRequest,
    EvsClient,
    ListSnapshotsRequest,
    RollbackSnapshotOption,
    RollbackSnapshotRequest,
    RollbackSnapshotRequestBody,
    ShowJobRequest,
    ShowSnapshotRequest,
    ShowVolumeRequest,
    UpdateSnapshotOption,
    UpdateSnapshotRequest,
    UpdateSnapshotRequestBody,
)

credentials = BasicCredentials(
    os.environ["DEMO_AK"], os.environ["DEMO_SK"], os.environ["DEMO_PROJECT"]
)
evs = (
    EvsClient.new_builder()
    .with_credentials(credentials)
    .with_region(Region("sim-1", os.environ["EVS_URL"]))
    .build()
)


def disk(**members):
    volume = CreateVolumeOption(availability_zone="az-sim-1", volume_type="SSD", **members)
    body = CreateVolumeRequestBody(volume=volume)
    told = evs.show_job(ShowJobRequest(evs.create_volume(CreateVolumeRequest(body=body)).job_id))
    assert told.status == "SUCCESS", told
    return told.entities.volume_id


def take(disk, **members):
    option = CreateSnapshotOption(volume_id=disk, **members)
    body = CreateSnapshotRequestBody(snapshot=option)
    return evs.create_snapshot(CreateSnapshotRequest(body=body)).snapshot


def listed(**filters):
    answer = evs.list_snapshots(ListSnapshotsRequest(**filters))
    return answer.count, [snapshot.name for snapshot in answer.snapshots]


def show(snapshot):
    return evs.show_snapshot(ShowSnapshotRequest(snapshot_id=snapshot)).snapshot


def refused(status, code, call):
    try:
        call()
    except ClientRequestException as why:
        assert (why.status_code, why.error_code) == (status, code), why
    else:
        raise AssertionError(f"{code} was not answered")


def offer(disk):
    option = CreateVolumeTransferOption(name="t", volume_id=disk)
    body = CinderCreateVolumeTransferRequestBody(transfer=option)
    return evs.cinder_create_volume_transfer(CinderCreateVolumeTransferRequest(body=body)).transfer


ledger = disk(name="ledger", size=10)
first = take(ledger, name="first", description="d", metadata={"k": "v"})
assert (first.volume_id, first.size, first.status) == (ledger, 10, "creating"), first
assert first.metadata == {"k": "v"}, first
second = take(ledger, name="second", force=True)
assert listed() == (2, ["second", "first"])
assert listed(name="first", status="available", volume_id=ledger) == (1, ["first"])
assert listed(limit=1, offset=1) == (2, ["first"])
assert listed(availability_zone="az-sim-2") == (0, [])
shown = show(first.id)
assert (shown.status, shown.description) == ("available", "d"), shown
assert shown.os_extended_snapshot_attributesprogress == "100%", shown

body = UpdateSnapshotRequestBody(snapshot=UpdateSnapshotOption(name="oldest", description="e"))
changed = evs.update_snapshot(UpdateSnapshotRequest(snapshot_id=first.id, body=body)).snapshot
assert (changed.name, changed.description) == ("oldest", "e"), changed


def roll_back(snapshot, to):
    body = RollbackSnapshotRequestBody(rollback=RollbackSnapshotOption(volume_id=to))
    return evs.rollback_snapshot(RollbackSnapshotRequest(snapshot_id=snapshot, body=body)).rollback


assert roll_back(first.id, ledger).volume_id == ledger
copy = disk(name="copy", size=12, snapshot_id=first.id)
shown = evs.show_volume(ShowVolumeRequest(volume_id=copy)).volume
assert (shown.snapshot_id, shown.size) == (first.id, 12), shown
refused(400, "EVS.5400", lambda: roll_back(first.id, copy))

# The SDK knows no code for what Cinder refuses.
try:
    offer(ledger)
except ClientRequestException as why:
    assert "disk has snapshots: 2 in all" in why.error_msg, why
else:
    raise AssertionError("a disk with snapshots was offered")
for snapshot in (first, second):
    evs.delete_snapshot(DeleteSnapshotRequest(snapshot_id=snapshot.id))
    refused(404, "EVS.5404", lambda: show(snapshot.id))
assert listed() == (0, [])
assert len(offer(ledger).auth_key) == 16
print("taken, listed, changed, rolled back, copied, removed")
