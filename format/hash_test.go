package format

import (
	"bytes"
	"fmt"
	"testing"
)

// The values are those of the functions' own specifications for "abc".
func TestHashValues(t *testing.T) {
	for id, want := range map[HashID]string{
		HashBLAKE3: "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
		HashSHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	} {
		if got := id.Sum([]byte("abc")).String(); got != want {
			t.Errorf("%v of abc is %s, want %s", id, got, want)
		}
		h := id.New()
		for _, c := range "abc" {
			fmt.Fprintf(h, "%c", c)
		}
		if got := h.Sum(); got.String() != want {
			t.Errorf("%v of a, b, c is %s, want %s", id, got, want)
		}
		back, err := ParseHash(want)
		if err != nil || back != id.Sum([]byte("abc")) {
			t.Errorf("parsing %s: %v, %v", want, back, err)
		}
		if byName, err := ParseHashID(id.String()); err != nil || byName != id {
			t.Errorf("parsing the name %v: %v, %v", id, byName, err)
		}
	}
	for _, bad := range []string{"", "00", "zz" + HashBLAKE3.Sum(nil).String()[2:]} {
		if _, err := ParseHash(bad); err == nil {
			t.Errorf("ParseHash(%q) succeeds", bad)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	for _, id := range []HashID{HashBLAKE3, HashSHA256} {
		for _, size := range []int{4 << 10, 64 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("%v/%dKiB", id, size>>10), func(b *testing.B) {
				data := bytes.Repeat([]byte("0123456789abcdef"), size/16)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					id.Sum(data)
				}
			})
		}
	}
}
