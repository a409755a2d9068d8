package format

// Limits on what a reader believes. Each bounds the memory or the work that a
// few lying bytes could otherwise ask for.
const (
	MaxHeader       = 64 << 10  // header with extension: read whole at open
	MaxFrameRaw     = 64 << 20  // bytes a frame inflates to: the unit of memory
	MaxFrameStored  = 65 << 20  // stored bytes: a stored frame plus codec framing
	MaxFrameBlocks  = 1 << 20   // blocks of a frame: their lengths are parsed into memory
	MaxFrameHead    = 5 << 20   // head: MaxFrameBlocks lengths of up to 4 bytes, and some
	MaxDataBlock    = 16 << 20  // one data block: hashed and handed out whole
	MaxMetaBlock    = 16 << 20  // one metadata block in stored form: parsed whole
	MaxLiteral      = 256       // literal bytes in a reference
	MaxName         = 1023      // bytes of a name; Linux allows 255
	MaxTarget       = 64 << 10  // bytes of a symlink target; Linux allows 4095
	MaxOwnerName    = 255       // bytes of a user or group name
	MaxXattrName    = 255       // as Linux
	MaxXattrValue   = 64 << 10  // as Linux
	MaxXattrTotal   = 4 << 20   // names and values of one entry
	MaxLeafEntries  = 1 << 16   // entries of one directory leaf
	MaxNodeChildren = 1 << 16   // children of an inner or indirect node
	MaxNodeLevel    = 12        // height of a directory's or a file's tree
	MaxDepth        = 8192      // directories below one another
	MaxSpan         = 1<<62 - 1 // bytes of one file, and of a whole tree
	MaxParents      = 64        // parents of a snapshot
	MaxVector       = 4096      // rows of a version vector
	MaxText         = 64 << 10  // label, message, tool
	MaxRecipeParams = 4 << 20   // parameters of a recipe: parsed into some ten times as much
	MaxRecipeDepth  = 4         // recipes in the inputs of one another
	MaxRecipeRatio  = 256       // bytes of a recipe's input for each that it makes,
	MaxRecipeFree   = 64 << 10  // beyond these: work that few bytes could ask for
	MaxDelta        = 4 << 20   // input of a delta, and what it makes: both are in memory
	MaxParityShards = 256       // data and parity shards of a set: elements of the field
	MaxParityCell   = 1 << 20   // one cell: a row of them is in memory
	MaxParityRows   = 1 << 24   // rows of a set
)
