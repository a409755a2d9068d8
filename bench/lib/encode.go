//go:build ignore

// Encode compresses files with Go's compress/flate or with klauspost/compress:
//
//	go run bench/lib/encode.go go|klauspost LEVEL DIR FILE...
package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	kgzip "github.com/klauspost/compress/gzip"
)

func main() {
	level, err := strconv.Atoi(os.Args[2])
	for i, name := range os.Args[4:] {
		if err == nil {
			err = encode(os.Args[1], level, filepath.Join(os.Args[3], fmt.Sprintf("%d.gz", i)), name)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func encode(encoder string, level int, to, from string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	var w io.WriteCloser
	if encoder == "go" {
		w, err = gzip.NewWriterLevel(f, level)
	} else {
		w, err = kgzip.NewWriterLevel(f, level)
	}
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Close()
}
