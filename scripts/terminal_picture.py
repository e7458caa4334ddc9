"""Draws what a program has printed as a terminal, in SVG: `terminal_picture.py COMMAND <output >picture.svg`."""

import sys
from xml.sax.saxutils import escape

FONT = 'ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace'
WIDTH_OF_LETTER, HEIGHT_OF_LINE, MARGIN, BAR = 7.83, 18, 22, 40
COLOURS = {"text": "#d7dae3", "good": "#6fd7a3", "bad": "#ff9b94", "soft": "#8b93a7", "title": "#ffffff"}
MOST_LETTERS = 118


def colour(line: str) -> str:
    """What the line is: something that holds, a heading, or what happened."""
    words = line.strip()
    if words.startswith("✓"):
        return "good"
    if words.startswith("✗"):
        return "bad"
    if words[:1].isdigit() and line[:1].isdigit():
        return "title"
    if words.startswith(("registered", "event ", "removed")):
        return "soft"
    return "text"


def fixed(line: str) -> str:
    """The line as text of SVG, where each space counts."""
    return escape(line).replace(" ", "\u00a0")


def picture(command: str, lines: list[str]) -> str:
    """The terminal, as SVG."""
    lines = [line[:MOST_LETTERS] for line in lines]
    width = round(max(map(len, [command, *lines])) * WIDTH_OF_LETTER + 2 * MARGIN)
    height = BAR + (len(lines) + 2) * HEIGHT_OF_LINE + MARGIN
    rows = [("soft", f"$ {command}"), ("text", ""), *((colour(line), line) for line in lines)]
    texts = "\n".join(
        f'<text x="{MARGIN}" y="{BAR + (number + 1) * HEIGHT_OF_LINE}" fill="{COLOURS[kind]}">{fixed(line)}</text>'
        for number, (kind, line) in enumerate(rows)
        if line
    )
    dots = "".join(
        f'<circle cx="{MARGIN + 18 * number}" cy="20" r="5.5" fill="{fill}"/>'
        for number, fill in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="What {escape(command)} prints">\n<rect width="{width}" height="{height}" rx="10" fill="#14161d"/>\n{dots}\n'
        f"<g font-family='{FONT}' font-size=\"13\">\n{texts}\n</g>\n</svg>\n"
    )


if __name__ == "__main__":
    sys.stdout.write(picture(sys.argv[1], sys.stdin.read().rstrip("\n").split("\n")))
