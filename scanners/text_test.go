package scanners

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestTextHints says where hints of small examples are: lines of more than
// textGap octets make every place count, and padding keeps the end away.
func TestTextHints(t *testing.T) {
	long := "// " + strings.Repeat("x", textGap) + "\n"
	tail := strings.Repeat("\t\tz\n", textTail/4+1)
	// ¦ is where a hint is to be.
	for _, c := range []struct {
		sc   *Scanner
		name string
		text string
	}{
		{sourceScanner, "definitions", "package p\n" + long + "\n¦func f() {\n" + long + "\n\t\tx()\n}\n" + long + "\r\n\n¦// G\nfunc g() {\n}\n"},
		{sourceScanner, "members", "class A:\n" + long + "\n¦    @decorated\n    def f(self):\n" + long + "\n        g()\n" + long + "\n¦\tdef h():\n"},
		{sourceScanner, "what closes", "f {\n" + long + "\n}\n" + long + "\n\t)\n" + long + "\n  \t]\n"},
		{sourceScanner, "a long line", "a\n" + strings.Repeat("b", 3*MaxPeek) + "\n\n¦c\n"},
		{linesScanner, "lines", long + "¦" + long + "¦" + long + "¦"},
		{linesScanner, "a long line", "a\n" + strings.Repeat("b", 3*MaxPeek) + "\n¦" + long + "¦"},
		{sqlScanner, "rows", "INSERT INTO t VALUES (" + long[:textGap] + "),¦(2," + strings.Repeat("y", MaxPeek) + "),¦(3);\n"},
		{jsonScanner, "objects", "[{" + long[:textGap] + "},¦{" + strings.Repeat("y", 2*MaxPeek) + "},¦{3}]"},
	} {
		var want []int64
		text := c.text
		for {
			before, after, ok := strings.Cut(text, "¦")
			if !ok {
				break
			}
			want = append(want, int64(len(before)))
			text = before + after
		}
		joints, hints := marksOf(t, c.sc, []byte(text+tail))
		// What is shorter than textGap is chosen by chance.
		hints = slices.DeleteFunc(hints, func(h int64) bool { return h >= int64(len(text)) && !slices.Contains(want, h) })
		if len(joints) > 0 || !slices.Equal(hints, want) {
			t.Errorf("%v, %s: joints %v, hints %v, not %v", c.sc, c.name, joints, hints, want)
		}
	}
}

// TestTextNear: of places so close together that the same octets choose them, the
// first has a hint.
func TestTextNear(t *testing.T) {
	for _, n := range []int{4, 8, 16} {
		text := strings.Repeat("x", 100) + strings.Repeat(lineChosen(n), 1000) + strings.Repeat("x", textTail)
		if _, hints := marksOf(t, linesScanner, []byte(text)); len(hints) == 0 || hints[len(hints)-1] > 200 {
			t.Errorf("lines of %d octets: hints %v", n, hints)
		}
	}
}

// textUnits makes n pieces of a text of a kind, and what is around them.
func textUnits(kind string, n int) (head string, units []string, sep, foot string) {
	rng := rand.New(rand.NewPCG(3, 5))
	words := func(n int) string {
		w := make([]string, n)
		for i := range w {
			w[i] = fmt.Sprintf("w%d", rng.IntN(5000))
		}
		return strings.Join(w, " ")
	}
	for i := range n {
		var u string
		switch kind {
		case "source":
			u = fmt.Sprintf("// F%d is %s.\nfunc F%d() {\n", i, words(6), i)
			for range 3 + rng.IntN(30) {
				u += "\tcall(" + words(4) + ")\n"
			}
			u += "}\n\n"
		case "csv":
			u = fmt.Sprintf("%d,%d,%s,\"%s\"\n", i, rng.IntN(1e6), words(2), words(rng.IntN(8)))
		case "jsonl":
			u = fmt.Sprintf(`{"id":%d,"text":"%s"}`+"\n", i, words(1+rng.IntN(20)))
		case "json":
			u = fmt.Sprintf(`{"id":%d,"text":"%s"}`, i, words(1+rng.IntN(20)))
		case "sql":
			u = fmt.Sprintf("INSERT INTO t VALUES(%d,'%s');\n", i, words(3+rng.IntN(8)))
		case "rows":
			u = fmt.Sprintf("(%d,'%s')", i, words(3+rng.IntN(8)))
		}
		units = append(units, u)
	}
	switch kind {
	case "json":
		return "[", units, ",", "]"
	case "rows":
		return "INSERT INTO t VALUES ", units, ",", ";\n"
	}
	return "", units, "", ""
}

// TestTextVersions: of a text with pieces changed, inserted and deleted, less
// is new than with the rolling cut alone.
func TestTextVersions(t *testing.T) {
	for kind, sc := range map[string]*Scanner{
		"source": sourceScanner, "csv": linesScanner, "jsonl": jsonScanner, "json": jsonScanner, "sql": sqlScanner, "rows": sqlScanner,
	} {
		n := 40000
		if kind == "source" {
			n = 5000
		}
		head, units, sep, foot := textUnits(kind, n)
		text := func(u []string) []byte { return []byte(head + strings.Join(u, sep) + foot) }
		older := text(units)
		rng := rand.New(rand.NewPCG(1, 1))
		newer := slices.Clone(units)
		for i := range len(older) >> 18 {
			at := rng.IntN(len(newer))
			switch i % 3 {
			case 0:
				newer[at] = strings.Replace(newer[at], "w", "changed w", 1)
			case 1:
				newer = slices.Insert(newer, at, strings.Replace(newer[at], "w", "inserted w", 1))
			case 2:
				newer = slices.Delete(newer, at, at+1)
			}
		}
		b := text(newer)
		with, without := newBytes(t, sc, older, b), newBytes(t, nil, older, b)
		total := int64(len(b))
		t.Logf("%s: %.1f %% of %d KiB are new, %.1f %% with the rolling cut alone", kind, 100*float64(with)/float64(total), total>>10, 100*float64(without)/float64(total))
		if with*10 > without*8 {
			t.Errorf("%s: %d octets are new, %d with the rolling cut alone", kind, with, without)
		}
	}
}

// BenchmarkText measures reading and cutting more of each sample than
// BenchmarkScan does, and cutting alone.
func BenchmarkText(b *testing.B) {
	for _, sc := range textScanners {
		for _, name := range sortedNames(samplesOf(b, sc.Name)) {
			data := bytes.Repeat(samplesOf(b, sc.Name)[name], 100)
			for _, sc := range []*Scanner{nil, sc} {
				b.Run(name+"/"+sc.String(), func(b *testing.B) {
					b.SetBytes(int64(len(data)))
					for b.Loop() {
						for range Split(DefaultParams, sc, data) {
						}
					}
				})
			}
		}
	}
}
