package pytm

import "ssf/internal/format"

var Format = format.Format{Name: "pytm", Title: "pytm"}
