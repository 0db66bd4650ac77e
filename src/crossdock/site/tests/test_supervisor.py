"""The supervisor: what died comes back, what it started ends."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from crossdock.site.environment import Refused
from crossdock.site.service_user import service_user
from crossdock.site.supervisor import Child, Supervisor


@pytest.fixture
def supervisor(monkeypatch):
    monkeypatch.setattr("crossdock.site.supervisor.GRACE", 1.0)
    made = Supervisor()
    yield made
    made.stop()


def a_child(script, name="child", log_file=None):
    return Child(name, [sys.executable, "-c", textwrap.dedent(script)], dict(os.environ), me(), log_file)


def me():
    """The user the tests run as: who the interpreter belongs to may be nobody else's to run."""
    from dataclasses import replace

    return replace(service_user(), is_other=False)


def wait_for(is_so, limit=5.0):
    deadline = time.monotonic() + limit
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert is_so()


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def test_what_died_is_started_again(supervisor):
    child = a_child("import time; time.sleep(60)")
    supervisor.add(child)
    first = child.process.pid

    child.process.kill()
    wait_for(lambda: supervisor.look_after() or (child.process and child.process.pid != first))

    assert child.failures == 1


def test_what_keeps_dying_is_given_up_at_the_start_with_its_last_words(supervisor, tmp_path):
    supervisor.add(a_child("raise SystemExit('crossdock: no such thing')", "web", tmp_path / "web.log"))

    with pytest.raises(Refused, match="web does not start: crossdock: no such thing"):
        supervisor.wait_until(lambda: False, "web", limit=20)


def test_what_is_not_ready_in_time_is_named(supervisor):
    with pytest.raises(Refused, match="web is not ready after 0 seconds"):
        supervisor.wait_until(lambda: False, "web", limit=0.2)


def test_stopping_ends_what_does_not_listen_and_all_it_started(supervisor, tmp_path):
    script = f"""
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        below = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        open({str(tmp_path / "pid")!r}, "w").write(str(below.pid))
        time.sleep(60)
    """
    child = a_child(script)
    supervisor.add(child)
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    pids = [child.process.pid, int((tmp_path / "pid").read_text())]

    supervisor.stop()

    wait_for(lambda: not any(is_alive(pid) for pid in pids))


def test_children_end_when_their_supervisor_is_killed(tmp_path):
    script = f"""
        import os, sys, time
        from dataclasses import replace
        from crossdock.site.service_user import service_user
        from crossdock.site.supervisor import Child, Supervisor
        supervisor = Supervisor()
        me = replace(service_user(), is_other=False)
        child = Child("c", [sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ), me)
        supervisor.add(child)
        open({str(tmp_path / "pid")!r}, "w").write(str(child.process.pid))
        time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)]) as process:
        wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), limit=10)
        pid = int((tmp_path / "pid").read_text())
        assert is_alive(pid)

        process.send_signal(signal.SIGKILL)

    wait_for(lambda: not is_alive(pid))


def test_a_process_whose_orderly_end_hangs_ends_with_its_supervisor_all_the_same(tmp_path):
    script = f"""
        import os, signal, subprocess, sys, time
        hung = ("import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
                "from crossdock.site.boot import end_with; end_with(os.getppid(), grace=0.1); time.sleep(60)")
        child = subprocess.Popen([sys.executable, "-c", hung])
        time.sleep(1)
        open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
        time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)]) as process:
        wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), limit=10)
        pid = int((tmp_path / "pid").read_text())

        process.send_signal(signal.SIGKILL)

    wait_for(lambda: not is_alive(pid))
