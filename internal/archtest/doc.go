// Package archtest holds the import graph of the project: its test fails when
// a package imports what policy keeps from it.
package archtest
