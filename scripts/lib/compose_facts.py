"""What compose/ says, compared with what the executables say. Run by scripts/check-compose; prints every difference and
ends with 1 if there is one."""

import json
import pathlib
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

import yaml

root = pathlib.Path(__file__).resolve().parents[2]
compose_file = root / "compose/docker-compose.yml"
dashboards = sorted((root / "compose/grafana/dashboards").glob("*.json"))
services = ["ingestor", "aggregator", "persister", "cacher", "serve"]
problems = []

# Settings that compose sets itself or leaves alone: addresses inside the container, and libpq's own variable.
kept_inside = {"HTTP_HOST", "HTTP_PORT", "CACHER_HTTP_HOST", "CACHER_HTTP_PORT", "SCHEMA_DIR", "AGGREGATOR_INSTANCE", "KAFKA_<PROPERTY>"}
# What another Redis than compose's may need.
kept_inside |= {"REDIS_TLS_CA_FILE", "REDIS_TLS_CERTIFICATE_FILE", "REDIS_TLS_KEY_FILE", "REDIS_TLS_SERVER_NAME",
                "REDIS_SENTINEL_USER", "REDIS_SENTINEL_PASSWORD"}
libpq = {"PGUSER"}


def compose():
    return yaml.safe_load(compose_file.read_text())


def manifests():
    for path in sorted((root / "compose/kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document and document["kind"] != "Kustomization":
                yield path, document


def settings(folder):
    """The settings of each service: name -> default (None without one), as --settings-markdown prints them."""
    result = {}
    for service in services:
        rows = re.findall(r"^\| `([^`]+)` \| (?:`([^`]*)`|[^|]*) \|", (folder / f"{service}.settings").read_text(), re.M)
        result[service] = {name: default or None for name, default in rows}
    return result


def former_names(folder):
    """The names that settings had, and that still work."""
    return set(re.findall(r"Formerly `([^`]+)`", "".join(path.read_text() for path in folder.glob("*.settings"))))


def example():
    """.env.example: name -> default."""
    text = (root / ".env.example").read_text()
    return dict(re.findall(r"^#([A-Z][A-Z0-9_]*)=(.*)$", text, re.M))


def interpolated():
    """The variables of the compose file: name -> default; None for those that are passed on as they are."""
    text = re.sub(r"^\s*#.*$", "", compose_file.read_text(), flags=re.M)
    found = {}
    for name, default in re.findall(r"\$\{([A-Z0-9_]+):-([^}]*)\}", text):
        if found.setdefault(name, default) != default:
            problems.append(f"docker-compose.yml gives {name} two defaults: {found[name]} and {default}")
    for name in re.findall(r"^\s+([A-Z][A-Z0-9_]*):\s*$", text, re.M):
        found.setdefault(name, None)
    return found


def check_example():
    listed, used = example(), interpolated()
    listed.pop("COMPOSE_PROFILES", None)
    for name in sorted(used.keys() - listed.keys()):
        problems.append(f"{name} is missing in .env.example")
    for name in sorted(listed.keys() - used.keys()):
        problems.append(f".env.example lists {name}, which docker-compose.yml doesn't use")
    for name, default in used.items():
        if default is not None and listed.get(name, default) != default:
            problems.append(f"{name} is {listed[name]} in .env.example and {default} in docker-compose.yml")


def check_containers():
    """What a container may, and what others may see of it; and that each image is built once."""
    builders = {}
    for name, service in compose()["services"].items():
        if service.get("cap_drop") != ["ALL"] or service.get("security_opt") != ["no-new-privileges:true"]:
            problems.append(f"{name} keeps capabilities, or may gain some: it lacks cap_drop or no-new-privileges")
        for argument in [*service.get("command", []), *service.get("entrypoint", [])]:
            if re.search(r"PASSWORD|API_KEY|SECRET", argument):
                problems.append(f"{name} has a secret on its command line: {argument}")
        # Every image can be pinned by its digest without a change of this file.
        if not re.fullmatch(r"\$\{[A-Z_]+_IMAGE:-[^}]+\}|\$\{TICKLINE_IMAGES:-tickline\}/[a-z]+:\$\{TICKLINE_VERSION:-[^}]+\}", service["image"]):
            problems.append(f"the image of {name} is no setting: {service['image']}")
        if "build" in service and builders.setdefault(service["image"], name) != name:
            problems.append(f"{name} and {builders[service['image']]} both build {service['image']}")
    if (root / "compose/.env").resolve() != root / ".env":
        problems.append("compose/.env is no link to .env: a call from compose/ would leave the user's settings out")


def check_settings(folder):
    known, listed, former = settings(folder), example(), former_names(folder)
    for service in services:
        passed = set(compose()["services"][service]["environment"])
        for name in sorted(passed - known[service].keys() - libpq - former):
            # A property of librdkafka; the service itself refuses one that looks misspelt.
            if name.startswith("KAFKA_") and "KAFKA_<PROPERTY>" in known[service]:
                continue
            problems.append(f"docker-compose.yml passes {name} to {service}, which has no such setting")
        for name in sorted(known[service].keys() - passed - kept_inside):
            problems.append(f"{service} has the setting {name}, which docker-compose.yml doesn't pass")
        for name, default in known[service].items():
            if name in listed and interpolated().get(name) is None and listed[name] != (default or ""):
                problems.append(f"{name} is {listed[name]} in .env.example, but {service} has {default}")
    everything = former.union(*known.values())
    for path, document in manifests():
        if document["kind"] in ("ConfigMap", "Secret"):
            for name in {**document.get("data", {}), **document.get("stringData", {})}:
                if name not in everything and not name.startswith("KAFKA_"):
                    problems.append(f"{path.name} sets {name}, which no service has")
    for page in pages():
        for name in re.findall(r"\b(?:INGESTOR|AGGREGATOR|PERSISTER|CACHER|COINGECKO|COINPAPRIKA|COINBASE|KRAKEN|BINANCE|POSTGRES|REDIS)_[A-Z_]*[A-Z]\b", page.read_text()):
            if name not in everything and name not in listed and name.removesuffix("_FILE") not in everything:
                problems.append(f"{page.relative_to(root)} names {name}, which is no setting")


def pages():
    return [root / "docs" / name for name in ("operations.md", "kafka.md", "troubleshooting.md", "database.md", "redis.md", "serve.md")
            if (root / "docs" / name).exists()]


def panels():
    for path in dashboards:
        board = json.loads(path.read_text())
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield path, board, panel["title"], target


def check_metrics(folder):
    exposed = set()
    for answer in folder.iterdir():
        exposed |= set(re.findall(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)", answer.read_text(), re.M))
    # Only after the first answer of CoinGecko.
    exposed.add("tickline_ingestor_http_responses_total")
    used = {}
    for path, _, title, target in panels():
        for name in re.findall(r"\b(?:tickline|process)_[a-z0-9_]+", target.get("expr", "")):
            used.setdefault(name, f"{path.name}, {title}")
    for path in [root / "compose/prometheus/alerts.yml", *pages()]:
        # Not the names of volumes and networks, which begin alike.
        for name in re.findall(r"\btickline_(?:ingestor|aggregator|persister|cacher|serve|restarts|ready|build)[a-z0-9_]*[a-z0-9]\b", path.read_text()):
            used.setdefault(name, path.name)
    for name, where in sorted(used.items()):
        if name not in exposed and not any(other.startswith(name + "_") for other in exposed):
            problems.append(f"{where}: no service has the metric {name}")


def check_expressions(port):
    """Asks a Prometheus that watches the services every expression of the dashboards: it has to have an answer."""
    # Only CoinGecko's source has these; and an alert need not fire.
    may_be_empty = re.compile(r"tickline_ingestor_(http_|rate_limited|source_lag)|^ALERTS")
    count = 0
    for path, _, title, target in panels():
        if "expr" not in target:
            continue
        count += 1
        query = urllib.parse.urlencode({"query": target["expr"].replace("$__rate_interval", "10s")})
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}", timeout=5) as answer:
                found = json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            problems.append(f"{path.name}, {title}: {target['expr']}: {error.read().decode()[:300]}")
            continue
        if not found and not may_be_empty.search(target["expr"]):
            problems.append(f"{path.name}, {title}: nothing comes of {target['expr']}")
    if count < 20:
        problems.append(f"only {count} expressions were found in the dashboards")


def write_statements(folder):
    """Writes each statement of the dashboards, as Grafana would send it, and of the pages into a file of its own."""
    values = {"currency": "usd", "coin": "bitcoin"}
    count = 0

    def write(sql, candle, where):
        nonlocal count
        sql = re.sub(r"\$__timeFilter\(([^()]*)\)", r"\1 BETWEEN now() - INTERVAL '3 hours' AND now()", sql)
        sql = re.sub(r"\$__time(?:From|To)\(\)", "'2026-11-22T20:35:00Z'", sql)
        # A variable of several values becomes a list.
        sql = sql.replace("${coins:sqlstring}", "'bitcoin','ethereum'")
        for name, value in {**values, "candle": candle}.items():
            sql = sql.replace(f"${{{name}:sqlstring}}", f"'{value}'")
        if "$" in sql:
            problems.append(f"{where}: a variable or macro this check doesn't know: {sql}")
        count += 1
        (folder / f"{count:03}.sql").write_text(f"-- {where}\n{sql};\n")

    for path, board, title, target in panels():
        if "rawSql" in target:
            choices = [name["query"].split(",") for name in board["templating"]["list"] if name["name"] == "candle"]
            for candle in choices[0] if "${candle" in target["rawSql"] else ("1m",):
                write(target["rawSql"], candle, f"{path.name}, {title}")
    for path in sorted([root / "README.md", *(root / "docs").glob("*.md")]):
        for number, sql in enumerate(re.findall(r"^```sql\n(.*?)^```$", path.read_text(), re.M | re.S), 1):
            write(sql.rstrip().rstrip(";"), "1m", f"{path.name}, block {number} of SQL")
    for path in dashboards:
        board = json.loads(path.read_text())
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                write(variable["query"], "1m", f"{path.name}, variable {variable['name']}")
        for marks in board["annotations"]["list"]:
            write(marks["target"]["rawSql"], "1m", f"{path.name}, {marks['name']}")
    if count < 10:
        problems.append(f"only {count} statements were found in the dashboards")


def check_kubernetes():
    import kubernetes_validate

    count = 0
    for path, document in manifests():
        count += 1
        try:
            kubernetes_validate.validate(document, "1.31", strict=True)
        except Exception as error:
            problems.append(f"{path.name}, {document['kind']} {document['metadata']['name']}: {getattr(error, 'message', error)}")
    listed = yaml.safe_load((root / "compose/kubernetes/kustomization.yaml").read_text())["resources"]
    files = {path.name for path in (root / "compose/kubernetes").glob("*.yaml")} - {"kustomization.yaml"}
    if set(listed) != files:
        problems.append(f"kustomization.yaml lists {sorted(listed)}, the folder holds {sorted(files)}")
    if count < 4:
        problems.append(f"only {count} manifests were found")


def pod_templates():
    """Each workload's file, kind, number of replicas and pods."""
    for path, document in manifests():
        if document["kind"] in ("Deployment", "Job"):
            yield path, document["spec"].get("replicas", 1), document["spec"]["template"]


def check_pods():
    """What a pod may, and who may reach it and evict it."""
    documents = [document for _, document in manifests()]
    policies = [document["spec"] for document in documents if document["kind"] == "NetworkPolicy"]
    budgets = [document["spec"]["selector"]["matchLabels"] for document in documents if document["kind"] == "PodDisruptionBudget"]

    def selects(selector, labels):
        terms = [(term["key"], term["values"]) for term in selector.get("matchExpressions", [])]
        terms += [(key, [value]) for key, value in selector.get("matchLabels", {}).items()]
        return all(labels.get(key) in values for key, values in terms)

    for path, replicas, template in pod_templates():
        labels, pod = template["metadata"]["labels"], template["spec"]
        say = lambda problem: problems.append(f"{path.name}: {problem}")
        if pod.get("automountServiceAccountToken") is not False or pod.get("enableServiceLinks") is not False:
            say("the pod gets a token or variables of the cluster's")
        context = pod.get("securityContext", {})
        if not context.get("runAsNonRoot") or context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            say("the pod may run as root, or make every system call")
        wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            if container.get("securityContext") != wanted:
                say(f"the container {container['name']} may more than it needs")
            if "limits" not in container.get("resources", {}):
                say(f"the container {container['name']} has no limit of memory")
        if replicas > 1 and labels not in budgets:
            say("several replicas, and no PodDisruptionBudget")
        mine = [policy for policy in policies if selects(policy["podSelector"], labels)]
        if {kind for policy in mine for kind in policy["policyTypes"]} != {"Ingress", "Egress"}:
            say("no NetworkPolicy bounds what comes in and what goes out")
        allowed = {port["port"] for policy in mine for rule in policy.get("ingress", []) for port in rule["ports"]}
        has = {port["name"] for container in pod["containers"] for port in container.get("ports", [])}
        if not has <= allowed:
            say(f"no NetworkPolicy lets anybody reach {sorted(has - allowed)}")
        # The port of each server stands in the configuration and in the policies.
        out = {port["port"] for policy in mine for rule in policy.get("egress", []) for port in rule["ports"]}
        for name, port in needed_ports(labels["app.kubernetes.io/name"]):
            if port not in out:
                say(f"no NetworkPolicy lets it reach {name}, port {port}")


def needed_ports(name):
    """The servers that a pod talks to, with their ports."""
    config = next(document["data"] for _, document in manifests() if document["kind"] == "ConfigMap")
    kafka = int(config["KAFKA_BOOTSTRAP_SERVERS"].split(",")[0].rsplit(":")[-1])
    postgres = urllib.parse.urlsplit(config["POSTGRES_URL"]).port
    redis = urllib.parse.urlsplit(config["REDIS_URL"]).port
    if name != "serve":
        yield "Kafka", kafka
    if name == "persister":
        yield "PostgreSQL", postgres
    if name in ("cacher", "serve"):
        yield "Redis", redis
    if name == "ingestor":
        yield "its sources", 443
    yield "DNS", 53


def check_package():
    """SwiftPM refuses a package one of whose targets has no folder, so the image needs them all."""
    paths = re.findall(r'"(Sources|Tests|Benchmarks|[A-Z][A-Za-z]*)/', (root / "Package.swift").read_text())
    paths += re.findall(r'path: "([A-Za-z]+)[/"]', (root / "Package.swift").read_text())
    copied = set(re.findall(r"^COPY ([A-Za-z]+) ", (root / "compose/Dockerfile").read_text(), re.M))
    sent = set(re.findall(r"^!([A-Za-z]+)$", (root / ".dockerignore").read_text(), re.M))
    for folder in sorted({path for path in paths if (root / path).is_dir()}):
        if folder not in copied:
            problems.append(f"Package.swift needs {folder}, which the Dockerfile doesn't copy")
        if folder not in sent:
            problems.append(f"Package.swift needs {folder}, which .dockerignore keeps back")


command, *arguments = sys.argv[1:]
folders = [pathlib.Path(argument) for argument in arguments]
{
    "example": check_example,
    "containers": check_containers,
    "settings": check_settings,
    "metrics": check_metrics,
    "sql": write_statements,
    "expressions": check_expressions,
    "kubernetes": check_kubernetes,
    "pods": check_pods,
    "package": check_package,
}[command](*folders)
for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
