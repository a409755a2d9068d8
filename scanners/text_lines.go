package scanners

import "bytes"

// linesScanner knows text in which every line stands by itself, or nearly so:
// tables, logs, lists, markup, patches. A line feed within a quoted field of a
// table is as good a place as any other.
var linesScanner = &Scanner{
	Name: "lines", Title: "tables, logs, markup, patches: some of the lines",
	Exts: []string{
		"csv", "tsv", "tab", "psv", "log", "ldif", "vcf", "ics", "srt", "vtt", "po", "pot", "properties", "ini", "conf", "cfg", "toml",
		"yaml", "yml", "xml", "xhtml", "html", "htm", "svg", "xsd", "xsl", "xslt", "gpx", "kml", "plist", "resx", "rdf", "nt", "ttl",
		"diff", "patch", "debdiff", "gcode", "sam", "gff", "gtf", "bed", "sum",
	},
	MIME: []string{"text/csv", "text/tab-separated-values", "text/html", "text/xml", "application/xml", "application/xhtml+xml", "image/svg+xml", "text/x-patch", "text/x-diff", "application/yaml", "application/x-yaml", "text/yaml", "text/x-log"},
	sniff: func(head []byte) bool {
		head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
		for _, mark := range []string{"<?xml ", "<!DOCTYPE ", "<!doctype ", "<html", "diff --git "} {
			if bytes.HasPrefix(head, []byte(mark)) {
				return true
			}
		}
		return false
	},
	scan: scanText("", nil), hintsOnly: true,
}

// jsonScanner knows JSON, written on many lines, on one, or as a line for each
// value.
var jsonScanner = &Scanner{
	Name: "json", Title: "JSON and JSON lines: some of the lines and objects",
	Exts: []string{"json", "jsonl", "ndjson", "geojson", "ipynb", "har", "webmanifest", "jsonld", "sarif"},
	MIME: []string{"application/json", "application/x-ndjson", "application/jsonl", "application/geo+json", "application/ld+json"},
	scan: scanText("},{", nil), hintsOnly: true,
}

// sqlScanner knows dumps of data bases as statements: those that have a
// statement or a line for a row, and those with many rows in one.
var sqlScanner = &Scanner{
	Name: "sql", Title: "SQL dumps: some of the statements and rows",
	Exts: []string{"sql"}, MIME: []string{"application/sql", "application/x-sql", "text/x-sql"},
	sniff: func(head []byte) bool {
		for _, mark := range []string{"-- MySQL dump ", "-- MariaDB dump ", "/*M!999999", "/*!999999", "--\n-- PostgreSQL database ", "PRAGMA foreign_keys=OFF;", "-- phpMyAdmin SQL Dump"} {
			if bytes.HasPrefix(head, []byte(mark)) {
				return true
			}
		}
		return false
	},
	scan: scanText("),(", nil), hintsOnly: true,
}
