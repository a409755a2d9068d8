package fsmeta

import (
	"os/user"
	"strconv"
	"strings"
	"sync"
)

// Owners translates between numeric owners and their names, asking the
// system's databases once for each. It is safe for concurrent use; the zero
// value is ready.
type Owners struct {
	users    lookups[uint32, string]
	groups   lookups[uint32, string]
	userIDs  lookups[string, numericID]
	groupIDs lookups[string, numericID]
}

// numericID is an id, or that there is none.
type numericID struct {
	id    uint32
	known bool
}

// UserName returns the name of a user, empty when it has none.
func (o *Owners) UserName(uid uint32) string {
	return o.users.get(uid, func(uid uint32) string {
		u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
		if err != nil {
			return ""
		}
		return u.Username
	})
}

// GroupName returns the name of a group, empty when it has none.
func (o *Owners) GroupName(gid uint32) string {
	return o.groups.get(gid, func(gid uint32) string {
		g, err := user.LookupGroupId(strconv.FormatUint(uint64(gid), 10))
		if err != nil {
			return ""
		}
		return g.Name
	})
}

// UserID returns the id of a user by name, and whether there is one.
func (o *Owners) UserID(name string) (uint32, bool) {
	n := o.userIDs.get(name, func(name string) numericID {
		if !askable(name) {
			return numericID{}
		}
		u, err := user.Lookup(name)
		if err != nil {
			return numericID{}
		}
		return parseID(u.Uid)
	})
	return n.id, n.known
}

// GroupID returns the id of a group by name, and whether there is one.
func (o *Owners) GroupID(name string) (uint32, bool) {
	n := o.groupIDs.get(name, func(name string) numericID {
		if !askable(name) {
			return numericID{}
		}
		g, err := user.LookupGroup(name)
		if err != nil {
			return numericID{}
		}
		return parseID(g.Gid)
	})
	return n.id, n.known
}

// askable keeps names from the C library that it would cut short (a zero
// byte) or that no database of lines and colons can hold.
func askable(name string) bool {
	return name != "" && !strings.ContainsAny(name, "\x00\n:")
}

func parseID(s string) numericID {
	n, err := strconv.ParseUint(s, 10, 32)
	return numericID{uint32(n), err == nil}
}

// lookups remembers the answers of a slow function.
type lookups[K comparable, V any] struct {
	mu    sync.RWMutex
	known map[K]V
}

func (l *lookups[K, V]) get(k K, ask func(K) V) V {
	l.mu.RLock()
	v, ok := l.known[k]
	l.mu.RUnlock()
	if ok {
		return v
	}
	// Asked without the lock: a directory service may take seconds, and
	// asking twice does no harm.
	v = ask(k)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = make(map[K]V)
	}
	l.known[k] = v
	return v
}
