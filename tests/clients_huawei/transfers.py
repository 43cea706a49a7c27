"""Huawei's SDK hands a disk over and takes one, with nothing but access keys.

Environment: EVS_URL, DISKS (four ids, of the first key's project), and for each of GIVER and TAKER
its _AK, _SK and _PROJECT.
"""
import os

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkevs.v2 import (
    CinderAcceptVolumeTransferOption,
    CinderAcceptVolumeTransferRequest,
    CinderAcceptVolumeTransferRequestBody,
    CinderCreateVolumeTransferRequest,
    CinderCreateVolumeTransferRequestBody,
    CinderDeleteVolumeTransferRequest,
    CinderListVolumeTransfersRequest,
    CinderShowVolumeTransferRequest,
    CreateVolumeTransferOption,
    EvsClient,
)

URL = os.environ["EVS_URL"]


def client(who, with_project, secret=None):
    ak, sk = os.environ[f"{who}_AK"], secret or os.environ[f"{who}_SK"]
    if with_project:
        credentials = BasicCredentials(ak, sk, os.environ[f"{who}_PROJECT"])
    else:
        # The SDK asks the identity service for the project that is named like the region.
        credentials = BasicCredentials(ak, sk).with_iam_endpoint(URL)
    region = Region("sim-1", URL)
    return EvsClient.new_builder().with_credentials(credentials).with_region(region).build()


def offer(giver, disk):
    option = CreateVolumeTransferOption(name="über / gabe", volume_id=disk)
    body = CinderCreateVolumeTransferRequestBody(transfer=option)
    transfer = giver.cinder_create_volume_transfer(
        CinderCreateVolumeTransferRequest(body=body)
    ).transfer
    assert transfer.name == "über / gabe" and transfer.volume_id == disk, transfer
    return transfer


def listed(who):
    request = CinderListVolumeTransfersRequest(limit=10, offset=0)
    return [transfer.id for transfer in who.cinder_list_volume_transfers(request).transfers]


def walk(with_project, first, second):
    giver, taker = client("GIVER", with_project), client("TAKER", with_project)

    transfer = offer(giver, first)
    request = CinderShowVolumeTransferRequest(transfer_id=transfer.id)
    assert giver.cinder_show_volume_transfer(request).transfer.volume_id == first
    assert listed(giver) == [transfer.id]
    assert listed(taker) == []
    option = CinderAcceptVolumeTransferOption(auth_key=transfer.auth_key)
    body = CinderAcceptVolumeTransferRequestBody(accept=option)
    accepted = taker.cinder_accept_volume_transfer(
        CinderAcceptVolumeTransferRequest(transfer_id=transfer.id, body=body)
    ).transfer
    assert accepted.volume_id == first, accepted
    assert listed(giver) == []

    transfer = offer(giver, second)
    giver.cinder_delete_volume_transfer(CinderDeleteVolumeTransferRequest(transfer_id=transfer.id))
    assert listed(giver) == []


disks = os.environ["DISKS"].split(",")
walk(True, *disks[:2])
walk(False, *disks[2:])

try:
    listed(client("GIVER", True, "0" * 40))
    raise AssertionError("a wrong secret was let in")
except ClientRequestException as refused:
    assert refused.status_code == 401, refused
    assert refused.error_code == "APIGW.0301", refused
    assert refused.error_msg.endswith("verify aksk signature fail"), refused
    assert refused.request_id.startswith("req-"), refused
print("handed over, taken, withdrawn, refused")
