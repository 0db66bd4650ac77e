"""`crossdock up` as a whole, as real processes on a data folder of their own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except OSError as error:
        return 0, str(error).encode()


def wait_for(is_so, limit=30.0):
    deadline = time.monotonic() + limit
    while not (answer := is_so()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer


def processes_of(folder):
    """Everything whose command line or environment names the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            is_over = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0] in {"Z", "X"}
        except OSError:
            continue
        if os.fsencode(folder) in told and not is_over:
            found.append(int(entry.name))
    return found


class Up:
    """One run of `crossdock up`."""

    def __init__(self, folder, port, metrics):
        self.folder, self.port, self.metrics = folder, port, metrics
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "CROSSDOCK_"))}
        self.environment |= {"CROSSDOCK_DATA_DIR": str(folder / "data"), "CROSSDOCK_KEY_FILE": str(folder / "keys" / "keys.json")}
        self.process = None

    def command(self, *arguments):
        return [sys.executable, "-m", "crossdock.site.cli", *arguments]

    def start(self):
        self.output = (self.folder / "output").open("w+")
        arguments = ["up", "--port", str(self.port), "--metrics-port", str(self.metrics), "--workers", "1"]
        self.process = subprocess.Popen(self.command(*arguments), env=self.environment, stdout=self.output, stderr=self.output)
        wait_for(lambda: "Ctrl-C" in self.said() or self.process.poll() is not None, limit=90)
        assert self.process.poll() is None, self.said()

    def said(self):
        return (self.folder / "output").read_text()

    def run(self, *arguments):
        return subprocess.run(self.command(*arguments), env=self.environment, capture_output=True, text=True, check=False)

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.output.close()
        return code


@pytest.fixture(scope="module")
def up():
    folder = Path(tempfile.mkdtemp(prefix="crossdock-test-"))
    folder.chmod(0o755)
    made = Up(folder, *free_ports(2))
    made.start()
    yield made
    if made.process.poll() is None:
        made.stop()
    shutil.rmtree(folder)


def test_web_workers_and_database_are_ready(up):
    ready = wait_for(lambda: get(up.port, "/readyz")[0] == 200)

    assert ready, get(up.port, "/readyz")
    assert json.loads(get(up.port, "/readyz")[1]) == {"status": "ready", "database": "ok", "migrations": "ok", "workers": "ok"}


def test_it_says_where_it_is_and_prints_no_secret(up):
    said = up.said()
    secrets = json.loads((up.folder / "data" / "logins.json").read_text())

    assert f"Crossdock runs at http://127.0.0.1:{up.port}" in said
    assert not [name for name in ("superuser", "owner", "web") if secrets[name] in said]


def test_nothing_carries_a_secret_in_its_arguments(up):
    secrets = json.loads((up.folder / "data" / "logins.json").read_text())
    lines = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes_of(up.folder))

    assert not [name for name in ("superuser", "owner", "web") if secrets[name].encode() in lines]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to change to")
def test_only_the_supervisor_is_root(up):
    wait_for(lambda: get(up.port, "/readyz")[0] == 200)

    roots = [pid for pid in processes_of(up.folder) if Path(f"/proc/{pid}").stat().st_uid == 0]

    assert roots == [up.process.pid]


def test_web_and_worker_do_not_know_the_owner(up):
    owner = json.loads((up.folder / "data" / "logins.json").read_text())["owner"].encode()
    told = [pid for pid in processes_of(up.folder) if owner in Path(f"/proc/{pid}/environ").read_bytes()]

    assert told == []


def test_metrics_have_their_own_listener(up):
    status, text = get(up.metrics, "/metrics")

    assert status == 200
    assert b'crossdock_ready{part="database"} 1.0' in text
    assert get(up.port, "/metrics")[0] == 404


def test_static_files_may_be_kept_for_good(up):
    manifest = json.loads((up.folder / "data" / "static" / "staticfiles.json").read_text())
    hashed = next(name for plain, name in manifest["paths"].items() if plain.endswith(".css"))

    with urllib.request.urlopen(f"http://127.0.0.1:{up.port}/static/{hashed}", timeout=5) as answer:
        assert answer.status == 200
        assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_slow_uploads_do_not_keep_others_waiting(up):
    head = b"POST /in/shopify/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nslow"
    slow = [socket.create_connection(("127.0.0.1", up.port)) for _ in range(40)]
    for one in slow:
        one.sendall(head)

    began = time.monotonic()
    status, _ = get(up.port, "/healthz")

    assert status == 200
    assert time.monotonic() - began < 2
    for one in slow:
        one.close()


def test_another_terminal_finds_the_database(up):
    wait_for(lambda: get(up.port, "/readyz")[0] == 200)

    done = up.run("doctor", "--json")

    findings = {finding["name"]: finding["state"] for finding in json.loads(done.stdout)["checks"]}
    assert findings["database"] == findings["migrations"] == findings["roles"] == findings["workers"] == "ok"


def test_a_second_one_on_the_same_folder_is_one_line(up):
    done = up.run("up", "--port", str(free_ports(1)[0]))

    assert done.returncode == 1
    assert done.stderr.startswith(f"crossdock: Crossdock runs on {up.folder / 'data'} already")


def test_the_first_administrators_link_leads_there(up):
    wait_for(lambda: get(up.port, "/readyz")[0] == 200)

    link = up.run("createadmin").stdout.strip()

    assert link.startswith(f"http://127.0.0.1:{up.port}/")
    assert get(up.port, link.removeprefix(f"http://127.0.0.1:{up.port}"))[0] == 200


def test_killed_web_and_database_come_back(up):
    postmaster = int((up.folder / "data" / "postgres" / "data-18" / "postmaster.pid").read_text().split()[0])
    web = next(pid for pid in processes_of(up.folder) if b"\0web\0" in Path(f"/proc/{pid}/cmdline").read_bytes())
    wait_for(lambda: get(up.port, "/readyz")[0] == 200)

    os.kill(web, signal.SIGKILL)
    os.kill(postmaster, signal.SIGKILL)

    assert wait_for(lambda: not Path(f"/proc/{web}").exists() and get(up.port, "/readyz")[0] == 200, limit=60), up.said()


def test_ctrl_c_stops_everything_and_a_second_start_is_quick(up):
    assert up.stop() == 0
    assert wait_for(lambda: processes_of(up.folder) == [], limit=5) is True, processes_of(up.folder)

    began = time.monotonic()
    up.start()

    assert time.monotonic() - began < 30
    assert json.loads(get(up.port, "/readyz")[1])["database"] == "ok"


def test_kill_9_of_the_supervisor_leaves_nothing_behind(up):
    up.stop(signal.SIGKILL)

    assert wait_for(lambda: processes_of(up.folder) == [], limit=25) is True, processes_of(up.folder)

    up.start()
    assert json.loads(get(up.port, "/readyz")[1])["database"] == "ok"
