"""As much of Redis' protocol as the checks need: commands, answers, and many at once."""

import socket


class RedisError(Exception):
    """What Redis answers when it refuses."""


class Redis:
    """One connection, which any command may be called on: redis("GET", "key")."""

    def __init__(self, port, user=None, password=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")
        if password:
            self("AUTH", *([user] if user else []), password)

    def __call__(self, *words):
        return self.many([words])[0]

    def many(self, commands):
        """Sends all commands, then reads all answers."""
        self.socket.sendall(b"".join(self._encode(words) for words in commands))
        return [self._answer() for _ in commands]

    def close(self):
        self.file.close()
        self.socket.close()

    @staticmethod
    def _encode(words):
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)

    def _answer(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            length = int(rest)
            return None if length < 0 else self.file.read(length + 2)[:-2]
        if kind == b"*":
            return [self._answer() for _ in range(int(rest))]
        return rest
