"""A run of scripts/demo in a terminal of its own, and what it leaves behind."""

import fcntl
import glob
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SEQUENCE = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\([A-Z0-9]|[=>78])")


class Failure(Exception):
    """What was expected and didn't come."""


def as_in_a_terminal():
    """What a terminal's shell gives a program: the terminal, and signals that do something. `nohup` and a script's `&` ignore
    some, and bash can't trap what was ignored when it began."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Demo:
    """Starts scripts/demo; everything that it starts is known by the TMPDIR it is given."""

    def __init__(self, binaries, *arguments, columns=80, lines=24, environment=None):
        self.columns, self.lines = columns, lines
        self.directory = tempfile.mkdtemp(prefix="demo-test.")
        # PostgreSQL runs as another user when root starts the demo.
        os.chmod(self.directory, 0o755)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.settings = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [os.path.join(ROOT, "scripts", "demo"), *arguments],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=as_in_a_terminal,
            env=os.environ | {
                "TICKLINE_DEMO_BINARIES": binaries, "TMPDIR": self.directory, "TERM": "xterm-256color",
                "LANG": "C.UTF-8", "CACHER_HTTP_PORT": "0",
            } | (environment or {}),
        )
        # One side stays open here, so that the settings can be read when the demo has gone.
        self.slave = slave
        self.text = ""
        self.is_closing = False
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        """Reads what the demo writes; the only one who closes the master, so that its number is nobody else's meanwhile."""
        received = b""
        while not self.is_closing:
            if select.select([self.master], [], [], 0.1)[0]:
                received += os.read(self.master, 65536)
                self.text = received.decode(errors="replace")
        os.close(self.master)

    def type(self, keys):
        os.write(self.master, keys.encode())

    def close_terminal(self):
        """Closes the terminal, once; the kernel sends SIGHUP then."""
        if not self.is_closing:
            self.is_closing = True
            self.reader.join()
            os.close(self.slave)

    @property
    def folder(self):
        folders = glob.glob(self.directory + "/tickline-demo.*")
        return folders[0] if folders else None

    def wait_for(self, what, seconds=60):
        """Waits until a text, or what a function looks for, is there."""
        deadline = time.monotonic() + seconds
        while not (found := what() if callable(what) else what in self.text):
            if time.monotonic() > deadline or (self.process.poll() is not None and not callable(what)):
                name = what.__name__ if callable(what) else repr(what)
                raise Failure(f"{name} did not come; the demo said:\n{self.plain()[-3000:]}")
            time.sleep(0.1)
        return found

    def wait_for_view(self, coin="bitcoin"):
        """Waits for a frame with the price of a coin: in the first ones some have none yet."""
        def a_frame_with_prices():
            return any(coin in row for row in self.frame())
        self.wait_for(a_frame_with_prices)

    def frame(self):
        """The rows of the latest whole frame."""
        frames = self.text.split("\x1b[H")
        whole = [frame for frame in frames[1:] if "\x1b[J" in frame and "\x1b[2J" not in frame]
        return SEQUENCE.sub("", whole[-1].split("\x1b[J")[0]).replace("\r", "").split("\n") if whole else []

    def plain(self):
        return SEQUENCE.sub("", self.text).replace("\r\n", "\n")

    def wait(self, seconds=90):
        """Waits for the end; the exit code, or minus the signal."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"the demo did not end within {seconds} s; it said:\n{self.plain()[-3000:]}") from None

    def processes(self):
        """Ids and names of what the demo has started and is still there."""
        found = []
        mark = f"TMPDIR={self.directory}".encode()
        for path in glob.glob("/proc/[0-9]*"):
            try:
                with open(path + "/environ", "rb") as environment:
                    is_ours = mark in environment.read().split(b"\0")
                # Redis writes its title over its environment, and works in the demo's folder.
                if not is_ours and not os.readlink(path + "/cwd").startswith(self.directory):
                    continue
                with open(path + "/cmdline", "rb") as command:
                    found.append((int(path[6:]), command.read().replace(b"\0", b" ").decode()[:80]))
            except OSError:
                continue  # it ended in the meantime, or is another user's
        return found

    def expect_nothing_left(self, seconds=60):
        """Nothing that the demo has started is there any more, and its folder is gone."""
        deadline = time.monotonic() + seconds
        while (left := self.processes()) or self.folder:
            if time.monotonic() > deadline:
                raise Failure(f"left behind: {left} {self.folder}")
            time.sleep(0.1)

    def discard(self):
        """Ends what a failed check left."""
        for process, _ in self.processes():
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.close_terminal()
        subprocess.run(["rm", "-rf", self.directory], check=True)
