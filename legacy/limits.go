package legacy

// Limits of what a file may ask for. The old program had none.
const (
	// MaxData bounds the data of a record, as it is stored and inflated: it is
	// held in memory. A leaf has at most 1 MiB, but a directory is one block
	// whatever its size.
	MaxData = 256 << 20
	// MaxRecords bounds the records, of two octets or more, of which some 70
	// octets are kept in memory for each: 2^27 are half a terabyte in blocks of
	// 4 KiB.
	MaxRecords = 1 << 27
	// MaxBad bounds what is told of damaged records.
	MaxBad = 10_000
	// MaxRefBlock bounds a block of references, of which those of all levels are
	// held at a time. The old program fills 16,383 octets.
	MaxRefBlock = 1 << 20
	// MaxEntries bounds the entries of one directory.
	MaxEntries = 1 << 20
	// WorkFree and WorkFactor bound the octets that are read and inflated for
	// content: WorkFree, and WorkFactor for each octet of it that was given. Parts
	// of one block may be asked for again and again.
	WorkFree, WorkFactor = 1 << 30, 64
	// MaxName, of entries and owners, and MaxMeta bound what an entry says of
	// itself. An attribute's value has at most 64 KiB, and is escaped.
	MaxName = 1023
	MaxMeta = 4 << 20
	// MaxLevels bounds how deep blocks of references lie in each other. Each
	// level of the old program's holds some 400 or more.
	MaxLevels = 16
	// MaxRefs bounds the references of one file, which may name the same few
	// blocks again and again: 2^28 are a terabyte in blocks of 4 KiB.
	MaxRefs = 1 << 28
	// MaxSpan bounds the size of a file, as in the archives of this project.
	MaxSpan = 1<<62 - 1
	// MaxText bounds a line of a text file.
	MaxText = 16 << 20
)
