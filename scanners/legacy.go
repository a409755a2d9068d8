package scanners

// legacyScanner knows the data files of the old vt: records one after another,
// without anything around them.
//
// Joints are where records of at least minLegacySection octets begin, so that
// a block in two stores is stored once.
var legacyScanner = &Scanner{
	Name: "legacy", Title: "data files of the old vt: each record",
	Exts:  []string{"vtd"},
	sniff: legacyRecords,
	scan:  scanLegacy,
}

const (
	// minLegacySection is the length of the record's data from which on a joint
	// is worth it; shorter records stay with the one before.
	minLegacySection = 512
	// legacyHead is the most that flags and length of a record take.
	legacyHead = 1 + maxLegacyVarint
	// maxLegacyVarint is enough for lengths below 2^42.
	maxLegacyVarint = 6
	// legacyZlib is how what the old vt has compressed begins: a window of 32 KiB
	// and the default level.
	legacyZlib = "\x78\x9c"
)

// legacyRecord reads flags and length of a record: a number each, big-endian,
// seven bits an octet, as short as can be, of which the flags are 0 or 1.
func legacyRecord(b []byte) (compressed bool, head int, data int64, ok bool) {
	if len(b) < 2 || b[0] > 1 || b[1] == 0x80 {
		return false, 0, 0, false
	}
	for i, c := range b[1:min(len(b), legacyHead)] {
		data = data<<7 | int64(c&0x7f)
		if c < 0x80 {
			return b[0] == 1, i + 2, data, true
		}
	}
	return false, 0, 0, false
}

// legacyRecords reports whether content begins with records, as far as they
// can be seen. Two small octets say nothing: one of them must be compressed, and
// show it.
func legacyRecords(head []byte) bool {
	sure := false
	for {
		compressed, n, data, ok := legacyRecord(head)
		if !ok {
			return sure && len(head) < legacyHead
		}
		head = head[n:]
		switch {
		case data == 0:
			return false
		case !compressed:
		case data <= 8:
			return false
		case len(head) < 3:
			return sure
		case string(head[:2]) != legacyZlib || head[2]&6 == 6: // there are three kinds of deflate blocks
			return false
		default:
			sure = true
		}
		if data >= int64(len(head)) {
			return sure
		}
		head = head[data:]
	}
}

func scanLegacy(s *Source) {
	for {
		_, head, data, ok := legacyRecord(s.Peek(legacyHead))
		if !ok {
			return
		}
		if data >= minLegacySection {
			s.Joint()
		}
		s.Skip(int64(head) + data)
	}
}
