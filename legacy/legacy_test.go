package legacy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const (
	data100       = "0123456789"
	data100BLAKE3 = "75069c35725da167d1d4906fd218e2a611f024621ccd655018d863c30448d18c"
	indirectRef   = "240188500271333a166ca54de6852cfb4496d8f4e3d0dbbde2ebb6a8ad1228ef7245e4276a"
)

// TestNumbers: what the old program wrote, and what it would have read.
func TestNumbers(t *testing.T) {
	for enc, want := range map[string]uint64{
		"00": 0, "01": 1, "7f": 127, "8100": 128, "817f": 255, "ff7f": 16383, "818000": 16384, "81808000": 1 << 21, "9080808000": 1 << 32,
		"81ffffffffffffffff7f": 1<<64 - 1,
	} {
		c := cursor{b: unhex(t, enc)}
		if got := c.uvarint(); got != want || c.bad != "" || len(c.b) != 0 {
			t.Errorf("%s is read as %d, want %d; %s", enc, got, want, c.bad)
		}
	}
	for enc, why := range map[string]string{
		"8000": "longer than need be", "808100": "longer than need be", "82808080808080808000": "more than 64", "": "ends", "81": "ends",
	} {
		c := cursor{b: unhex(t, enc)}
		c.uvarint()
		if !strings.Contains(c.bad, why) {
			t.Errorf("%s: %q, want %q", enc, c.bad, why)
		}
	}
}

func TestRecords(t *testing.T) {
	for enc, want := range map[string]string{
		"0000":                                 "",
		"000568656c6c6f":                       "hello",
		"010c789c4b4ca43d00007a4725e5":         strings.Repeat("a", 100),
		"0010000102030405060708090a0b0c0d0e0f": "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f",
	} {
		f := file{unhex(t, enc)}
		s := f.store(t)
		if got, err := s.data(0); err != nil || string(got) != want || s.Records() != 1 {
			t.Errorf("%s: %q, %v in %d records", enc, got, err, s.Records())
		}
	}
}

func TestRefs(t *testing.T) {
	data := strings.Repeat(data100, 10)
	var f file
	hashes := []string{"00" + "29b0e7878271645fffb7eec7db4a7473a1c00bc1", "01" + "9cfe7faff7054298ca87557e15a10262de8d3eee77827417fbdfea1c41b9ec23", "02" + data100BLAKE3}
	for k := SHA1; k < hashKinds; k++ {
		h := f.add(k, []byte(data))
		c := cursor{b: unhex(t, hashes[k])}
		if got := c.hash(); got != h || c.bad != "" {
			t.Errorf("%v, want %v; %s", got, h, c.bad)
		}
		if back, err := ParseHash(h.String()); err != nil || back != h {
			t.Errorf("%v is read back as %v, %v", h, back, err)
		}
	}
	super := unhex(t, "230064 02"+data100BLAKE3+"050287680100 070204027461696c")
	f.add(BLAKE3, super)
	s := f.store(t)
	for enc, want := range map[string]string{
		"1700640029b0e7878271645fffb7eec7db4a7473a1c00bc1":                         data,
		"230064019cfe7faff7054298ca87557e15a10262de8d3eee77827417fbdfea1c41b9ec23": data,
		"23006402" + data100BLAKE3:                                                 data,
		"0b0208026869207468657265":                                                 "hi there",
		"03020002":                                                                 "",
		"050287680100":                                                             strings.Repeat("\x00", 1000),
		"280214030a23006402" + data100BLAKE3:                                       data[10:30],
		indirectRef:                                                                data + strings.Repeat("\x00", 1000) + "tail",
	} {
		got, err := s.Bytes(context.Background(), parseRef(t, unhex(t, enc)))
		if err != nil || string(got) != want {
			t.Errorf("%s: %d octets, %v; want %d", enc, len(got), err, len(want))
		}
	}
	// A part may go over several blocks of an indirect one.
	part := partOf(unhex(t, indirectRef), 90, 1012)
	got, err := s.Bytes(context.Background(), parseRef(t, part))
	if want := data[90:] + strings.Repeat("\x00", 1000) + "ta"; err != nil || string(got) != want {
		t.Errorf("a part of an indirect reference: %d octets, %v", len(got), err)
	}
}

func TestDirents(t *testing.T) {
	hash := "02" + data100BLAKE3
	b := unhex(t, "000305662e74787438613a6f3a72772d782c673a722d77782c2a3a2d7277783b673a726f6f743b6d3a313534343933373438342e3530303030303b753a726f6f74"+"230064"+hash+
		"0207026c6e217b2261223a22222c226d223a312e302c2270617468726566223a222e2e2f78227d"+
		"030e046861726400112233445566778899aabbccddeeff")
	got, err := parseDir(b)
	if err != nil || len(got) != 3 {
		t.Fatalf("%d entries, %v", len(got), err)
	}
	if d := got[0]; d.Kind != File || d.Name != "f.txt" || d.Content == nil || d.Content.Span != 100 {
		t.Errorf("%+v", d)
	}
	if got, want := ParseMeta(got[0].Meta), (Meta{Owner: "root", Group: "root", Perm: 0o640, HasPerm: true, Sec: 1544937484, Nsec: 5e8, HasTime: true}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if d, m := got[1], ParseMeta(got[1].Meta); d.Kind != Symlink || d.Name != "ln" || d.Content != nil || m.Target != "../x" || m.Sec != 1 || m.HasPerm || m.Odd != nil {
		t.Errorf("%+v, %+v", d, m)
	}
	if d := got[2]; d.Kind != HardLink || d.Name != "hard" || d.UUID.String() != "00112233-4455-6677-8899-aabbccddeeff" {
		t.Errorf("%+v", d)
	}
	whole := 0
	for n := range len(b) {
		entries, err := parseDir(b[:n])
		if err == nil {
			if len(entries) != whole {
				t.Errorf("%d octets of %d are %d entries, not %d", n, len(b), len(entries), whole)
			}
			whole++
		}
	}
	if whole != len(got) {
		t.Errorf("cut off in %d ways, it is read whole", whole)
	}
}

func TestMeta(t *testing.T) {
	for text, want := range map[string]Meta{
		"":                       {},
		"a:;m:1700000003.250000": {Sec: 1700000003, Nsec: 250e6, HasTime: true},
		"a:o:rwx-,g:-rwx,*:x-rw;su:1;sg:0;g:100;u:1000": {Owner: "1000", Group: "100", Perm: 0o4701, HasPerm: true},
		"m:-1.500000": {Sec: -2, Nsec: 5e8, HasTime: true},
		`{"m":1e9,"sg":true,"x":{"user.b":"\u00ff\u0000","user.a":"x"}}`: {Sec: 1e9, HasTime: true, Perm: 0o2000, Xattrs: []Xattr{{"user.a", []byte("x")}, {"user.b", []byte{255, 0}}}},
		"a:u:rwx-":                            {Odd: []string{`metadata "a": "u:rwx-"`}},
		"m:1;m:2":                             {Sec: 1, HasTime: true, Odd: []string{`metadata "m:2"`}},
		"zz:1;oops":                           {Odd: []string{`metadata "oops"`, `metadata "zz": "1"`}},
		"u:" + strings.Repeat("x", MaxName+1): {Odd: []string{`metadata "u": "` + strings.Repeat("x", 100) + `"`}},
		"m:soon":                              {Odd: []string{`metadata "m": "soon"`}},
		"{":                                   {Odd: []string{"metadata that is no JSON"}},
		`{"pathref":"\udce9"}`:                {Target: "\ufffd", Odd: []string{"metadata with names that are not UTF-8"}},
	} {
		if got := ParseMeta(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestText(t *testing.T) {
	h := "H{blake3:" + data100BLAKE3 + "}"
	hash, _ := ParseHash("blake3:" + data100BLAKE3)
	for text, want := range map[string]Ref{
		"B{hash:" + h + ",span:100}":             {Span: 100, Hash: hash},
		"I{B{hash:" + h + ",span:50}}":           {Span: NoSpan, Kind: RefIndirect, Hash: hash},
		"I{1104:B{hash:" + h + ",span:50}}":      {Span: 1104, Kind: RefIndirect, Hash: hash},
		"I{hash:" + h + ",span:1104}":            {Span: 1104, Kind: RefIndirect, Hash: hash},
		"LB{686920[there]}":                      {Span: 8, Kind: RefLiteral, Bytes: []byte("hi there")},
		"RLE{span:1000,octet:0a}":                {Span: 1000, Kind: RefRun, Octet: 10},
		"SubB{block:LB{[0123]},offset:1,span:2}": {Span: 2, Kind: RefPart, Offset: 1, Of: &Ref{Span: 4, Kind: RefLiteral, Bytes: []byte("0123")}},
	} {
		d, m, err := ParseDirent(`F{"a \"b\"":meta:M{m:1.5,a:"o:r-wx",x:{"user.a":"b"}},uuid:U{00112233-4455-6677-8899-aabbccddeeff},block:` + text + "}")
		if err != nil || !reflect.DeepEqual(*d.Content, want) || d.Name != `a "b"` || !d.HasUUID || m.Nsec != 5e8 || m.Perm != 0o400 || len(m.Xattrs) != 1 {
			t.Errorf("%s: %+v, %+v, %v", text, d, m, err)
		}
	}
	for _, bad := range []string{"", "F", "X{}", "F{", `F{"a`, `F{"\q"}`, "F{what:1}", "F{block:B{hash:H{sha1:00}}}", "F{block:SubB{offset:1,span:2}}", "F{block:LB{6}}", "F{block:LB{[}", "F{}x",
		`F{"a"block:LB{}}`, "F{block:LB{},block:LB{}}", "F{block:RLE{span:1,octet:0a,span:2}}",
		"F{block:" + strings.Repeat("SubB{block:", 20)} {
		if _, _, err := ParseDirent(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
	line := `2023-11-14T22:13:20+00:00 1700000000.5 D{"my dir":block:LB{}} # name` + "\n"
	st, err := LastState([]byte("# comment\n\n" + line + line + "2023-11-14T22:13:20+00:00 17000"))
	if err != nil || st.Number != 2 || !st.Incomplete || st.Sec != 17e8 || st.Nsec != 5e8 || st.Root.Name != "my dir" || st.Root.Kind != Dir {
		t.Errorf("%+v, %v", st, err)
	}
	for _, bad := range []string{"", "#\n", "one\n", "one two three\n", "t 1 D{}x\n", line[:10]} {
		if _, err := LastState([]byte(bad)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := LastState([]byte(strings.TrimSpace(line))); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "its only line has no end") {
		t.Error(err)
	}
}

func TestDamage(t *testing.T) {
	ctx := context.Background()
	zeros := make([]byte, 5000)
	var f file
	good := f.add(SHA1, []byte("a block of some thirty octets, or so"))
	at := len(f.b)
	f.add(SHA1, zeros)
	broken := bytes.Clone(f.b)
	broken[at+8] ^= 0xff
	for name, c := range map[string]struct {
		b     []byte
		class error
		bad   string
	}{
		"empty":             {nil, ErrNotLegacy, ""},
		"another format":    {[]byte("\x89VTD\r\n\x1a\n"), ErrNotLegacy, ""},
		"a length too long": {unhex(t, "00ffffffff7f"), ErrNotLegacy, ""},
		"a torn tail":       {f.b[:len(f.b)-3], nil, "record at offset 38: the file ends inside it, 3 octets too soon"},
		"garbage behind":    {append(bytes.Clone(f.b), "garbage"...), nil, "flags that are not known"},
		"a damaged stream":  {broken, nil, "record at offset 38: "},
	} {
		s, err := Open(ctx, bytes.NewReader(c.b), int64(len(c.b)))
		if !errors.Is(err, c.class) {
			t.Errorf("%s: %v, want %v", name, err, c.class)
		}
		if err != nil {
			continue
		}
		if _, err := s.Get(ctx, good); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if bad := s.Bad(); len(bad) != 1 || !strings.Contains(bad[0].Error(), c.bad) {
			t.Errorf("%s: %v, want %q", name, bad, c.bad)
		}
	}
}

// TestLies: references that do not say what is.
func TestLies(t *testing.T) {
	ctx := context.Background()
	var f file
	h := f.add(SHA256, []byte(strings.Repeat("text ", 20)))
	loop := f.add(SHA256, slices.Concat(refOf(h, 100, 0), refOf(h, 100, 0)))
	empty := f.add(SHA256, slices.Concat(refOf(h, 100, 0), literalOf("")))
	deep := loop
	span := uint64(200)
	for range MaxLevels {
		deep = f.add(SHA256, slices.Concat(refOf(deep, span, 1), refOf(deep, span, 1)))
		span *= 2
	}
	missing := h
	missing.value[0] ^= 1
	s := f.store(t)
	for name, c := range map[string]struct {
		ref  []byte
		want string
	}{
		"a span too long":        {refOf(h, 101, 0), "the reference to it says 101"},
		"a missing block":        {refOf(missing, 100, 0), "not in the store"},
		"spans that do not add":  {refOf(loop, 201, 1), "the reference to it says 201"},
		"a reference to nothing": {refOf(empty, 100, 1), "a span of 0"},
		"no references":          {refOf(h, 100, 1), "block sha256:"},
		"too deep":               {refOf(deep, span, 1), "beyond 16 levels"},
		"too long for memory":    {runOf(0, 1<<40), "more than"},
	} {
		_, err := s.Bytes(ctx, parseRef(t, c.ref))
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for name, enc := range map[string]string{
		"flags":                   "03080002",
		"a type":                  "03020004",
		"an indirect literal":     "03030002",
		"something behind":        "0402000200",
		"a literal cut off":       "03020102",
		"a part beyond its whole": "0902020300" + "0402010261",
		"a span of 2^63":          "0d0281808080808080808000" + "0100",
	} {
		c := cursor{b: unhex(t, enc)}
		c.ref(0)
		if c.bad == "" {
			t.Errorf("%s: it is read", name)
		}
	}
}

// TestLimits trips what limits.go has that is not tripped above.
func TestLimits(t *testing.T) {
	ctx := context.Background()
	entry := func(flags byte, b []byte) []byte { return slices.Concat([]byte{0, flags}, b, literalOf("")) }
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"a name":      {entry(direntName, sized(make([]byte, MaxName+1))), "a name above its limit"},
		"metadata":    {entry(direntMeta, sized(make([]byte, MaxMeta+1))), "metadata above its limit"},
		"a reference": {slices.Concat([]byte{0, 0}, number(MaxData+1)), "a reference above its limit"},
		"parts": {slices.Concat([]byte{0, 0}, func() []byte {
			r := literalOf("abc")
			for range maxParts + 1 {
				r = partOf(r, 0, 3)
			}
			return r
		}()), "parts of parts beyond their limit"},
	} {
		if _, err := parseDir(c.b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	var f file
	f.add(SHA1, make([]byte, 1001))
	s := f.store(t)
	s.limit = 1000
	if err := s.Index(ctx, SHA1); err != nil || len(s.Bad()) != 1 || !strings.Contains(s.Bad()[0].Error(), "it inflates to more than the limit") {
		t.Errorf("a bomb: %v, %v", err, s.Bad())
	}
	if _, err := LastState(append(bytes.Repeat([]byte("x"), MaxText+1), '\n')); err == nil || !strings.Contains(err.Error(), "a line of more than") {
		t.Errorf("a long line: %v", err)
	}
	many := content{ctx: ctx, to: new(buffer), work: &work{refs: MaxRefs}, take: NoSpan}
	if err := many.walk(Ref{Kind: RefLiteral}, 0); err == nil || !strings.Contains(err.Error(), "references") {
		t.Errorf("many references: %v", err)
	}

	var bomb file
	leaf := bomb.add(SHA1, make([]byte, 1<<10))
	toLeaf := refOf(leaf, 1<<10, 0)
	wide := bomb.add(SHA1, bytes.Repeat(toLeaf, MaxRefBlock/len(toLeaf)+1))
	bs := bomb.store(t)
	if _, err := bs.Bytes(ctx, Ref{Kind: RefIndirect, Span: NoSpan, Hash: wide}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "octets of references, above the limit") {
		t.Errorf("a large block of references: %v", err)
	}
	tired := content{ctx: ctx, s: bs, to: new(buffer), work: &work{got: WorkFree}, take: NoSpan}
	if err := tired.walk(Ref{Kind: RefHash, Span: 1 << 10, Hash: leaf}, 0); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "takes too long") {
		t.Errorf("work beyond its limit: %v", err)
	}
	tired.work.yielded = 1 << 10
	if err := tired.walk(Ref{Kind: RefHash, Span: 1 << 10, Hash: leaf}, 0); err != nil {
		t.Errorf("work within its limit: %v", err)
	}
	short := append([]byte{byte(Dir), direntName | direntNoBlock}, sized([]byte("a"))...)
	if d, err := parseDir(bytes.Repeat(short, MaxEntries+1)); !errors.Is(err, ErrDamaged) || len(d) != MaxEntries {
		t.Errorf("%d entries, %v", len(d), err)
	}
}

func TestRoots(t *testing.T) {
	dirent := func(kind byte, name string, ref []byte) []byte {
		return slices.Concat([]byte{kind, 2}, sized([]byte(name)), ref)
	}
	var f file
	data := f.add(SHA1, []byte(strings.Repeat("text\n", 1000)))
	sub := f.add(SHA1, dirent(0, "file", refOf(data, 5000, 0)))
	top := f.add(SHA1, dirent(1, "sub", refOf(sub, 30, 0)))
	f.add(SHA1, make([]byte, 100))
	roots, err := f.store(t).Roots(context.Background())
	if err != nil || len(roots) != 1 || roots[0].Content.Hash != top {
		t.Errorf("%+v, %v", roots, err)
	}
	f.add(SHA1, dirent(1, "other", refOf(sub, 30, 0)))
	if roots, err := f.store(t).Roots(context.Background()); err != nil || len(roots) != 2 {
		t.Errorf("%+v, %v", roots, err)
	}
}

// TestManyRecords: very short records can be very many, and all of them bad.
func TestManyRecords(t *testing.T) {
	ctx := context.Background()
	short := bytes.Repeat([]byte{0, 1, 'a'}, 1000)
	s, err := open(ctx, bytes.NewReader(short), int64(len(short)), 999)
	if err != nil {
		t.Fatal(err)
	}
	if bad := s.Bad(); s.Records() != 999 || len(bad) != 1 || bad[0].Offset != 3*999 {
		t.Errorf("%d records, %v", s.Records(), bad)
	}
	if s := (&file{make([]byte, 1<<20)}).store(t); s.Records() != 1 {
		t.Errorf("%d empty records", s.Records())
	}
	s = (&file{bytes.Repeat([]byte{1, 0}, MaxBad+10)}).store(t)
	for _, k := range []HashKind{SHA1, BLAKE3} {
		if err := s.Index(ctx, k); err != nil {
			t.Fatal(err)
		}
	}
	if bad := s.Bad(); len(bad) != MaxBad || !strings.Contains(bad[MaxBad-1].Msg, "not reported") {
		t.Errorf("%d are bad, the last: %v", len(bad), bad[len(bad)-1])
	}
}

// TestRootsMemory: directories that compress well, and are stored again and
// again, are not kept in memory while roots are looked for.
func TestRootsMemory(t *testing.T) {
	dir := bytes.Repeat([]byte{0, 6, 1, 'a'}, 1<<16)
	var f file
	for range 32 {
		f.add(SHA1, dir)
	}
	s := f.store(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	roots, err := s.Roots(context.Background())
	runtime.ReadMemStats(&after)
	if err != nil || len(roots) != 1 || roots[0].Content.Span != uint64(len(dir)) {
		t.Errorf("%+v, %v", roots, err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 32*8*uint64(len(dir)) {
		t.Errorf("%d octets of memory for directories of %d", n, 32*len(dir))
	}
}

// TestIndexMemory: an index is as large as what differs.
func TestIndexMemory(t *testing.T) {
	s := (&file{bytes.Repeat([]byte{0, 1, 'a'}, 2<<20)}).store(t)
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	if err := s.Index(context.Background(), SHA1); err != nil {
		t.Fatal(err)
	}
	if len(s.Bad()) > 0 || s.Records() != 2<<20 {
		t.Errorf("%d records, %v", s.Records(), s.Bad())
	}
	if after := live(); after > before+32<<20 {
		t.Errorf("%d octets of memory for %d equal records", after-before, s.Records())
	}
}

// TestSample reads a store that the old program wrote.
func TestSample(t *testing.T) {
	ctx := context.Background()
	b, err := os.ReadFile("testdata/legacy-sha1.vtd")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/legacy-sha1.vt")
	if err != nil {
		t.Fatal(err)
	}
	expect, err := os.ReadFile("testdata/legacy-expect.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]struct {
		Size   int
		SHA256 string
	}
	if err := json.Unmarshal(expect, &want); err != nil {
		t.Fatal(err)
	}
	s, err := Open(ctx, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	st, err := LastState(text)
	if err != nil {
		t.Fatal(err)
	}
	var walk func(dir string, r Ref)
	got := make(map[string][]byte)
	walk = func(dir string, r Ref) {
		b, err := s.Bytes(ctx, r)
		if err != nil {
			t.Fatal(dir, err)
		}
		entries, err := parseDir(b)
		if err != nil {
			t.Fatal(dir, err)
		}
		for _, d := range entries {
			switch d.Kind {
			case Dir:
				walk(dir+d.Name+"/", *d.Content)
			case File:
				if got[dir+d.Name], err = s.Bytes(ctx, *d.Content); err != nil {
					t.Error(dir+d.Name, err)
				}
			case Symlink:
				got[dir+d.Name] = []byte(ParseMeta(d.Meta).Target)
			}
		}
	}
	walk("", *st.Root.Content)
	for name, w := range want {
		sum := sha256.Sum256(got[name])
		if len(got[name]) != w.Size || hex.EncodeToString(sum[:]) != w.SHA256 {
			t.Errorf("%s has %d octets, or others than it should", name, len(got[name]))
		}
	}
	if len(got) != len(want)+2 || !bytes.Equal(got["sub/copy.py"], got["argparse.py"]) || string(got["sub/ln"]) != "../small.txt" {
		t.Errorf("%d files; sub/ln leads to %q", len(got), got["sub/ln"])
	}
	if len(s.Bad()) > 0 {
		t.Error(s.Bad())
	}
}
