package scanners

import "encoding/binary"

// extTask is something to read of the image. What n and first are depends on its
// kind; file is whose it is.
type extTask struct {
	at, n, first int64
	file         extFile
	kind         uint8
}

// extFile is the file of an inode.
type extFile struct {
	inode     uint32
	directory bool
}

const (
	extDescriptors = iota // n of them, the first that of the group of number first
	extInodes             // n of them, the first of number first
	extNames              // n octets of a directory
	extContent            // the n octets of a file, all of them
	extExtents            // a block of extents of a file of n octets
	extPointers           // numbers of blocks, of a file of n octets from its block of number first on; with 1 to 3 more, of blocks of numbers, so deep
)

// pushBlock notes that a block of numbers is to be read, if its own number is
// one.
func (x *ext) pushBlock(kind uint8, number []byte, size, first int64, file extFile) {
	if block := int64(binary.LittleEndian.Uint32(number)); x.holds(block) && first <= size/x.block {
		x.push(extTask{x.at(block), size, first, file, kind})
	}
}

// push notes something to be read. What files hold takes up at most half of the
// room: it matters less than where files are.
func (x *ext) push(t extTask) {
	room := maxExtTasks
	if t.kind == extContent {
		room /= 2
	}
	if t.n <= 0 || len(x.tasks) >= room {
		return
	}
	i := len(x.tasks)
	x.tasks = append(x.tasks, t)
	for i > 0 && x.tasks[(i-1)/2].at > t.at {
		x.tasks[i] = x.tasks[(i-1)/2]
		i = (i - 1) / 2
	}
	x.tasks[i] = t
}

func (x *ext) pop() (top extTask, ok bool) {
	if len(x.tasks) == 0 {
		return top, false
	}
	n := len(x.tasks) - 1
	top, t := x.tasks[0], x.tasks[n]
	x.tasks = x.tasks[:n]
	for i := 0; n > 0; {
		low := 2*i + 1
		if low+1 < n && x.tasks[low+1].at < x.tasks[low].at {
			low++
		}
		if low >= n || t.at <= x.tasks[low].at {
			x.tasks[i] = t
			break
		}
		x.tasks[i] = x.tasks[low]
		i = low
	}
	return top, true
}
