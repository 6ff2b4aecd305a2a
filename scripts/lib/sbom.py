"""Writes what Tickline is made of as a CycloneDX document. Run by scripts/sbom.

    sbom.py BINARIES           the document, on stdout
    sbom.py BINARIES --check   makes one, and holds it against CycloneDX's own schema and the build
"""

import datetime
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ["ingestor", "aggregator", "persister", "cacher", "localbroker"]
# SPDX's identifiers by Debian's short names (DEP-5). What isn't here stands as Debian names it.
SPDX = {"MIT": "MIT", "Expat": "MIT", "BSD-2-clause": "BSD-2-Clause", "BSD-3-clause": "BSD-3-Clause",
        "BSD-3-Clause": "BSD-3-Clause", "curl": "curl", "PostgreSQL": "PostgreSQL", "OpenLDAP-2.8": "OLDAP-2.8", "GPL-2+": "GPL-2.0-or-later",
        "GPL-3+": "GPL-3.0-or-later", "LGPL-2+": "LGPL-2.0-or-later", "LGPL-2.1+": "LGPL-2.1-or-later",
        "LGPL-3+": "LGPL-3.0-or-later", "Apache-2.0": "Apache-2.0", "Apache-2": "Apache-2.0", "Zlib": "Zlib"}


def run(*command, check=True):
    return subprocess.run(command, cwd=ROOT, check=check, capture_output=True, text=True).stdout


def licence(name):
    return [{"license": {"id": SPDX[name]} if name in SPDX else {"name": name}}] if name else []


def component(kind, name, version, purl, licence_name, **more):
    found = {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}
    return {**found, "licenses": licence(licence_name)} if licence_name else found


def swift_packages():
    """The packages of Package.resolved, and which of them needs which: purl -> (component, purls)."""
    found = {}

    def visit(node):
        place = urllib.parse.urlparse(node["url"].removesuffix(".git"))
        purl = f"pkg:swift/{place.netloc}{place.path}@{node['version']}"
        text = next((path.read_text() for path in sorted(pathlib.Path(node["path"]).glob("LICENSE*"))), "")
        name = "Apache-2.0" if re.search(r"Apache License\s+Version 2\.0", text) else None
        needs = [visit(child) for child in node["dependencies"]]
        found[purl] = (component("library", node["name"], node["version"], purl, name), needs)
        return purl

    root = json.loads(run("swift", "package", "show-dependencies", "--format", "json"))
    return found, [visit(child) for child in root["dependencies"]]


def swift_runtime():
    release = re.search(r"\(swift-(\S+)-RELEASE\)|Swift version (\S+)", run("swift", "--version"))
    version = release[1] or release[2]
    return component("framework", "swift", version, f"pkg:github/swiftlang/swift@swift-{version}-RELEASE", "Apache-2.0",
                     description="the runtime, standard library and FoundationEssentials; an image has them linked in")


def libraries(program):
    """The paths of the shared libraries that a program is linked with, and they with others."""
    return re.findall(r"(?: => |^\s+)(/\S+) \(", run("ldd", str(program)), re.M)


def owners(paths):
    """Debian's packages by the files that they own; what no package owns is left out."""
    # A merged /usr: a package may have recorded either path.
    asked = {path for name in paths for path in (name, os.path.realpath(name), "/usr" + name, os.path.realpath(name).removeprefix("/usr"))}
    lines = run("dpkg-query", "-S", *sorted(asked), check=False).splitlines()
    by_path = {path: package.split(",")[0] for package, path in (line.split(": ", 1) for line in lines if ": /" in line)}
    real = {os.path.realpath(path): package for path, package in by_path.items()}
    return {name: real[os.path.realpath(name)] for name in paths if os.path.realpath(name) in real}


@functools.cache
def debian_package(name):
    fields = "${Package}\t${Version}\t${Architecture}\t${Homepage}\t${source:Package}\t${source:Version}"
    package, version, architecture, homepage, source, source_version = run("dpkg-query", "-W", "-f", fields, name).split("\t")
    system = dict(re.findall(r'^(ID|VERSION_ID)="?([^"\n]*)"?$', pathlib.Path("/etc/os-release").read_text(), re.M))
    quoted = urllib.parse.quote(version, safe="~")
    purl = f"pkg:deb/{system['ID']}/{package}@{quoted}?arch={architecture}&distro={system['ID']}-{system.get('VERSION_ID', 'unknown')}"
    copyright = pathlib.Path(f"/usr/share/doc/{package}/copyright")
    text = copyright.read_text(errors="replace") if copyright.exists() else ""
    # The paragraph about all files of the source; most of them have one.
    whole = re.search(r"^Files:\s*\*\s*$.*?^License:\s*(\S.*?)\s*$", text, re.M | re.S)
    more = {"properties": [{"name": "debian:source", "value": f"{source} {source_version}"}]}
    if homepage:
        more["externalReferences"] = [{"type": "website", "url": homepage}]
    return component("library", package, version, purl, whole and whole[1], **more)


def document(binaries):
    version = re.search(r"\d+\.\d+\.\d+", run(str(binaries / "persister"), "--version"))[0]
    packages, direct = swift_packages()
    runtime = swift_runtime()
    root = component("application", "tickline", version, f"pkg:generic/tickline@{version}", "Apache-2.0")
    components = {purl: found for purl, (found, _) in packages.items()} | {runtime["purl"]: runtime}
    needs = {purl: sorted(children) for purl, (_, children) in packages.items()} | {runtime["purl"]: []}
    programs = []
    for name in PROGRAMS:
        program = component("application", name, version, f"pkg:generic/tickline/{name}@{version}", "Apache-2.0")
        paths = libraries(binaries / name)
        owned = owners(paths)
        for path in paths:
            # In a debug build, what an image has linked in comes from the toolchain's folder.
            if path not in owned and "/swift/linux/" not in path:
                sys.exit(f"sbom: {name} is linked with {path}, which belongs to no package")
        linked = {found["purl"]: found for found in map(debian_package, set(owned.values()))}
        components |= linked | {program["purl"]: program}
        needs |= {purl: [] for purl in linked} | {program["purl"]: sorted([*linked, runtime["purl"]])}
        programs.append(program["purl"])
    needs[root["purl"]] = sorted(programs + direct)
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or run("git", "log", "-1", "--format=%ct", check=False) or 0)
    made = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    bom = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tools": {"components": [{"type": "application", "name": "scripts/sbom", "version": version}]},
            "component": root,
        },
        "components": sorted(components.values(), key=lambda found: found["purl"]),
        "dependencies": [{"ref": purl, "dependsOn": needs[purl]} for purl in sorted(needs)],
    }
    # The same build has the same number.
    bom["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bom, sort_keys=True)).urn
    return bom


def problems(bom):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(json.dumps(bom))
    if error:
        yield f"the schema of CycloneDX 1.5 refuses it: {error}"
    found = {(part["name"], part["version"]) for part in bom["components"]}
    for pin in json.loads((ROOT / "Package.resolved").read_text())["pins"]:
        if (pin["identity"], pin["state"]["version"]) not in found:
            yield f"Package.resolved has {pin['identity']} {pin['state']['version']}, the document doesn't"
    names = {name for name, _ in found}
    # What compose/Dockerfile installs to be linked with; the others are preloaded, or no libraries.
    installed = set(re.findall(r"\blib[a-z0-9.+-]+\b", " ".join(re.findall(
        r"--no-install-recommends ([^\\\n]+)\\?$", (ROOT / "compose/Dockerfile").read_text(), re.M))))
    for name in sorted(installed - {"libjemalloc2"} - names):
        yield f"compose/Dockerfile installs {name}, the document lacks it"
    known = {part["bom-ref"] for part in bom["components"]} | {bom["metadata"]["component"]["bom-ref"]}
    for part in bom["dependencies"]:
        for ref in {part["ref"], *part["dependsOn"]} - known:
            yield f"{ref} is depended on and described nowhere"


bom = document(pathlib.Path(sys.argv[1]).resolve())
if sys.argv[2:] == ["--check"]:
    found = list(problems(bom))
    print("\n".join(found) or f"{len(bom['components'])} components, valid CycloneDX 1.5")
    sys.exit(1 if found else 0)
json.dump(bom, sys.stdout, indent=2)
print()
