"""What comparisons of mounts are reported as, and what is demanded of vt."""

import json
import os
import statistics

from . import report

# Measure, preset, peer, the greatest ratio, and what the demand is about.
DEMANDS = [
    ("find -ls", "vt", "squashfuse_ll", 0.8, "`find -ls`"),
    ("tar c", "vt", "squashfuse_ll", 0.7, "`tar c` of the whole mount"),
    ("large file", "vt", "squashfuse_ll", 1 / 1.5, "a large file from its start to its end"),
    ("random read", "vt", "squashfuse_ll", 4, "4 KiB at random, median latency"),
    ("random read", "vt fast", "squashfuse_ll", 1.5, "4 KiB at random, median latency, preset `fast`"),
    ("tar c again", "vt", "kernel squashfs", 1.1, "`tar c` again, from the page cache"),
]
FIRST_LS = 0.020  # seconds, of an archive with a million entries
MEMORY = (512 + 100) << 20  # the bound of the cache, and what may come on top


def versions(repo):
    all_of_them = report.versions(repo)
    found = {k: all_of_them[k] for k in ("vt", "go", "mksquashfs")}
    found["squashfuse_ll"] = report.first_line(["squashfuse_ll", "--version"])
    return found


def middle(rounds, what, kind="seconds"):
    """The median over the rounds, or None."""
    values = [r[kind][what] for r in rounds if what in r[kind]]
    return statistics.median(values) if values else None


def ratio(ours, theirs, what, kind="seconds"):
    """The median of the ratios within a round: what else the machine did met both."""
    pairs = [(a[kind].get(what), b[kind].get(what)) for a, b in zip(ours, theirs)]
    found = [a / b for a, b in pairs if a is not None and b]
    return statistics.median(found) if found else None


def verdicts(results):
    """Rows of what is demanded, what was found, CPU of the servers as a ratio, and whether it is reached."""
    rounds = results["rounds"]
    for what, ours, peer, limit, about in DEMANDS:
        if ours not in rounds or peer not in rounds:
            continue
        found = ratio(rounds[ours], rounds[peer], what)
        if found is None:
            continue
        cpu = ratio(rounds[ours], rounds[peer], what, "cpu")
        cpu = "–" if cpu is None or peer.startswith("kernel") else f"{cpu:.2f} ×"
        yield [about, f"≤ {limit:.2f} × {peer}", f"{found:.2f} ×", cpu, found <= limit]
    if results["first_ls"] is not None:
        n, took = results["about"]["million"], results["first_ls"]
        yield [f"first `ls` of {n:,} entries", f"≤ {FIRST_LS * 1e3:.0f} ms", f"{took * 1e3:.1f} ms", "–", took <= FIRST_LS]
    for ours in ("vt", "vt fast"):
        used = max((r["seconds"].get("memory", 0) for r in rounds.get(ours, [])), default=0)
        if used:
            yield [f"most memory, {ours}", f"≤ {MEMORY >> 20} MiB", f"{used >> 20} MiB", "–", used <= MEMORY]


def failed(results):
    return any(not row[-1] for row in verdicts(results))


def cell(rounds, what):
    value = middle(rounds, what)
    if value is None:
        return "–"
    if what == "memory":
        return f"{value / (1 << 20):,.0f} MiB" if value else "–"
    cpu = middle(rounds, what, "cpu")
    if what == "random read":
        return f"{value * 1e6:,.0f} µs" + (f" ({cpu * 1e6:,.0f})" if cpu else "")
    return f"{value:.3f} s" + (f" ({cpu:.2f})" if cpu else "")


def page(results):
    about, rounds = results["about"], results["rounds"]
    m, names = about["machine"], list(rounds)
    lines = ["# Mounts compared", "", f"By `bench/mount` on {about['date']}; [README.md](README.md) says how it measures.", ""]
    lines += [f"{m['cpu']}, {m['cores']} cores, {m['memory'] >> 30} GiB, Linux {m['kernel']}; load {about['load'][0]:.1f} at the start, {about['load'][1]:.1f} after the last round. " + "; ".join(v if v.startswith(k) else f"{k} {v}" for k, v in about["versions"].items()) + ".", ""]  # fmt: skip
    if max(about["load"][0], 0) > 0.3:
        lines += ["The machine was not idle: times of a round are compared with one another, and CPU counts for more than time.", ""]
    lines += [f"The tree is `{about['tree']}`: {about['files']:,} files with {about['bytes'] / 1e6:,.0f} MB; the large file is a tar of it. {about['runs']} rounds, in turns.", ""]  # fmt: skip
    lines += ["## Demands", "", "Ratios are medians of those within a round; under CPU that of the servers' processor time.", ""]
    lines += report.table(["", "required", " measured", " CPU", ""], [r[:-1] + ["pass" if r[-1] else "FAIL"] for r in verdicts(results)])
    lines += ["## Measured", "", "Medians; in parentheses seconds, and for reads microseconds, of the server's processor time.", ""]
    measures = list(dict.fromkeys(k for n in names for r in rounds[n] for k in r["seconds"]))
    lines += report.table([""] + [" " + n for n in names], [[what] + [cell(rounds[n], what) for n in names] for what in measures])
    for name, lacking in about["missing"]:
        lines += [f"{name} was not run, for want of {', '.join(lacking)}.", ""]
    return "\n".join(lines)


def write(where, text, results):
    os.makedirs(where, exist_ok=True)
    with open(os.path.join(where, "MOUNT.md"), "w") as f:
        f.write(text)
    with open(os.path.join(where, "mount.json"), "w") as f:
        json.dump(results, f, indent=1)
        f.write("\n")
