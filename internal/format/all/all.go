// Package all lists the forms of other tools that the program reads and writes.
package all

import (
	"slices"

	"ssf/internal/format"
	"ssf/internal/format/diagram"
	"ssf/internal/format/issues"
	"ssf/internal/format/oscal"
	"ssf/internal/format/threatdragon"
	"ssf/internal/format/xlsx"
)

// Formats are the forms, in the order in which help shows them. Of those that
// are read, the more particular come first.
var Formats = slices.Concat(
	[]format.Format{
		threatdragon.Format,
	},
	oscal.Formats,
	[]format.Format{
		xlsx.Format,
		issues.Format,
		diagram.Mermaid,
		diagram.DOT,
	},
)
