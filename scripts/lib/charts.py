"""Draws the figures of scripts/bench as SVG.

    charts.py FIGURES.json FOLDER      FIGURES.json: what scripts/bench --json wrote; the charts go into FOLDER

A chart whose figures are not in the file is left out, and said.
"""

import json
import math
import pathlib
import re
import sys
from html import escape

WIDTH, LABEL, ROW, TOP = 720, 250, 22, 46
COLOURS = ["#2563eb", "#f59e0b", "#dc2626", "#6b7280"]


def load(path):
    """(bench, metric) -> its figures, in their order."""
    figures = {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        figure = json.loads(line)
        figures.setdefault((figure["bench"], figure["metric"]), []).append(figure)
    return figures


def short(value):
    """A number as it is said: 1.9 M, 210 k, 7.5."""
    for size, unit in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def text(x, y, words, anchor="start", size=12, colour="#111827"):
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def bars(title, unit, groups, logarithmic=False):
    """Groups of bars: [(label, [(name of the bar, value)])]; the names make the legend."""
    values = [value for _, group in groups for _, value in group]
    names = list(dict.fromkeys(name for _, group in groups for name, _ in group))
    low = 10 ** math.floor(math.log10(min(values))) if logarithmic else 0
    high = max(values)
    room = WIDTH - LABEL - 90

    def length(value):
        if logarithmic:
            return room * math.log(value / low) / math.log(high / low) if high > low else room
        return room * value / high

    height = TOP + sum(ROW * len(group) + 10 for _, group in groups) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        text(10, 20, f"{title} ({unit}{', logarithmic' if logarithmic else ''})", size=14),
    ]
    x = LABEL
    for index, name in enumerate(names):
        parts += [f'<rect x="{x}" y="30" width="10" height="10" fill="{COLOURS[index % 4]}"/>', text(x + 14, 39, name, size=11)]
        x += 30 + 7 * len(name)
    y = TOP + 8
    for label, group in groups:
        parts.append(text(LABEL - 8, y + ROW * len(group) / 2 + 4, label, "end"))
        for name, value in group:
            colour = COLOURS[names.index(name) % 4]
            parts += [f'<rect x="{LABEL}" y="{y}" width="{max(1, length(value)):.0f}" height="{ROW - 4}" fill="{colour}"/>',
                      text(LABEL + length(value) + 5, y + 13, short(value), size=11)]
            y += ROW
        y += 10
    return "\n".join([*parts, "</svg>"]) + "\n"


def rates(figures):
    """Each service's rate beside its baseline's."""
    wanted = [
        ("ingestor", "acknowledged_ticks_per_s", "Ingestor, ticks / bare produce loop"),
        ("aggregator", "ticks_per_s_1000_coins", "Aggregator, ticks / bare consumer"),
        ("persister", "rows_per_s", "Persister, rows / psql \\copy"),
        ("cacher", "coins_written_per_s", "Cacher, coins / redis-benchmark")]
    groups = []
    for bench, metric, label in wanted:
        for figure in figures.get((bench, metric), [])[:1]:
            if figure["baseline_value"]:
                groups.append((label, [("service", figure["value"]), ("baseline", figure["baseline_value"])]))
    return groups and bars("Rate beside the baseline of the same run", "a second", groups)


def latencies(figures):
    """From a tick to its window, row and key, by rate."""
    groups = {}
    for (bench, metric), found in figures.items():
        match = re.fullmatch(r"(\w+)_ms_(p\d+)_at_(\d+)_per_s", metric)
        if bench == "latency" and match and math.isfinite(found[-1]["value"] or math.inf):
            label = f"{match[1].replace('_', ' ')}, {match[3]}/s"
            groups.setdefault(label, []).append((match[2].replace("p999", "p99.9"), found[-1]["value"]))
    return groups and bars("Latency of all services together", "ms", sorted(groups.items()), logarithmic=True)


def growth(figures):
    """The windows' core as coins and windows grow."""
    groups = []
    for (bench, metric), found in figures.items():
        if bench == "aggregator-core" and (match := re.fullmatch(r"ticks_per_core_s_(?:(\d+)_coins|in_(\d+)_sliding)", metric)):
            label = f"{match[1]} coins, 1 window" if match[1] else f"1000 coins, {match[2]} sliding"
            groups.append((label, [("ticks", found[-1]["value"])]))
    return groups and bars("The Aggregator's core, decoding included", "ticks a second of one core", groups)


def main():
    figures, folder = load(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in (("rates", rates), ("latency", latencies), ("growth", growth)):
        if svg := draw(figures):
            (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
        else:
            print(f"{name}.svg: its figures are not in {sys.argv[1]}")


if __name__ == "__main__":
    main()
