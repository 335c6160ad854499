// Package spec holds the published forms of this program's files: prose, JSON
// Schemas and tables, each with its version.
package spec

import _ "embed"

// CaseSchema is the JSON Schema of case.json.
//
//go:embed case.schema.json
var CaseSchema []byte
