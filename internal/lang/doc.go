// Package lang reads what people write: models and libraries in YAML, strictly
// and with every problem at its line and column.
//
// One field table (table.go and its neighbours; library_table.go for
// libraries) says which keys there are, with type and meaning. The decoder, the
// JSON Schema and the did-you-mean of messages are made from it, so a key
// exists there or not at all. The small grammars inside scalars are in
// grammar.go and place.go, and their EBNF in spec/grammar.md.
//
// On the way from files to a model: files.go finds and reads them, cut.go cuts
// them into pieces, parse.go turns YAML's errors into words for authors,
// decode.go and object.go read nodes by the table, load.go puts the pieces
// together, and resolve.go checks what no piece can know of the others.
//
// The package reads through an fs.FS and writes nothing. What a model means is
// not its business: conditions are text here, and facts are only words.
package lang
