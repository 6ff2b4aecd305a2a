"""A Redis and a `cacher serve` of the checks' own, on free ports of 127.0.0.1."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

from resp import Redis

# The folder of the executables; the test's argument.
binaries = ""


class Failure(Exception):
    """What a check found wrong."""


def wait_for(what, condition, seconds=20):
    """Waits until a condition is true, and answers with what it gave."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Failure(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)


reserved = []


def free_port():
    """A port that is kept to the end: a server that asks for it gets it, the kernel gives it to nobody who asks for any."""
    # Bound and never listening: with SO_REUSEADDR on both sockets, another may bind the port and listen.
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    reserved.append(probe)
    return probe.getsockname()[1]


class Process:
    """A server with a folder of its own, which is gone at the end."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="tickline-serve-")
        self.log_path = os.path.join(self.folder, "log")
        self.process = None

    def launch(self, command, environment):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command, env=environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """Ends it at once, as a crash would."""
        if self.is_running():
            self.process.kill()
        if self.process:
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class RedisServer(Process):
    """A redis-server that writes to its disk only when it is told SAVE."""

    def __init__(self):
        super().__init__()
        self.port = free_port()
        self.start()

    def start(self):
        self.launch(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", self.folder],
            dict(os.environ),
        )
        wait_for("redis-server", self._answers)

    def _answers(self):
        if not self.is_running():
            raise Failure(f"redis-server ended:\n{self.log()[-2000:]}")
        try:
            connection = self.connect()
            connection("PING")
            connection.close()
            return True
        except Exception:  # not there, or still loading
            return False

    def connect(self, **login):
        return Redis(self.port, **login)


class Serve(Process):
    """`cacher serve` on a Redis; `settings` are its environment."""

    def __init__(self, redis, **settings):
        super().__init__()
        environment = {
            "PATH": os.environ["PATH"],
            "REDIS_URL": f"redis://127.0.0.1:{redis.port}",
            "CACHER_HTTP_HOST": "127.0.0.1",
            "CACHER_HTTP_PORT": "0",
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": "0",
            "LOG_FORMAT": "json",
        }
        self.launch([os.path.join(binaries, "cacher"), "serve"], environment | settings)
        self.port = int(self.wait_for_log(r"the page is at http://127\.0\.0\.1:(\d+)/").group(1))

    def wait_for_log(self, pattern):
        """Waits for a line in the log."""

        def found():
            # The log writes a slash as it is or with a backslash before it.
            match = re.search(pattern, self.log().replace("\\/", "/"))
            if not match and not self.is_running():
                raise Failure(f"cacher serve ended:\n{self.log()[-2000:]}")
            return match

        return wait_for(f"{pattern!r} in the log", found)

    def listening(self):
        """Waits until it listens to Redis' channels."""
        self.wait_for_log("listening to redis://")
        return self

    def memory(self):
        """The bytes of memory that the process has now."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024

    def ask(self, path, method="GET", timeout=10, **headers):
        """Asks on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=names)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def json(self, path):
        """What a page answers, which must be 200 and JSON."""
        answer = self.ask(path)
        if answer.status != 200 or answer.headers.get("content-type") != "application/json":
            raise Failure(f"{path}: {answer}")
        return json.loads(answer.body)

    def raw(self, timeout=10):
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)


class Answer:
    """A status, headers by their name in lower case, and the body's bytes."""

    def __init__(self, response):
        self.status = response.status
        self.all_headers = [(name.lower(), value) for name, value in response.getheaders()]
        self.headers = dict(self.all_headers)
        self.body = response.read()

    def problem(self):
        """The problem details, which must be all there and right."""
        if self.headers.get("content-type") != "application/problem+json":
            raise Failure(f"no problem+json: {self}")
        problem = json.loads(self.body)
        if set(problem) != {"type", "title", "status", "detail"} or problem["status"] != self.status:
            raise Failure(f"no whole problem: {self}")
        return problem

    def __str__(self):
        return f"{self.status} {self.headers} {self.body[:400]!r}"
