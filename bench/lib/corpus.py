"""The data: what was fetched, what is made for a run, what is in it."""

import os
import random
import shutil
import stat

from . import proc

VERSIONS, TREE = "versions", "tree"
FOLDERS = {VERSIONS: "k8s", TREE: "linux"}


class Corpus:
    """A directory tree to archive."""

    def __init__(self, name, path):
        self.name = name
        self.path = path
        self.parts = sorted(os.listdir(path))
        self.entries, self.files, self.bytes = 0, 0, 0
        self.source = ""
        try:
            with open(path.rstrip("/") + ".source") as f:
                self.source = f.read().strip()
        except OSError:
            pass

    def warm(self):
        """Reads everything once, so that it is in the page cache, and counts."""
        self.entries, self.files, self.bytes = 1, 0, 0
        for folder, folders, files in os.walk(self.path):
            self.entries += len(folders) + len(files)
            for name in files:
                path = os.path.join(folder, name)
                if stat.S_ISREG(os.lstat(path).st_mode):
                    self.files += 1
                    self.bytes += len(read(path))

    def describe(self):
        what = f"{self.entries:,} entries, {self.files:,} files with {self.bytes / 1e6:,.1f} MB"
        made = self.source or (", ".join(self.parts) if len(self.parts) < 20 else "")
        return f"{what} ({made})" if made else what


def read(path):
    with open(path, "rb") as f:
        return f.read()


def find(folder):
    """The data sets under a folder, by name."""
    found = {}
    for name, sub in FOLDERS.items():
        path = os.path.join(folder, sub)
        if os.path.isdir(path) and os.listdir(path):
            found[name] = Corpus(name, path)
    return found


def quick(folder):
    """Small data made of the source of Go: only to see that everything runs."""
    root = proc.output_of(["go", "env", "GOROOT"]).strip()
    source = os.path.join(root, "src")
    if not os.path.isdir(source):
        raise proc.Failed("no source of Go to make small data from")
    base = os.path.join(folder, FOLDERS[VERSIONS], "v1")
    os.makedirs(base)
    for part in ("net", "go", "crypto"):
        shutil.copytree(os.path.join(source, part), os.path.join(base, part), symlinks=True)
    for n in (2, 3, 4):
        edited(base, os.path.join(folder, FOLDERS[VERSIONS], f"v{n}"), n)
    tree = os.path.join(folder, FOLDERS[TREE])
    for part in ("runtime", "internal", "encoding"):
        shutil.copytree(os.path.join(source, part), os.path.join(tree, part), symlinks=True)
    return find(folder)


def copy(source, target, change):
    """Copies a tree with change(path, content) applied to its files."""
    for folder, folders, files in os.walk(source):
        to = os.path.join(target, os.path.relpath(folder, source))
        os.makedirs(to, exist_ok=True)
        for name in folders + files:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                os.symlink(os.readlink(path), os.path.join(to, name))
            elif name in files and stat.S_ISREG(os.lstat(path).st_mode):
                with open(os.path.join(to, name), "wb") as f:
                    f.write(change(path, read(path)))


def edited(source, target, seed):
    """Copies a tree as if to its next version: in a third of its files some lines change."""
    rng = random.Random(seed)

    def change(_path, content):
        lines = content.split(b"\n")
        if rng.random() < 1 / 3:
            for _ in range(1 + len(lines) // 100):
                lines.insert(rng.randrange(len(lines)), b"// line %d" % rng.getrandbits(32))
        return b"\n".join(lines)

    copy(source, target, change)


def disguised(source, target, seed):
    """Copies a tree with octets exchanged for others, the same in all of the copy:
    nothing in it equals anything outside, and it compresses as before."""
    octets = list(range(256))
    random.Random(seed).shuffle(octets)
    table = bytes(octets)
    copy(source, target, lambda _path, content: content.translate(table))


def grow(corpora, folder, size):
    """Paths with at least size bytes in all: the data, and disguised copies of it."""
    paths, total = [], 0
    for c in corpora:
        paths.append(c.path)
        total += c.bytes
    n = 0
    while total < size:
        c = max(corpora, key=lambda c: c.bytes)
        target = os.path.join(folder, f"copy{n}")
        disguised(c.path, target, n)
        paths.append(target)
        total += c.bytes
        n += 1
    return paths, total


def many(folder, count):
    """A tree of about count entries, a thousand a directory, every file with a
    block of its own: too large to be kept in the directory."""
    os.makedirs(folder)
    made = 0
    while made < count:
        sub = os.path.join(folder, f"{made // 1000:06d}")
        os.mkdir(sub)
        made += 1
        for _ in range(min(999, count - made)):
            with open(os.path.join(sub, f"{made:08d}.txt"), "w") as f:
                f.write(f"file {made}\n" + "of one line, and of another, longer than what a directory keeps of a file\n" * 2)
            made += 1


def roomy(path, size, files):
    """Whether a directory takes that much, and if it lies in memory leaves as much again."""
    s = os.statvfs(path)
    if is_tmpfs(path) and available_memory() < 2 * size:
        return False
    return s.f_bavail * s.f_frsize > size and (s.f_files == 0 or s.f_favail > files)


def is_tmpfs(path):
    """Whether a path lies in memory."""
    best, kind = "", ""
    with open("/proc/mounts") as mounts:
        for line in mounts:
            _, where, fs = line.split()[:3]
            inside = path == where or path.startswith(where.rstrip("/") + "/")
            if inside and len(where) >= len(best):
                best, kind = where, fs
    return kind in ("tmpfs", "ramfs")


def available_memory():
    with open("/proc/meminfo") as info:
        for line in info:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 0
