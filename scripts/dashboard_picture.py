"""Draws panels of a Grafana dashboard from what Prometheus answers to their queries, in SVG:
`dashboard_picture.py DASHBOARD.json PROMETHEUS_URL SECONDS >picture.svg`. Of the dashboard it takes the rows down to the one that
begins below LAST_LINE."""

import json
import math
import re
import sys
import time
import urllib.parse
import urllib.request
from xml.sax.saxutils import escape

COLUMN, LINE, GAP, TOP = 60, 30, 8, 44
LAST_LINE = 48
POINTS = 120
COLOURS = ["#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#37872d", "#8ab8ff", "#fade2a", "#ff7383"]
PAGE, PANEL, EDGE, TEXT, SOFT = "#111217", "#181b1f", "#2c3038", "#d8d9da", "#8e8e94"
FONT = 'Inter,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif'
MOST_NAMES = 6


def ask(prometheus: str, kind: str, **parameters) -> list[dict]:
    query = urllib.parse.urlencode(parameters)
    with urllib.request.urlopen(f"{prometheus}/api/v1/{kind}?{query}", timeout=20) as answer:
        return json.load(answer)["data"]["result"]


def in_words(value: float, unit: str) -> str:
    """The value with its unit, as short as Grafana has it."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "s":
        if value and abs(value) < 1:
            return f"{value * 1000:.3g} ms"
        return f"{value:.3g} s" if value < 120 else f"{value / 60:.3g} min"
    if unit == "bytes":
        for size, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
            if value >= size:
                return f"{value / size:.3g} {name}"
        return f"{value:.3g} B"
    rate = "/s" if unit == "reqps" else ""
    return f"{value / 1000:.3g}K{rate}" if abs(value) >= 10_000 else f"{value:.4g}{rate}"


def name_of(series: dict, legend: str | None, expression: str) -> str:
    labels = series["metric"]
    if legend and legend != "__auto":
        return re.sub(r"{{\s*(\w+)\s*}}", lambda found: labels.get(found[1], ""), legend)
    return ", ".join(f"{value}" for key, value in labels.items() if key != "__name__") or expression[:40]


def words(x: float, y: float, text: str, size=12, fill=TEXT, anchor="start", weight=400) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>'


def stat(panel: dict, prometheus: str, box: tuple) -> list[str]:
    """One number, large."""
    x, y, width, height = box
    options = panel["fieldConfig"]["defaults"]
    found = ask(prometheus, "query", query=panel["targets"][0]["expr"])
    value = float(found[0]["value"][1]) if found else 0.0
    shown = in_words(value, options.get("unit", "short")) if math.isfinite(value) else "–"
    steps = options.get("thresholds", {}).get("steps", [])
    reached = [step["color"] for step in steps if step.get("value") is None or value >= step["value"]]
    named = {"green": "#73bf69", "red": "#f2495c", "orange": "#ff9830", "yellow": "#f2cc0c", "blue": "#5794f2"}
    fill = named.get(reached[-1] if reached else "", TEXT)
    return [words(x + width / 2, y + height / 2 + 24, shown, 30, fill, "middle", 600)]


def lines(panel: dict, prometheus: str, box: tuple, span: tuple) -> list[str]:
    """Each series as a line, with a scale and names."""
    x, y, width, height = box
    start, end, step = span
    unit = panel["fieldConfig"]["defaults"].get("unit", "short")
    series = []
    for target in panel["targets"]:
        expression = target["expr"].replace("$__rate_interval", "15s")
        for found in ask(prometheus, "query_range", query=expression, start=start, end=end, step=step):
            points = [(at, float(value)) for at, value in found["values"]]
            points = [(at, value) for at, value in points if math.isfinite(value)]
            if points:
                series.append((name_of(found, target.get("legendFormat"), expression), points))
    left, right, top, bottom = x + 62, x + width - 12, y + 36, y + height - 46
    if not series:
        return [words(x + width / 2, y + height / 2, "No data", 13, SOFT, "middle")]
    highest = max(value for _, points in series for _, value in points)
    if unit == "percentunit":
        highest = max(highest, 0.05)
    highest = highest * 1.08 or 1
    drawn = []
    for part in range(4):
        at = bottom - (bottom - top) * part / 3
        drawn.append(f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" stroke="{EDGE}"/>')
        drawn.append(words(left - 6, at + 4, in_words(highest * part / 3, unit), 11, SOFT, "end"))
    for part in range(4):
        at = start + (end - start) * part / 3
        anchor = ("start", "middle", "middle", "end")[part]
        drawn.append(words(left + (right - left) * part / 3, bottom + 16, time.strftime("%H:%M:%S", time.gmtime(at)), 11, SOFT, anchor))
    for number, (_, points) in enumerate(series):
        place = lambda at, value: f"{left + (right - left) * (at - start) / (end - start):.1f},{bottom - (bottom - top) * value / highest:.1f}"
        path = " ".join(place(*point) for point in points)
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="1.5"/>')
    at = left - 40
    for number, (name, _) in enumerate(series[:MOST_NAMES]):
        if at + 16 + 6.4 * len(name) > right and number:
            break
        drawn.append(f'<rect x="{at:.0f}" y="{bottom + 27}" width="12" height="3" fill="{COLOURS[number % len(COLOURS)]}"/>')
        drawn.append(words(at + 16, bottom + 32, name, 11, TEXT))
        at += 30 + 6.4 * len(name)
    return drawn


def picture(dashboard: dict, prometheus: str, seconds: int) -> str:
    end = time.time()
    span = (end - seconds, end, max(1, seconds // POINTS))
    panels = [panel for panel in dashboard["panels"] if panel["gridPos"]["y"] < LAST_LINE]
    width = 24 * COLUMN + GAP
    height = TOP + LINE * max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) + GAP
    drawn = [words(16, 28, dashboard["title"], 18, TEXT, weight=600)]
    for panel in panels:
        grid = panel["gridPos"]
        x, y = grid["x"] * COLUMN + GAP, grid["y"] * LINE + TOP
        if panel["type"] == "row":
            drawn.append(words(x, y + 20, f"▾ {panel['title']}", 14, TEXT, weight=600))
            continue
        box = (x, y, grid["w"] * COLUMN - GAP, grid["h"] * LINE - GAP)
        drawn.append(f'<rect x="{box[0]}" y="{box[1]}" width="{box[2]}" height="{box[3]}" rx="3" fill="{PANEL}" stroke="{EDGE}"/>')
        drawn.append(words(x + 10, y + 20, panel["title"], 12.5, TEXT, weight=600))
        drawn += stat(panel, prometheus, box) if panel["type"] == "stat" else lines(panel, prometheus, box, span)
    body = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="The dashboard {escape(dashboard["title"])}">\n<rect width="{width}" height="{height}" fill="{PAGE}"/>\n'
        f"<g font-family='{FONT}'>\n{body}\n</g>\n</svg>\n"
    )


if __name__ == "__main__":
    path, prometheus, seconds = sys.argv[1:]
    with open(path) as file:
        sys.stdout.write(picture(json.load(file), prometheus, int(seconds)))
