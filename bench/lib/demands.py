"""What is demanded of vt, and whether it was reached."""

from .corpus import TREE, VERSIONS

PASS, FAIL, UNKNOWN = "pass", "FAIL", "not run"
GIB = 1 << 30
MIB = 1 << 20


class Row:
    """One demand: measured must not exceed limit, or must be below it if strict."""

    def __init__(self, number, what, limit, measured, unit="×", strict=False, detail=""):
        self.number, self.what, self.unit, self.detail = number, what, unit, detail
        self.limit, self.measured, self.strict = limit, measured, strict

    @property
    def verdict(self):
        if self.measured is None or self.limit is None:
            return UNKNOWN
        reached = self.measured < self.limit if self.strict else self.measured <= self.limit
        return PASS if reached else FAIL

    def show(self, value):
        if value is None:
            return "–"
        if self.unit == "×":
            return f"{value:.3f} ×"
        return f"{value / MIB:,.0f} MiB" if self.unit == "MiB" else f"{value:,.0f} {self.unit}"

    @property
    def required(self):
        return ("< " if self.strict else "≤ ") + self.show(self.limit)

    def record(self):
        return {
            "demand": self.number, "what": self.what, "required": self.required, "limit": self.limit,
            "measured": self.measured, "unit": self.unit, "verdict": self.verdict, "detail": self.detail,
        }  # fmt: skip


class Results:
    """Looks up measurements; what was not measured is None."""

    def __init__(self, results):
        self.results = results

    def find(self, section, what, name):
        for r in self.results.get(section, {}).get(what, []):
            if r["name"] == name:
                return r
        return None

    def value(self, section, what, name, key):
        r = self.find(section, what, name)
        return None if r is None else r.get(key)

    def ratio(self, section, what, a, b, key):
        x, y = self.value(section, what, a, key), self.value(section, what, b, key)
        return None if x is None or not y else x / y


def judge(results):
    r = Results(results)
    rows = versions(r) + fast(r) + small(r) + extract(r) + memory(r) + metadata(r) + info(r)
    return sorted(rows, key=lambda row: row.number)


def versions(r):
    def row(what, peer, key, limit, **more):
        return Row(13, f"default, {what}", limit, r.ratio(VERSIONS, "create", "vt default", peer, key), **more)

    rows = [
        row("size to mksquashfs", "mksquashfs", "size", 0.57),
        row("time to mksquashfs", "mksquashfs", "wall", 0.25),
        row("size to zpaq -m1", "zpaq -m1", "size", 0.70),
        row("size to tar, zstd -3", "tar, zstd -3", "size", 0.40),
    ]
    if r.find(VERSIONS, "create", "mkdwarfs, zstd -3"):
        rows.append(row("size to DwarFS with zstd -3", "mkdwarfs, zstd -3", "size", 1.0, strict=True))
        rows.append(row("CPU time to DwarFS with zstd -3", "mkdwarfs, zstd -3", "cpu", 1.0, strict=True))
    else:
        rows.append(row("size to mksquashfs, under what DwarFS reaches", "mksquashfs", "size", 0.64, strict=True))
        rows.append(row("CPU time to mksquashfs, under what DwarFS reaches", "mksquashfs", "cpu", 1 / 7, strict=True))
    return rows


def fast(r):
    rows = []
    for data in (VERSIONS, TREE):
        for what, key, limit in (("time", "wall", 1.3), ("size", "size", 1.0)):
            ratio = r.ratio(data, "create", "vt fast", "tar, zstd -3", key)
            rows.append(Row(14, f"fast, {what} to tar, zstd -3: {data}", limit, ratio, strict=key == "size"))
    return rows


def small(r):
    def row(name, what, key, limit, **more):
        ratio = r.ratio(VERSIONS, "create", name, "mksquashfs", key)
        return Row(15, f"{name.removeprefix('vt ')}, {what} to mksquashfs", limit, ratio, **more)

    return [
        row("vt small", "size", "size", 0.50),
        row("vt small", "time", "wall", 1.0, strict=True),
        row("vt small, libzstd", "size", "size", 0.46),
    ]


def extract(r):
    rows = []
    for data in (VERSIONS, TREE):
        for preset in ("fast", "default"):
            for peer, shown in (("mksquashfs", "unsquashfs"), ("tar, zstd -3", "zstd, tar x")):
                ratio = r.ratio(data, "extract", f"vt {preset}", peer, "wall")
                rows.append(Row(16, f"extract {preset}, time to {shown}: {data}", 1.0, ratio))
    return rows


def blocks(facts):
    """Distinct blocks are those of data and those of metadata: each has its hash in
    the index."""
    return facts["new_blocks"] + facts["metadata_blocks"]


def peak(r, what, limit, data, section, *names):
    """Peak memory, the greatest of some programs'; with how much was not mapped files."""
    runs = [x for x in (r.find(data, section, name) for name in names) if x]
    rss = max((x["rss"] for x in runs), default=None)
    anon = max((x.get("anon", 0) for x in runs), default=0)
    return Row(17, what, limit, rss, "MiB", detail=f"{anon / MIB:,.0f} MiB anonymous" if anon else "")


def memory(r):
    section = r.results.get("memory", {})
    size = f"{section.get('bytes', 5e9) / 1e9:.1f} GB"
    rows = []
    for data, what, name in (("memory", "runs", "create"), (VERSIONS, "create", "vt default"), (TREE, "create", "vt default")):
        facts = r.value(data, what, name, "facts")
        about = size if data == "memory" else data
        rows.append(peak(r, f"create, peak memory: {about}", facts and GIB + 150 * blocks(facts), data, what, name))
    for name in ("extract", "extract from a pipe"):
        rows.append(peak(r, f"{name}, peak memory: {size}", 512 * MIB, "memory", "runs", name))
    for data in (VERSIONS, TREE):
        rows.append(peak(r, f"extract, peak memory: {data}", 512 * MIB, data, "extract", "vt fast", "vt default"))
    return rows


def metadata(r):
    """All of the file that is not a frame of data."""
    rows = []
    archives = [(VERSIONS, "create", "vt default"), (TREE, "create", "vt default"), ("memory", "runs", "create")]
    archives += [("info", "runs", x["name"]) for x in r.results.get("info", {}).get("runs", [])]
    for data, what, name in archives:
        facts = r.value(data, what, name, "facts")
        about = f"{int(name):,} entries" if data == "info" else {"memory": "much input"}.get(data, data)
        if facts is None:
            rows.append(Row(17, f"metadata and index: {about}", None, None))
            continue
        limit = 40 * blocks(facts) + 8 * facts["entries"]
        used = facts["stored"] - facts["data_stored"]
        detail = f"{facts['new_blocks']:,} blocks of data, {facts['metadata_blocks']:,} of metadata, {facts['entries']:,} entries"
        rows.append(Row(17, f"metadata and index: {about}", limit, used, "bytes", detail=detail))
    return rows


def info(r):
    runs = r.results.get("info", {}).get("runs", [])
    if len(runs) < 2:
        return [Row(18, "info, a million entries to a thousand", 2.0, None)]
    few, much = runs[0], runs[-1]
    detail = f"{few['wall'] * 1000:.1f} and {much['wall'] * 1000:.1f} ms"
    what = f"info, {int(much['name']):,} entries to {int(few['name']):,}"
    return [Row(18, what, 2.0, much["wall"] / few["wall"], detail=detail)]
