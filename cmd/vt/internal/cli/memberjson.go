package cli

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/human"
)

// memberJSON is an entry as list --json prints it; help of list describes it.
// A field in _bytes stands beside one that is not UTF-8.
type memberJSON struct {
	Path        string       `json:"path,omitempty"`
	PathBytes   []byte       `json:"path_bytes,omitempty"`
	Type        string       `json:"type"`
	Mode        string       `json:"mode"`
	UID         uint32       `json:"uid"`
	GID         uint32       `json:"gid"`
	User        string       `json:"user,omitempty"`
	UserBytes   []byte       `json:"user_bytes,omitempty"`
	Group       string       `json:"group,omitempty"`
	GroupBytes  []byte       `json:"group_bytes,omitempty"`
	Size        *uint64      `json:"size,omitempty"`
	Entries     *uint64      `json:"entries,omitempty"`
	Mtime       string       `json:"mtime,omitempty"`
	MtimeSec    int64        `json:"mtime_sec"`
	MtimeNsec   uint32       `json:"mtime_nsec"`
	Btime       string       `json:"btime,omitempty"`
	BtimeSec    *int64       `json:"btime_sec,omitempty"`
	BtimeNsec   *uint32      `json:"btime_nsec,omitempty"`
	Content     *format.Hash `json:"content,omitempty"`
	Stored      string       `json:"stored,omitempty"`
	Recipes     []partsJSON  `json:"recipes,omitempty"`
	Target      string       `json:"target,omitempty"`
	TargetBytes []byte       `json:"target_bytes,omitempty"`
	Major       *uint32      `json:"major,omitempty"`
	Minor       *uint32      `json:"minor,omitempty"`
	LinkID      uint64       `json:"link_id,omitempty"`
	Links       uint64       `json:"links,omitempty"`
	Xattrs      []xattrJSON  `json:"xattrs,omitempty"`
}

// partsJSON sums up the parts of a file that recipes of one model make.
type partsJSON struct {
	Model   string `json:"model"`
	Streams uint64 `json:"streams"`
	Bytes   uint64 `json:"bytes"`
	Content uint64 `json:"content"`
}

// storedNames say how the content of a file is held.
var storedNames = map[format.RefKind]string{
	format.RefLiteral: "literal", format.RefRun: "run", format.RefBlock: "block",
	format.RefRecipe: "recipe", format.RefIndirect: "indirect",
}

type xattrJSON struct {
	Name       string `json:"name"`
	NameBytes  []byte `json:"name_bytes,omitempty"`
	Value      string `json:"value"`
	ValueBytes []byte `json:"value_bytes,omitempty"`
}

func memberOf(m member) memberJSON {
	j := memberJSON{
		Type: m.Kind.String(), Mode: fmt.Sprintf("%04o", m.Perm), UID: m.Owner.UID, GID: m.Owner.GID,
		Mtime: rfc3339(m.Mtime), MtimeSec: m.Mtime.Sec, MtimeNsec: m.Mtime.Nsec,
		LinkID: m.LinkID, Links: m.LinkCount,
	}
	path := m.path
	if path == "" {
		path = "."
	}
	j.Path, j.PathBytes = human.JSONName(path)
	j.User, j.UserBytes = human.JSONName(m.Owner.User)
	j.Group, j.GroupBytes = human.JSONName(m.Owner.Group)
	if m.Btime != (format.Time{}) {
		j.Btime, j.BtimeSec, j.BtimeNsec = rfc3339(m.Btime), &m.Btime.Sec, &m.Btime.Nsec
	}
	switch {
	case m.Kind.IsDir():
		j.Size, j.Entries = &m.Size, &m.Count
	case m.Kind == format.KindFile:
		h := m.ContentHash(m.hash)
		j.Size, j.Content, j.Stored = &m.Size, &h, storedNames[m.Ref.Kind]
	case m.Kind == format.KindSymlink:
		j.Target, j.TargetBytes = human.JSONName(m.Target)
	case m.Kind.IsDevice():
		j.Major, j.Minor = &m.Major, &m.Minor
	}
	for _, x := range m.Xattrs {
		var o xattrJSON
		o.Name, o.NameBytes = human.JSONName(x.Name)
		o.Value, o.ValueBytes = human.JSONName(x.Value)
		j.Xattrs = append(j.Xattrs, o)
	}
	return j
}

// partsOf sums up what recipes make of a file. Where that cannot be read, the
// error comes with what could be.
func partsOf(m member) (out []partsJSON, err error) {
	if m.Kind != format.KindFile || m.Ref.Kind != format.RefRecipe && m.Ref.Kind != format.RefIndirect {
		return nil, nil
	}
	err = m.held.recipes(m, func(x *format.Recipe, model string) {
		i := slices.IndexFunc(out, func(p partsJSON) bool { return p.Model == model })
		if i < 0 {
			i = len(out)
			out = append(out, partsJSON{Model: model})
		}
		out[i].Streams++
		out[i].Bytes += x.Length
		out[i].Content += x.Input.Span
	})
	slices.SortFunc(out, func(a, b partsJSON) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Model, b.Model)) })
	return out, err
}

// rfc3339 writes a time, or nothing where RFC 3339 has no year for it.
func rfc3339(t format.Time) string {
	u := time.Unix(t.Sec, int64(t.Nsec)).UTC()
	if y := u.Year(); y < 0 || y > 9999 {
		return ""
	}
	return u.Format(time.RFC3339Nano)
}
