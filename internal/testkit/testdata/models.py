#!/usr/bin/env python3
"""Makes models.zip: one content, or its start, as the streams of many encoders. It
needs gzip, pigz, node and go: models.py models.zip SCRATCH."""

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


def raw(gz):
    """The stream of a gzip file without names."""
    return gz[10:-8]


def by_zlib(data, level, window=15, memory=8, strategy=0):
    z = zlib.compressobj(level, zlib.DEFLATED, -window, memory, strategy)
    return z.compress(data) + z.flush()


def by(data, *command):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


GO = """package main
import ("compress/flate"; "io"; "os"; "strconv")
func main() {
	level, _ := strconv.Atoi(os.Args[1])
	b, _ := io.ReadAll(os.Stdin)
	w, _ := flate.NewWriter(os.Stdout, level)
	w.Write(b)
	w.Close()
}
"""
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
    program = os.path.join(scratch, "flate.go")
    with open(program, "w") as f:
        f.write(GO)
    for level in (-2, 1, 2, 3, 4, 6, 9):
        yield f"go-{level}" if level > 0 else "go-1-huffman-only", by(data if level > 0 else data[:20_000], "go", "run", program, str(level))


def main():
    out, scratch = sys.argv[1:]
    data = content()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as z:
        for name, stream in streams(data, scratch):
            assert data.startswith(zlib.decompress(stream, -15)), name
            z.writestr(zipfile.ZipInfo(name), stream)


main()
