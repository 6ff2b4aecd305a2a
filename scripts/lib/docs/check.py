"""What the pages for people name, compared with what there is. See scripts/check-docs."""

import functools
import os
import re
import shlex
import subprocess
import sys

import commands
import pages

ROOT = pages.ROOT
problems = []
PROGRAMS = ("ingestor", "aggregator", "persister", "cacher", "localbroker")


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def check_links(texts):
    known = {name: pages.anchors(text) for name, text in texts.items()}
    for name, text in texts.items():
        for target in pages.links(text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            place = (ROOT / name).parent / path if path else ROOT / name
            if not place.exists():
                problems.append(f"{name}: {target} leads to no file")
                continue
            page = os.path.relpath(place, ROOT)
            if anchor and page in known and anchor not in known[page]:
                problems.append(f"{name}: {target} leads to no heading")


def settings():
    """Every variable that means something to a service, a script, compose or what the stack's servers read."""
    table = read("docs/settings.md")
    names = set(re.findall(r"^\| `([A-Z0-9_]+)`", table, re.MULTILINE)) | set(re.findall(r"Formerly `(\w+)`", table))
    secrets = set(re.findall(r"named by `(\w+)`", table))
    names |= secrets | {name.removesuffix("_FILE") for name in secrets}
    names |= set(re.findall(r"^#([A-Z][A-Z0-9_]*)=", read(".env.example"), re.MULTILINE))
    names |= {"COMPOSE_FILE", "COMPOSE_PROFILES", "DOCKER_BUILDKIT", "LD_PRELOAD", "MALLOC_CONF", "TMPDIR"}
    # Gone; the CHANGELOG says so.
    names |= {"INGESTOR_RESTORE_RECORDS"}
    return names


def is_property(name):
    """KAFKA_… with a property of librdkafka, whose names are no business of the pages."""
    return name.startswith("KAFKA_") and not name.startswith("KAFKA_TOPIC")


def check_settings(texts):
    known = settings()
    prefix = r"(?:INGESTOR|AGGREGATOR|PERSISTER|CACHER|COINGECKO|COINPAPRIKA|COINBASE|KRAKEN|BINANCE|POSTGRES|REDIS|KAFKA|HTTP|LOG|FLINK|TICKLINE)"
    scripts = "".join(read(os.path.relpath(path, ROOT)) for folder in ("scripts", "Tests") for path in (ROOT / folder).rglob("*")
                      if path.is_file() and path.suffix in ("", ".sh", ".py", ".swift"))
    for name, text in texts.items():
        # Neither `REDIS_TLS_…`, which stands for several, nor a name with something before it.
        for setting in sorted(set(re.findall(rf"(?<![\w$/-]){prefix}_[A-Z0-9_]*[A-Z0-9]\b(?![…<])", text))):
            if setting in known or is_property(setting):
                continue
            if setting.startswith("TICKLINE_") and setting in scripts:
                continue
            # What a page shows as a mistake is introduced as one.
            if re.search(rf"(misspelt setting of ours \(`|not a setting: ){setting}", text):
                continue
            problems.append(f"{name} names {setting}, which is no setting")


def check_metrics(texts):
    known = set(re.findall(r"^\| `(\w+)`", read("docs/metrics.md"), re.MULTILINE))
    # Only after the first answer of CoinGecko.
    known.add("tickline_ingestor_http_responses_total")
    for name, text in texts.items():
        for metric in set(re.findall(r"\btickline_(?:ingestor|aggregator|persister|cacher|serve|ready|restarts|build|http|kafka)[a-z_]*[a-z]\b", text)):
            if metric not in known:
                problems.append(f"{name} names {metric}, which no service has")


def check_topics(texts):
    known = set(re.findall(r'= "([a-z0-9.-]+)"', read("Sources/Shared/Model/Topic.swift")))
    for name, text in texts.items():
        for topic in set(re.findall(r"`(?:[a-z]+\.)?((?:prices|alerts|ingestor|aggregator)\.[a-z0-9.-]*[a-z0-9])`", text)):
            if topic not in known and not re.search(r"\.(md|py|sql|yml|yaml|json)$", topic):
                problems.append(f"{name} names the topic {topic}, which there is not")


def check_files(texts):
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()}
    sources = {path.name for path in (ROOT / "Sources").iterdir()}
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "Tests").rglob("*.swift"))
    for name, text in texts.items():
        for token in set(re.findall(r"`([^`\s]+)`", pages.prose(text))):
            token = token.rstrip("/")
            first = token.split("/")[0]
            # NNN and Foo stand for others; what is built isn't in a clone.
            if re.search(r"[…*]|NNN|Foo|^\.build", token):
                continue
            if "/" in token and first in folders | sources:
                places = [ROOT / token, ROOT / "Sources" / token, (ROOT / name).parent / token]
                if not any(place.exists() for place in places):
                    problems.append(f"{name} names the file {token}, which there is not")
            elif suite := re.match(r"(\w+Tests)(?:/(\w+))?(?:\.swift)?$", token):
                struct = re.search(rf"(?:struct|class) {suite[1]}\b", tests)
                if not (struct or (ROOT / "Tests" / suite[1]).is_dir()) or (suite[2] and f"func {suite[2]}(" not in tests):
                    problems.append(f"{name} names the test {token}, which there is not")


@functools.cache
def help_of(binary, *words):
    """What a program says of its options; of a word that is no sub-command it says those of the program."""
    answer = subprocess.run([binary, *words, "--help"], capture_output=True, text=True, timeout=20)
    return answer.stdout if answer.returncode == 0 else ""


def check_options(name, command, binaries):
    """Every `--option` of our own programs exists."""
    words = shlex.split(re.sub(r"[\[\]|]", " ", command))
    position = next((number for number, word in enumerate(words) if word in PROGRAMS), None)
    if position is None:
        return
    # `docker compose exec aggregator aggregator healthcheck`: the last of them is the program.
    while position + 1 < len(words) and words[position + 1] in PROGRAMS:
        position += 1
    rest = words[position + 1:]
    binary = os.path.join(binaries, words[position])
    text = help_of(binary)
    # `persister dead-letters list`: as many words as name a command.
    for count in (1, 2):
        if not any(word.startswith("-") for word in rest[:count]):
            text = help_of(binary, *rest[:count]) or text
    for option in (word.split("=")[0] for word in rest if word.startswith("--")):
        if option not in text:
            problems.append(f"{name}: {words[position]} has no {option}: {command}")


def check_services(name, text):
    """Every service that a command of docker compose names is in the compose file."""
    services = set(re.findall(r"^  ([a-z-]+):$", read("compose/docker-compose.yml").split("\nservices:", 1)[1], re.MULTILINE))
    services.add("SERVICE")
    verb = r"docker compose (?:exec|stop|start|restart|run|rm|logs|port|push)"
    options = r"(?:\s+(?:\\\n\s*)?(?:-[ev]\s+\S+|--index\s+\d|-[-\w]+))*"
    for named in re.findall(rf"{verb}{options} +([a-z][a-z-]*)(?=[ `\n)]|$)", text) + re.findall(r"--scale ([a-z-]+)=", text):
        if named not in services:
            problems.append(f"{name}: docker compose has no service {named}")


def check_commands(texts, binaries):
    used, counts = set(), dict.fromkeys((commands.DEMO, commands.CI, commands.NOT), 0)
    for name, text in texts.items():
        check_services(name, text)
        for command in pages.commands(text):
            rule = commands.rule(command)
            if rule is None:
                problems.append(f"{name}: nothing says how this is tried, see scripts/lib/docs/commands.py: {command}")
                continue
            used.add(rule)
            counts[rule[1]] += 1
            check_options(name, command, binaries)
        # Blocks that show a form, not a command to copy: `aggregator --output-prefix again. [--from …]`.
        for kind, block in pages.FENCE.findall(text):
            if kind == "" and block.split(" ")[0] in PROGRAMS:
                for line in block.splitlines():
                    check_options(name, line.split("  #")[0], binaries)
    for rule in commands.RULES:
        if rule not in used:
            problems.append(f"scripts/lib/docs/commands.py: no page has a command of {rule[0]}")
        if rule[1] == commands.CI and not (ROOT / rule[2]).exists():
            problems.append(f"scripts/lib/docs/commands.py: there is no {rule[2]}")
    return counts


def check_runbooks(texts):
    """Every alert has a runbook."""
    rules = read("compose/prometheus/alerts.yml")
    known = pages.anchors(texts["docs/troubleshooting.md"])
    for name in re.findall(r"- alert: (\w+)", rules):
        if f"runbook: docs/troubleshooting.md#{name.lower()}" not in rules or name.lower() not in known:
            problems.append(f"docs/troubleshooting.md has no runbook of the alert {name}, or alerts.yml doesn't name it")


def check_version():
    version = re.search(r'version = "([^"]+)"', read("Sources/Shared/Runtime/Shell/BuildInfo.swift")).group(1)
    places = {
        "compose/docker-compose.yml": r"TICKLINE_VERSION:-([^}]+)}",
        "compose/Dockerfile": r"TICKLINE_VERSION=(\S+)",
        ".env.example": r"TICKLINE_VERSION=(\S+)",
        "compose/kubernetes/kustomization.yaml": r"newTag: ([^}\s]+)",
        "schema/asyncapi.yaml": r"^  version: (\S+)",
        "docs/kafka.md": r"tickline/topics:(\S+)",
    }
    for place, pattern in places.items():
        found = set(re.findall(pattern, read(place), re.MULTILINE))
        if found != {version}:
            problems.append(f"{place} names the version {', '.join(sorted(found)) or 'nowhere'}; BuildInfo.swift says {version}")


def main():
    texts = pages.pages()
    written = {name: text for name, text in texts.items() if name not in pages.GENERATED}
    check_links(texts)
    check_settings(written)
    check_metrics(written)
    check_topics(texts)
    check_files(texts)
    counts = check_commands(written, sys.argv[1])
    check_runbooks(texts)
    check_version()
    for problem in problems:
        print(problem)
    print(f"{len(texts)} pages; commands: {counts[commands.DEMO]} run on a demo, {counts[commands.CI]} tried by other tests, "
          f"{counts[commands.NOT]} not in CI")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
