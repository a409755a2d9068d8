package writer

import (
	"bytes"
	"crypto/rand"
	"slices"
	"time"

	"github.com/vtdarchive/vtd/format"
)

// past is what a snapshot says of those before it.
type past struct {
	parents []format.Ref
	replica format.ReplicaID
	vector  []format.VectorRow
}

// pastOf makes the record of a replica that goes on from the newest snapshot.
func pastOf(b *base, replica format.ReplicaID) *past {
	hash, _ := b.a.Hash(b.tree.SnapshotBlock()) // opening has read it
	p := &past{replica: replica, parents: []format.Ref{{Num: b.tree.SnapshotBlock(), Hash: hash}}}
	p.vector = slices.Clone(b.tree.Snapshot().Vector)
	i, have := slices.BinarySearchFunc(p.vector, replica, func(r format.VectorRow, id format.ReplicaID) int {
		return bytes.Compare(r.Replica[:], id[:])
	})
	if !have {
		if len(p.vector) == format.MaxVector {
			p.vector, i = leastOut(p.vector, i)
		}
		p.vector = slices.Insert(p.vector, i, format.VectorRow{Replica: replica})
	}
	p.vector[i].Count++
	return p
}

// leastOut makes room in a vector that has as many rows as it may: the replica
// that wrote least is forgotten. at is a place in the vector, and stays it.
func leastOut(rows []format.VectorRow, at int) ([]format.VectorRow, int) {
	least := 0
	for i := range rows {
		if rows[i].Count < rows[least].Count {
			least = i
		}
	}
	if least < at {
		at--
	}
	return slices.Delete(rows, least, least+1), at
}

// newReplica gives an id that no one else has.
func newReplica() (id format.ReplicaID) {
	rand.Read(id[:])
	return id
}

// timeOf gives a point in time in the format's terms.
func timeOf(t time.Time) format.Time {
	return format.Time{Sec: t.Unix(), Nsec: uint32(t.Nanosecond())}
}

// shown words a time for a message.
func shown(t format.Time) string {
	return time.Unix(t.Sec, int64(t.Nsec)).UTC().Format(time.RFC3339Nano)
}
