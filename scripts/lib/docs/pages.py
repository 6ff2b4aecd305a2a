"""The pages for people: README, CONTRIBUTING, CHANGELOG, examples/README.md and docs/*.md, in parts that can be checked."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Made by scripts/settings and scripts/metrics of what the services say, and compared there.
GENERATED = ("docs/settings.md", "docs/metrics.md")


def pages():
    """name -> text, by the path from the top of the clone."""
    paths = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", ROOT / "examples/README.md"]
    paths += sorted((ROOT / "docs").glob("*.md"))
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


def prose(text):
    """A page without its fenced blocks."""
    return FENCE.sub("", text)


def anchors(text):
    """What `#…` may name on a page: GitHub's names of its headings, and `<a name>`."""
    found = set(re.findall(r'<a name="([^"]+)">', text))
    counts = {}
    for heading in re.findall(r"^#{1,6} +(.+?) *$", prose(text), re.MULTILINE):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = counts.get(name, 0)
        counts[name] = number + 1
        found.add(name if number == 0 else f"{name}-{number}")
    return found


def links(text):
    """Every target of a link or a picture, outside of fenced blocks."""
    text = re.sub(r"`[^`\n]*`", "", prose(text))
    yield from re.findall(r"\]\(([^)\s]+)\)", text)
    yield from re.findall(r'(?:src|srcset|href)="([^"]+)"', text)


def commands(text):
    """Each command of the blocks for a shell, its lines joined, without the comment behind it."""
    for kind, block in FENCE.findall(text):
        if kind not in ("sh", "bash", "console"):
            continue
        block = re.sub(r"\\\n\s*|(?<=\|)\n\s*", " ", block)
        for line in block.splitlines():
            if kind == "console":
                if not line.startswith("$ "):
                    continue
                line = line[2:]
            line = re.sub(r"(^|\s{2,})#.*", "", line).strip()
            if line:
                yield re.sub(r"\s{2,}", " ", line)


def statements(text):
    """The blocks of SQL."""
    return [block for kind, block in FENCE.findall(text) if kind == "sql"]
