package format

import (
	"bytes"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

// longRunsByRule hashes a content by the letter of the specification.
func longRunsByRule(id HashID, b []byte) Hash {
	var records []byte
	plain := 0
	stretch := func(to int) {
		if to > plain {
			sum := id.Sum(b[plain:to])
			records = binary.AppendUvarint(append(records, 0), uint64(to-plain))
			records = append(records, sum[:]...)
		}
	}
	found := false
	for i := 0; i < len(b); {
		n := 1
		for i+n < len(b) && b[i+n] == b[i] {
			n++
		}
		if n > 16<<20 {
			found = true
			stretch(i)
			records = binary.AppendUvarint(append(records, 1, b[i]), uint64(n))
			plain = i + n
		}
		i += n
	}
	if !found {
		return id.Sum(b)
	}
	stretch(len(b))
	return id.Sum(append([]byte("vtd long runs 1\n"), records...))
}

// TestContentHash feeds contents of stretches and runs in arbitrary pieces,
// runs as octets and as runs.
func TestContentHash(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it hashes gigabytes")
	}
	big := make([]byte, 36<<20)
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.SampledFrom([]HashID{HashBLAKE3, HashSHA256}).Draw(t, "hash")
		whole := big[:0]
		h := id.NewContent()
		h.Write([]byte("what came before"))
		h.Reset()
		for range rapid.IntRange(0, 3).Draw(t, "pieces") {
			octet := rapid.SampledFrom([]byte{0, 0, 7}).Draw(t, "octet")
			n := rapid.SampledFrom([]int{0, 1, 100, 1 << 20, 8 << 20, LongRun - 1, LongRun, LongRun + 1}).Draw(t, "length")
			if len(whole)+n > cap(big) {
				break
			}
			at := len(whole)
			whole = whole[:at+n]
			for i := range whole[at:] {
				whole[at+i] = octet
			}
			if rapid.Bool().Draw(t, "as a run") {
				h.WriteRun(octet, uint64(n))
				continue
			}
			if rapid.Bool().Draw(t, "mixed") && n > 0 {
				whole[at+rapid.IntRange(0, n-1).Draw(t, "other")] = 9
			}
			for rest := whole[at:]; len(rest) > 0; {
				k := min(len(rest), rapid.SampledFrom([]int{1, 1 << 20, 40 << 20}).Draw(t, "step")+len(rest)/4)
				h.Write(rest[:k])
				rest = rest[k:]
			}
		}
		if got, want := h.Sum(), longRunsByRule(id, whole); got != want {
			t.Fatalf("%v of %d bytes: %v, by the rule %v", id, len(whole), got, want)
		}
		if got := id.SumContent(whole); got != longRunsByRule(id, whole) {
			t.Fatalf("SumContent: %v", got)
		}
	})
}

func TestContentHashOfAnExabyte(t *testing.T) {
	h := HashBLAKE3.NewContent()
	h.Write([]byte("a"))
	h.WriteRun(0, 1<<60)
	h.WriteRun(0, 1)
	h.Write([]byte("b"))
	a, b := HashBLAKE3.Sum([]byte("a")), HashBLAKE3.Sum([]byte("b"))
	records := []byte("vtd long runs 1\n\x00\x01" + string(a[:]) + "\x01\x00")
	records = binary.AppendUvarint(records, 1<<60+1)
	records = append(records, "\x00\x01"+string(b[:])...)
	if got, want := h.Sum(), HashBLAKE3.Sum(records); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := HashBLAKE3.SumContent(bytes.Repeat([]byte{5}, LongRun)), HashBLAKE3.Sum(bytes.Repeat([]byte{5}, LongRun)); got != want {
		t.Errorf("a run of exactly LongRun: %v, want %v", got, want)
	}
}
