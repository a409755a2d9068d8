"""What is run: programs that make and extract archives, and the other measurements."""

import json
import os
import shutil
import statistics
import subprocess

from . import corpus, proc


class Program:
    """A way to do something; command is a template for proc.Runner."""

    def __init__(self, name, command, needs=(), only=None):
        self.name = name
        self.command = command
        self.needs = needs  # programs that have to be installed
        self.only = only  # the one data set it runs on

    def missing(self):
        return [n for n in self.needs if shutil.which(n) is None]


# In the directory of the data, to $OUT.
CREATE = [
    Program("vt fast", "$VT ar create --json --preset fast $OUT ."),
    Program("vt default", "$VT ar create --json $OUT ."),
    Program("vt small", "$VT ar create --json --preset small $OUT ."),
    Program("vt small, libzstd", "$VTLIBZSTD ar create --json --preset small $OUT .", only=corpus.VERSIONS),
    Program("tar, zstd -3", "tar -cf - . | zstd -q -3 -T0 -o $OUT", ("tar", "zstd")),
    Program("mksquashfs", "mksquashfs . $OUT -comp zstd -noappend -no-progress", ("mksquashfs",)),
    Program("zpaq -m1", "zpaq a $OUT . -m1", ("zpaq",), only=corpus.VERSIONS),
    Program("mkdwarfs, zstd -3", "mkdwarfs -i . -o $OUT --no-progress -C zstd:level=3", ("mkdwarfs",)),
    Program("mkdwarfs", "mkdwarfs -i . -o $OUT --no-progress", ("mkdwarfs",)),
]
SUFFIX = {"zpaq -m1": ".zpaq"}  # zpaq puts one on by itself

# In an empty directory, from $IN, which the program of the same name made.
EXTRACT = [
    Program("vt fast", "$VT ar extract $IN"),
    Program("vt default", "$VT ar extract $IN"),
    Program("vt small", "$VT ar extract $IN"),
    Program("tar, zstd -3", "zstd -q -d -c $IN | tar -xf -"),
    Program("mksquashfs", "unsquashfs -f -no-progress -d . $IN", ("unsquashfs",)),
    Program("mkdwarfs", "dwarfsextract -i $IN -o .", ("dwarfsextract",)),
]

MEMORY = [
    ("create", "$VT ar create --json $OUT $PATHS"),
    ("extract", "$VT ar extract $IN"),
    ("extract from a pipe", "cat $IN | $VT ar extract -"),
]


class Measured:
    """Every run of one program on one data set."""

    def __init__(self, name, command):
        self.name, self.command = name, command
        self.wall, self.cpu, self.rss, self.anon = [], [], [], []
        self.size = None
        self.facts = {}  # of create --json

    def add(self, usage):
        self.wall.append(usage.wall)
        self.cpu.append(usage.cpu)
        self.rss.append(usage.rss)
        self.anon.append(usage.anon)

    def record(self):
        """For results.json: medians (of memory the maximum), and every run."""
        r = {"name": self.name, "command": self.command, "runs": len(self.wall)}
        r |= {"wall": statistics.median(self.wall), "cpu": statistics.median(self.cpu), "rss": max(self.rss)}
        if any(self.anon):
            r["anon"] = max(self.anon)
        if self.size is not None:
            r["size"] = self.size
        if self.facts:
            r["facts"] = self.facts
        return r | {"all": {"wall": self.wall, "cpu": self.cpu, "rss": self.rss}}


class Contest:
    """Takes turns. Where something fails, it says so and goes on without it."""

    def __init__(self, runner, work, scratch, runs, names):
        self.runner, self.work, self.scratch, self.runs = runner, work, scratch, runs
        self.names = names  # of what vt was built as
        self.notes = []
        self.failures = 0
        self.extract_ok = (0,) if os.geteuid() == 0 else (0, 1)

    def note(self, text):
        if text not in self.notes:
            proc.say(text)
            self.notes.append(text)

    def failure(self, what, err):
        self.failures += 1
        self.note(f"{what}: failed, {err}")

    def entrants(self, programs, data):
        for p in programs:
            if p.only not in (None, data) or ("$VTLIBZSTD" in p.command and "VTLIBZSTD" not in self.names):
                continue
            if p.missing():
                self.note(f"{p.name}: not run, {' and '.join(p.missing())} not installed")
            else:
                yield Measured(p.name, p.command)

    def rounds(self, section, entrants, turn):
        """Every entrant once a round, from the first to the last and then back."""
        for i in range(self.runs):
            for m in entrants if i % 2 == 0 else list(reversed(entrants)):
                if m in entrants:
                    try:
                        turn(i, m)
                    except proc.Failed as err:
                        self.failure(f"{m.name}, {section}", err)
                        entrants = [e for e in entrants if e is not m]
        return [m.record() for m in entrants]

    def contest(self, c):
        """Makes archives of a data set and extracts them."""
        folder = os.path.join(self.work, c.name)
        os.mkdir(folder)
        try:
            proc.say(f"{c.name}: reading it once")
            c.warm()
            return {
                "data": {"entries": c.entries, "files": c.files, "bytes": c.bytes, "about": c.describe()},
                "create": self.create(c, folder),
                "extract": self.extract(c, folder),
            }
        finally:
            proc.remove_tree(folder)

    def archive(self, folder, name):
        return os.path.join(folder, name.replace(" ", "").replace(",", "-") + SUFFIX.get(name, ".archive"))

    def create(self, c, folder):
        def turn(i, m):
            out = self.archive(folder, m.name)
            if os.path.exists(out):
                os.remove(out)
            usage = self.runner.run(m.command, c.path, watch=True, OUT=out)
            m.add(usage)
            m.size = os.path.getsize(out)
            if "--json" in m.command:
                m.facts = json.loads(usage.out)
            self.progress(c.name, i, f"{m.name} {m.size / 1e6:.1f} MB", usage)

        return self.rounds(f"create {c.name}", list(self.entrants(CREATE, c.name)), turn)

    def extract(self, c, folder):
        made = [p for p in EXTRACT if os.path.exists(self.archive(folder, p.name))]

        def turn(i, m):
            target = os.path.join(folder, "extracted")
            os.mkdir(target)
            try:
                ok = self.extract_ok if "$VT" in m.command else (0,)
                usage = self.runner.run(m.command, target, ok=ok, watch=True, IN=self.archive(folder, m.name))
                m.add(usage)
                self.progress(c.name, i, f"{m.name} extract", usage)
                if i == 0 and "$VT" in m.command:
                    self.compare(m.name, c.path, target)
            finally:
                proc.remove_tree(target)

        return self.rounds(f"extract {c.name}", list(self.entrants(made, c.name)), turn)

    def compare(self, name, source, target):
        """Checks that what was extracted is what went in."""
        p = subprocess.run(
            ["diff", "-r", "-q", "--no-dereference", source, target], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if p.returncode != 0:
            lines = p.stdout.decode("utf-8", "replace").splitlines()
            said = proc.plain("; ".join(lines[:3]), {"DATA": source, "EXTRACTED": target})
            raise proc.Failed(f"what was extracted differs from what went in, {len(lines)} findings: {said}")

    def memory(self, corpora, size):
        """Peaks of memory on much input, at default settings."""
        corpora = list(corpora)
        folder, made = os.path.join(self.work, "memory"), os.path.join(self.scratch, "memory")
        os.mkdir(folder)
        os.mkdir(made)
        try:
            proc.say(f"memory: making {size / 1e9:.1f} GB of data")
            for c in corpora:
                if not c.bytes:
                    c.warm()
            paths, total = corpus.grow(corpora, made, size)
            archive = os.path.join(folder, "archive.vtd")
            # Extracted files may be too much for memory; small ones take a page each.
            roomy = corpus.roomy(folder, 1.5 * total, total // 4096)
            target = os.path.join(folder if roomy else made, "extracted")
            results = []
            for name, command in MEMORY:
                m = Measured(name, command)
                os.mkdir(target)
                try:
                    # Every path on its own: $PATHS stands for several words.
                    full = command.replace("$PATHS", " ".join(f"$PATH{i}" for i in range(len(paths))))
                    names = {f"PATH{i}": p for i, p in enumerate(paths)}
                    ok = self.extract_ok if "extract" in name else (0,)
                    usage = self.runner.run(full, target, ok=ok, watch=True, OUT=archive, IN=archive, **names)
                    m.add(usage)
                    if name == "create":
                        m.size, m.facts = os.path.getsize(archive), json.loads(usage.out)
                    results.append(m.record())
                    self.progress("memory", None, name, usage)
                except proc.Failed as err:
                    self.failure(f"memory, {name}", err)
                    if name == "create":
                        break
                finally:
                    proc.remove_tree(target)
            return {"bytes": total, "parts": len(paths), "runs": results}
        finally:
            proc.remove_tree(made)
            proc.remove_tree(folder)

    def info(self, counts, times=31):
        """Time of vt ar info on archives with few and with many entries."""
        folder = os.path.join(self.work, "info")
        os.mkdir(folder)
        # A disk takes minutes to make and to remove a million files.
        roomy = corpus.roomy(folder, 6000 * max(counts), max(counts))
        made = os.path.join(folder if roomy else self.scratch, "files")
        entrants = []
        try:
            for count in counts:
                proc.say(f"info: making {count} files")
                corpus.many(made, count)
                m = Measured(str(count), "$VT ar info $IN")
                create = self.runner.run("$VT ar create --json $OUT .", made, OUT=self.archive(folder, m.name))
                m.size, m.facts = os.path.getsize(self.archive(folder, m.name)), json.loads(create.out)
                proc.remove_tree(made)
                entrants.append(m)
            for _ in range(times):
                for m in entrants:
                    m.add(self.runner.run(m.command, self.work, IN=self.archive(folder, m.name)))
            for m in entrants:
                proc.say(f"info: {m.name} entries, {statistics.median(m.wall) * 1000:.2f} ms")
            return {"runs": [m.record() for m in entrants]}
        except proc.Failed as err:
            self.failure("info", err)
            return {"runs": []}
        finally:
            proc.remove_tree(made)
            proc.remove_tree(folder)

    def progress(self, where, i, what, usage):
        turn = "" if i is None else f" {i + 1}/{self.runs}"
        proc.say(f"{where}{turn}: {what}, {usage.wall:.2f} s, {usage.cpu:.2f} CPU s, {usage.rss / 1e6:.0f} MB")
