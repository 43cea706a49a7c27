"""Runs the commands of a transcript with OpenStack's own clients, loaded once for all, and
prints the transcript anew: the command, what it printed, and its exit code where that is not 0.

Lines of the transcript that are read (all others are what the commands printed):

    $ openstack …   a command of python-openstackclient
    $ cinder …      a command of python-cinderclient
    $ python …      an expression over `cloud`, a connection of openstacksdk
    @ NAME = KEY    NAME stands for this member of the JSON just printed, as {NAME} further down
    # user NAME     the commands that follow are that user's
    # …             anything else is a comment

What differs from run to run is printed as <id 1>, <id 2>, … in the order of appearance, <time>,
<request>, <record> and <url>.
"""

import contextlib
import io
import json
import logging
import multiprocessing
import os
import re
import shlex
import sys
import warnings

warnings.simplefilter("ignore")

import openstack
from cinderclient.shell import OpenStackCinderShell
from openstackclient.shell import OpenStackShell

URL = os.environ["EVS_URL"]
FORK = multiprocessing.get_context("fork")
logging.disable(logging.DEBUG)
NOISE = re.compile("Unable to find a discovery document|WARNING|Deprecated|deprecated")


def environment(user):
    os.environ.update(
        OS_AUTH_URL=URL + "/identity",
        OS_USERNAME=user,
        OS_PASSWORD="secret",
        OS_PROJECT_NAME=user,
        OS_USER_DOMAIN_NAME="Default",
        OS_PROJECT_DOMAIN_NAME="Default",
        OS_IDENTITY_API_VERSION="3",
        OS_REGION_NAME="sim-1",
        OS_VOLUME_API_VERSION="3",
        COLUMNS="200",
    )


def run(command):
    words = shlex.split(command)
    if words[0] == "openstack":
        return OpenStackShell().run(words[1:])
    if words[0] == "cinder":
        try:
            return OpenStackCinderShell().main(words[1:]) or 0
        except Exception as failure:
            print(f"ERROR: {failure}", file=sys.stderr)
            return 1
    cloud = openstack.connect()
    try:
        result = eval(command.split(" ", 1)[1], {"cloud": cloud})
        print(json.dumps(plain(result), indent=2, sort_keys=True))
        return 0
    except Exception as failure:
        print(f"{type(failure).__name__}: {failure}", file=sys.stderr)
        return 1
    finally:
        cloud.close()


def plain(thing):
    if isinstance(thing, (str, int, float, bool, type(None))):
        return thing
    if isinstance(thing, dict):
        return {key: plain(value) for key, value in thing.items()}
    if hasattr(thing, "to_dict"):
        return plain(thing.to_dict())
    return [plain(item) for item in thing]


def captured(command, pipe):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = run(command)
        except SystemExit as end:
            code = end.code
    pipe.send((out.getvalue(), err.getvalue(), code))


def apart(command):
    """Runs the command in a copy of this process: the clients keep the first user that they see."""
    ours, theirs = FORK.Pipe()
    child = FORK.Process(target=captured, args=(command, theirs))
    child.start()
    theirs.close()
    answer = ours.recv()
    child.join()
    return answer


class Names:
    """Turns what differs from run to run into what does not."""

    def __init__(self):
        self.ids = {}

    def normal(self, text):
        text = text.replace(URL, "<url>")
        text = re.sub(r"eyJ[A-Za-z0-9+/]{100,}=*", "<record>", text)
        text = re.sub(r"req-[0-9a-f-]{36}", "<request>", text)
        text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?", "<time>", text)
        pattern = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b"
        text = re.sub(pattern, lambda found: self.id(found.group()), text)
        return re.sub(r"\b[0-9a-f]{16}\b", "<key>", text)

    def id(self, text):
        return f"<id {self.ids.setdefault(text, len(self.ids) + 1)}>"


def main(transcript):
    names, known, last = Names(), {}, ""
    environment("demo")
    for line in transcript.splitlines():
        if line.startswith("#"):
            print(line)
            if line.startswith("# user "):
                environment(line.removeprefix("# user "))
        elif line.startswith("@ "):
            print(line)
            name, key = line.removeprefix("@ ").split(" = ")
            members = json.loads(last)
            known[name] = str((members if isinstance(members, dict) else members[0])[key])
        elif line.startswith("$ "):
            print(line)
            command = line.removeprefix("$ ")
            for name, value in known.items():
                command = command.replace("{" + name + "}", value)
            last, err, code = apart(command)
            told = [told for told in err.splitlines() if not NOISE.search(told)]
            for printed in [*last.splitlines(), *told]:
                print(names.normal(printed).rstrip())
            if code:
                print(f"exit {code}")
    sys.stdout.flush()


main(open(sys.argv[1]).read())
