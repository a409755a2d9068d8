package format

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// dumper writes bytes as hexadecimal with a comment for each field.
type dumper struct {
	b   []byte
	off int
	out bytes.Buffer
}

func (d *dumper) take(n int, comment string, args ...any) []byte {
	field := d.b[:n]
	comment = "# " + fmt.Sprintf(comment, args...)
	for rest := field; len(rest) > 0; {
		k := min(16, len(rest))
		fmt.Fprintf(&d.out, "%s\n", strings.TrimRight(fmt.Sprintf("%04x: %-47x  %s", d.off, spaced(rest[:k]), comment), " "))
		rest, comment = rest[k:], ""
		d.off += k
	}
	d.b = d.b[n:]
	return field
}

type spaced []byte

func (s spaced) Format(f fmt.State, _ rune) {
	text := fmt.Sprintf("% x", []byte(s))
	w, _ := f.Width()
	fmt.Fprintf(f, "%-*s", w, text)
}

func (d *dumper) u16(name string) uint64 { return d.fixed(2, name) }
func (d *dumper) u32(name string) uint64 { return d.fixed(4, name) }
func (d *dumper) u64(name string) uint64 { return d.fixed(8, name) }

func (d *dumper) fixed(n int, name string) uint64 {
	var b [8]byte
	copy(b[:], d.b[:n])
	v := le.Uint64(b[:])
	d.take(n, "%s: %d", name, v)
	return v
}

func (d *dumper) crc() { d.take(4, "CRC32C") }

func (d *dumper) uvarint(name string) uint64 {
	v, n := binary.Uvarint(d.b)
	d.take(n, "%s: %d", name, v)
	return v
}

func (d *dumper) svarint(name string) {
	v, n := binary.Uvarint(d.b)
	d.take(n, "%s: %+d", name, unzigzag(v))
}

func (d *dumper) str(name string) {
	v, n := binary.Uvarint(d.b)
	d.take(n+int(v), "%s: %q", name, d.b[n:n+int(v)])
}

func (d *dumper) each(f func()) {
	for len(d.b) > 0 {
		f()
	}
}

func dumpHeader(d *dumper) {
	d.take(8, "magic")
	d.u16("major version")
	d.u16("minor version")
	end := int(d.u32("size of the header"))
	d.take(8, "flags")
	d.take(8, "ignorable features")
	d.take(8, "read-only-compatible features")
	d.take(1, "hash function")
	d.take(3, "zero")
	d.take(16, "archive id")
	d.crc()
	for d.off < end-4 {
		typ := d.u16("extension record")
		n := int(d.u16("  length"))
		switch typ {
		case uint64(ExtChunker):
			d.take(1, "  chunker: gear")
			for _, name := range []string{"min", "target", "max", "run min", "literal max"} {
				d.u32("  " + name)
			}
		case uint64(ExtLayout):
			d.u32("  data frame")
			d.u32("  metadata frame")
			d.take(1, "  zstd level")
			d.take(1, "  long matches")
			d.take(1, "  order")
		default:
			d.take(n, "  %q", d.b[:n])
		}
	}
	d.crc()
}

func dumpFrameHead(d *dumper) {
	d.take(8, "magic")
	d.take(1, "kind")
	d.take(1, "codec")
	d.take(2, "zero")
	d.u32("size of the head")
	d.u64("first block")
	count := d.u32("count of blocks")
	d.u32("raw length")
	d.u32("stored length")
	d.take(4, "zero")
	d.take(32, "hash of the stored bytes")
	for range count {
		d.uvarint("length of block")
	}
	d.crc()
}

func dumpIndex(d *dumper) {
	d.take(8, "magic")
	d.u32("size of the head")
	d.take(4, "zero")
	first := d.u64("first block")
	blocks := d.u64("count of blocks")
	frames := d.u64("count of frames")
	d.take(4, "zero")
	d.crc()
	for i := range blocks {
		d.take(32, "hash of block %d", first+i)
	}
	for range frames {
		d.u64("frame: offset")
		d.u64("  first block")
		d.u32("  count of blocks")
		d.u32("  size of head")
		d.u32("  stored length")
		d.u32("  raw length")
		d.take(1, "  kind")
		d.take(1, "  codec")
		d.take(6, "  zero")
	}
}

func dumpTrailer(d *dumper) {
	d.take(8, "magic")
	d.u32("size of the trailer")
	d.take(4, "zero")
	d.take(16, "archive id")
	for _, name := range []string{
		"offset of this trailer", "segment begins", "index begins", "length of the index",
		"trailer before", "base trailer", "count of blocks", "number of the top block",
	} {
		d.u64(name)
	}
	d.take(32, "hash of the top block")
	d.take(32, "hash of the index")
	d.u64("count of snapshots")
	d.take(20, "zero")
	d.crc()
}

func dumpParityHead(d *dumper) {
	d.take(8, "magic")
	d.u32("size of the head")
	d.u32("size of a cell")
	d.take(16, "archive id")
	d.take(16, "id of the set")
	d.u64("offset of the protected range")
	d.u64("length of the protected range")
	data := d.u16("count of data shards")
	d.u16("count of parity shards")
	d.u32("count of rows")
	d.u16("number of the parity shard")
	d.take(1, "hash function")
	d.take(1, "code")
	d.u32("number of the row")
	d.u64("flags of the header")
	d.take(8, "zero")
	d.take(32, "hash of the frame")
	for range data {
		d.take(CellHashSize, "hash of a data cell")
	}
	d.crc()
}

// dumpBlock comments a metadata block in one of its forms.
func dumpBlock(form Form) func(*dumper) {
	return func(d *dumper) {
		typ := BlockType(d.b[0])
		d.take(1, "type of block: %s", [...]string{"", "top", "snapshot", "directory leaf", "directory inner node", "indirect", "recipe"}[typ])
		if typ == BlockDirInner || typ == BlockIndirect {
			d.uvarint("level")
		}
		if typ >= BlockDirLeaf && typ <= BlockIndirect {
			d.uvarint("rows")
		}
		d.each(func() { d.column(typ, form) })
	}
}

func (d *dumper) column(typ BlockType, form Form) {
	names := d.names(form)
	entry := map[uint64]struct {
		name string
		dump func()
	}{
		ColNames:     {"names", d.strings},
		ColModes:     {"modes", d.palette(d.mode)},
		ColOwners:    {"owners", d.palette(d.owner)},
		ColMtimes:    {"mtimes", d.times},
		ColSizes:     {"sizes", func() { d.uvarint("  size") }},
		ColTotals:    {"totals of directories", func() { d.uvarint("  size below"); d.uvarint("  entries below") }},
		ColDirRefs:   {"directory nodes", names},
		ColFileKinds: {"kinds of reference", d.palette(func() { d.take(1, "  kind of reference") })},
		ColLiterals:  {"literals", d.rest},
		ColOctets:    {"octets of runs", d.rest},
		ColBlocks:    {"data blocks", names},
		ColIndirects: {"indirect blocks", names},
		ColContents:  {"hashes of content", func() { d.take(32, "  hash") }},
		ColTargets:   {"symlink targets", d.strings},
		ColDevices:   {"devices", func() { d.uvarint("  major"); d.uvarint("  minor") }},
		ColLinks:     {"hard links", d.links},
		ColXattrs:    {"extended attributes", d.palette(d.xattrs)},
		ColBtimes:    {"btimes", d.times},
		ColRecipes:   {"recipes", names},
	}
	type columns = map[uint64]struct {
		name string
		dump func()
	}
	tables := map[BlockType]columns{
		BlockDirLeaf: entry,
		BlockDirInner: {
			ColFirstNames: {"first names", d.strings}, ColCounts: {"entries below", func() { d.uvarint("  entries") }}, ColChildren: {"children", names},
		},
		BlockIndirect: {
			ColRefKinds: entry[ColFileKinds], ColSpans: {"spans", func() { d.uvarint("  span") }},
			ColLiterals: entry[ColLiterals], ColOctets: entry[ColOctets], ColBlocks: entry[ColBlocks], ColIndirects: entry[ColIndirects], ColRecipes: entry[ColRecipes],
		},
		BlockRecipe: {
			ColTransform: {"transform", func() { d.uvarint("  transform") }}, ColParams: {"parameters", d.rest},
			ColLength: {"length", func() { d.uvarint("  bytes") }}, ColInput: {"input", func() { d.uvarint("  bytes") }},
			ColFileKinds: entry[ColFileKinds], ColLiterals: entry[ColLiterals], ColOctets: entry[ColOctets],
			ColBlocks: entry[ColBlocks], ColIndirects: entry[ColIndirects], ColRecipes: entry[ColRecipes],
		},
		BlockTop: {
			ColSnapshot: {"hash of the snapshot record", d.rest}, ColRootHash: {"hash of the root directory", d.rest},
			ColContent: {"content id", d.rest}, ColSpan: {"bytes of content", d.rest},
		},
		BlockSnapshot: {
			ColRoot: {"root entry", func() { d.column(BlockDirLeaf, form) }}, ColContent: {"content id", d.rest},
			ColTime:  {"time", func() { d.svarint("  seconds"); d.uvarint("  nanoseconds") }},
			ColLabel: {"label", d.rest}, ColMessage: {"message", d.rest},
			ColParents: {"parents", func() { d.uvarint("  count"); d.each(names) }},
			ColReplica: {"replica", d.rest},
			ColVector:  {"version vector", func() { d.take(16, "  replica"); d.uvarint("  count") }},
			ColTool:    {"tool", d.rest}, ColOriginal: {"hash of the directory of the original", d.rest},
		},
	}
	id, _ := binary.Uvarint(d.b)
	c, ok := tables[typ][id]
	if !ok {
		c.name, c.dump = "unknown, ignorable", d.rest
	}
	d.uvarint(c.name + ": column")
	n := int(d.uvarint("  length"))
	after := d.b[n:]
	d.b = d.b[:n]
	d.each(c.dump)
	d.b = after
}

func (d *dumper) rest() { d.take(len(d.b), "  value") }

func (d *dumper) strings() {
	n := bytes.IndexByte(d.b, 0)
	d.take(n+1, "  %q", d.b[:n])
}

func (d *dumper) names(form Form) func() {
	if form == Canonical {
		return func() { d.take(32, "  hash") }
	}
	return func() { d.svarint("  number, difference") }
}

func (d *dumper) palette(value func()) func() {
	return func() {
		for range d.uvarint("  distinct values") {
			value()
		}
		d.each(func() { d.uvarint("  index") })
	}
}

func (d *dumper) mode() {
	v, n := binary.Uvarint(d.b)
	d.take(n, "  %v %04o", Kind(v>>12), v&0o7777)
}

func (d *dumper) owner() {
	d.uvarint("  uid")
	d.uvarint("  gid")
	d.str("  user")
	d.str("  group")
}

func (d *dumper) xattrs() {
	for range d.uvarint("  attributes") {
		d.str("    name")
		d.str("    value")
	}
}

func (d *dumper) links() {
	for range d.uvarint("  names with others") {
		d.uvarint("  rows since the one before")
		d.svarint("  group, difference")
		d.uvarint("  count of names")
	}
}

func (d *dumper) times() {
	switch d.take(1, "  coding of times")[0] {
	case timesEqual:
		d.svarint("  seconds")
		d.uvarint("  nanoseconds")
	case timesSeconds:
		d.each(func() { d.svarint("  seconds, difference") })
	default:
		d.each(func() {
			n := 0
			for d.b[n] >= 0x80 {
				n++
			}
			d.take(n+1, "  nanoseconds, difference, zigzag")
		})
	}
}
