package cli

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/vtdarchive/vtd/format"
	"github.com/vtdarchive/vtd/internal/disk"
	"github.com/vtdarchive/vtd/writer"
)

// notes say under which identity this user has written the newest snapshot of an
// archive, and to which file. Who finds the archive in that very state, in that
// very file, is the one going on; who finds anything else may be at a copy, of
// which another may go on, too.
type notes struct{ dir string } // empty: nowhere to keep them

// replicaNotes are where the user's state is kept.
func replicaNotes(e *Env) notes {
	if dir := e.getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return notes{filepath.Join(dir, "vt")}
	}
	if home := e.getenv("HOME"); filepath.IsAbs(home) {
		return notes{filepath.Join(home, ".local", "state", "vt")}
	}
	return notes{}
}

// note is what is kept of one file.
type note struct {
	Replica  string `json:"replica"`
	Snapshot string `json:"snapshot"`
}

func (n notes) path(s writer.State) string {
	return filepath.Join(n.dir, "replicas", fmt.Sprintf("%s-%x-%x.json", hex.EncodeToString(s.ArchiveID[:]), s.Dev, s.Ino))
}

// replica gives the identity that wrote this state, if it is known.
func (n notes) replica(s writer.State) (id format.ReplicaID) {
	if n.dir == "" {
		return id
	}
	b, err := os.ReadFile(n.path(s))
	var have note
	if err != nil || json.Unmarshal(b, &have) != nil || have.Snapshot != s.Snapshot.String() {
		return id
	}
	if raw, err := hex.DecodeString(have.Replica); err == nil && len(raw) == len(id) {
		copy(id[:], raw)
	}
	return id
}

// keep notes who wrote a state.
func (n notes) keep(s writer.State, id format.ReplicaID) error {
	if n.dir == "" {
		return nil
	}
	path := n.path(s)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	b, err := json.Marshal(note{hex.EncodeToString(id[:]), s.Snapshot.String()})
	if err != nil {
		return err
	}
	out, err := disk.Create(disk.OS, path)
	if err != nil {
		return err
	}
	if _, err = out.Write(append(b, '\n')); err != nil {
		return errors.Join(err, out.Discard())
	}
	return out.Commit()
}
