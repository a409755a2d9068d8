package scanners

import "bytes"

// sourceScanner knows sources of programs, and prose. Before a definition or a
// paragraph stands an empty line, and it is indented by one step at most; a
// comment or a decorator before a definition belongs to it.
var sourceScanner = &Scanner{
	Name: "source", Title: "sources of programs, prose: some of the definitions",
	Exts: []string{
		"c", "h", "cc", "cpp", "cxx", "c++", "hh", "hpp", "hxx", "inl", "ipp", "m", "mm", "cu", "cl", "glsl", "hlsl", "d", "go", "rs", "zig", "swift", "kt", "kts", "java", "groovy", "gradle", "scala", "cs", "fs", "vb", "dart",
		"js", "mjs", "cjs", "jsx", "ts", "tsx", "mts", "cts", "vue", "svelte", "css", "scss", "less", "php", "py", "pyi", "pyx", "rb", "pl", "pm", "t", "lua", "tcl", "r", "jl", "hs", "lhs", "ml", "mli", "ex", "exs", "erl", "hrl", "clj", "cljs", "el", "lisp", "scm",
		"pas", "f", "f90", "f95", "ada", "adb", "ads", "cob", "s", "asm", "v", "sv", "svh", "vhd", "vhdl", "dts", "dtsi",
		"sh", "bash", "zsh", "ksh", "fish", "ps1", "psm1", "bat", "cmd", "awk", "mk", "mak", "cmake", "in", "am", "ac", "m4", "bazel", "bzl", "nix", "tf", "hcl", "proto", "thrift", "graphql", "idl", "y", "yy", "l", "ll",
		"txt", "text", "md", "markdown", "rst", "adoc", "org", "tex", "bib", "texi", "pod", "man", "sgml",
	},
	MIME: []string{"text/plain", "text/markdown", "text/x-tex", "text/x-c", "text/x-csrc", "text/x-chdr", "text/x-c++src", "text/x-c++hdr", "text/x-go", "text/x-java", "text/x-python", "text/x-perl", "text/x-ruby", "text/x-rust", "text/x-shellscript", "application/x-sh", "application/x-shellscript", "text/javascript", "application/javascript", "text/css", "application/x-php"},
	sniff: func(head []byte) bool {
		for _, mark := range []string{"#!/", "#! /", "<?php"} {
			if bytes.HasPrefix(head, []byte(mark)) {
				return bytes.IndexByte(head, 0) < 0 // a script may run the archive behind it
			}
		}
		return false
	},
	scan: scanText("", sourceBegins), hintsOnly: true,
}

// sourceIndent is how many blanks are one step at most; so is one tab.
const sourceIndent = 4

// sourceBegins reports whether a definition may begin at a line: the one before
// is empty, it is indented by a step or less, and what stands there closes
// nothing.
func sourceBegins(p []byte, at int) bool {
	if c := p[at-2]; c != '\n' && (c != '\r' || p[at-3] != '\n') {
		return false
	}
	n := 0
	if p[at] == '\t' {
		n = 1
	} else {
		for n <= sourceIndent && p[at+n] == ' ' {
			n++
		}
	}
	switch p[at+n] {
	case ' ', '\t', '\r', '\n', '}', ')', ']':
		return false
	}
	return true
}
