"""Shows what the sanitizers wrote: `reports.py FOLDER` prints each report once, with its top frames; ends with 1 if there is any.

Reports are the same when their kind and the first frames of each of their stacks are. Of leaks those count that nothing points to
(direct ones): what hangs on them leaks with them. In a service those count too that only point at each other; not so in the
process of the tests, where Foundation's Process and simulated processes that are ended in the middle do that.
"""

import pathlib
import re
import sys

HEAD = re.compile(r"(?:WARNING|ERROR): (\w+Sanitizer): (.+?)(?: \(pid=\d+\))?$|^(FATAL: .*|.*Sanitizer.* CHECK failed.*)")
FRAME = re.compile(r"^\s+#\d+ (?:0x[0-9a-f]+ in )?(.*?)(?: \(BuildId: \w+\))?$")
# What a stack begins with when it is the sanitizer that speaks, or the allocation itself.
OWN = re.compile(r"(__interceptor_)?(malloc|calloc|realloc|free|posix_memalign|aligned_alloc|memcpy|memmove)\b|operator new|swift_(slow)?[aA]lloc")
# Frames of a stack that are shown, and that are compared.
SHOWN, COMPARED = 8, 3


class Report:
    """One report: its kind, and its stacks with a line before each."""

    def __init__(self, kind, process):
        self.kind, self.process = kind, process
        self.stacks = []
        self.title = ""

    def add(self, line):
        frame = FRAME.match(line)
        if not frame:
            if line.strip():
                self.title = line.strip()
            return
        if re.match(r"\s+#0 ", line):
            self.stacks.append((self.title, []))
        if self.stacks:
            self.stacks[-1][1].append(frame[1])

    def key(self):
        """The same for reports of the same place: without addresses, thread numbers and process ids."""
        stacks = []
        for _, frames in self.stacks[:2]:
            first = next((place for place, frame in enumerate(frames) if not OWN.match(frame)), 0)
            stacks.append(tuple(re.sub(r"0x[0-9a-f]+", "", frame) for frame in frames[first:first + COMPARED]))
        return re.sub(r"0x[0-9a-f]+.*|\d+", "", self.kind), tuple(stacks)

    def __str__(self):
        lines = []
        for title, frames in self.stacks:
            lines += ["  " + title, *("    " + frame for frame in frames[:SHOWN])]
        return "\n".join(lines)


def reports(path):
    """The reports of one file."""
    # report.PROGRAM.PID
    process = path.name.split(".", 1)[-1].rsplit(".", 1)[0]
    found, leaks = [], False
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        head = HEAD.search(line)
        if head:
            leaks = "detected memory leaks" in line
            if not leaks:
                found.append(Report(f"{head[1]}: {head[2]}" if head[1] else head[3], process))
        elif leaks and "leak of" in line:
            found.append(Report("LeakSanitizer: " + line.split(" of ")[0].strip(), process))
            found[-1].title = line.strip()
        elif line.startswith("SUMMARY:"):
            leaks = False
        elif found:
            found[-1].add(line)
    direct = [report for report in found if "Indirect" not in report.kind]
    return direct if direct or process.endswith(".xctest") else found


def main():
    files = sorted(path for path in pathlib.Path(sys.argv[1]).glob("report.*") if path.stat().st_size)
    unique = {}
    for path in files:
        found = reports(path)
        if not found and "Indirect leak of" not in path.read_text(encoding="utf-8", errors="replace"):
            # A word of the sanitizer's that isn't understood here is no reason to overlook it.
            found = [Report(path.read_text(encoding="utf-8", errors="replace")[:500], path.name)]
        for report in found:
            unique.setdefault(report.key(), []).append(report)
    for same in sorted(unique.values(), key=len, reverse=True):
        processes = sorted({report.process for report in same})
        print(f"\n{same[0].kind}: {len(same)} times, in {', '.join(processes)}\n{same[0]}")
    total = sum(map(len, unique.values()))
    print(f"{total} reports of {len(unique)} kinds" if total else "no report")
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
