package scanners

import "testing"

func TestValidate(t *testing.T) {
	good := []Params{DefaultParams, tiny, {64, 64, 64, 512}, {16 << 20, 16 << 20, 16 << 20, 16 << 20}}
	for _, p := range good {
		if err := p.Validate(); err != nil {
			t.Errorf("%+v: %v", p, err)
		}
	}
	bad := []Params{
		{},
		{63, 256, 1024, 512},
		{512, 256, 1024, 512},
		{64, 256, 255, 512},
		{64, 256, 16<<20 + 1, 512},
		{64, 255, 1024, 512},
		{64, 256, 1024, 511},
		{64, 256, 1024, 16<<20 + 1},
		{-1, 256, 1024, 512},
	}
	for _, p := range bad {
		if p.Validate() == nil {
			t.Errorf("%+v is valid", p)
		}
	}
}

func TestMasks(t *testing.T) {
	strict, lenient := DefaultParams.masks()
	if strict != 0x5555555550000000 || lenient != 0x5555555000000000 {
		t.Errorf("masks are %#x and %#x", strict, lenient)
	}
}
