"""Processes that end with this one, and what they cost."""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
libc = ctypes.CDLL(None)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def until(seconds, condition, every=0.2):
    """What the condition answers as soon as that is true; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(every)
    return answer


def die_with_parent():
    libc.prctl(1, signal.SIGKILL)


class Process:
    """A child process with a log of its own."""

    def __init__(self, name, command, folder, environment=None, **options):
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        self.name, self.path = name, pathlib.Path(folder) / f"{name}.log"
        self.log = open(self.path, "ab")
        options.setdefault("stdout", self.log)
        self.child = subprocess.Popen(
            [str(part) for part in command], env=environment, stdin=subprocess.DEVNULL, stderr=self.log,
            preexec_fn=die_with_parent, **options,
        )
        self.cpu_seconds = self.peak_megabytes = 0.0

    @property
    def is_running(self):
        return self.child.poll() is None

    def sample(self):
        """Notes the processor time and the peak memory so far."""
        try:
            fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
            status = pathlib.Path(f"/proc/{self.child.pid}/status").read_text()
        except OSError:
            return
        self.cpu_seconds = (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                self.peak_megabytes = int(line.split()[1]) / 1024

    def kill(self):
        self.child.kill()
        self.child.wait()

    def end(self, patience=20):
        """SIGTERM, and SIGKILL if that is not enough."""
        if self.is_running:
            self.child.terminate()
            try:
                self.child.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()
        self.log.close()

    def last_words(self, lines=15):
        return "\n".join(self.path.read_text(errors="replace").splitlines()[-lines:])
