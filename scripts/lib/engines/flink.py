"""A Flink of one JobManager and one TaskManager on this machine, with the configuration and the scripts of compose/flink."""

import json
import os
import pathlib
import re
import subprocess
import urllib.request

from processes import Process, free_port, until

ROOT = pathlib.Path(__file__).resolve().parents[3]
COMPOSE = ROOT / "compose/flink"
LOGGING = """\
rootLogger.level = {level}
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %-5p %c{{1}} - %m%n
"""


def jvm_options(text):
    """What config.yaml opens of the JDK."""
    return re.findall(r"--add-(?:opens|exports)=\S+", text)


class Flink:
    """home: where lib/ and plugins/ are; folder: gets configuration, state and logs; settings: lines for config.yaml."""

    def __init__(self, home, folder, settings=()):
        self.home, self.folder = pathlib.Path(home), pathlib.Path(folder)
        self.conf, self.state = self.folder / "conf", self.folder / "state"
        self.rest_port = free_port()
        for path in (self.conf, self.state / "checkpoints", self.state / "savepoints"):
            path.mkdir(parents=True)
        text = (COMPOSE / "config.yaml").read_text()
        changed = {
            "jobmanager.rpc.address": "127.0.0.1", "jobmanager.bind-host": "127.0.0.1", "rest.address": "127.0.0.1",
            "rest.bind-address": "127.0.0.1", "taskmanager.bind-host": "127.0.0.1", "rest.port": str(self.rest_port),
            **dict(settings),
        }
        port = free_port()
        changed["metrics.reporter.prometheus.port"] = f"{port}-{port + 20}"
        for name, value in changed.items():
            line = f"{name}: {value}"
            text, count = re.subn(rf"(?m)^{re.escape(name)}:.*$", line, text)
            text += "" if count else line + "\n"
        text = text.replace("file:///state", f"file://{self.state}")
        # What docker-compose.yml says as FLINK_PROPERTIES, by its defaults.
        compose = (ROOT / "compose/docker-compose.yml").read_text()
        for name, value in re.findall(r"^\s+(\w+\.memory\.process\.size): \$\{\w+:-(\w+)}$", compose, re.M):
            text += f"{name}: {value}\n"
        text += f"jobmanager.rpc.port: {free_port()}\ntaskmanager.host: 127.0.0.1\nio.tmp.dirs: {self.folder}\n"
        (self.conf / "config.yaml").write_text(text)
        self.options = jvm_options(text)
        (self.conf / "log4j-console.properties").write_text(LOGGING.format(level="INFO"))
        (self.conf / "log4j-cli.properties").write_text(LOGGING.format(level="WARN"))
        self.jobmanager = self.taskmanager = None
        self.ended, self.ended_jobmanagers = [], []

    @property
    def environment(self):
        return {**os.environ, "FLINK_CONF_DIR": str(self.conf), "FLINK_HOME": str(self.home)}

    def resources(self, command):
        """The JVM's options and Flink's own for the memory that config.yaml gives a process, as Flink's start scripts ask for them."""
        dist = next((self.home / "lib").glob("flink-dist-*.jar"))
        result = subprocess.run(
            ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{self.home}/bin/bash-java-utils.jar:{dist}",
             "org.apache.flink.runtime.util.bash.BashJavaUtils", command, "--configDir", str(self.conf)],
            env=self.environment, capture_output=True, text=True, check=True,
        )
        lines = re.findall(r"(?m)^BASH_JAVA_UTILS_EXEC_RESULT:(.*)$", result.stdout)
        return [line.split() for line in lines]

    def launch(self, name, jvm, main, arguments):
        command = [
            "java", *jvm, *self.options, f"-Dlog4j.configurationFile={self.conf}/log4j-console.properties",
            "-cp", f"{self.home}/lib/*", main, "--configDir", str(self.conf), *arguments,
        ]
        environment = {**self.environment, "FLINK_PLUGINS_DIR": str(self.home / "plugins")}
        return Process(name, command, self.folder / "log", environment)

    def start(self):
        jvm, *dynamic = self.resources("GET_JM_RESOURCE_PARAMS")
        main = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
        # It gives its actors 10 s to start, which a busy machine may not have; Docker starts it again then, and so do we.
        for _ in range(5):
            self.jobmanager = self.launch("jobmanager", jvm, main, dynamic[0] if dynamic else [])
            until(300, lambda: self.answers() or not self.jobmanager.is_running)
            if self.jobmanager.is_running:
                break
        else:
            raise RuntimeError(f"the JobManager doesn't start:\n{self.jobmanager.last_words()}")
        self.taskmanager_resources = self.resources("GET_TM_RESOURCE_PARAMS")
        self.start_taskmanager()

    def start_taskmanager(self):
        jvm, dynamic = self.taskmanager_resources
        self.taskmanager = self.launch("taskmanager", jvm, "org.apache.flink.runtime.taskexecutor.TaskManagerRunner", dynamic)

    def kill_taskmanager(self):
        """SIGKILL, as the kernel does it to a process without memory."""
        self.taskmanager.sample()
        self.taskmanager.kill()
        self.ended.append(self.taskmanager)

    def kill_jobmanager(self):
        """The same to the JobManager."""
        self.jobmanager.sample()
        self.jobmanager.kill()
        self.ended_jobmanagers.append(self.jobmanager)

    def has_checkpoint(self):
        """Whether the job runs and has completed a checkpoint."""
        try:
            return self.rest(f"/jobs/{self.job()}/checkpoints")["counts"]["completed"] > 0
        except (OSError, StopIteration):
            return False

    def submit(self, variables):
        """Runs the submit script of the compose stack; returns what it said."""
        environment = {
            **self.environment, **variables, "FLINK_REST_HOST": "127.0.0.1", "FLINK_REST_PORT": str(self.rest_port),
            "FLINK_STATE_DIR": str(self.state),
        }
        result = subprocess.run([COMPOSE / "submit"], env=environment, capture_output=True, text=True)
        if result.returncode:
            raise RuntimeError(f"submit ended with {result.returncode}:\n{result.stdout}{result.stderr}")
        return result.stdout.strip()

    def rest(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.rest_port}{path}", data=data, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def answers(self):
        """Whether the JobManager does."""
        try:
            return "slots-total" in self.rest("/overview")
        except OSError:
            return False

    def job(self):
        """The id of the job that runs."""
        return next(job["jid"] for job in self.rest("/jobs/overview")["jobs"] if job["state"] == "RUNNING")

    def checkpoint(self):
        """Takes a checkpoint now and waits for it, so that everything written is committed."""
        job = self.job()
        trigger = self.rest(f"/jobs/{job}/checkpoints", {"checkpointType": "CONFIGURED"})["request-id"]
        return self.finished(f"/jobs/{job}/checkpoints/{trigger}")

    def stop(self):
        """Stops the job with a savepoint; returns where that is."""
        job = self.job()
        trigger = self.rest(f"/jobs/{job}/stop", {"drain": False})["request-id"]
        return self.finished(f"/jobs/{job}/savepoints/{trigger}")["location"]

    def finished(self, path):
        answer = until(120, lambda: (state := self.rest(path))["status"]["id"] == "COMPLETED" and state)
        if "failure-cause" in answer["operation"]:
            raise RuntimeError(str(answer["operation"]["failure-cause"])[:2000])
        return answer["operation"]

    def close(self):
        for process in (self.taskmanager, self.jobmanager):
            if process:
                process.end()
