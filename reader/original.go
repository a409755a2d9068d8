package reader

import "github.com/vtdarchive/vtd/format"

// Original gives the file that the tree was made from, such as a tar, for who
// wants its very octets, and the directory that holds it; [Archive.Content]
// opens it. Both are nil where the archive has none. The first call on an
// archive sorts hashes, as [Archive.Find] does.
func (t *Tree) Original() (dir, file *format.Entry, err error) {
	dir, file, err = t.original()
	return dir, file, t.a.named(err)
}

func (t *Tree) original() (dir, file *format.Entry, err error) {
	hash := t.snapshot.Original
	if hash == (format.Hash{}) {
		return nil, nil, nil
	}
	for num, err := range t.a.Find(hash) {
		if err != nil {
			return nil, nil, err
		}
		row, err := t.a.frameOf(num)
		if err != nil {
			return nil, nil, err
		}
		if row.Kind != format.FrameMetadata {
			continue // content may have any hash
		}
		n, err := t.a.metaNode(num, "directory")
		if err != nil {
			return nil, nil, err
		}
		if n.leaf == nil || len(n.leaf.Entries) != 1 || n.leaf.Entries[0].Kind != format.KindFile || n.leaf.Entries[0].LinkID != 0 {
			return nil, nil, blockDamage("snapshot record", format.NoOffset, t.num, "it names block %d as the directory of the original, which is %s and not one with one file", num, n.typeName())
		}
		file = &n.leaf.Entries[0]
		return &format.Entry{Kind: format.KindImplied, Count: 1, Size: file.Size, Ref: format.Ref{Num: num, Hash: hash}}, file, nil
	}
	return nil, nil, blockDamage("snapshot record", format.NoOffset, t.num, "it names the original of the tree, %v, which is not in the archive", hash)
}
