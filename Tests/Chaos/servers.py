"""The servers of a run: Kafka in memory or the environment's, a PostgreSQL and a Redis that can be killed."""

import glob
import os
import secrets
import shutil
import signal
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Messages"))
from broker import Broker, Failure, Process, RedisServer, wait_for  # noqa: E402, F401
from stack import free_port  # noqa: E402


class Kafka(Broker):
    """A broker that can be killed, if the environment says how; topics have a prefix of the run's own."""

    def __init__(self, binaries, named):
        self.kill_command = os.environ.get("CHAOS_KAFKA_KILL") if named else None
        self.start_command = os.environ.get("CHAOS_KAFKA_START") if named else None
        self.prefix = f"chaos-{secrets.token_hex(4)}." if named else ""
        self.is_real = bool(named)
        if not named:
            super().__init__(binaries)
            return
        Process.__init__(self)
        self.address = named
        self.producer = self.new_producer()
        subprocess.run(
            [os.path.join(binaries, "localbroker"), "create-topics", "--bootstrap-servers", named, "--prefix", self.prefix],
            check=True, stdout=subprocess.DEVNULL,
        )

    def can_be_killed(self):
        return bool(self.kill_command and self.start_command)

    def crash(self):
        subprocess.run(self.kill_command, shell=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start_again(self):
        subprocess.run(self.start_command, shell=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Redis(RedisServer):
    """Writes every command to its disk before it answers, so that a kill loses nothing."""

    def start(self):
        self.launch(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", self.folder,
             "--appendonly", "yes", "--appendfsync", "always"], dict(os.environ))
        wait_for("redis-server", self._answers)

    def wipe(self):
        """Kills it and takes its data away, as a volume does that was not mounted."""
        self.kill()
        shutil.rmtree(os.path.join(self.folder, "appendonlydir"), ignore_errors=True)

    def ask(self, *words):
        connection = self.connect()
        try:
            return connection(*words)
        finally:
            connection.close()


class Postgres(Process):
    """A PostgreSQL of the run's own; crashes lose nothing that was committed."""

    def __init__(self, binaries):
        super().__init__()
        self.port = free_port()
        self.programs = os.path.dirname(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))[-1])
        self.as_user = []
        os.chmod(self.folder, 0o755)
        data = os.path.join(self.folder, "data")
        os.mkdir(data, 0o700)
        if os.getuid() == 0:
            shutil.chown(data, "postgres", "postgres")
            self.as_user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]
        self.data = data
        subprocess.run(
            [*self.as_user, f"{self.programs}/initdb", "-D", data, "-U", "tickline", "--auth", "trust", "--encoding", "UTF8",
             "--locale", "C"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        self.start()
        subprocess.run(
            [os.path.join(binaries, "persister"), "migrate"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"SCHEMA_DIR": os.path.join(ROOT, "schema"), "POSTGRES_URL": self.url(self.port)})

    @staticmethod
    def url(port):
        return f"postgresql://tickline@127.0.0.1:{port}/postgres"

    def start(self):
        self.launch([*self.as_user, f"{self.programs}/postgres", "-D", self.data, "-p", str(self.port), "-c",
                     "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="], dict(os.environ))
        wait_for("PostgreSQL", lambda: self.rows("SELECT 1", check=False) == [["1"]], seconds=60)

    def stop(self, how):
        """SIGINT ends it in order, SIGQUIT at once: then it recovers from its log when it is started."""
        if self.is_running():
            self.process.send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[how])
            self.process.wait()

    def kill(self):
        self.stop("immediate")

    def rows(self, query, check=True):
        """The rows of a query, as lists of texts."""
        done = subprocess.run(
            [f"{self.programs}/psql", self.url(self.port), "-XAt", "-F", "\x1f", "-c", query], capture_output=True, text=True)
        if done.returncode and check:
            raise Failure(f"{query}: {done.stderr}")
        return [line.split("\x1f") for line in done.stdout.splitlines()]
