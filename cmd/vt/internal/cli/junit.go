package cli

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// junitSuite is a test suite in the XML that continuous integration reads, as
// Ant's JUnit task made it. One of its cases that did not hold has a failure.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`

	class string
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// newSuite makes a suite of what a command does to an archive.
func newSuite(command, archive string, took time.Duration) *junitSuite {
	return &junitSuite{Name: command + " " + archive, class: strings.ReplaceAll(command, " ", "."), Time: fmt.Sprintf("%.3f", took.Seconds())}
}

// add adds a case; failures, when there are some, make it a failed one.
func (s *junitSuite) add(name, kind string, failures []string) {
	c := junitCase{Class: s.class, Name: name, Time: "0"}
	if len(failures) > 0 {
		c.Failure = &junitFailure{Message: failures[0], Type: kind, Text: strings.Join(failures, "\n")}
		s.Failures++
	}
	s.Tests++
	s.Cases = append(s.Cases, c)
}

// writeJUnit writes a suite to a file. What XML cannot hold is replaced.
func writeJUnit(path string, s *junitSuite) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.WriteString(xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(f)
	enc.Indent("", "  ")
	if err := enc.Encode(s); err != nil {
		return err
	}
	_, err = f.WriteString("\n")
	return err
}
