package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vtdarchive/vtd/internal/human"
	"github.com/vtdarchive/vtd/writer"
)

// recipesJSON is what create --json says of streams that are stored inflated.
type recipesJSON struct {
	Streams int64        `json:"streams"`
	Octets  int64        `json:"octets"`
	Saved   int64        `json:"saved"`
	Models  []modelJSON  `json:"models"`
	Plain   []streamJSON `json:"plain"`
}

type modelJSON struct {
	Model   string `json:"model"`
	Streams int64  `json:"streams"`
	Octets  int64  `json:"octets"`
	Content int64  `json:"content"`
	New     int64  `json:"new"`
	Params  int64  `json:"parameters"`
}

type streamJSON struct {
	Why     string `json:"why"`
	Streams int64  `json:"streams"`
	Octets  int64  `json:"octets"`
}

func recipesOf(r *writer.RecipeReport) recipesJSON {
	out := recipesJSON{Streams: r.Streams, Octets: r.Octets, Saved: r.Saved, Models: []modelJSON{}, Plain: []streamJSON{}}
	for _, m := range r.Models {
		out.Models = append(out.Models, modelJSON(m))
	}
	for _, p := range r.Plain {
		out.Plain = append(out.Plain, streamJSON(p))
	}
	return out
}

// recipesStored is the line of the summary about recipes, if there are any.
func recipesStored(r *writer.RecipeReport) string {
	var streams, octets, content int64
	for _, m := range r.Models {
		streams += m.Streams
		octets += m.Octets
		content += m.Content
	}
	if streams == 0 {
		return ""
	}
	return fmt.Sprintf("recipes: %s of %s streams, %s stored as %s of content, about %s saved",
		human.Count(streams), human.Count(r.Streams), human.Bytes(octets), human.Bytes(content), human.Bytes(r.Saved))
}

// recipesText names models with how many there are of each.
func recipesText(models map[string]int) string {
	var out []string
	for _, m := range slices.Sorted(maps.Keys(models)) {
		out = append(out, fmt.Sprintf("%d %s", models[m], m))
	}
	return strings.Join(out, ", ")
}
