package fsmeta

import (
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// block is a multiple of every block size holes are likely to come in.
const block = 64 << 10

func collect(t *testing.T, fd int, size int64) ([]Extent, error) {
	t.Helper()
	var got []Extent
	for e, err := range DataExtents(fd, size) {
		if err != nil {
			return got, err
		}
		got = append(got, e)
	}
	return got, nil
}

// sparse makes a file with data in the given blocks.
func sparse(t *testing.T, size int64, blocks ...int64) int {
	t.Helper()
	dirfd := openTemp(t)
	fd, err := rawOpenat(dirfd, "f", unix.O_RDWR|unix.O_CREAT, 0o600)
	check(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	data := make([]byte, block)
	for i := range data {
		data[i] = 1
	}
	for _, b := range blocks {
		_, err := unix.Pwrite(fd, data, b*block)
		check(t, err)
	}
	check(t, unix.Ftruncate(fd, size))
	if len(blocks) == 0 && size > 0 {
		info, err := FStat(fd)
		check(t, err)
		if !info.Sparse() {
			t.Skip("SKIPPED, NOT TESTED: a file system without holes")
		}
	}
	return fd
}

func TestDataExtents(t *testing.T) {
	for _, c := range []struct {
		size   int64
		blocks []int64
		want   []Extent
	}{
		{0, nil, nil},
		{block, nil, nil},
		{1 << 40, nil, nil},
		{block, []int64{0}, []Extent{{0, block}}},
		{block - 1, []int64{0}, []Extent{{0, block - 1}}},
		{9 * block, []int64{0, 1, 4, 7}, []Extent{{0, 2 * block}, {4 * block, block}, {7 * block, block}}},
		{9*block + 5, []int64{2, 9}, []Extent{{2 * block, block}, {9 * block, 5}}},
	} {
		got, err := collect(t, sparse(t, c.size, c.blocks...), c.size)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
}

// A file that grows shows what it was said to have, no more.
func TestDataExtentsOfPart(t *testing.T) {
	fd := sparse(t, 10*block, 1, 2, 8)
	for _, c := range []struct {
		size int64
		want []Extent
	}{
		{block, nil},
		{2 * block, []Extent{{block, block}}},
		{5 * block, []Extent{{block, 2 * block}}},
	} {
		got, err := collect(t, fd, c.size)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
	}
}

// The missing end of a file is not a hole.
func TestDataExtentsShrunk(t *testing.T) {
	for _, c := range []struct {
		size   int64
		blocks []int64
	}{{0, nil}, {4 * block, nil}, {4 * block, []int64{3}}, {4*block - 7, []int64{3}}, {4 * block, []int64{1}}} {
		_, err := collect(t, sparse(t, c.size, c.blocks...), 9*block)
		wantErr(t, err, ErrShrunk)
	}
	// Cut between two steps.
	fd := sparse(t, 9*block, 0, 3, 6)
	var last error
	for e, err := range DataExtents(fd, 9*block) {
		last = err
		if e.Off == 3*block {
			check(t, unix.Ftruncate(fd, 2*block))
		}
	}
	wantErr(t, last, ErrShrunk)
	for range DataExtents(fd, 2*block) {
		break
	}
}

// Where SEEK_DATA is not known, all is data.
func TestDataExtentsUnsupported(t *testing.T) {
	fd, err := unix.Open("/proc/self/status", unix.O_RDONLY, 0)
	check(t, err)
	defer unix.Close(fd)
	got, err := collect(t, fd, 100)
	if err != nil || !slices.Equal(got, []Extent{{0, 100}}) {
		t.Errorf("%v, %v", got, err)
	}
	var pipe [2]int
	check(t, unix.Pipe(pipe[:]))
	defer unix.Close(pipe[0])
	defer unix.Close(pipe[1])
	_, err = collect(t, pipe[0], 100)
	wantErr(t, err, unix.ESPIPE)
}
