package scanners

import "encoding/binary"

// sqliteScanner knows data bases of SQLite 3.
//
// Joints are between pages. A page stays at its place when others change, and
// what few rows change are is scattered over many, so that chunks of many pages
// would hardly ever stay the same.
var sqliteScanner = &Scanner{
	Name: "sqlite", Title: "SQLite data bases: pages",
	Exts: []string{"sqlite", "sqlite3", "db3"}, MIME: []string{"application/vnd.sqlite3", "application/x-sqlite3"},
	sniff: func(head []byte) bool { return sqlitePage(head) > 0 },
	scan:  scanSQLite,
}

// sqliteUnit is how much content is worth a chunk: less in each makes chunks
// many, and more makes them change more often.
const sqliteUnit = 4 << 10

// sqlitePage reads the size of pages from the header of a data base, and gives 0
// if it is none.
func sqlitePage(head []byte) int64 {
	if len(head) < 100 || string(head[:16]) != "SQLite format 3\x00" {
		return 0
	}
	n := int64(binary.BigEndian.Uint16(head[16:]))
	switch {
	case n == 1:
		return 64 << 10
	case n < 512 || n&(n-1) != 0:
		return 0
	}
	return n
}

func scanSQLite(s *Source) {
	unit := sqlitePage(s.Peek(100))
	if unit == 0 {
		return
	}
	for unit = max(unit, sqliteUnit); !s.AtEnd(); s.Skip(unit) {
		s.Joint()
	}
}
