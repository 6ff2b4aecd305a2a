"""Which floor of Sources/ names what of which other: see scripts/check-floors, which runs this.

A name belongs to the floor whose files define it: types and functions at the top of a file, and what an extension adds to
a type of another floor or of somebody else. Definitions are found by their place: `swift format` sees to it that what is at
the top of a file begins its line, and what is in an extension stands four spaces in.
"""

import pathlib
import re
import sys

MODIFIERS = (
    r"(?:(?:@\w+(?:\([^)]*\))?|public|package|internal|final|indirect|nonisolated|static|mutating|prefix|infix"
    r"|convenience|required|override)\s+)*"
)
TYPE = re.compile(r"( *)" + MODIFIERS + r"(?:class|struct|enum|protocol|actor|typealias)\s+(\w+)")
MEMBER = re.compile(r"( *)" + MODIFIERS + r"(?:func|let|var|case)\s+(\w+)")
EXTENSION = re.compile(MODIFIERS + r"extension\s+(\w+)")
IMPORT = re.compile(r"(?:@\w+\s+)*import\s+(\w+)")
CODE = re.compile(r'//[^\n]*|/\*.*?\*/|(#*)("""|")|[()]', re.S)
WORD = re.compile(r"(\.?)\b([A-Za-z_]\w*)")


def code(text):
    """The text without comments and without what stands in literals; what is interpolated into them stays."""
    result, position, inside = [], 0, []
    # `inside`: the open literals, each by its end and its escape, and the open interpolations, each by its open brackets.
    while True:
        if inside and isinstance(inside[-1], tuple):
            end, escape = inside[-1]
            found = re.compile(rf"{end}|{escape}\(|{escape}.|\n", re.S).search(text, position)
            if not found:
                return "".join(result)
            if found.group() == "\n":
                result.append("\n")
            elif found.group().endswith("("):
                inside.append(1)
            elif re.fullmatch(end, found.group()):
                inside.pop()
        else:
            found = CODE.search(text, position)
            result.append(text[position : found.start() if found else len(text)])
            if not found:
                return "".join(result)
            if found.group(2):
                hashes, mark = found.groups()
                inside.append((mark + hashes, r"\\" + hashes))
            elif found.group() in "()":
                result.append(found.group())
                if inside:
                    inside[-1] += 1 if found.group() == "(" else -1
                    if inside[-1] == 0:
                        inside.pop()
            else:
                result.append("\n" * found.group().count("\n"))
        position = found.end()


class File:
    """A source file: its floor, its code line by line, and what it defines."""

    def __init__(self, path, floor):
        self.path, self.floor = path, floor
        self.lines = code(path.read_text()).split("\n")
        # Names at the top of the file; names that an extension adds, with the type; all other members.
        self.names, self.added, self.members, self.imports = set(), [], set(), set()
        extended = None
        for line in self.lines:
            if line and line[0] not in " })":
                found = EXTENSION.match(line)
                extended = found and found.group(1)
            if found := IMPORT.match(line):
                self.imports.add(found.group(1))
            elif found := TYPE.match(line) or MEMBER.match(line):
                indent, name = found.groups()
                if indent == "":
                    self.names.add(name)
                elif extended and indent == "    ":
                    self.added.append((extended, name, bool(TYPE.match(line))))
                else:
                    self.members.add(name)


def read_floors(page):
    """The floors that the page draws: by folder of Sources/ a list of floors from the top, each the folders on it."""
    drawing = re.search(r"```floors\n(.*?)```", page, re.S)
    if not drawing:
        raise SystemExit("docs/architecture.md draws no floors")
    houses, floors = {}, []
    for line in filter(str.strip, drawing.group(1).splitlines()):
        if line.startswith(" "):
            floors.append(line.split())
        else:
            floors = houses.setdefault(line.strip(), [])
    return houses


def floor_of(folder, floors):
    """The number of the floor, from the top, that a folder stands on; None when it isn't drawn."""
    for number, names in enumerate(floors):
        for name in map(pathlib.PurePath, names):
            if folder == name or name in folder.parents and name.parts:
                return number
    return None


def by_floor(files, pairs):
    """By name the floors that define it."""
    result = {}
    for file in files:
        for name in pairs(file):
            result.setdefault(name, set()).add(file.floor)
    return result


def uses(files):
    """Every name of another floor: the file, the line's number, the name, the floor that defines it."""
    tops = by_floor(files, lambda file: file.names)
    foreign = lambda file: [entry for entry in file.added if file.floor not in tops.get(entry[0], ())]
    types = by_floor(files, lambda file: [name for _, name, is_type in foreign(file) if is_type])
    added = by_floor(files, lambda file: [name for _, name, is_type in foreign(file) if not is_type])
    others = set().union(*(file.members for file in files))
    others |= {name for file in files for entry in file.added if entry not in foreign(file) for name in entry[1:2]}
    for file in files:
        for number, line in enumerate(file.lines, 1):
            for dot, word in WORD.findall(line):
                floors = types.get(word) if dot else tops.get(word) or types.get(word)
                if dot and not floors and word not in others:
                    floors = added.get(word)
                # Where two floors define the name, the lower one is meant.
                if floors and file.floor not in floors:
                    yield file, number, word, max(floors)


def check(root, show_arrows=False):
    """Every fault, a line of text each."""
    houses = read_floors((root / "docs/architecture.md").read_text())
    folders = sorted(folder.name for folder in (root / "Sources").iterdir() if folder.is_dir())
    for house in folders:
        floors = houses.get(f"Sources/{house}", [])
        files, arrows = [], {}
        for path in sorted((root / "Sources" / house).rglob("*.swift")):
            folder = path.parent.relative_to(root / "Sources" / house)
            file = File(path, floor_of(folder, floors))
            path = path.relative_to(root)
            for other in sorted(file.imports & set(folders) - {house, "Shared"}):
                if folder.parts != ("Main",):
                    yield f"{path}: {house} imports {other}"
            if file.floor is None and folder.parts != ("Main",):
                yield f"{path}: docs/architecture.md draws no floor for {folder}"
            if file.floor is not None:
                files.append(file)
        for file, number, word, floor in uses(files):
            here, there = " ".join(floors[file.floor]), " ".join(floors[floor])
            arrows.setdefault((file.floor, floor), set()).add(word)
            if floor < file.floor:
                yield f"{file.path.relative_to(root)}:{number}: {here} names {word} of {there}, which is above it"
        if show_arrows:
            for (start, end), words in sorted(arrows.items()):
                names = ", ".join(sorted(words)[:8])
                print(f"{house}: {' '.join(floors[start])} -> {' '.join(floors[end])}: {len(words)}: {names}")


if __name__ == "__main__":
    faults = list(check(pathlib.Path(sys.argv[1]).resolve(), "--arrows" in sys.argv))
    print("\n".join(faults), end="\n" if faults else "")
    sys.exit(1 if faults else 0)
