// Package all lists the forms of other tools that the program reads and writes.
package all

import (
	"slices"

	"ssf/internal/format"
	"ssf/internal/format/oscal"
	"ssf/internal/format/pytm"
	"ssf/internal/format/threagile"
	"ssf/internal/format/threatdragon"
)

// Formats are the forms, in the order in which help shows them. Of those that
// are read, the more particular come first.
var Formats = slices.Concat(
	[]format.Format{
		threatdragon.Format,
		threagile.Format,
		pytm.Format,
	},
	oscal.Formats,
)
