package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"ssf"
)

// verifications are what they are worth today, and on whose word.
func (b *builder) verifications() []Block {
	if len(b.Verifications) == 0 {
		return nil
	}
	t := Table{Caption: "Verifications", Columns: []string{"Verification", "State", "Result of", "Seen to fail without its mitigation", "Verifies"}}
	for i := range b.Verifications {
		v := &b.Verifications[i]
		class := bad
		switch v.State {
		case ssf.Stands:
			class = good
		case ssf.NeverRun, ssf.NotToday, ssf.TooOld:
			class = doubt
		}
		state := text(Span{Badge, words(v.State), class})
		if v.Why != "" {
			state = text(state, " "+v.Why)
		}
		proven := Span{Badge, "no", doubt}
		if v.Proven {
			proven = Span{Badge, "yes", good}
		}
		t.Rows = append(t.Rows, Row{Cells: []Text{text(mono(v.ID)), state, resultOf(v), text(proven), monos(v.Verifies)}})
	}
	if slices.ContainsFunc(b.Verifications, func(v ssf.VerificationInfo) bool { return v.Key != "" && v.Signer == "" }) {
		return []Block{t, Para(prose("Results are signed. Where a key is shown by its beginning, the model does not name it in `signers:`."))}
	}
	return []Block{t}
}

// resultOf is when, on which commit and on whose word a result was made: a
// signer that the model knows, else the beginning of a key.
func resultOf(v *ssf.VerificationInfo) Text {
	if v.Time.IsZero() {
		return text("no result")
	}
	t := text(day(v.Time))
	if v.Commit != "" {
		t = text(t, " at ", mono(v.Commit[:min(12, len(v.Commit))]))
	}
	if v.Signer != "" {
		return text(t, " by ", mono(v.Signer))
	}
	key := strings.TrimPrefix(v.Key, "ed25519:")
	return text(t, " by ", mono(key[:min(10, len(key))]), "...")
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// proofCounts are how much of what is said to protect is shown to protect, by
// which evidence, and until when.
func (b *builder) proofCounts() []figure {
	stands, seen, against := map[ssf.ID]bool{}, map[ssf.ID]bool{}, map[ssf.ID]bool{}
	for _, v := range b.Verifications {
		for _, id := range v.Verifies {
			if v.State != ssf.Stands {
				against[id] = true
			}
			stands[id], seen[id] = true, seen[id] || v.Proven
		}
	}
	var mitigations []ssf.ID
	for _, m := range b.Mitigations {
		if m.State != "proposed" {
			mitigations = append(mitigations, m.ID)
		}
	}
	claims := b.claims()
	for id := range stands {
		if strings.Contains(string(id), ".") && !slices.Contains(claims, id) {
			claims = append(claims, id)
		}
	}
	slices.Sort(claims)
	holds := func(id ssf.ID) bool { return stands[id] && !against[id] }
	return append([]figure{
		share("Mitigations with evidence that passes and is fresh", "mitigations", mitigations, holds),
		share("Mitigations with such evidence that was seen to fail without them", "mitigations", mitigations, func(id ssf.ID) bool { return holds(id) && seen[id] }),
		share("Claimed facts with evidence that passes and is fresh", "claimed facts", claims, holds),
	}, b.evidenceCounts()...)
}

// share is how many of some ids have what is wanted, and those that have not.
func share(what, of string, ids []ssf.ID, has func(ssf.ID) bool) figure {
	var without []ssf.ID
	for _, id := range ids {
		if !has(id) {
			without = append(without, id)
		}
	}
	return figure{what, ofN(len(ids)-len(without), len(ids), of), some("Without", without)}
}

// evidenceCounts are how old the evidence is, when it lapses, and whose it is.
func (b *builder) evidenceCounts() []figure {
	var oldest *ssf.VerificationInfo
	signed := map[string][]ssf.ID{}
	var who []string
	soon := map[int][]ssf.ID{}
	of := 0
	for i := range b.Verifications {
		v := &b.Verifications[i]
		if v.State != ssf.Stands {
			continue
		}
		of++
		if oldest == nil || v.Time.Before(oldest.Time) {
			oldest = v
		}
		by := "keys that the model does not name"
		if v.Signer != "" {
			by = string(v.Signer)
		}
		if signed[by] == nil {
			who = append(who, by)
		}
		signed[by] = append(signed[by], v.ID)
		if lapses, err := time.Parse(time.DateOnly, v.Lapses); err == nil {
			for _, days := range []int{30, 90} {
				if !lapses.After(b.Now.AddDate(0, 0, days)) {
					soon[days] = append(soon[days], v.ID)
				}
			}
		}
	}
	if oldest == nil {
		return []figure{{what: "Evidence that holds today", says: "not shown: there is none"}}
	}
	slices.Sort(who)
	c := figure{what: "Evidence that holds today", says: ofN(of, len(b.Verifications), "verifications") + ", all of it claimed: no trust file says whose signature is worth more"}
	for _, by := range who {
		c.which = append(c.which, Para(text("Signed by "+by+":")), inline(signed[by]))
	}
	out := []figure{c, {what: "Oldest evidence that holds", says: day(oldest.Time) + ", of " + string(oldest.ID)}}
	for _, days := range []int{30, 90} {
		out = append(out, figure{"Evidence that lapses within " + strconv.Itoa(days) + " days", strconv.Itoa(len(soon[days])), some("It lapses for", soon[days])})
	}
	return out
}
