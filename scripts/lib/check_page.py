"""Checks the page of `cacher serve`; scripts/check-page says what for."""
import base64
import hashlib
import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Sources/Cacher/Serving/Page"
PAGE = FOLDER / "index.html"
ICON = FOLDER / "favicon.svg"
MOST_BYTES = 80_000
# A name, never an address: browsers don't fetch it.
NAMESPACE = "http://www.w3.org/2000/svg"
POLICY = re.compile(r'(<meta http-equiv="Content-Security-Policy" content=")([^"]*)(">)')
# What the policy must say besides the hashes.
DIRECTIVES = [
    "default-src 'none'", "connect-src 'self'", "img-src 'self' data:", "base-uri 'none'", "form-action 'none'",
]


def hashes(page: str, tag: str) -> list[str]:
    """The sources that allow every inline element of a kind, as a policy writes them."""
    bodies = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", page, re.DOTALL)
    return ["'sha256-%s'" % base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in bodies]


def policy_for(page: str, old: str) -> str:
    """The policy with the right hashes, and all else as it was."""
    new = old
    for tag in ("script", "style"):
        new = re.sub(rf"{tag}-src [^;]*", f"{tag}-src " + " ".join(hashes(page, tag)), new)
    return new


def faults(page: str) -> list[str]:
    """What is wrong with the page, a sentence each."""
    found = []
    policy = POLICY.search(page)
    if not policy:
        return ["there is no Content-Security-Policy"]
    right = policy_for(page, policy[2])
    if policy[2] != right:
        found.append(f"the policy must be: {right}\n  scripts/check-page --write puts it in")
    parts = [part.strip() for part in policy[2].split(";")]
    found += [f"the policy lacks {directive}" for directive in DIRECTIVES if directive not in parts]
    markup = re.sub(r"<(script|style)\b[^>]*>.*?</\1>", "", page, flags=re.DOTALL)
    found += [f"an inline style or handler, which the policy forbids: {text}"
              for text in re.findall(r"<[^>]*\s(?:style|on\w+)=[^>]*>", markup)]
    found += [f"innerHTML and its kin would let texts of the API become markup: {text}" for text in
              re.findall(r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval)\b", page)]
    if len(page.encode()) > MOST_BYTES:
        found.append(f"the page has {len(page.encode())} bytes, more than {MOST_BYTES}")
    return found


def strangers(text: str) -> list[str]:
    """Addresses of other servers."""
    return [url for url in re.findall(r"(?:https?:|wss?:|[\"'(=]\s*)//[^\s\"'<>)]+", text) if url != NAMESPACE]


def main() -> int:
    page = PAGE.read_text(encoding="utf-8")
    if sys.argv[1:] == ["--write"]:
        page = POLICY.sub(lambda match: match[1] + policy_for(page, match[2]) + match[3], page)
        PAGE.write_text(page, encoding="utf-8")
    wrong = faults(page)
    for path in (PAGE, ICON):
        wrong += [f"{path.name} names another server: {url}" for url in strangers(path.read_text(encoding="utf-8"))]
    for sentence in wrong:
        print(f"{PAGE.relative_to(FOLDER.parents[3])}: {sentence}", file=sys.stderr)
    if not wrong:
        print("ok")
    return 1 if wrong else 0


sys.exit(main())
