"""Runs the commands of the pages as they stand, on a demo: redis-cli, curl, kcat, cacher and persister find its servers by shims that put
its addresses in place of those of the compose stack."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts", "lib", "docs"))
import commands  # noqa: E402
import pages  # noqa: E402

# What follows something and never ends by itself, or waits for an offset that the demo hasn't reached.
ENDLESS = ("PSUBSCRIBE", "curl -sN", "-o end", "cacher tail", "-o 4711")
SECONDS = 4


def shims(folder, found, binaries):
    """Programs of the names that the commands use, with the demo's addresses."""
    scripts = {
        # -e: an error of Redis is an exit code too.
        "redis-cli": f'exec {shutil.which("redis-cli")} -e -p {found["redis"]} "$@"',
        "curl": f'exec {shutil.which("curl")} --fail-with-body "${{@/http:\\/\\/localhost:8080/{found["page"].replace("/", chr(92) + "/")}}}"',
        "kcat": f'''topic='' arguments=()
for argument in "$@"; do
  [[ $topic != -t ]] || argument={found["prefix"]}$argument
  topic=$argument
  arguments+=("${{argument/#localhost:9092/{found["kafka"]}}}")
done
exec {shutil.which("kcat")} "${{arguments[@]}}"''',
        "persister": f'KAFKA_BOOTSTRAP_SERVERS={found["kafka"]} KAFKA_TOPIC_PREFIX={found["prefix"]} '
                     f'exec {os.path.join(binaries, "persister")} "$@"',
        "cacher": f'REDIS_URL=redis://127.0.0.1:{found["redis"]} exec {os.path.join(binaries, "cacher")} "$@"',
    }
    for name, body in scripts.items():
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/usr/bin/env bash\n{body}\n")
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)


def fault(command, environment, folder):
    """Why a command didn't do what its page says; None when it did."""
    endless = any(word in command for word in ENDLESS)
    process = subprocess.Popen(["bash", "-o", "pipefail", "-c", command], env=environment, cwd=folder, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=SECONDS if endless else 60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 15)
        output, _ = process.communicate()
        return None if endless else f"did not end within 60 s: {output[-500:]}"
    # The page shows what is said of a coin that isn't there.
    expected = 1 if command == "cacher get bitcon" else 0
    if process.returncode != expected:
        return f"ended with {process.returncode}: {output[-500:]}"
    return None


def check(found, binaries):
    """Runs all of them; returns how many there are, and what went wrong."""
    todo = [(name, command) for name, text in pages.pages().items() if name not in pages.GENERATED
            for command in pages.commands(text) if commands.rule(command)[1] == commands.DEMO]
    with tempfile.TemporaryDirectory(prefix="tickline-pages-") as folder:
        shims(folder, found, binaries)
        environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
        with ThreadPoolExecutor(8) as pool:
            faults = list(pool.map(lambda one: fault(one[1], environment, folder), todo))
    return len(todo), [f"{name}: {command}\n    {why}" for (name, command), why in zip(todo, faults) if why]
