package parity

import "testing"

func TestParseShare(t *testing.T) {
	for text, want := range map[string]Share{
		"5%": 500, "0.01%": 1, "75%": 7500, "2.5%": 250, "12.34%": 1234, "005%": 500,
		"": 0, "%": 0, "5": 0, "0.05": 0, "-1%": 0, "+5%": 0, "0%": 0, "75.01%": 0, "100%": 0, "1.234%": 0, "5.%%": 0, "1e1%": 0, "99999999%": 0, "x%": 0, " 5%": 0,
	} {
		got, err := ParseShare(text)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d, %v", text, got, err)
		}
		if err != nil {
			continue
		}
		if again, err := ParseShare(got.String()); again != got || err != nil {
			t.Errorf("%v was read as %d, %v", got, again, err)
		}
	}
}

// TestPlan: every share of every size is protected, for little more than it
// must take.
func TestPlan(t *testing.T) {
	for _, share := range []Share{1, 10, 100, 500, 1000, 3000, 5000, 7500} {
		for _, length := range []int64{700, 3000, 10_000, 123_456, 1_000_000, 10_000_000, 99_999_999, 1_000_000_007, 1 << 40, maxLength} {
			s, err := plan(length, share)
			if err != nil {
				if length < maxLength {
					t.Errorf("%v of %d: %v", share, length, err)
				}
				continue
			}
			if got := ShareOf(&s); got < share {
				t.Errorf("%v of %d: %v is protected by %+v", share, length, got, s)
			}
			if n := int64(s.Data+s.Parity) * int64(s.Cell); n > 16<<20 {
				t.Errorf("%v of %d: a row takes %d bytes", share, length, n)
			}
			// s/(1-s) of the length is what cannot be avoided.
			// There are 255 data shards at most.
			least := float64(length) * max(float64(share)/float64(whole-share), 1.0/255)
			if took := float64(s.SegmentEnd() - length); length >= 1_000_000 && took > 1.6*least+20_000 {
				t.Errorf("%v of %d: %.0f bytes, where %.0f have to be", share, length, took, least)
			}
		}
	}
	for _, share := range []Share{0, -1, 7501, 10_000} {
		if _, err := plan(1000, share); err == nil {
			t.Errorf("%v was planned", share)
		}
	}
}
