package scanners

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestSniffMail(t *testing.T) {
	for head, want := range map[string]bool{
		"Return-Path: <a@example.org>\nReceived: from b\n\tby c\nFrom: a\n\nText":                     true,
		"Delivered-To: a@example.net\r\nReceived: by 2002:a05:7000 with SMTP id x;\r\n        Sat, 3": true,
		"Path: news!not-for-mail\nFrom: a\nNewsgroups: b\nMessage-ID: <c@d>\n\n":                      true,
		"From: <Saved by a browser>\r\nSubject: x\r\nMIME-Version: 1.0\r\n":                           true,
		"message-id: <c@d>\nfrom: a\n":              true,
		"1234      \nReceived: by b\nDate: now\n\n": true,
		// Patches, control files, what HTTP says, and so on.
		"From: a <a@example.org>\nDate: Sat, 3 Jan 2026 01:05:34 +0000\nSubject: [PATCH] x\n\n---\n": false,
		"Description: x\nFrom: a\nBug: https://example.org\n":                                        false,
		"Format: 1.8\nDate: Sat, 3 Jan 2026 01:05:34 +0000\nSource: x\nMaintainer: a\n":              false,
		"Package: x\nVersion: 1\nDescription: y\n z\n":                                               false,
		"HTTP/1.1 200 OK\nDate: Sat, 3 Jan 2026 01:05:34 GMT\nContent-Type: text/html\n":             false,
		"Date: Sat, 3 Jan 2026 01:05:34 GMT\nContent-Type: text/html\nMIME-Version: 1.0\n":           false,
		"Content-Type: text/html\n\nReceived: by b\nFrom: a\n":                                       false,
		"Received: by b\nno field\nFrom: a\n":                                                        false,
		" Received: by b\nFrom: a\n":                                                                 false,
		"To do: x\n":                                                                                 false,
		"1234":                                                                                       false,
		"1234\n":                                                                                     false,
		"":                                                                                           false,
	} {
		if got := sniffMail([]byte(head)); got != want {
			t.Errorf("%q: %v", head, got)
		}
	}
}

func TestMailJoints(t *testing.T) {
	const header = "From: a@example.org\nMessage-ID: <1@example.org>\n"
	plain := "Content-Type: text/plain; charset=utf-8\n\n"
	image := "CONTENT-TYPE: x\nContent-Type:\n image/png;\n name=\"--b\"\n\n"
	for name, content := range map[string]string{
		"text":         header + "\n¦" + ordinary(mailBody+1),
		"short text":   header + "\n" + ordinary(mailBody-100),
		"no end":       header + "\n¦" + strings.TrimSpace(ordinary(5000)),
		"From is text": header + "\n¦" + ordinary(mailBody) + "\n" + fromA + ordinary(5000),
		"one image":    header + "Content-type: image/png\n\n" + encoded(5000) + "\n",
		"an attached text": header + "Content-Type: multipart/mixed; charset=\"; boundary=x\"; BOUNDARY = b ; x=y\n\n--b\n" + plain + "Hello.\n--b\n" +
			"Content-Disposition: attachment; filename=x\n" + plain + encoded(5000) + "\n--b--\n",
		"nested": header + "Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\n" +
			"Content-Type: multipart/related; boundary=\"bb\"\n\n--bb  \n" + plain + "¦" + ordinary(3000) + "--bb\n" + header[:19] + "\n\n¦" +
			ordinary(5000) + "--bbb\n--\n--bb--b\n--bb--\n--b\n\n¦" + ordinary(7000) + "--b--\n--bb\n" + ordinary(5000),
		"an end that is missing": header + "Content-Type: multipart/mixed; boundary=b\n\n--b\n" +
			"Content-Type: multipart/mixed; boundary=c\n\n--c\n\n¦" + ordinary(3000) + "--b\n\n¦" + ordinary(3000) + "--c\n" + ordinary(3000) + "--b--",
		"forwarded": header + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n" + header +
			"Content-Type: multipart/mixed; boundary=c\n\n--c\n" + image + encoded(5000) + "\n--c--\n\n--b\n" + image + encoded(9000) + "\n--b--\n",
		"no boundary":  header + "Content-Type: multipart/mixed\n\n--\n" + ordinary(5000),
		"no such line": header + "Content-Type: multipart/mixed; boundary=b\n\n" + ordinary(5000),
		"no header":    "¦" + ordinary(5000),
	} {
		checkJoints(t, mailScanner, name, content)
	}
	checkJoints(t, mailScanner, "emlx", "5034   \n"+header+"\n¦"+ordinary(5000))
}

// Too many boundaries, one within the other: the outermost are forgotten.
func TestMailDepth(t *testing.T) {
	content := "MIME-Version: 1.0\n"
	for i := range mailDepth + 2 {
		content += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%[1]d\n", i)
	}
	for i := mailDepth + 1; i >= 0; i-- {
		joint := "¦"
		if i < 2 {
			joint = ""
		}
		content += "\n" + joint + ordinary(3000) + fmt.Sprintf("--b%d--\n--b%d\n", i, i-1)
	}
	checkJoints(t, mailScanner, "deep", content)
}

// mailFile makes a message with some text and an attachment, as a line of
// From and a header of its own would precede it.
func mailFile(i int, text string, attachment []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Return-Path: <sender%d@example.org>\nReceived: from mail%d.example.org (mail%[2]d.example.org [192.0.2.%[2]d])\n", i, i%250)
	fmt.Fprintf(&b, "\tby mx.example.net with ESMTPS id %x;\n\tSat, 3 Jan 2026 01:05:34 +0000\nMessage-ID: <%d.1@example.org>\n", i*7919, i)
	fmt.Fprintf(&b, "From: Sender %d <sender%[1]d@example.org>\nTo: Reader <reader@example.net>\nSubject: message %[1]d\nDate: Sat, 3 Jan 2026 01:05:34 +0000\nMIME-Version: 1.0\n", i)
	if attachment == nil {
		fmt.Fprintf(&b, "Content-Type: text/plain; charset=us-ascii\n\n%s\n", text)
		return b.Bytes()
	}
	fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"=_%d_%x\"\n\n", i, i*104729)
	fmt.Fprintf(&b, "--=_%d_%x\nContent-Type: text/plain\n\n%s\n", i, i*104729, text)
	fmt.Fprintf(&b, "--=_%d_%x\nContent-Type: application/octet-stream; name=\"%d.bin\"\nContent-Disposition: attachment; filename=\"%[1]d.bin\"\nContent-Transfer-Encoding: base64\n\n", i, i*104729, i)
	b.Write(attachment)
	fmt.Fprintf(&b, "\n--=_%d_%x--\n", i, i*104729)
	return b.Bytes()
}

// base64Lines is n octets of an attachment.
func base64Lines(seed uint64, n int) []byte {
	b := noise(seed, n)
	for i, c := range b {
		b[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[c&63]
		if i%77 == 76 {
			b[i] = '\n'
		}
	}
	return b
}

// An attachment is stored once, whatever the messages are that have it, even
// where there is less before it than joints need.
func TestMailAttachmentShared(t *testing.T) {
	for _, n := range []int{6000, 15_000, 30_000, 300_000, 1_000_000} {
		attachment := base64Lines(uint64(n), n)
		one := mailFile(1, ordinary(300), attachment)
		for name, other := range map[string][]byte{
			"longer text":     mailFile(22, ordinary(4000), attachment),
			"hardly a header": slices.Concat([]byte("From: a\nContent-Type: image/png\n\n"), attachment),
		} {
			rest := int64(len(other) - n)
			with, without := newBytes(t, mailScanner, one, other)-rest, newBytes(t, nil, one, other)-rest
			t.Logf("%s, %d octets: %d are stored again, %d without the scanner", name, n, with, without)
			if with > max(int64(n)/10, 2*mailEdge) {
				t.Errorf("%s: of %d octets %d are stored again", name, n, with)
			}
		}
	}
}

// A message in a mailbox is cut like one in a file.
func TestMailInMbox(t *testing.T) {
	for name, m := range samplesOf(t, "mail") {
		want := jointsOf(t, mailScanner, m)
		got := jointsOf(t, mboxScanner, slices.Concat([]byte(fromA), m, []byte("\n"+fromB)))
		for i := range want {
			want[i] += int64(len(fromA))
		}
		want = slices.Concat([]int64{0}, want, []int64{int64(len(fromA) + len(m) + 1)})
		if !slices.Equal(got, want) {
			t.Errorf("%s: joints at %d, want %d", name, got, want)
		}
	}
}
