#!/usr/bin/env python3
"""Makes models.zip: one content, or its start, as the streams of many encoders. What
has a folder there is of another content, and not all of it is predicted. It needs gzip,
pigz, node, go and its proxy of modules: models.py models.zip SCRATCH."""

import gzip
import os
import random
import subprocess
import sys
import zipfile
import zlib


def content():
    r = random.Random(1951)
    words = ["".join(r.choice("abcdefghijklmnopqrstuvwxyz_") for _ in range(r.randint(2, 9))) for _ in range(60)]
    out = bytearray()
    while len(out) < 150_000:
        kind = r.random()
        if kind < 0.04:
            out += bytes(r.randrange(256) for _ in range(r.randint(3, 30)))
        elif kind < 0.08:
            out += bytes([r.randrange(256)]) * r.randint(3, 600)
        elif kind < 0.5 and len(out) > 3000:  # again, from near and far, with a change
            at = max(0, len(out) - r.choice([300, 3000, 30_000, 32_700, 40_000])) + r.randrange(40)
            piece = bytearray(out[at : at + r.randint(20, 1800)])
            if r.random() < 0.3:
                piece[r.randrange(len(piece))] ^= 1
            out += piece
        else:
            out += (" ".join(r.choice(words) for _ in range(r.randint(1, 12))) + "\n").encode()
    return bytes(out[:150_000])


def noise(r, n, symbols=256):
    return bytes(r.randrange(symbols) for _ in range(n))


def flushed(data):
    """Pieces that encoders have various blocks for."""
    r = random.Random(1952)
    sizes = [(5000, 256), (1, 256), (20, 256), (33, 256), (33, 2), (127, 256), (128, 256), (128, 4), (400, 64), (700, 90), (1024, 256), (1100, 256), (1100, 40)]
    out = []
    for at, (n, symbols) in enumerate(sizes):
        out += [data[1500 * at :][: 40 + 110 * at], noise(r, n, symbols)]
    return out


def near(n):
    """Content that repeats little at a time and from nearby: not all symbols occur."""
    r = random.Random(1953)
    words = ["".join(r.choice("abcdefghijklmnopqrstuvwxyz_") for _ in range(r.randint(2, 9))) for _ in range(60)]
    out = bytearray()
    while len(out) < n:
        out += (" ".join(r.choice(words) for _ in range(4)) + "\n").encode()
        for _ in range(r.randint(1, 20)):
            at = max(0, len(out) - r.randint(150, 4000))
            out += out[at : at + r.randint(20, 150)] + r.choice(words).encode()
    return bytes(out[:n])


def unmatched(r, n, symbols):
    """Octets of which no four stand twice."""
    out, seen = bytearray(), set()
    while len(out) < n:
        four = bytes(out[-3:]) + noise(r, 1, symbols)
        if four not in seen:
            seen.add(four)
            out.append(four[-1])
    return bytes(out)


def mixtures(data, text):
    """Content whose chunks differ: such that codes of one do for the next, or do not. The
    first has chunks of 65535 octets in mind, the second those of 32768 tokens."""
    r = random.Random(1954)
    return text[:80_000] + noise(r, 60_000, 40) + data[:40_000] + bytes(70_000), text[:30_000] + unmatched(r, 72_000, 20) + text[30_000:50_000]


def ends(large):
    """Contents of two chunks, of which the second is short, by what is special about it."""
    r = random.Random(1955)
    chunk, more = bytes(range(30)) + bytes(range(256)) + large[: 65_535 - 286], large[65_535:]
    low, high, any_of = unmatched(r, 100, 30), bytes(range(150, 250)), noise(r, 2000)

    def once(b, n):
        """The first n of b, after 30 that it repeats: whatever is without matches is stored."""
        return b[:30] + b[:n]

    return {
        "raw": chunk + more[:20],
        "plain": large[:65_535] + more[:100],
        "plain-anew": chunk + more[:100],
        "plain-lacking": large[:65_535] + more[:70].upper(),
        "few": chunk + more[:300] * 2,
        "static": chunk + once(low, 100),
        "stored": chunk + once(high + high, 120),
        "stored-many": chunk + once(any_of, 400),
        "noise": chunk + once(any_of, 700),
        "even": chunk + once(any_of, 2000),
    }


def goprogram(scratch, package, release=None):
    """A command that compresses its input: LEVEL, and after how many octets to flush."""
    d = os.path.join(scratch, f"flate-{release}")
    os.makedirs(d)
    with open(os.path.join(d, "main.go"), "w") as f:
        f.write(GO.replace("PACKAGE", package))
    go = {"cwd": d, "check": True}
    subprocess.run(["go", "mod", "init", "flate"], **go)
    if release:
        subprocess.run(["go", "get", f"{os.path.dirname(package)}@{release}"], **go)
    subprocess.run(["go", "build", "-o", "flate"], **go)
    return os.path.join(d, "flate")


def raw(gz):
    """The stream of a gzip file without names."""
    return gz[10:-8]


def by_zlib(data, level, window=15, memory=8, strategy=0):
    z = zlib.compressobj(level, zlib.DEFLATED, -window, memory, strategy)
    return z.compress(data) + z.flush()


def by(data, *command):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


GO = """package main
import ("PACKAGE"; "io"; "os"; "strconv")
func main() {
	level, _ := strconv.Atoi(os.Args[1])
	b, _ := io.ReadAll(os.Stdin)
	w, _ := flate.NewWriter(os.Stdout, level)
	for _, arg := range os.Args[2:] {
		n, _ := strconv.Atoi(arg)
		w.Write(b[:n])
		w.Flush()
		b = b[n:]
	}
	w.Write(b)
	w.Close()
}
"""
# Releases of klauspost/compress, by the versions of their models.
KLAUSPOST = {1: "v1.17.11", 2: "v1.20.3"}
NODE = "const z=require('zlib');let b=[];process.stdin.on('data',d=>b.push(d)).on('end',()=>process.stdout.write(z.deflateRawSync(Buffer.concat(b),{level:+process.argv[1]})))"


def streams(data, scratch):
    for level in (1, 2, 3, 4, 6, 9):
        yield f"zlib-{level}", by_zlib(data, level)
    yield "zlib-6-window-9", by_zlib(data[:20_000], 6, window=9)
    yield "zlib-6-window-12", by_zlib(data, 6, window=12)
    for memory in (1, 9):
        yield f"zlib-6-memory-{memory}", by_zlib(data, 6, 15, memory)
    yield "zlib-6-filtered", by_zlib(data, 6, strategy=zlib.Z_FILTERED)
    yield "zlib-6-huffman-only", by_zlib(data[:20_000], 6, strategy=zlib.Z_HUFFMAN_ONLY)
    yield "zlib-6-memory-9-huffman-only", by_zlib(data[:36_000], 6, memory=9, strategy=zlib.Z_HUFFMAN_ONLY)
    yield "zlib-6-rle", by_zlib(data[:20_000], 6, strategy=zlib.Z_RLE)
    yield "zlib-6-fixed", by_zlib(data, 6, strategy=zlib.Z_FIXED)
    for level in (1, 3, 4, 6, 9):
        yield f"gzip-{level}", raw(by(data, "gzip", f"-{level}nc"))
    yield "gzip-6-rsyncable", raw(by(data, "gzip", "-6nc", "--rsyncable"))
    for level in (1, 3, 6, 9):
        yield f"pigz-{level}", raw(by(data, "pigz", f"-{level}", "-p2", "-nTc"))
    for level in (1, 4, 6, 9):
        yield f"chromium-{level}", by(data, "node", "-e", NODE, str(level))
    go = goprogram(scratch, "compress/flate")
    for level in (-2, 1, 2, 3, 4, 6, 9):
        yield f"go-{level}" if level > 0 else "go-1-huffman-only", by(data if level > 0 else data[:20_000], go, str(level))
    text, pieces = near(100_000), flushed(data)
    by_octets, by_tokens = mixtures(data, text)
    with gzip.open(os.path.join(os.path.dirname(__file__), "large.gz")) as f:
        large = f.read(1_400_000)
    short = ends(large)
    for version, release in KLAUSPOST.items():
        encoder = goprogram(scratch, "github.com/klauspost/compress/flate", release)

        def name(level):
            return f"klauspost-{max(level, 1)}" + "-version-2" * (version > 1) + "-huffman-only" * (level < 0)

        for level in (-2, 1, 2, 3, 4, 5, 6, 7, 8, 9):
            yield name(level), by(text if level > 0 else by_octets[70_000:110_000], encoder, str(level))
        for level in ((-2, 1, 3, 5, 8), (2, 4, 6, 7, 9))[version - 1]:
            yield "flushed/" + name(level), by(b"".join(pieces), encoder, str(level), *[str(len(p)) for p in pieces])
        for level in ((2, 4, 9), (6, 7, 9))[version - 1]:
            yield "mixed/" + name(level), by(by_octets if level < 7 else by_tokens, encoder, str(level))
        for level in ((1, 5), (3, 6))[version - 1]:
            for what, end in short.items():
                yield f"ends/{what}/" + name(level), by(end, encoder, str(level))
        for level in ((3, 8), (2, 4, 6, 7))[version - 1]:
            yield "parts/" + name(level), by(large, encoder, str(level), "300000", "750000")
    # Two parts whose state is that of tokens before them.
    yield "far/zlib-1-version-2", by_zlib(large, 1)
    yield "far/zlib-2-window-13-memory-9-version-2-fixed", by_zlib(large, 2, 13, 9, zlib.Z_FIXED)
    yield "far/gzip-3-version-2", raw(by(large, "gzip", "-3nc"))
    yield "far/gzip-1-version-2-rsyncable", raw(by(large, "gzip", "-1nc", "--rsyncable"))
    yield "far/chromium-2-version-2", by(large, "node", "-e", NODE, "2")
    yield "far/go-3-version-2", by(large, go, "3")


def main():
    out, scratch = sys.argv[1:]
    data = content()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as z:
        for name, stream in streams(data, scratch):
            assert "klauspost" in name or "far/" in name or data.startswith(zlib.decompress(stream, -15)), name
            z.writestr(zipfile.ZipInfo(name), stream)


main()
