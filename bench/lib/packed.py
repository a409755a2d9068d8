"""Data with DEFLATE streams in it, as the programs of its kind make it."""

import os
import shutil
import subprocess
import tarfile

from .pairs import quiet, sources


class Data:
    """Files to archive. peers is how many times the size that each peer needs vt may
    take, unpacked the same of what vt needs for the files unpacked, own of the
    files' size; None: no demand."""

    def __init__(self, name, what, make, needs=(), peers=None, unpacked=None, own=None):
        self.name, self.what, self.make, self.needs = name, what, make, needs
        self.peers, self.unpacked, self.own = peers, unpacked, own

    def missing(self):
        return [n for n in self.needs if shutil.which(n) is None]


def npm(*packages):
    def make(to):
        quiet("npm", "pack", "--silent", "--pack-destination", to, *packages, cwd=to)

    return make


def modules(*wanted):
    """Zip files of modules, as the go command has them from their publishers."""

    def make(to):
        cache = subprocess.run(["go", "env", "GOMODCACHE"], check=True, capture_output=True, text=True).stdout.strip()
        for m in wanted:
            quiet("go", "mod", "download", m, cwd=to, env={**os.environ, "GOWORK": "off"})
            path, version = m.split("@")
            shutil.copy(os.path.join(cache, "cache/download", path, "@v", version + ".zip"), os.path.join(to, path.replace("/", "-") + "-" + version + ".zip"))

    return make


def trees(to, edited):
    """The source of Go, and with some lines added for each edition."""
    root, files = sources()
    for edition in range(edited):
        for i, path in enumerate(files):
            at = os.path.join(to, f"src-{edition}", os.path.relpath(path, root))
            os.makedirs(os.path.dirname(at), exist_ok=True)
            with open(path, "rb") as f:
                text = f.read()
            for e in range(1, edition + 1):
                if (i + e) % 17 == 0:
                    text = text.replace(b"\nfunc ", b"\n// Edition %d.\nfunc " % e, 1)
            with open(at, "wb") as f:
                f.write(text)


def tarball(tree, to, *compress):
    """A tar of a tree, through a program that compresses."""
    with open(to, "wb") as out:
        p = subprocess.Popen(compress, stdin=subprocess.PIPE, stdout=out)
        with tarfile.open(fileobj=p.stdin, mode="w|", format=tarfile.GNU_FORMAT) as t:
            t.add(tree, arcname=os.path.basename(tree))
        p.stdin.close()
        if p.wait() != 0:
            raise RuntimeError(compress)


def tarballs(editions, *compress, keep=False):
    def make(to):
        trees(to, editions)
        for e in range(editions):
            tree = os.path.join(to, f"src-{e}")
            tarball(tree, tree + ".tar.gz", *compress)
            if not keep:
                shutil.rmtree(tree)

    return make


def one_tarball(editions, *compress):
    """One tar of several editions."""

    def make(to):
        trees(os.path.join(to, "src"), editions)
        tarball(os.path.join(to, "src"), os.path.join(to, "src.tar.gz"), *compress)
        shutil.rmtree(os.path.join(to, "src"))

    return make


def large():
    """A tarball to read from."""
    return Data("reads", "a tarball of editions of a part of Go's source, by gzip -6", one_tarball(12, "gzip", "-6n"), ("gzip",))


def documentation(to):
    """What Debian has compressed below /usr/share/doc on this system."""
    for at, _, names in os.walk("/usr/share/doc"):
        for n in names:
            path = os.path.join(at, n)
            if n.endswith(".gz") and os.path.isfile(path) and not os.path.islink(path):
                out = os.path.join(to, os.path.relpath(path, "/usr/share"))
                os.makedirs(os.path.dirname(out), exist_ok=True)
                shutil.copy2(path, out)


def unpack(tarballs, to):
    for n in sorted(os.listdir(tarballs)):
        out = os.path.join(to, n.removesuffix(".tgz"))
        os.makedirs(out)
        with tarfile.open(os.path.join(tarballs, n)) as t:
            t.extractall(out, filter="data")


TYPESCRIPT = ("5.0.4", "5.1.6", "5.2.2", "5.3.3", "5.4.5", "5.5.4", "5.6.3", "5.7.3", "5.8.3", "5.9.2")


def all_data():
    return [
        Data("ten versions", "tarballs of ten successive releases of the npm package typescript", npm(*(f"typescript@{v}" for v in TYPESCRIPT)), ("npm",), peers=0.25, unpacked=1.15),
        Data("documentation", "the .gz files below /usr/share/doc of this system", documentation, own=0.65),
        Data("npm packages", "tarballs of typescript 5.2.2 to 5.4.5, lodash 4.17.19 to 4.17.21 and react-dom 18.2.0 and 18.3.1",
             npm("typescript@5.2.2", "typescript@5.3.3", "typescript@5.4.5", "lodash@4.17.19", "lodash@4.17.20", "lodash@4.17.21", "react-dom@18.2.0", "react-dom@18.3.1"), ("npm",)),
        Data("Go modules", "zip files of golang.org/x/text v0.13.0 to v0.16.0 and of github.com/klauspost/compress v1.17.7 to v1.17.11",
             modules(*(f"golang.org/x/text@v0.{n}.0" for n in range(13, 17)), *(f"github.com/klauspost/compress@v1.17.{n}" for n in (7, 8, 9, 10, 11))), ("go",)),
        Data("tar.gz, successive", "four states of a part of Go's source, as tar and gzip -6", tarballs(4, "gzip", "-6n"), ("gzip",)),
        Data("tar.gz beside its tree", "a part of Go's source, and a tar of it by gzip -9", tarballs(1, "gzip", "-9n", keep=True), ("gzip",)),
        Data("tar.gz alone", "a tar of a part of Go's source by gzip -6", tarballs(1, "gzip", "-6n"), ("gzip",)),
        Data("pigz, successive", "four states of a part of Go's source, as tar and pigz -6", tarballs(4, "pigz", "-6n"), ("pigz",)),
    ]  # fmt: skip
