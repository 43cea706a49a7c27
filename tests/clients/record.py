"""Records what clients send about snapshots, backups and backup policies, and what is answered.

    EVS_URL=http://127.0.0.1:8776 python tests/clients/record.py > tests/clients/recorded.txt

needs a server on a new data directory, and openstackclient, cinderclient and otcextensions beside
this Python. The commands run against a proxy that writes down every request but those to the
identity service, with the bytes of its body and the headers that matter. What differs from run to
run is written as a name: {url}, {demo} for the id of that project, {id 1}, {id 2} … for ids,
{time} for times.
"""

import http.client
import http.server
import os
import re
import subprocess
import sys
import threading
import urllib.parse

EVS = urllib.parse.urlsplit(os.environ["EVS_URL"])
PROGRAMS = os.path.dirname(sys.executable)
HEADERS = ["OpenStack-API-Version", "Content-Type", "Accept"]

POLICY = """dict(name="nightly", time_zone="UTC+08:00", scheduled_policy=dict(
    start_time="02:00", status="ON", frequency=1, rentention_num=7,
    remain_first_backup_of_curMonth="N"))"""

COMMANDS = [
    "openstack volume create --size 10 ledger",
    "openstack volume snapshot create --volume ledger --description nightly s1",
    "openstack volume snapshot create --volume ledger --property k=v s2",
    "openstack volume snapshot list",
    "openstack volume snapshot list --long --volume ledger --status available",
    "openstack volume snapshot show s1",
    "openstack volume snapshot set --name s3 --description weekly --property a=b s1",
    "openstack volume snapshot unset --property a s3",
    "openstack volume create --snapshot s2 copy",
    "openstack volume revert s2",
    "cinder snapshot-create --name c1 --force True ledger",
    "cinder snapshot-list --sort created_at:asc --limit 2",
    "cinder snapshot-show c1",
    "cinder snapshot-rename c1 c2",
    "cinder snapshot-metadata c2 set x=y",
    "cinder snapshot-metadata-show c2",
    "cinder snapshot-metadata-update-all c2 z=1",
    "cinder snapshot-delete c2",
    "openstack volume snapshot delete s2 s3",
    "openstack volume backup create --name b1 --description first ledger",
    "openstack volume backup create --name b2 --incremental --force ledger",
    "openstack volume backup list --long",
    "openstack volume backup list --name b1 --status available",
    "openstack volume backup show b1",
    "openstack volume backup set --name b0 --description oldest b1",
    "openstack volume backup restore --force b0 copy",
    "cinder backup-create --name b3 --container vault ledger",
    "cinder --os-volume-api-version 3.71 backup-list --with-count",
    "cinder backup-show b3",
    "cinder --os-volume-api-version 3.71 backup-update --name b4 b3",
    "cinder backup-restore --name restored b4",
    "cinder backup-delete b4",
    "openstack volume backup delete b2",
    "openstack volume backup delete b0",
    f"otc volume_backup.create_backup_policy(**{POLICY})",
    "otc volume_backup.backup_policies()",
    'otc volume_backup.update_backup_policy(policy("nightly"), name="daily")',
    'otc volume_backup.link_resources_to_policy(policy("daily").id, [volume("ledger").id])',
    'otc volume_backup.execute_policy(policy("daily"))',
    # Its own tasks(), and create_backup(), fail before they send anything.
    'otc volume_backup.get("/backuppolicy/%s/backuptasks" % policy("daily").id)',
    'otc volume_backup.unlink_resources_of_policy(policy("daily").id, [volume("ledger").id])',
    'otc volume_backup.post("/cloudbackups", json={"backup": {'
    '"volume_id": volume("ledger").id, "name": "native"}})',
    'otc volume_backup.get("/cloudbackups/quota")',
    'otc volume_backup.delete_backup_policy(policy("daily"))',
]

OTC = """
import openstack, sys
from otcextensions import sdk
cloud = openstack.connect()
sdk.register_otc_extensions(cloud)
volume_backup = cloud.volume_backup
def policy(name):
    return next(policy for policy in volume_backup.backup_policies() if policy.name == name)
def volume(name):
    return next(volume for volume in cloud.block_storage.volumes() if volume.name == name)
result = eval(sys.argv[1])
if hasattr(result, "__next__"):
    list(result)
"""


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    said = []

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server = http.client.HTTPConnection(EVS.hostname, EVS.port)
        server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() != "accept-encoding":
                server.putheader(name, value)
        server.endheaders(body)
        answer = server.getresponse()
        text = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        if not self.path.startswith("/identity"):
            self.said.append((self.command, self.path, self.headers, body, answer.status, text))

    do_GET = do_POST = do_PUT = do_DELETE = forward

    def log_message(self, *_):
        pass


class Names:
    """Gives what differs from run to run a name, the same one each time."""

    def __init__(self, url):
        self.known = {url: "{url}"}
        self.ids = 0

    def of(self, text):
        for value, name in self.known.items():
            text = text.replace(value, name)
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?", "{time}", text)
        one = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32}\b|autobk_(?:snapshot_)?[0-9a-f]{4}\b"
        return re.sub(one, self.id, text)

    def id(self, match):
        if match.group() in self.known:
            return self.known[match.group()]
        self.ids += 1
        name = "{id %d}" % self.ids
        self.known[match.group()] = name
        return name


def environment(url):
    return os.environ | {
        "OS_AUTH_URL": url + "/identity",
        "OS_USERNAME": "demo",
        "OS_PASSWORD": os.environ.get("EVS_PASSWORD", "secret"),
        "OS_PROJECT_NAME": "demo",
        "OS_USER_DOMAIN_NAME": "Default",
        "OS_PROJECT_DOMAIN_NAME": "Default",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_REGION_NAME": "sim-1",
        "OS_VOLUME_API_VERSION": "3",
    }


def main():
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    url = "http://127.0.0.1:%d" % proxy.server_address[1]
    names = Names(url)
    for command in COMMANDS:
        del Proxy.said[:]
        program, rest = command.split(" ", 1)
        if program == "otc":
            words = [sys.executable, "-W", "ignore", "-c", OTC, rest]
        else:
            words = [os.path.join(PROGRAMS, program), *rest.split(" ")]
        done = subprocess.run(words, env=environment(url), capture_output=True, text=True)
        print("#", " ".join(command.split()) + (f" -> exit {done.returncode}" if done.returncode else ""))
        if done.returncode:
            print(command, done.stderr, file=sys.stderr)
        for method, path, headers, body, status, text in list(Proxy.said):
            project = re.match(r"/v\d[.\d]*/([0-9a-f]{32})", path)
            if project:
                names.known.setdefault(project.group(1), "{demo}")
            print(">", method, names.of(path))
            for name in HEADERS:
                if name in headers:
                    print("> %s: %s" % (name, headers[name]))
            if body:
                print("> =", names.of(body.decode()))
            print("<", status, names.of(text.decode()))
        print()


main()
