"""Makes pairs of versions: an older and a newer state of the same data, of every
kind that a scanner knows. Everything follows from seeds and from the programs
that make the files."""

import email.policy
import gzip
import io
import json
import mailbox
import os
import random
import shutil
import sqlite3
import subprocess
import tarfile
import zipfile
from email.message import EmailMessage

MUST_SHARE = 3.0  # times fewer new bytes than by the rolling cut alone
LEAST = 2000  # bytes: what is new in the tags themselves, or nearly


class Pair:
    """Files before and after. factor is how many times fewer new bytes the scanner
    has to leave than the rolling cut, 1 for "not more"."""

    def __init__(self, name, what, make, factor=1.0, needs=()):
        self.name, self.what, self.make, self.factor, self.needs = name, what, make, factor, needs

    def missing(self):
        return [n for n in self.needs if shutil.which(n) is None]


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def quiet(*args, **kw):
    subprocess.run(args, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kw)


def sources():
    """Real text of all lengths: the source of Go, in order."""
    root = os.path.join(subprocess.run(["go", "env", "GOROOT"], check=True, capture_output=True, text=True).stdout.strip(), "src")
    found = []
    for top in ("net", "crypto", "encoding", "cmd/compile/internal/ssa"):
        for at, dirs, names in os.walk(os.path.join(root, top)):
            dirs.sort()
            found += [os.path.join(at, n) for n in sorted(names)]
    return root, found


def words(rng, n):
    return " ".join(rng.choice(WORDS) for _ in range(n))


WORDS = ["archive", "block", "chunk", "index", "frame", "letter", "matter", "please", "regards", "the", "a", "of", "and", "to", "meeting", "budget", "draft", "attached", "thanks", "monday"]


def message(i):
    rng = random.Random(i)
    m = EmailMessage(policy=email.policy.default.clone(linesep="\n"))
    m["From"], m["To"] = f"writer{i % 17}@example.org", "reader@example.org"
    m["Subject"], m["Message-ID"] = words(rng, 5), f"<{i}@example.org>"
    m["Date"] = f"Mon, {1 + i % 28:02d} Jan 2024 10:{i % 60:02d}:00 +0000"
    m.set_content("\n".join(words(rng, 12) for _ in range(rng.randrange(3, 120))) + "\n")
    if i % 5 == 0:
        m.add_attachment(random.Random(i // 10).randbytes(rng.choice([9_000, 60_000, 400_000])), maintype="application", subtype="octet-stream", filename=f"a{i}.bin")
        m.set_boundary(f"=-boundary-{i}")
    return m


def mbox(old, new):
    def make(path, order):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        box = mailbox.mbox(path)
        for i in order:
            m = mailbox.mboxMessage(message(i))
            m.set_from(f"writer{i % 17}@example.org Mon Jan {1 + i % 28:2d} 10:{i % 60:02d}:00 2024")
            box.add(m)
        box.close()

    order = list(range(400))
    make(os.path.join(old, "inbox"), order)
    for i in (40, 171, 333):
        order.remove(i)
    for i in (7, 99, 200, 250, 390):
        order.remove(i)
        order.insert((i * 31) % len(order), i)
    make(os.path.join(new, "inbox"), order)


def tree_and_tar(old, new):
    root, found = sources()
    os.makedirs(new)
    with tarfile.open(os.path.join(new, "tree.tar"), "w") as tar:
        for path in found:
            name = os.path.relpath(path, root)
            write(os.path.join(old, name), open(path, "rb").read())
            tar.add(path, name)


def tars(old, new):
    _, found = sources()
    for where, first in ((old, []), (new, [__file__])):
        os.makedirs(where)
        with tarfile.open(os.path.join(where, "tree.tar"), "w") as tar:
            for n, path in enumerate(first + found[:1500]):
                if n != 700:
                    tar.add(path, os.path.basename(path))


def zips(old, new):
    _, found = sources()
    for where, changed in ((old, False), (new, True)):
        os.makedirs(where)
        with zipfile.ZipFile(os.path.join(where, "all.zip"), "w", zipfile.ZIP_DEFLATED) as z:
            for n, path in enumerate(found[:1500]):
                data = open(path, "rb").read()
                if changed and n % 300 == 7:
                    data = b"// changed\n" + data
                info = zipfile.ZipInfo(f"{n}-{os.path.basename(path)}")
                info.compress_type = zipfile.ZIP_DEFLATED
                z.writestr(info, data)


def cpios(old, new):
    _, found = sources()
    for where, changed in ((old, False), (new, True)):
        os.makedirs(where)
        with open(os.path.join(where, "all.cpio"), "wb") as f:
            for n, path in enumerate(found[:1500]):
                if changed and n == 700:
                    continue
                data, name = open(path, "rb").read(), os.path.basename(path).encode() + b"\0"
                head = b"070701" + b"".join(b"%08x" % v for v in (n, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0))
                f.write(head + name + bytes(-(len(head) + len(name)) % 4) + data + bytes(-len(data) % 4))


def gzips(old, new):
    _, found = sources()
    for where, first in ((old, []), (new, [__file__])):
        out = io.BytesIO()
        for n in range(0, 600, 20):
            text = b"".join(open(p, "rb").read() for p in (first if n == 100 else []) + found[n : n + 20])
            out.write(gzip.compress(text, 6, mtime=0))
        write(os.path.join(where, "log.gz"), out.getvalue())


def noise_wav(path, seconds):
    quiet("ffmpeg", "-y", "-f", "lavfi", "-i", f"anoisesrc=d={seconds}:seed=7:a=0.2", "-ac", "2", path)


def retagged(name, *how):
    """A file made by ffmpeg, and the same with other tags."""

    def make(old, new):
        os.makedirs(old)
        os.makedirs(new)
        a, b = os.path.join(old, name), os.path.join(new, name)
        quiet("ffmpeg", "-y", *how, "-fflags", "+bitexact", "-flags", "+bitexact", "-metadata", "title=short", a)
        quiet("ffmpeg", "-y", "-i", a, "-map", "0", "-c", "copy", "-fflags", "+bitexact", "-metadata", "title=" + "A much longer title " * 20, "-metadata", "artist=somebody", b)

    return make


SOUND = ("-f", "lavfi", "-i", "anoisesrc=d=300:seed=7:a=0.2", "-ac", "2")
FILM = ("-f", "lavfi", "-i", "testsrc2=d=30:s=640x480:r=25", "-f", "lavfi", "-i", "anoisesrc=d=30:seed=7:a=0.2")


def sql(old, new):
    for where, changed in ((old, False), (new, True)):
        rng = random.Random(5)
        lines = ["PRAGMA foreign_keys=OFF;", "BEGIN TRANSACTION;", "CREATE TABLE t(id INTEGER, who TEXT, what TEXT);"]
        for i in range(120_000):
            line = f"INSERT INTO t VALUES({i},'{rng.choice(WORDS)}{rng.randrange(10**6)}','{words(rng, 9)}');"
            if changed and i % 6000 == 11:
                line = line.replace("'", "'new ", 1) + f"\nINSERT INTO t VALUES({i}0,'','');"
            lines.append(line)
        write(os.path.join(where, "dump.sql"), ("\n".join(lines) + "\nCOMMIT;\n").encode())


def json_lines(old, new):
    for where, changed in ((old, False), (new, True)):
        rng = random.Random(6)
        lines = []
        for i in range(100_000):
            record = {"id": i, "who": f"{rng.choice(WORDS)}{rng.randrange(10**6)}", "text": words(rng, 10)}
            if not (changed and i % 5000 == 13):
                lines.append(json.dumps(record))
        write(os.path.join(where, "events.jsonl"), ("\n".join(lines) + "\n").encode())


def long_source(old, new):
    _, found = sources()
    text = b"".join(open(p, "rb").read() for p in found if p.endswith(".go"))[:12_000_000]
    write(os.path.join(old, "all.go"), text)
    parts = text.split(b"\nfunc ")
    for i in range(50, len(parts), len(parts) // 20):
        parts[i] = parts[i] + b"\n// A remark.\n"
    write(os.path.join(new, "all.go"), b"\nfunc ".join(parts))


def database(old, new):
    os.makedirs(old)
    os.makedirs(new)
    a, b = os.path.join(old, "t.sqlite"), os.path.join(new, "t.sqlite")
    rng = random.Random(9)
    db = sqlite3.connect(a)
    db.execute("create table t(id integer primary key, who text, what text)")
    db.executemany("insert into t values(?,?,?)", ((i, f"{rng.choice(WORDS)}{rng.randrange(10**6)}", words(rng, 20)) for i in range(150_000)))
    db.commit()
    db.close()
    shutil.copy(a, b)
    db = sqlite3.connect(b)
    db.executemany("update t set who=? where id=?", ((f"new{i}", i) for i in range(0, 150_000, 3000)))
    db.commit()
    db.close()


def image(old, new):
    _, found = sources()
    for where, changed in ((old, False), (new, True)):
        tree = where + ".tree"
        for n, path in enumerate(found[:2500]):
            data = open(path, "rb").read()
            if changed and n % 500 == 3:
                data = data[: len(data) // 2] + b"// changed\n" + data[len(data) // 2 :]
            if not (changed and n == 1234):
                write(os.path.join(tree, f"{n % 40}", f"{n}-{os.path.basename(path)}"), data)
        os.makedirs(where)
        quiet("mke2fs", "-q", "-F", "-t", "ext4", "-U", "00000000-0000-0000-0000-000000000001", "-E", "hash_seed=00000000-0000-0000-0000-000000000002", "-d", tree, os.path.join(where, "disk.img"), "128M")
        shutil.rmtree(tree)


def program(old, new):
    for where, text in ((old, "hello"), (new, "hello, and more of it")):
        os.makedirs(where)
        main = os.path.join(where + ".src", "main.go")
        write(main, b'package main\n\nimport (\n\t"fmt"\n\t"net/http"\n)\n\nfunc main() { fmt.Println("%s", http.ListenAndServe(":0", nil)) }\n' % text.encode())
        quiet("go", "build", "-trimpath", "-buildvcs=false", "-o", os.path.join(where, "program"), main)
        shutil.rmtree(where + ".src")


def archive(vt):
    """An archive, and what appending to it leaves: its bytes, and more frames."""

    def make(old, new):
        _, found = sources()
        for n, path in enumerate(found[:800]):
            write(os.path.join(old + ".tree", f"{n}"), open(path, "rb").read())
        write(os.path.join(new + ".tree", "note"), b"a note\n" * 300)
        os.makedirs(old)
        os.makedirs(new)
        a, b = os.path.join(old, "a.vtd"), os.path.join(new, "a.vtd")
        quiet(vt, "ar", "create", a, old + ".tree")
        quiet(vt, "ar", "create", b, new + ".tree")
        more = open(b, "rb").read()
        header = int.from_bytes(more[12:16], "little")
        write(b, open(a, "rb").read() + more[header:])
        for tree in (old, new):
            shutil.rmtree(tree + ".tree")

    return make


def pairs(vt):
    return [
        Pair("mbox", "3 of 400 messages deleted, 5 moved", mbox, MUST_SHARE),
        Pair("tar of a tree", "a tree; then a tar of it", tree_and_tar, MUST_SHARE),
        Pair("tar", "a member added in front, another removed", tars),
        Pair("zip", "5 of 1,500 members changed", zips),
        Pair("cpio", "one of 1,500 members removed", cpios),
        Pair("gzip", "30 members, one of them changed", gzips),
        Pair("vtd", "an archive, and more frames behind it", archive(vt), MUST_SHARE),
        Pair("mp3", "other tags", retagged("a.mp3", *SOUND, "-b:a", "192k"), MUST_SHARE, ("ffmpeg",)),
        Pair("flac", "other tags", retagged("a.flac", *SOUND), MUST_SHARE, ("ffmpeg",)),
        Pair("mp4, moov behind", "other tags", retagged("a.mp4", *FILM, "-c:v", "mpeg4", "-q:v", "3", "-c:a", "aac"), MUST_SHARE, ("ffmpeg",)),
        Pair("matroska", "other tags", retagged("a.mkv", *FILM, "-c:v", "mpeg4", "-q:v", "3", "-c:a", "aac"), MUST_SHARE, ("ffmpeg",)),
        Pair("SQL dump", "20 of 120,000 statements changed, 20 added", sql),
        Pair("JSON lines", "20 of 100,000 records removed", json_lines),
        Pair("Go source", "20 remarks added to 12 MB", long_source),
        Pair("SQLite", "50 of 150,000 rows changed", database),
        Pair("disk image", "ext4: 5 files of 2,500 changed, one removed", image, 1.0, ("mke2fs",)),
        Pair("ELF", "a Go program, one string changed", program),
    ]
