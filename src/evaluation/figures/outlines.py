"""Path data of an SVG, as short as it goes without losing a step."""

from __future__ import annotations


def written(points: list[list[int]], codes: list[int] | None) -> str:
    """Return path data in whole steps, each point told from the one before.

    Parameters
    ----------
    points : list of [int, int]
    codes : list of int or None
        Of `matplotlib.path.Path`; None for one open line.
    """
    if not points:
        return ""
    out: list[str] = []
    x = y = x0 = y0 = 0
    at, end, last = 0, len(points), ""
    while at < end:
        code = (1 if at == 0 else 2) if codes is None else codes[at]
        if code == 79:
            out.append("z")
            x, y, last, at = x0, y0, "z", at + 1
        elif code == 0:
            break
        elif code == 2:
            a, b = points[at]
            dx, dy = a - x, b - y
            if not dy and dx:
                letter, said = "h", str(dx)
            elif not dx and dy:
                letter, said = "v", str(dy)
            else:
                letter, said = "l", f"{dx} {dy}" if dy >= 0 else f"{dx}{dy}"
            # After "m" further pairs are lines from point to point; after "M" they would count from the corner.
            if letter == last or (letter == "l" and last == "m"):
                out.append(said if said[0] == "-" else " " + said)
            else:
                out.append(letter + said)
                last = letter
            x, y, at = a, b, at + 1
        elif code == 1:
            a, b = points[at]
            last = "m" if out else "M"
            out.append(f"{last}{a - x} {b - y}")
            x, y, x0, y0, at = a, b, a, b, at + 1
        else:
            count = code - 1  # 3: one control point and the end; 4: two and the end
            pairs = [f"{a - x} {b - y}" for a, b in points[at : at + count]]
            letter = "q" if code == 3 else "c"
            out.append(("" if letter == last else letter) + (" " if letter == last else "") + " ".join(pairs))
            (x, y), last, at = points[at + count - 1], letter, at + count
    return "".join(out).replace(" -", "-")
