# SPDX-License-Identifier: Apache-2.0
"""result: what a soak found, as a table for a person, as JSON for a machine, and memory over time as a picture (SVG)."""
import json

from watch import Growth

PLACES = (("direct", ("inside", "plain", "valid")), ("tls", ("valid+",)), ("portal", ("portal", "notice")), ("sealed", ("plain*",)), ("held", ("hold",)),
          ("refused", ("refused",)), ("bounced", ("bounced",)))
COLORS = ("#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd", "#17becf", "#8c564b", "#7f7f7f")


def table(rows, heads):
    """Rows of words in columns."""
    rows = [[str(word) for word in row] for row in [heads] + rows]
    wide = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    return "\n".join("  ".join(word.ljust(w) if i == 0 else word.rjust(w) for i, (word, w) in enumerate(zip(row, wide))).rstrip() for row in rows)


def phases(results):
    """What was sent, how fast, and what became of it."""
    heads = ["phase", "sessions", "s", "messages", "per s", "median ms", "99 % ms", "later"] + [name for name, _ in PLACES] + [
        "stricter", "lost", "elsewhere", "twice", "in clear"]
    rows = []
    for r in results:
        where = [sum(r["where"].get(place, 0) for place in places) if r["where"] is not None else "" for _, places in PLACES]
        wrong = [r["wrong"].get(kind, "") for kind in ("lost", "elsewhere", "twice", "clear")]
        rows.append([r["name"], r["sessions"], "%.0f" % r["seconds"], r["messages"], "%.0f" % (r["messages"] / r["seconds"]), "%.0f" % r["median"],
                     "%.0f" % r["p99"], r["later"]] + where + [r["stricter"]] + wrong)
    return table(rows, heads)


def growth(watch, names):
    """For each phase and role: [{phase, role, processes, memory and what it grows by, descriptors, threads}]."""
    found = []
    for name in names:
        for role in sorted({role for _, phase, what in watch.looks if phase == name for role in what}):
            columns = [watch.series(name, role, i) for i in range(4)]
            if len(columns[0]) < 4:
                continue
            memory, fds, threads = Growth(columns[1]), Growth(columns[2], 1), Growth(columns[3], 1)
            found.append({"phase": name, "role": role, "processes": sorted(v for _, v in columns[0])[len(columns[0]) // 2],
                          "memory_kb": memory.level, "memory_peak_kb": max(v for _, v in columns[1]), "memory_kb_per_hour": round(memory.slope * 3600),
                          "margin_kb_per_hour": round(memory.margin * 3600), "descriptors": fds.level, "threads": threads.level,
                          "grows": [what for what, g in (("memory", memory), ("descriptors", fds), ("threads", threads)) if g.grows],
                          "judged": memory.grows is not None})
    return found


def held(rows):
    heads = ["phase", "process", "of them", "MB", "at most", "MB/h", "+/-", "descriptors", "threads", "grows"]
    return table([[r["phase"], r["role"], r["processes"], "%.1f" % (r["memory_kb"] / 1024), "%.1f" % (r["memory_peak_kb"] / 1024),
                   "%+.1f" % (r["memory_kb_per_hour"] / 1024) if r["judged"] else "", "%.1f" % (r["margin_kb_per_hour"] / 1024) if r["judged"] else "",
                   r["descriptors"], r["threads"], ", ".join(r["grows"]) or ("no" if r["judged"] else "too short to tell")] for r in rows], heads)


def rest(marks):
    """At rest, behind each phase: marks is [(phase, {role: (processes, KB, descriptors, threads)})]."""
    heads = ["at rest behind", "process", "of them", "MB", "descriptors", "threads"]
    return table([[name, role, v[0], "%.1f" % (v[1] / 1024), v[2], v[3]] for name, what in marks for role, v in sorted(what.items())], heads)


def write_json(path, **what):
    with open(path, "w") as out:
        json.dump(what, out, indent=1)
        out.write("\n")


def write_svg(path, watch, title):
    """Memory of each kind of process, and of all together, over time."""
    width, height, left, top = 1000, 420, 60, 40
    seconds = max(t for t, _, _ in watch.looks)
    roles = sorted({role for _, _, what in watch.looks for role in what}, key=lambda r: -max(w.get(r, (0, 0))[1] for _, _, w in watch.looks))
    most = max(sum(v[1] for v in what.values()) for _, _, what in watch.looks) / 1024 * 1.05

    def x(t):
        return left + t / seconds * (width - left - 180)

    def y(mb):
        return top + (1 - mb / most) * (height - top - 40)

    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">' % (width, height),
           '<rect width="100%" height="100%" fill="white"/>', '<text x="%d" y="18" font-size="14">%s</text>' % (left, title)]
    step = next(s for s in (10, 20, 50, 100, 200, 500, 1000, 5000) if most / s <= 8)
    for mb in range(0, int(most) + 1, step):
        out.append('<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%d MB</text>' % (left, y(mb), width - 180, left - 4, y(mb) + 4, mb))
    for t, name in watch.marks:
        out.append('<path d="M%.1f %dV%d" stroke="#bbb" stroke-dasharray="3 3"/><text x="%.1f" y="%d" transform="rotate(90 %.1f %d)" fill="#666">%s</text>'
                   % (x(t), top, height - 40, x(t) + 3, top + 3, x(t) + 3, top + 3, name))
    lines = [("all", "#000", [(t, sum(v[1] for v in what.values()) / 1024) for t, _, what in watch.looks])]
    lines += [(role, COLORS[i % len(COLORS)], [(t, what[role][1] / 1024) for t, _, what in watch.looks if role in what]) for i, role in enumerate(roles)]
    for i, (name, color, points) in enumerate(lines):
        points = points[:: max(len(points) // 600, 1)]
        out.append('<polyline fill="none" stroke="%s" points="%s"/>' % (color, " ".join("%.1f,%.1f" % (x(t), y(mb)) for t, mb in points)))
        out.append('<text x="%d" y="%d" fill="%s">%s</text>' % (width - 170, top + 14 * i + 8, color, name))
    out.append('<text x="%d" y="%d">%d minutes</text></svg>' % (width - 240, height - 20, round(seconds / 60)))
    with open(path, "w") as file:
        file.write("\n".join(out) + "\n")
