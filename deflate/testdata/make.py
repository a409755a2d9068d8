#!/usr/bin/env python3
"""Makes streams.txt: what real encoders make of some contents.

    cd deflate/testdata && python3 make.py > streams.txt

It needs gzip, pigz, node and go. Each line has a content, the parameters of a model as
they are recorded, in hexadecimal, and the size and SHA-256 of the stream; the tests
make the same contents, and the streams from the models alone.
"""
import hashlib, subprocess, sys, tempfile, zlib


def numbers(seed):
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield seed >> 33


def text(size, seed):
    """Words of a small language, some of them seldom, in lines."""
    r = numbers(seed)
    words = []
    for _ in range(2000):
        words.append(bytes(97 + next(r) % 26 for _ in range(2 + next(r) % 8)))
    out = bytearray()
    while len(out) < size:
        k = next(r) % 2000
        k = k * (next(r) % 2000) // 2000
        out += words[k] + (b"\n" if next(r) % 9 == 0 else b" ")
    return bytes(out[:size])


def noise(size, seed):
    r = numbers(seed)
    return bytes(next(r) & 255 for _ in range(size))


contents = {
    "empty": b"",
    "short": text(200, 1),
    "page": text(5000, 2),
    "text": text(150000, 3),
    "window": text(65500, 4),
    "binary": noise(70000, 5) + text(40000, 6) + bytes(50000) + noise(3000, 7) * 9 + text(40000, 6),
    "runs": b"".join(bytes([c & 255]) * (c % 700) for _, c in zip(range(500), numbers(8))),
}
# For streams of several parts.
long = (text(700000, 21) + noise(100000, 22) + bytes(300000) + text(900000, 23)
        + text(40000, 24) * 9 + text(700000, 21))
ZLIB, GZIP, CHROMIUM, PIGZ, KLAUSPOST = 1, 2, 3, 5, 6
# Versions of the models of KLAUSPOST, and releases of the module that they are of.
RELEASES = {1: "v1.17.11", 2: "v1.20.3"}
COMPRESS = """package main

import (
	"io"
	"os"
	"strconv"

	"github.com/klauspost/compress/flate"
)

func main() {
	level, _ := strconv.Atoi(os.Args[1])
	data, _ := io.ReadAll(os.Stdin)
	w, err := flate.NewWriter(os.Stdout, level)
	if err != nil {
		panic(err)
	}
	w.Write(data)
	w.Close()
}
"""


def line(name, model, stream):
    print(name, bytes(model).hex(), len(stream), hashlib.sha256(stream).hexdigest())


def run(args, data):
    return subprocess.run(args, input=data, stdout=subprocess.PIPE, check=True).stdout


def node(level, memory, data):
    js = f"process.stdout.write(require('zlib').deflateRawSync(require('fs').readFileSync(0),{{level:{level},memLevel:{memory}}}))"
    return run(["node", "-e", js], data)


def build(release, to):
    """Builds a program that compresses with a release of klauspost/compress."""
    with tempfile.TemporaryDirectory() as at:
        with open(at + "/go.mod", "w") as f:
            f.write(f"module x\n\ngo 1.22\n\nrequire github.com/klauspost/compress {release}\n")
        with open(at + "/main.go", "w") as f:
            f.write(COMPRESS)
        subprocess.run(["go", "build", "-mod=mod", "-o", to, "."], cwd=at, check=True)


print("# content, model, size and SHA-256 of the stream; see make.py")
print("# zlib", zlib.ZLIB_RUNTIME_VERSION)
for args in (["gzip", "--version"], ["pigz", "--version"], ["node", "-p", "'node zlib '+process.versions.zlib"]):
    print("#", run(args, b"").decode().splitlines()[0])
for name, data in contents.items():
    for level in range(1, 10):
        for window in (15, 13, 9):
            for memory in (8, 9, 1):
                for strategy in range(5):
                    if (window < 15) + (memory != 8) + (strategy > 0) > 1 and level not in (1, 6):
                        continue
                    z = zlib.compressobj(level, zlib.DEFLATED, -window, memory, strategy)
                    line(name, [ZLIB, 1, level, window, memory, strategy], z.compress(data) + z.flush())
        line(name, [GZIP, 1, level, 15, 9, 0], run(["gzip", "-nc", f"-{level}"], data)[10:-8])
        line(name, [GZIP, 1, level, 15, 9, 16], run(["gzip", "-nc", "--rsyncable", f"-{level}"], data)[10:-8])
        line(name, [PIGZ, 1, level, 15, 8, 0], run(["pigz", "-nc", "-p2", f"-{level}"], data)[10:-8])
        for memory in (8, 9):
            line(name, [CHROMIUM, 1, level, 15, memory, 0], node(level, memory, data))
for level, window, memory, strategy in ((1, 15, 8, 0), (6, 15, 8, 0), (3, 13, 9, 4), (2, 9, 1, 0), (5, 12, 7, 1), (6, 15, 8, 3), (6, 14, 8, 2)):
    z = zlib.compressobj(level, zlib.DEFLATED, -window, memory, strategy)
    line("long", [ZLIB, 1, level, window, memory, strategy], z.compress(long) + z.flush())
for level in (1, 6):
    line("long", [GZIP, 1, level, 15, 9, 0], run(["gzip", "-nc", f"-{level}"], long)[10:-8])
    line("long", [PIGZ, 1, level, 15, 8, 0], run(["pigz", "-nc", "-p2", f"-{level}"], long)[10:-8])
for level in (2, 9):
    line("long", [GZIP, 1, level, 15, 9, 16], run(["gzip", "-nc", "--rsyncable", f"-{level}"], long)[10:-8])
for level in (1, 7):
    line("long", [CHROMIUM, 1, level, 15, 8, 0], node(level, 8, long))
with tempfile.TemporaryDirectory() as at:
    for version, release in RELEASES.items():
        print("# klauspost/compress", release)
        program = f"{at}/{version}"
        build(release, program)
        for name, data in {**contents, "long": long}.items():
            for level in (1, 5, 9) if name == "long" else range(1, 10):
                line(name, [KLAUSPOST, version, level, 15, 0, 0], run([program, str(level)], data))
            line(name, [KLAUSPOST, version, 1, 15, 0, 2], run([program, "-2"], data))
