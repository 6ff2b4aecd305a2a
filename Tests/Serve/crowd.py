"""Many connections at once, driven by one thread, and the good client that watches."""

import os
import selectors
import socket
import subprocess
import sys
import threading
import time

import stack
from stack import Failure


def is_release():
    """Whether the executables are those that people run; a debug build takes ten times as long for a connection."""
    return os.path.basename(os.path.realpath(stack.binaries)) == "release"


def patience():
    """How long the good client may wait for an answer, in seconds."""
    return 1.0 if is_release() else 10.0


class Watcher:
    """The good client's process, and what it said."""

    def __init__(self, serve, price):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "good_client.py")
        self.process = subprocess.Popen(
            [sys.executable, "-B", path, str(serve.port), price], stdout=subprocess.PIPE, text=True
        )
        # When it asked, how long that took, and what was wrong.
        self.answers = []
        threading.Thread(target=self._read, daemon=True).start()
        self.worst_since(time.monotonic())

    def _read(self):
        for line in self.process.stdout:
            began, took, fault = line.rstrip("\n").split(" ", 2)
            self.answers.append((float(began), float(took), fault))

    def worst_since(self, began):
        """The longest wait since then; fails when an answer was wrong, and waits for five answers at least."""
        end = time.monotonic() + 15
        while len([1 for answer in self.answers if answer[0] >= began]) < 5:
            if time.monotonic() > end:
                raise Failure("the good client gets no answers")
            time.sleep(0.05)
        answers = [answer for answer in self.answers if answer[0] >= began]
        for _, took, fault in answers:
            if fault:
                raise Failure(f"the good client got, after {took:.3f} s: {fault}")
        return max(took for _, took, _ in answers)

    def expect_good(self, began):
        """All its answers since then are right, and came in time."""
        worst = self.worst_since(began)
        if worst > patience():
            raise Failure(f"the good client waited {worst:.3f} s")
        return worst

    def stop(self):
        self.process.kill()
        self.process.wait()


class Crowd:
    """Connections that are opened at once and looked at together."""

    def __init__(self, serve, count, receive_buffer=None):
        self.selector = selectors.DefaultSelector()
        self.open = set()
        self.received = {}
        for number in range(count):
            connection = socket.socket()
            if receive_buffer:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            connection.settimeout(10)
            connection.connect(("127.0.0.1", serve.port))
            connection.setblocking(False)
            self.selector.register(connection, selectors.EVENT_READ)
            self.open.add(connection)
            self.received[connection] = b""

    def send(self, data):
        """Sends the same to all, as far as they take it at once."""
        for connection in list(self.open):
            self._try(connection, lambda connection=connection: connection.send(data))

    def read(self, seconds):
        """Reads what comes within this time."""
        end = time.monotonic() + seconds
        while self.open and (left := end - time.monotonic()) > 0:
            for key, _ in self.selector.select(left):
                self._try(key.fileobj, lambda key=key: self._take(key.fileobj))

    def _take(self, connection):
        data = connection.recv(65_536)
        self.received[connection] += data
        if not data:
            self._drop(connection)

    def _try(self, connection, action):
        try:
            action()
        except BlockingIOError:
            pass
        except OSError:
            self._drop(connection)

    def _drop(self, connection):
        if connection in self.open:
            self.open.discard(connection)
            self.selector.unregister(connection)
            connection.close()

    def close(self):
        for connection in list(self.open):
            self._drop(connection)
        self.selector.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
