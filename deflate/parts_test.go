package deflate_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"sync"
	"testing"

	"github.com/vtdarchive/vtd/deflate"
)

// long is content of several parts: text, some of it again, noise, runs.
func long() []byte {
	return bytes.Join([][]byte{text(700_000, 21), noise(100_000, 22), make([]byte, 300_000), text(900_000, 23),
		bytes.Repeat(text(40_000, 24), 9), text(700_000, 21)}, nil)
}

// TestParts divides what a model makes of long content, as one stream, into parts.
// What is recorded for them is frozen; sum is of the recipe and the stream, which is
// what the encoders themselves make of it, see testdata. The parts are larger than those
// that Survey makes: how large they are is free, and what a model predicts is not.
func TestParts(t *testing.T) {
	t.Parallel()
	content := long()
	zlib := func(level, window, memory uint8, s deflate.Strategy) deflate.Model {
		return deflate.Model{Family: deflate.Zlib, Version: 1, Level: level, Window: window, Memory: memory, Strategy: s}
	}
	rsyncable := func(level int) deflate.Model {
		m := deflate.GzipModel(level)
		m.Strategy = deflate.Rsyncable
		return m
	}
	far := func(m deflate.Model) deflate.Model {
		m.Version = 2
		return m
	}
	klauspost := func(version uint8, level int) deflate.Model {
		m := deflate.KlauspostModel(level)
		m.Version = version
		return m
	}
	for _, c := range []struct {
		m      deflate.Model
		length int
		sum    string
	}{
		{deflate.ZlibModel(1), 149, "f0a338584de6c4ce"},
		{deflate.ZlibModel(6), 34, "14071b93bf962453"},
		{zlib(3, 13, 9, deflate.Fixed), 41, "9dcabca61aa48dbb"},
		{zlib(2, 9, 1, deflate.Default), 41, "97f5099ea846caf9"},
		{zlib(5, 12, 7, deflate.Filtered), 37, "e4e6ec523b1d18af"},
		{zlib(6, 15, 8, deflate.RLE), 36, "8c3056e99c9f10e5"},
		{zlib(6, 14, 8, deflate.HuffmanOnly), 35, "9b7b68132749f242"},
		{deflate.GzipModel(1), 90, "857bdb4191c1dd09"},
		{deflate.GzipModel(6), 35, "4f88906a9e1dbfc3"},
		{rsyncable(2), 72, "76d682ad1224c222"},
		{rsyncable(9), 34, "49ebd60a633f3de8"},
		{deflate.ChromiumModel(1), 121, "68ea87418eea10fa"},
		{deflate.ChromiumModel(7), 34, "2169037b701031ba"},
		{deflate.PigzModel(1), 34, "19900b584e538bcf"},
		{deflate.PigzModel(6), 34, "f45b89fd1f891059"},
		{deflate.GoModel(1), 487, "02fd42057e175e49"},
		{goHuffman, 36, "0688c6b1305e7cac"},
		{deflate.GoModel(2), 55, "6c8baad9a9e97734"},
		{deflate.GoModel(6), 34, "69c5e18a3f55dbc5"},
		{far(deflate.ZlibModel(1)), 36, "1bcfc6a557b7d278"},
		{far(zlib(3, 13, 9, deflate.Fixed)), 37, "90591e356c61f58b"},
		{far(zlib(2, 9, 1, deflate.Default)), 38, "927af3321f9b9ebc"},
		{far(deflate.GzipModel(1)), 36, "2de04eb9385c085d"},
		{far(rsyncable(2)), 34, "e5093c06b929137b"},
		{far(deflate.ChromiumModel(1)), 35, "3244d93c8e779979"},
		{far(deflate.GoModel(2)), 35, "b60b7665d6fda4ef"},
		{klauspost(1, 1), 32922, "d4e73666e07c4fd3"},
		{klauspost(1, 5), 36, "e0db1b88fdfeb248"},
		{klauspost(2, 3), 36, "da549b1e2d138bbd"},
		{klauspost(2, 4), 157, "e3568f40f8b9208c"},
		{klauspost(2, 9), 66, "3e85a725fd0b12f5"},
		{klauspostHuffman, 35, "f56ecbccd4897515"},
	} {
		stream, err := deflate.Encode(content, c.m, deflate.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		r := roundTripIn(t, stream, c.m, 960<<10)
		b, err := r.AppendBinary(nil)
		if err != nil || len(r.Parts) < 3 {
			t.Fatalf("%s: %d parts, %v", c.m, len(r.Parts), err)
		}
		sum := sha256.Sum256(append(b, stream...))
		if got := hex.EncodeToString(sum[:8]); len(b) != c.length || got != c.sum {
			t.Errorf("%s: recipe of %d octets, %s, instead of %d, %s", c.m, len(b), got, c.length, c.sum)
		}
		share := 2000
		switch {
		case c.m == klauspost(1, 1):
			share = 30 // what is not in its state costs more, in content like this
		case c.m.Family == deflate.Klauspost && c.m.Level != 7:
		case c.m.Level > 3 || c.m.Version == 2:
			share = math.MaxInt32
		}
		if n := correctionsOf(r); n*share > len(stream) {
			t.Errorf("%s: corrections of %d octets for a stream of %d in %d parts", c.m, n, len(stream), len(r.Parts))
		}
	}
}

// klauspostHuffman is the model of the Huffman-only mode of klauspost/compress.
var klauspostHuffman = deflate.Model{Family: deflate.Klauspost, Version: 2, Level: 1, Window: 15, Strategy: deflate.HuffmanOnly}

// TestPartsAt holds what a Layout says of its parts together.
func TestPartsAt(t *testing.T) {
	stream := goStream(t, long(), 6, 1<<30, false)
	s, content, err := surveyed(stream, deflate.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var octets, from int64
	for i := range s.Parts {
		a, b := s.Octets(i)
		c, d := s.Content(i)
		first, last := s.Window(i, deflate.GoModel(6))
		if a != octets || c != from || b <= a || d <= c || d-c > deflate.PartContent {
			t.Errorf("part %d: octets %d to %d, content %d to %d", i, a, b, c, d)
		}
		if first != max(c-deflate.History, 0) || last != min(d+deflate.Ahead, int64(len(content))) {
			t.Errorf("part %d of content %d to %d sees %d to %d", i, c, d, first, last)
		}
		if s.At(a) != i || s.At(b-1) != i {
			t.Errorf("octets %d and %d are in parts %d and %d instead of %d", a, b-1, s.At(a), s.At(b-1), i)
		}
		octets, from = b, d
	}
	if octets != s.Size || s.Size != int64(len(stream)) || from != int64(len(content)) {
		t.Errorf("the parts end at %d of %d, %d of %d", octets, len(stream), from, len(content))
	}
}

// TestPartsAtOnce rebuilds parts at once, in any order, for a recipe that is shared.
func TestPartsAtOnce(t *testing.T) {
	content := long()
	stream := goStream(t, content, 1, 1<<30, false)
	s, _, err := surveyed(stream, deflate.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []deflate.Model{deflate.GoModel(2), deflate.ZlibModel(1)} {
		r := &deflate.Recipe{Layout: s.Layout, Model: m, Corrections: make([][]byte, len(s.Parts))}
		out := make([][]byte, len(s.Parts))
		var wait sync.WaitGroup
		for i := range s.Parts {
			wait.Go(func() {
				var err error
				if r.Corrections[i], err = deflate.PredictPart(bytes.NewReader(stream), bytes.NewReader(content), s, i, m, deflate.Limits{}); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		for i := range s.Parts {
			wait.Go(func() {
				from, to := r.Window(i)
				var err error
				if out[i], err = deflate.RebuildPart(nil, content[from:to], r, i, deflate.Limits{}); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if !bytes.Equal(bytes.Join(out, nil), stream) {
			t.Errorf("%s: another stream", m)
		}
	}
}

// TestRecipeDamaged changes every octet of a recipe of several parts before its
// corrections, and some in them.
func TestRecipeDamaged(t *testing.T) {
	content := long()[:1_900_000]
	r := roundTrip(t, goStream(t, content, 6, 100_001, true), deflate.GoModel(6))
	b, err := r.AppendBinary(nil)
	if err != nil || len(r.Parts) < 2 {
		t.Fatal(len(r.Parts), err)
	}
	for i := range b {
		for _, x := range []byte{1, 0x80} {
			bad := bytes.Clone(b)
			bad[i] ^= x
			back, err := deflate.ParseRecipe(bad, int64(len(content)))
			if err != nil {
				if !errors.Is(err, deflate.ErrCorrections) && !errors.Is(err, deflate.ErrModel) {
					t.Errorf("octet %d: %v", i, err)
				}
				continue
			}
			if again, err := back.AppendBinary(nil); err != nil || !bytes.Equal(again, bad) {
				t.Errorf("octet %d: written again as %x, %v", i, again, err)
			}
		}
		if _, err := deflate.ParseRecipe(b[:i], int64(len(content))); err == nil && i < len(b)-len(r.Corrections[len(r.Corrections)-1]) {
			t.Errorf("cut short to %d octets", i)
		}
	}
	for _, n := range []int64{-1, 0, 1, 1_000_000, 1_900_000 + deflate.MaxPart, 1 << 62} {
		if _, err := deflate.ParseRecipe(b, n); !errors.Is(err, deflate.ErrCorrections) {
			t.Errorf("content of %d: %v", n, err)
		}
	}
	// The parts of one recipe with the corrections, bits, carry and content of others.
	for i, change := range []func(*deflate.Recipe){
		func(r *deflate.Recipe) {
			last := len(r.Corrections) - 1
			r.Corrections[0], r.Corrections[last] = r.Corrections[last], r.Corrections[0]
		},
		func(r *deflate.Recipe) { r.Corrections[0] = nil },
		func(r *deflate.Recipe) { r.Parts[1].Bit++; r.Parts[1].Carry = 0 },
		func(r *deflate.Recipe) { r.Parts[1].Bit -= 9; r.Parts[1].Carry = 0 },
		func(r *deflate.Recipe) { r.Parts[1].From += 5 },
		func(r *deflate.Recipe) { r.Size++ },
		func(r *deflate.Recipe) { r.Size-- },
	} {
		bad, err := deflate.ParseRecipe(bytes.Clone(b), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		change(bad)
		if out, err := rebuilt(bad, content, deflate.Limits{}); !errors.Is(err, deflate.ErrCorrections) {
			t.Errorf("change %d: %d octets, %v", i, len(out), err)
		}
	}
}
