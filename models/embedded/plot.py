"""Draws the curves of a run.

    python plot.py --curve curve.csv --out curve.svg
"""

import argparse
import csv
from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 320, 52, 40, 16, 52
Points = list[tuple[float, float]]


def draw(loss: Points, bits: Points) -> str:
    """Loss on the left scale and bits per byte on the right one, over millions of tokens."""
    end = loss[-1][0]
    x = lambda tokens: LEFT + tokens / end * (WIDTH - LEFT - RIGHT)

    def line(points: Points, low: float, high: float, colour: str) -> str:
        y = lambda value: HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - BOTTOM - TOP)
        path = " ".join(f"{x(tokens):.1f},{y(value):.1f}" for tokens, value in points)
        return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'

    def label(left: float, top: float, text: str, anchor: str, colour: str = "#444") -> str:
        return f'<text x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'

    parts = [line(loss, 3, 9, "#4477aa"), line(bits, 1, 4, "#cc6633")]
    for step in range(7):
        top = HEIGHT - BOTTOM - step / 6 * (HEIGHT - BOTTOM - TOP)
        parts.append(f'<path d="M{LEFT} {top:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(label(LEFT - 6, top + 4, str(3 + step), "end", "#4477aa"))
        parts.append(label(WIDTH - RIGHT + 6, top + 4, f"{1 + step / 2:.1f}", "start", "#cc6633"))
    for million in range(int(end / 1e6) + 1):
        parts.append(label(x(million * 1e6), HEIGHT - BOTTOM + 18, str(million), "middle"))
    parts.append(label(WIDTH / 2, HEIGHT - 6, "tokens, millions", "middle"))
    parts.append(label(LEFT + 8, TOP + 14, "training loss, nats a token", "start", "#4477aa"))
    parts.append(label(WIDTH - RIGHT - 8, TOP + 14, "validation, bits per byte", "end", "#cc6633"))
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )


def points(rows: list[dict[str, str]], column: str) -> Points:
    return [(float(row["tokens"]), float(row[column])) for row in rows if row[column] != ""]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--curve", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    with options.curve.open(newline="") as file:
        rows = list(csv.DictReader(file))
    options.out.write_text(draw(points(rows, "loss"), points(rows, "validation_bits_per_byte")))
