package scanners

import "encoding/binary"

// peScanner knows programs and libraries of Windows, and of EFI.
//
// Joints are around large sections and where the table of symbols begins.
var peScanner = &Scanner{
	Name: "pe", Title: "PE programs and libraries: sections",
	MIME:  []string{"application/vnd.microsoft.portable-executable", "application/x-msdownload", "application/x-dosexec"},
	Exts:  []string{"exe", "dll", "efi", "sys"},
	sniff: func(head []byte) bool { return peHeader(head) > 0 },
	scan:  scanPE,
}

// peHeader finds the header of a file, or gives 0.
func peHeader(b []byte) int {
	if len(b) < 64 || string(b[:2]) != "MZ" {
		return 0
	}
	at := int64(binary.LittleEndian.Uint32(b[0x3c:]))
	if at < 64 || at > int64(len(b))-24 || string(b[at:at+4]) != "PE\x00\x00" {
		return 0
	}
	return int(at)
}

func scanPE(s *Source) {
	b := s.Peek(MaxPeek)
	at := peHeader(b)
	if at == 0 {
		return
	}
	h := b[at:]
	sections, options := int(binary.LittleEndian.Uint16(h[6:])), int(binary.LittleEndian.Uint16(h[20:]))
	if symbols := int64(binary.LittleEndian.Uint32(h[12:])); symbols > 0 {
		s.JointAt(symbols)
	}
	for e := h[min(24+options, len(h)):]; sections > 0 && len(e) >= 40; sections, e = sections-1, e[40:] {
		size, start := int64(binary.LittleEndian.Uint32(e[16:])), int64(binary.LittleEndian.Uint32(e[20:]))
		if size >= minSection && start > 0 {
			s.JointAt(start)
			s.JointAt(start + size)
		}
	}
}
