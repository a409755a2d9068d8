"""What a run is reported as: tables for people, JSON for programs."""

import datetime
import os
import platform

from . import corpus, proc
from .demands import FAIL, PASS, UNKNOWN

MISSING = "not installed"


def machine():
    model, cores = platform.machine(), os.cpu_count()
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo") as f:
        memory = int(f.readline().split()[1]) * 1024
    system = "Linux"
    try:
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        pass
    return {
        "cpu": model, "cores": cores, "memory": memory, "kernel": platform.release(), "system": system,
        "load": round(os.getloadavg()[0], 2),
    }  # fmt: skip


def first_line(args):
    for line in proc.output_of(args).splitlines():
        if line.strip():
            return line.strip()
    return MISSING


def versions(repo):
    """Versions of everything that takes part."""
    commit = proc.output_of(["git", "rev-parse", "--short=12", "HEAD"], repo).strip()
    if " " in commit:
        commit = "of no known commit"  # git said why not
    changed = proc.output_of(["git", "status", "--porcelain", "--untracked-files=no", "--", ":!bench"], repo).strip()
    return {
        "vt": commit + (", with changes" if changed else ""),
        "go": first_line(["go", "version"]),
        "mksquashfs": first_line(["mksquashfs", "-version"]),
        "zpaq": first_line(["zpaq"]),
        "zstd": first_line(["zstd", "--version"]),
        "tar": first_line(["tar", "--version"]),
        "mkdwarfs": first_line(["mkdwarfs", "--help"]),
    }


def today():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def table(head, rows):
    """A Markdown table; a column whose head begins with a blank goes right."""
    line = lambda cells: "| " + " | ".join(cells) + " |"
    rule = "|" + "|".join("--:" if h.startswith(" ") else "---" for h in head) + "|"
    return [line([h.strip() for h in head]), rule] + [line(r) for r in rows] + [""]


def times(x, base, key):
    return f"{x[key] / base[key]:.2f}" if base and base.get(key) and x.get(key) is not None else "–"


def spread(r):
    walls = r["all"]["wall"]
    return f"{r['wall']:.2f}" + (f" ({min(walls):.2f}–{max(walls):.2f})" if len(walls) > 1 else "")


def data_tables(name, section):
    lines = [f"## {name}", "", section["data"]["about"] + ".", ""]
    for what, title in (("create", "Create"), ("extract", "Extract, into memory")):
        runs = section.get(what, [])
        if not runs:
            continue
        squashfs = next((r for r in runs if r["name"] == "mksquashfs"), None)
        tar = next((r for r in runs if r["name"].startswith("tar")), None)
        rows = []
        for r in runs:
            row = [r["name"] if what == "create" else r["name"].replace("mksquashfs", "unsquashfs").replace("mkdwarfs", "dwarfsextract")]
            if what == "create":
                row += [f"{r['size'] / 1e6:,.2f}", times(r, squashfs, "size"), times(r, tar, "size")]
            row += [spread(r), times(r, squashfs, "wall"), times(r, tar, "wall"), f"{r['cpu']:.2f}", f"{r['rss'] / 1e6:,.0f}", f"{r.get('anon', 0) / 1e6:,.0f}"]
            rows.append(row)
        head = [title] + ([" size, MB", " × squashfs", " × tar, zstd"] if what == "create" else [])
        head += [" time, s", " × squashfs", " × tar, zstd", " CPU, s", " peak memory, MB", " anonymous, MB"]
        lines += table(head, rows)
    return lines


def demand_table(rows):
    cells = []
    for row in rows:
        measured = row.show(row.measured) + (f" ({row.detail})" if row.detail else "")
        verdict = f"**{row.verdict}**" if row.verdict == FAIL else row.verdict
        cells.append([str(row.number), row.what, row.required, measured, verdict])
    return table([" demand", "what", " required", " measured", "verdict"], cells)


def tally(rows):
    count = {v: sum(row.verdict == v for row in rows) for v in (PASS, FAIL, UNKNOWN)}
    return f"{count[PASS]} passed, {count[FAIL]} failed, {count[UNKNOWN]} not run"


def markdown(doc, rows):
    m, v = doc["machine"], doc["versions"]
    lines = ["# Results of bench/run", ""]
    if doc["quick"]:
        lines += ["**A quick run on small data: it shows that everything runs, and nothing else.**", ""]
    lines += [
        f"{doc['date']}. {m['cpu']}, {m['cores']} cores, {m['memory'] / (1 << 30):.1f} GiB of memory, {m['system']}, "
        f"kernel {m['kernel']}, load at the start {m['load']}. Runs: {doc['runs']}, medians (of memory the maximum), "
        "page cache warm, archives and extracted files " + ("in memory." if doc["tmpfs"] else "**on disk**."),
        "",
    ]
    lines += table(["program", "version"], [[k, x] for k, x in v.items()])
    lines += ["## Demands", "", tally(rows) + ".", ""] + demand_table(rows)
    for name in (corpus.VERSIONS, corpus.TREE):
        if name in doc["results"]:
            lines += data_tables(name.capitalize(), doc["results"][name])
    memory = doc["results"].get("memory")
    if memory and memory["runs"]:
        lines += [f"## Memory, on {memory['bytes'] / 1e9:.2f} GB in {memory['parts']} trees", ""]
        lines += table(
            ["vt", " time, s", " CPU, s", " peak, MB", " of it anonymous, MB"],
            [[r["name"], f"{r['wall']:.2f}", f"{r['cpu']:.2f}", f"{r['rss'] / 1e6:,.0f}", f"{r.get('anon', 0) / 1e6:,.0f}"] for r in memory["runs"]],
        )
    lines += ["## Commands", "", "`create` in the directory of the data, `extract` in an empty one.", "", "```"]
    lines += commands(doc["results"]) + ["```", ""]
    if doc["notes"]:
        lines += ["## Notes", ""] + [f"- {n}" for n in doc["notes"]] + [""]
    return "\n".join(lines)


def commands(results):
    seen = []
    for section in results.values():
        for what in ("create", "extract", "runs"):
            for r in section.get(what, []):
                if r["command"] not in seen:
                    seen.append(r["command"])
    return seen
