"""A house with faults, and what floors.py must say of it. Run by scripts/check-floors; ends with 1 if that is not so."""

import pathlib
import sys
import tempfile

import floors

FILES = {
    "docs/architecture.md": """
```floors
Sources/Shared
  Kafka
  Runtime/Shell
  JSON
  Values
Sources/Ingestor
  .
  HTTP
Sources/Persister
  .
```
""",
    "Sources/Shared/Kafka/Client.swift": """
public final class Client {
    func member() {}
}
extension Price {
    static var ofKafka: Price { Price() }
    func member() {}
}
extension Duration {
    struct Wait {}
}
func log() {}
""",
    "Sources/Shared/Runtime/Shell/Shell.swift": "@MainActor public struct Shell {}\n",
    "Sources/Shared/Runtime/New/New.swift": "struct New {}\n",
    "Sources/Shared/JSON/Scanner.swift": """
import Glibc

/// Nothing like a ``Client`` or a Shell. /* Client
struct Scanner {
    let price: Price  // not by Client
    /* Client
     Client */
    let text = "Client \\"Shell\\" \\(price.member(Price(text: ")"))) Client"
    let raw = #"Client \\(Client) "#, more = "//"
    let shell = "a \\(Shell()) b"
    let long = \"\"\"
        Client
        \\(log)
        \"\"\"
    let client: Client?
}
""",
    "Sources/Shared/Values/Price.swift": """
public struct Price {
    func member(_ x: Duration.Wait = .log) {}
    let value = Price.ofKafka
}
extension Scanner {}
""",
    "Sources/Ingestor/Command.swift": "import Shared\nimport Persister\nstruct Command {}\nfunc read(_: Page) {}\n",
    "Sources/Ingestor/HTTP/Page.swift": "struct Page { let of: Command }\n",
    "Sources/Ingestor/Main/Main.swift": "import Ingestor\n@main struct Main {}\n",
    "Sources/Persister/Command.swift": "private struct Command { let client: Client }\n",
}

EXPECTED = """\
Sources/Ingestor/Command.swift: Ingestor imports Persister
Sources/Ingestor/HTTP/Page.swift:1: HTTP names Command of ., which is above it
Sources/Shared/JSON/Scanner.swift:11: JSON names Shell of Runtime/Shell, which is above it
Sources/Shared/JSON/Scanner.swift:14: JSON names log of Kafka, which is above it
Sources/Shared/JSON/Scanner.swift:16: JSON names Client of Kafka, which is above it
Sources/Shared/Runtime/New/New.swift: docs/architecture.md draws no floor for Runtime/New
Sources/Shared/Values/Price.swift:3: Values names Wait of Kafka, which is above it
Sources/Shared/Values/Price.swift:4: Values names ofKafka of Kafka, which is above it
Sources/Shared/Values/Price.swift:6: Values names Scanner of JSON, which is above it
"""

with tempfile.TemporaryDirectory() as folder:
    for name, text in FILES.items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = "".join(sorted(f"{fault}\n" for fault in floors.check(pathlib.Path(folder))))
expected = "".join(sorted(EXPECTED.splitlines(keepends=True)))
if found != expected:
    print(f"the check of the floors is wrong itself: it should find\n{expected}and finds\n{found}", end="")
    sys.exit(1)
