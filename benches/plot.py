"""A plot with two logarithmic axes, as SVG: a straight line at 45° is linear growth."""

from math import ceil, floor, log10

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 130, 40, 50
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")


def label(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def log_log(title, across, series):
    """`series`: name → points of (how many, seconds of CPU)."""
    points = [point for line in series.values() for point in line]
    x0, x1 = (log10(edge(n for n, _ in points)) for edge in (min, max))
    y0 = floor(log10(min(seconds for _, seconds in points)))
    y1 = max(ceil(log10(max(seconds for _, seconds in points))), y0 + 1)
    x1 = max(x1, x0 + 0.1)

    def x(n):
        return LEFT + (log10(n) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)

    def y(seconds):
        return HEIGHT - BOTTOM - (log10(seconds) - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)

    def text(left, top, words, anchor="middle", more=""):
        return f'<text x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}"{more}>{words}</text>'

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        text(WIDTH / 2, 22, title, more=' font-size="15"'),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, across),
    ]
    for power in range(y0, y1 + 1):
        at = y(10**power)
        out.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        out.append(text(LEFT - 6, at + 4, f"{label(10**power)} s", "end"))
    for n in sorted({n for n, _ in points}):
        out.append(f'<path d="M{x(n):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>')
        out.append(text(x(n), HEIGHT - BOTTOM + 18, label(n)))
    for (name, line), colour in zip(series.items(), COLOURS):
        path = " ".join(f"{x(n):.1f},{y(seconds):.1f}" for n, seconds in line)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for n, seconds in line:
            out.append(f'<circle cx="{x(n):.1f}" cy="{y(seconds):.1f}" r="3" fill="{colour}"/>')
    # Names beside the ends of their lines, and none over another.
    lowest = 0
    ends = [(line[-1], name, colour) for (name, line), colour in zip(series.items(), COLOURS)]
    for (n, seconds), name, colour in sorted(ends, key=lambda end: y(end[0][1])):
        lowest = max(y(seconds) + 4, lowest + 14)
        out.append(text(x(n) + 8, lowest, name, "start", f' fill="{colour}"'))
    out.append("</svg>")
    return "\n".join(out) + "\n"
