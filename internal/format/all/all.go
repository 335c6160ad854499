// Package all lists the forms of other tools that the program reads and writes.
package all

import (
	"slices"

	"ssf/internal/format"
	"ssf/internal/format/cyclonedx"
	"ssf/internal/format/diagram"
	"ssf/internal/format/drawio"
	"ssf/internal/format/hcltm"
	"ssf/internal/format/issues"
	"ssf/internal/format/oscal"
	"ssf/internal/format/otm"
	"ssf/internal/format/pytm"
	"ssf/internal/format/threagile"
	"ssf/internal/format/threatcomposer"
	"ssf/internal/format/threatdragon"
	"ssf/internal/format/tm7"
	"ssf/internal/format/tmbom"
	"ssf/internal/format/xlsx"
)

// Formats are the forms, in the order in which help shows them. Of those that
// are read, the more particular come first.
var Formats = slices.Concat(
	[]format.Format{
		threatdragon.Format,
		threagile.Format,
		otm.Format,
		tmbom.Format,
		tm7.Format,
		threatcomposer.Format,
		pytm.Format,
		hcltm.Format,
		cyclonedx.Format,
		cyclonedx.VEX,
		drawio.Format,
	},
	oscal.Formats,
	[]format.Format{
		xlsx.Format,
		issues.Format,
		diagram.DOT,
		diagram.Mermaid,
	},
)
