#!/usr/bin/env python3
"""Turns a screen as `tmux capture-pane -e -p` prints it into an SVG.

ansi_to_svg.py COLUMNS LINES < screen > picture.svg

Knows the attributes and the sixteen colours that `smbwho browse` uses.
"""

import re
import sys
import unicodedata
from xml.sax.saxutils import escape

CELL, LINE, SIZE, EDGE = 8.4, 18, 14, 12
BACKGROUND, FOREGROUND = "#1e1e2e", "#cdd6f4"
COLOURS = ["#45475a", "#f38ba8", "#a6e3a1", "#f9e2af", "#89b4fa", "#f5c2e7", "#94e2d5", "#bac2de"]
SGR = re.compile(r"\x1b\[([0-9;]*)m")
OTHER = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]|\x1b[()][A-Z0-9]|[\x0e\x0f]")


def width(char):
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def apply(codes, style):
    """The style after an SGR sequence."""
    # A colour of the terminal's own, told by its number among 256.
    codes = re.sub(r"38;5;([0-7])(?![0-9])", r"3\1", codes)
    for code in [int(code or 0) for code in codes.split(";")]:
        if code == 0:
            style = {}
        elif code in (1, 2, 4, 7):
            style = {**style, code: True}
        elif code == 22:
            style = {key: value for key, value in style.items() if key not in (1, 2)}
        elif code in (24, 27):
            style = {key: value for key, value in style.items() if key != code - 20}
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = {**style, "fg": COLOURS[code % 10]}
        elif code == 39:
            style = {key: value for key, value in style.items() if key != "fg"}
    return style


def runs(line, style):
    """The parts of a line that look alike, and the style at its end."""
    parts, at = [], 0
    for match in SGR.finditer(line):
        parts.append((line[at : match.start()], style))
        style = apply(match.group(1), style)
        at = match.end()
    parts.append((line[at:], style))
    return [(text, style) for text, style in parts if text], style


def run(text, style, column, row):
    """One part as SVG."""
    places = sum(width(char) for char in text)
    x, y = EDGE + column * CELL, EDGE + row * LINE
    ink, paper = style.get("fg", FOREGROUND), None
    if 7 in style:
        ink, paper = BACKGROUND, style.get("fg", FOREGROUND)
    out = []
    if paper:
        out.append(f'<rect x="{x:.1f}" y="{y}" width="{places * CELL:.1f}" height="{LINE}" fill="{paper}"/>')
    more = ' font-weight="bold"' if 1 in style else ""
    more += ' opacity="0.6"' if 2 in style else ""
    if 4 in style:
        out.append(
            f'<line x1="{x:.1f}" x2="{x + places * CELL:.1f}" y1="{y + LINE - 2}" y2="{y + LINE - 2}" stroke="{ink}"/>'
        )
    if text.strip():
        out.append(
            f'<text x="{x:.1f}" y="{y + SIZE - 1}" fill="{ink}" textLength="{places * CELL:.1f}"'
            f' lengthAdjust="spacingAndGlyphs" xml:space="preserve"{more}>{escape(text)}</text>'
        )
    return places, out


def main():
    columns, lines = int(sys.argv[1]), int(sys.argv[2])
    wide, high = 2 * EDGE + columns * CELL, 2 * EDGE + lines * LINE
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high}" viewBox="0 0 {wide:.0f} {high}"'
        f' font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="{SIZE}">',
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
    ]
    style = {}
    for row, line in enumerate(OTHER.sub("", sys.stdin.read()).split("\n")[:lines]):
        column = 0
        parts, style = runs(line, style)
        for text, look in parts:
            places, drawn = run(text, look, column, row)
            out += drawn
            column += places
    print("\n".join(out + ["</svg>"]))


main()
