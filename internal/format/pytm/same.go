package pytm

import "ssf"

// same are the threats of pytm's library, by their ids, for which ours has a rule
// that means the same at the same sort of element. Left out are those that ours
// has at another sort, as at a flow or a function, and those that are a part or a
// bundle of ours.
var same = map[string][]ssf.ID{
	"INP01": {"memory-corruption"}, "INP02": {"memory-corruption"}, "INP07": {"memory-corruption"}, "INP12": {"memory-corruption"}, "INP24": {"memory-corruption"},
	"INP08": {"format-string"}, "INP11": {"path-traversal"}, "HA01": {"path-traversal"},
	"INP13": {"command-injection"}, "INP31": {"command-injection"}, "INP41": {"command-injection"},
	"INP15": {"mail-injection"}, "INP26": {"template-injection"}, "INP37": {"request-smuggling"},
	"INP19": {"xml-entities"}, "INP21": {"xml-entities"}, "DO04": {"xml-entities"}, "INP22": {"costly-input"}, "DO05": {"costly-input"}, "DO02": {"costly-input"},
	"INP17": {"cross-site-scripting"}, "INP27": {"cross-site-scripting"}, "INP28": {"cross-site-scripting"}, "INP29": {"cross-site-scripting"}, "INP30": {"cross-site-scripting"},
	"INP39": {"cross-site-scripting"}, "INP40": {"cross-site-scripting"}, "SC02": {"cross-site-scripting"}, "SC03": {"cross-site-scripting"}, "SC04": {"cross-site-scripting"}, "DS04": {"cross-site-scripting"},
	"INP38": {"page-script-injection"},
	"DO01":  {"flooding"}, "DE01": {"eavesdropping"}, "DE03": {"eavesdropping"}, "DR01": {"eavesdropping"},
	"CR01": {"session-token-theft"}, "DE04": {"altered-logs"}, "AC16": {"predictable-random"},
}
