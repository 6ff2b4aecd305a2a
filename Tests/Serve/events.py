"""A reader of Server-Sent Events that shows everything: comments, retry, ids."""

import socket


class Events:
    """A stream that was opened, and what came so far."""

    def __init__(self, serve, query="", timeout=10, version="1.1", **headers):
        self.socket = serve.raw(timeout)
        lines = [f"GET /v1/stream{query} HTTP/{version}", "Host: x"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while line := self.file.readline().strip():
            name, value = line.decode().split(":", 1)
            self.headers[name.lower()] = value.strip()
        self.is_chunked = self.headers.get("transfer-encoding") == "chunked"
        self.buffer = b""

    def block(self):
        """The next event, comment or setting: a dictionary of its lines; '' is a comment."""
        while b"\n\n" not in self.buffer:
            if self.is_chunked:
                length = int(self.file.readline(), 16)
                chunk = self.file.read(length + 2)[:-2]
            else:
                chunk = self.file.read1(65_536)
            if not chunk:
                raise ConnectionError("the stream ended")
            self.buffer += chunk
        text, self.buffer = self.buffer.split(b"\n\n", 1)
        return dict(line.split(": ", 1) for line in text.decode().split("\n"))

    def is_quiet(self, seconds):
        """Whether nothing comes for so long."""
        if self.buffer:
            return False
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(10)

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
