"""The servers of a run: our own, or the environment's, with commands of the environment that kill and start them."""

import glob
import os
import secrets
import shutil
import signal
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Messages"))
from broker import Broker, Failure, Process, RedisServer, wait_for  # noqa: E402, F401
from stack import free_port  # noqa: E402

from disk import Disk  # noqa: E402


class Commands:
    """What the environment says about a server of its own: CHAOS_<SERVER>_KILL and the like."""

    def __init__(self, server):
        self.server = server

    def has(self, *verbs):
        return all(self.value(verb) for verb in verbs)

    def value(self, verb):
        return os.environ.get(f"CHAOS_{self.server}_{verb}")

    def run(self, verb):
        done = subprocess.run(self.value(verb), shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode:
            raise Failure(f"CHAOS_{self.server}_{verb} ended with {done.returncode}: {self.value(verb)}")

    def disk(self):
        return Disk(self.value("DISK")) if self.has("DISK") else None


class Kafka(Broker):
    """A broker; topics of a named one have a prefix of the run's own."""

    def __init__(self, binaries, named):
        self.commands = Commands("KAFKA") if named else None
        self.prefix = f"chaos-{secrets.token_hex(4)}." if named else ""
        self.is_real = bool(named)
        if named:
            Process.__init__(self)
            self.address = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
            self.producer = self.new_producer()
            subprocess.run(
                [os.path.join(binaries, "localbroker"), "create-topics", "--bootstrap-servers", self.address, "--prefix", self.prefix],
                check=True, stdout=subprocess.DEVNULL,
            )
        else:
            super().__init__(binaries)
        self.partitions = self.topics()[self.prefix + "prices.raw"]
        # (host, port) of each broker, as it says itself.
        self.brokers = [(one.host, one.port) for one in self.producer.list_topics(timeout=10).brokers.values()]

    def can(self, verb):
        """Whether it can be broken in a way."""
        return verb == "crash" and self.is_real and self.commands.has("KILL", "START")

    def new_producer(self):
        # As soon as possible back after the broker, so that a recovery's time is that of the services.
        return super().new_producer({"reconnect.backoff.max.ms": 500, "topic.metadata.refresh.interval.ms": 1000, "log_level": 2})

    def produce(self, producer, topic, **record):
        """Gives a record to a producer, however long it takes to find room for it."""
        while True:
            try:
                return producer.produce(topic, **record)
            except (BufferError, KafkaException):
                # The queue is full, or the broker, which has just started, says that it knows no such topic.
                producer.poll(0.1)

    def crash(self):
        self.commands.run("KILL")

    def start_again(self):
        self.commands.run("START")

    def __exit__(self, *_):
        try:
            if self.is_real:
                admin = AdminClient({"bootstrap.servers": self.address, "log_level": 2})
                for done in admin.delete_topics([name for name in self.topics() if name.startswith(self.prefix)]).values():
                    done.result(30)
        except KafkaException as error:
            print(f"the topics {self.prefix}… stay: {error}")
        super().__exit__()


class Redis(RedisServer):
    """Our own: it writes every command to its disk before it answers, so that a kill loses nothing."""

    def __init__(self):
        Process.__init__(self)
        self.port = free_port()
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        try:
            self.disk = Disk.in_memory(self.data, 256)
        except OSError as error:
            self.disk = error
        self.start()

    def start(self):
        self.launch(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", self.data,
             "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-min-size", "16mb"], dict(os.environ))
        wait_for("redis-server", self._answers, seconds=60)

    def url(self, port):
        return f"redis://127.0.0.1:{port}"

    def can(self, verb):
        return verb in ("crash", "wipe", "flush", "fill") or (verb == "full-disk" and isinstance(self.disk, Disk))

    def wipe(self):
        """Kills it and takes its data away, as a volume does that was not mounted."""
        self.kill()
        shutil.rmtree(os.path.join(self.data, "appendonlydir"), ignore_errors=True)

    def revive(self):
        """Starts it if it has ended."""
        if not self.is_running():
            self.start()

    @property
    def is_rewritten(self):
        """Whether nothing is left of what it was asked to write anew."""
        info = self.ask("INFO", "persistence")
        return b"aof_rewrite_in_progress:0" in info and b"aof_rewrite_scheduled:0" in info

    def ask(self, *words):
        connection = self.connect()
        try:
            return connection(*words)
        finally:
            connection.close()

    def __exit__(self, *_):
        self.kill()
        if isinstance(self.disk, Disk):
            self.disk.close()
        super().__exit__()


class NamedRedis(Redis):
    """The environment's. It must be empty and nobody else's: FLUSHALL is one of the faults."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self.commands = Commands("REDIS")
        self.address = urlsplit(os.environ["REDIS_URL"])
        self.port = self.address.port or 6379
        if (self.address.hostname, self.address.path.strip("/")) not in (("127.0.0.1", ""), ("localhost", "")) or self.address.username:
            raise Failure("REDIS_URL must be redis://127.0.0.1:PORT here, without a user and a database")
        if self.ask("DBSIZE"):
            raise Failure("the Redis of REDIS_URL holds something: the faults would destroy it")
        self.disk = self.commands.disk()

    def can(self, verb):
        needs = {"crash": ("KILL", "START"), "wipe": ("KILL", "WIPE", "START"), "flush": (), "fill": (), "full-disk": ("DISK", "START")}
        return verb in needs and self.commands.has(*needs[verb])

    def kill(self):
        self.commands.run("KILL")

    def start(self):
        self.commands.run("START")
        wait_for("Redis", self._answers, seconds=60)

    def wipe(self):
        self.kill()
        self.commands.run("WIPE")

    def revive(self):
        if not self._answers():
            self.start()

    def is_running(self):
        return True

    def __exit__(self, *_):
        if self.disk:
            self.disk.close()
        if self._answers():
            self.ask("FLUSHALL")


class Database:
    """What both kinds of PostgreSQL can."""

    @staticmethod
    def programs():
        return os.path.dirname(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))[-1])

    def migrate(self, binaries):
        subprocess.run(
            [os.path.join(binaries, "persister"), "migrate"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"SCHEMA_DIR": os.path.join(ROOT, "schema"), "POSTGRES_URL": self.url(self.port)})

    def rows(self, query, check=True, url=None):
        """The rows of a query, as lists of texts."""
        done = subprocess.run(
            [f"{self.programs()}/psql", url or self.url(self.port), "-XAt", "-F", "\x1f", "-c", query], capture_output=True, text=True)
        if done.returncode and check:
            raise Failure(f"{query}: {done.stderr}")
        return [line.split("\x1f") for line in done.stdout.splitlines()]

    def answers(self):
        return self.rows("SELECT 1", check=False) == [["1"]]

    def revive(self):
        """Starts it if it has ended, or ends while it recovers."""
        try:
            wait_for("PostgreSQL", self.answers, seconds=10)
        except Failure:
            self.start()


class Postgres(Process, Database):
    """Our own; crashes lose nothing that was committed."""

    def __init__(self, binaries, megabytes=500):
        super().__init__()
        self.port = free_port()
        self.as_user = []
        os.chmod(self.folder, 0o755)
        volume = os.path.join(self.folder, "volume")
        os.mkdir(volume)
        try:
            self.disk = Disk.in_memory(volume, megabytes)
        except OSError as error:
            self.disk = error
        self.data = os.path.join(volume, "data")
        os.mkdir(self.data, 0o700)
        if os.getuid() == 0:
            shutil.chown(self.data, "postgres", "postgres")
            self.as_user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]
        subprocess.run(
            [*self.as_user, f"{self.programs()}/initdb", "-D", self.data, "-U", "tickline", "--auth", "trust", "--encoding", "UTF8",
             "--locale", "C"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        self.start()
        self.migrate(binaries)

    def url(self, port):
        return f"postgresql://tickline@127.0.0.1:{port}/postgres"

    def can(self, verb):
        return verb in ("crash", "restart") or (verb == "full-disk" and isinstance(self.disk, Disk))

    def start(self):
        self.kill()
        self.launch([*self.as_user, f"{self.programs()}/postgres", "-D", self.data, "-p", str(self.port), "-c",
                     "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "min_wal_size=32MB", "-c", "max_wal_size=64MB"],
                    dict(os.environ))
        wait_for("PostgreSQL", self.answers, seconds=60)

    def stop(self, how=signal.SIGINT):
        """SIGINT ends it in order, SIGQUIT at once: then it recovers from its log when it is started."""
        if self.is_running():
            self.process.send_signal(how)
            self.process.wait()

    def kill(self):
        self.stop(signal.SIGQUIT)

    def __exit__(self, *_):
        self.kill()
        if isinstance(self.disk, Disk):
            self.disk.close()
        super().__exit__()


class NamedPostgres(Database):
    """The environment's, with a database of the run's own on it."""

    def __init__(self, binaries):
        self.commands = Commands("POSTGRES")
        self.address = urlsplit(os.environ["POSTGRES_URL"])
        if self.address.hostname not in ("127.0.0.1", "localhost"):
            raise Failure("POSTGRES_URL must name a server on 127.0.0.1: there is a proxy before it")
        self.port = self.address.port or 5432
        self.disk = self.commands.disk()
        self.name = f"chaos_{secrets.token_hex(4)}"
        self.rows(f"CREATE DATABASE {self.name}", url=os.environ["POSTGRES_URL"])
        self.migrate(binaries)

    def url(self, port):
        login = self.address.netloc.rpartition("@")[0]
        return urlunsplit(self.address._replace(netloc=f"{login}{'@' if login else ''}127.0.0.1:{port}", path=f"/{self.name}"))

    def can(self, verb):
        needs = {"crash": ("KILL", "START"), "restart": ("STOP", "START"), "full-disk": ("DISK", "START")}
        return verb in needs and self.commands.has(*needs[verb])

    def kill(self):
        self.commands.run("KILL")

    def stop(self):
        self.commands.run("STOP")

    def start(self):
        self.commands.run("START")
        wait_for("PostgreSQL", self.answers, seconds=60)

    def __exit__(self, *_):
        if self.disk:
            self.disk.close()
        self.rows(f"DROP DATABASE {self.name} WITH (FORCE)", check=False, url=os.environ["POSTGRES_URL"])
