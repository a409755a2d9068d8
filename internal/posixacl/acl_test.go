package posixacl

import (
	"errors"
	"testing"
)

// full is user::rw-,user:7:r--,group::r--,mask::r--,other::r-- as the kernel
// has it.
const full = "\x02\x00\x00\x00" + "\x01\x00\x06\x00\xff\xff\xff\xff" + "\x02\x00\x04\x00\x07\x00\x00\x00" +
	"\x04\x00\x04\x00\xff\xff\xff\xff" + "\x10\x00\x04\x00\xff\xff\xff\xff" + "\x20\x00\x04\x00\xff\xff\xff\xff"

func TestThereAndBack(t *testing.T) {
	const want = "user::rw-,user:7:r--,group::r--,mask::r--,other::r--"
	text, ok := Text(full)
	if !ok || text != want {
		t.Errorf("%q, %v", text, ok)
	}
	for _, text := range []string{
		want,
		"other::r--,mask::r--,group::r--,user:7:r--,user::rw-",
		"u::rw-\nu:7:r--\ng::r--\nm:r--\no:r--\n",
		"user::rw-,user:nobody-here:r--:7,group::r--\t#effective,mask::r--,other::r--,",
	} {
		if raw, err := Parse(text, true); err != nil || raw != full {
			t.Errorf("%q: %q, %v", text, raw, err)
		}
	}
}

func TestPlain(t *testing.T) {
	const text = "user::rw-,group::r--,other::r--"
	if raw, err := Parse(text, true); err != nil || raw != "" {
		t.Errorf("what permissions say: %q, %v", raw, err)
	}
	raw, err := Parse(text, false)
	if back, ok := Text(raw); err != nil || !ok || back != text {
		t.Errorf("a default list: %q, %v", back, err)
	}
}

func TestBad(t *testing.T) {
	for _, text := range []string{
		"", " ,\n", "user", "user::", "user::rwx:1:2", "user::rwz", "who::rwx", "mask:7:rwx", "other:nobody:r--", "user:nobody-is-called-this:rwx", "user:4294967296:rwx", "u::r",
	} {
		if raw, err := Parse(text, true); !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %q, %v", text, raw, err)
		}
	}
	for _, raw := range []string{"", "\x02\x00\x00", "\x01\x00\x00\x00", full[:21], "\x02\x00\x00\x00\x03\x00\x06\x00\xff\xff\xff\xff"} {
		if text, ok := Text(raw); ok {
			t.Errorf("%q: %q", raw, text)
		}
	}
}
