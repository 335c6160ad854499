// Package all lists the forms of other tools that the program reads and writes.
package all

import (
	"slices"

	"ssf/internal/format"
	"ssf/internal/format/cyclonedx"
	"ssf/internal/format/diagram"
	"ssf/internal/format/issues"
	"ssf/internal/format/oscal"
	"ssf/internal/format/otm"
	"ssf/internal/format/pytm"
	"ssf/internal/format/threagile"
	"ssf/internal/format/threatdragon"
	"ssf/internal/format/tmbom"
	"ssf/internal/format/xlsx"
)

// Formats are the forms, in the order in which help shows them. Of those that
// are read, the more particular come first.
var Formats = slices.Concat(
	[]format.Format{
		threatdragon.Format,
		threagile.Format,
		pytm.Format,
		otm.Format,
		tmbom.Format,
		cyclonedx.Format,
		cyclonedx.VEX,
	},
	oscal.Formats,
	[]format.Format{
		xlsx.Format,
		issues.Format,
		diagram.DOT,
		diagram.Mermaid,
	},
)
