"""File systems in user space that show an archive: mounting, measuring, unmounting."""

import os
import random
import shutil
import stat
import subprocess
import time

from . import proc

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")


class Contestant:
    """A program that makes an image of a tree, and one that mounts it."""

    def __init__(self, name, make, mount, suffix):
        self.name, self.make, self.mount, self.suffix = name, make, mount, suffix

    def image(self, work, corpus):
        return os.path.join(work, f"{corpus}.{self.suffix}")


def contestants(vt):
    """Those whose programs are there, and the names of the others."""
    preset = lambda p: [vt, "ar", "create", "-q", "--preset", p, "-C", "$TREE", "$IMAGE", "."]
    all_of_them = [
        Contestant("vt", preset("default"), [vt, "mount", "-f", "$IMAGE", "$DIR"], "vtd"),
        Contestant("vt fast", preset("fast"), [vt, "mount", "-f", "$IMAGE", "$DIR"], "fast.vtd"),
        Contestant("squashfuse_ll", ["mksquashfs", "$TREE", "$IMAGE", "-comp", "zstd", "-quiet", "-no-progress"], ["squashfuse_ll", "-f", "$IMAGE", "$DIR"], "sqfs"),
        Contestant("DwarFS", ["mkdwarfs", "-i", "$TREE", "-o", "$IMAGE", "-C", "zstd:level=3", "--log-level=error"], ["dwarfs", "-f", "$IMAGE", "$DIR"], "dwarfs"),
        Contestant("kernel squashfs", None, ["mount", "-t", "squashfs", "-o", "loop,ro", "$IMAGE", "$DIR"], "sqfs"),
    ]  # fmt: skip
    there, missing = [], []
    for c in all_of_them:
        programs = [c.mount[0]] + ([c.make[0]] if c.make else [])
        lacking = [p for p in programs if not shutil.which(p)]
        if c.name.startswith("kernel") and not lacking and not kernel_has("squashfs"):
            lacking = ["the kernel's squashfs"]
        (missing.append((c.name, lacking)) if lacking else there.append(c))
    return there, missing


def kernel_has(name):
    with open("/proc/filesystems") as f:
        return any(line.split()[-1] == name for line in f)


def fill(args, **names):
    return [names.get(a[1:], a) if a.startswith("$") else a for a in args]


class Mount:
    """A mount for the time of a with block: a fresh one has nothing in the page cache."""

    def __init__(self, contestant, image, directory):
        self.contestant, self.image, self.dir = contestant, image, directory
        self.process = None

    def __enter__(self):
        evict(self.image)
        os.makedirs(self.dir, exist_ok=True)
        args = fill(self.contestant.mount, IMAGE=self.image, DIR=self.dir)
        start = time.monotonic()
        if args[0] == "mount":
            subprocess.run(args, check=True)
        else:
            self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            outside = os.stat(os.path.dirname(self.dir)).st_dev
            while os.stat(self.dir).st_dev == outside:
                if self.process.poll() is not None:
                    raise proc.Failed(f"{self.contestant.name}: exit status {self.process.returncode}")
                time.sleep(0.0005)
        os.listdir(self.dir)
        self.first_ls = time.monotonic() - start
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", self.dir], check=False)
        if self.process:
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                subprocess.run(["umount", "-l", self.dir], check=False)
        return False

    def cpu(self):
        """Seconds of CPU that the server has taken."""
        if not self.process:
            return 0.0
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self):
        """Bytes that the server has at most had in memory, mapped files counted in."""
        if not self.process:
            return 0
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM:"))


def evict(path):
    """Asks the kernel to forget a file's pages; a file in memory keeps them."""
    fd = os.open(path, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


def run(command, directory):
    """Seconds that a shell command takes in a directory."""
    start = time.monotonic()
    subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=directory, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def files(tree):
    """Paths, from the tree's root, and sizes of all files."""
    found = []
    for at, dirs, names in os.walk(tree):
        dirs.sort()
        for name in sorted(names):
            path = os.path.join(at, name)
            st = os.lstat(path)
            if stat.S_ISREG(st.st_mode) and st.st_size > 0:
                found.append((os.path.relpath(path, tree), st.st_size))
    return found


def random_reads(directory, of, count, seed):
    """Seconds of each of so many reads of 4 KiB, by the share of the bytes."""
    r = random.Random(seed)
    picks = r.choices(of, weights=[size for _, size in of], k=count)
    took = []
    for path, size in picks:
        off = r.randrange((size + 4095) // 4096) * 4096
        start = time.monotonic()
        fd = os.open(os.path.join(directory, path), os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
        os.pread(fd, 4096, off)
        os.close(fd)
        took.append(time.monotonic() - start)
    return took
