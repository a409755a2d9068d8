package testkit

import (
	"embed"
	"encoding/binary"
	"hash/adler32"

	"github.com/vtdarchive/vtd/deflate"
	"github.com/vtdarchive/vtd/recipe"
)

//go:embed testdata/*.gz
var samples embed.FS

// models made the samples.
var models = map[string]deflate.Model{"text": deflate.GzipModel(9), "large": deflate.GzipModel(6), "zeros": deflate.GzipModel(9), "search": deflate.GzipModel(9), "steps": deflate.GzipModel(9)}

// gzipHead is the length of the header of a gzip file without names, and
// gzipTail that of what follows its stream.
const gzipHead, gzipTail = 10, 8

// Gzip gives a file of the samples, and a node of it that is held as a recipe:
// "text", about 3 KB of text in one part; "large", 2.5 MB in several; "search", 48 KB of
// two letters, which takes some 390 steps of searching an octet; or "steps", 16 KB of such
// that are sent as literals, and searched for nevertheless, which takes too many.
func Gzip(sample string) *Node {
	b, err := samples.ReadFile("testdata/" + sample + ".gz")
	if err != nil {
		panic(err)
	}
	return File(sample+".gz", string(b)).With(func(n *Node) {
		n.Streams = []Stream{{Off: gzipHead, Len: len(b) - gzipHead - gzipTail, Model: models[sample]}}
	})
}

// Raw gives the stream of a sample alone: a file that is nothing but a recipe.
func Raw(sample string) *Node {
	n := Gzip(sample)
	n.Name, n.Data = sample+".deflate", n.Data[gzipHead:len(n.Data)-gzipTail]
	n.Streams = []Stream{{Len: len(n.Data), Model: models[sample]}}
	return n
}

// Nested gives a file in which a gzip file lies packed in another, without
// compression, and so on to some depth of recipes.
func Nested(depth int) *Node {
	n := Gzip("text")
	n.Name = "nested"
	for range depth - 1 {
		// A final block that is stored: 5 octets and the content.
		head := []byte{1, 0, 0, 0, 0}
		binary.LittleEndian.PutUint16(head[1:], uint16(len(n.Data)))
		binary.LittleEndian.PutUint16(head[3:], ^uint16(len(n.Data)))
		made := append(head, n.Data...)
		n.Streams = []Stream{{Off: 2, Len: len(made), Model: deflate.ZlibModel(6), Inner: n.Streams}}
		sum := binary.BigEndian.AppendUint32(nil, adler32.Checksum(n.Data))
		n.Data = append(append([]byte{0x78, 0x01}, made...), sum...)
	}
	return n
}

// Broken gives a file whose stream is interrupted as that of a PNG is.
func Broken() *Node {
	n := Raw("text")
	n.Name = "broken"
	stream := n.Data
	var data []byte
	var breaks []recipe.Break
	const step = 500
	for at := 0; at < len(stream); at += step {
		if at > 0 {
			b := []byte{byte(at), 'c', 'r', 'c', 0, 0, 0, step % 256, 'I', 'D', 'A', 'T'}
			breaks = append(breaks, recipe.Break{At: int64(at), Octets: b})
			data = append(data, b...)
		}
		data = append(data, stream[at:min(at+step, len(stream))]...)
	}
	n.Data = append(append([]byte("before"), data...), "behind"...)
	n.Streams = []Stream{{Off: 6, Len: len(data), Model: models["text"], Breaks: breaks}}
	return n
}

// Zeros gives a gzip stream of 80,000 zeros: the input of its recipe is a
// run, and in no block.
func Zeros() *Node {
	n := Raw("zeros")
	n.Name = "zeros"
	return n
}
