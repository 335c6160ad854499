// Package web is the shop of the complete model; nothing runs it.
package web

// Shop sells.
type Shop struct{}

// Pay takes the money.
func (Shop) Pay() {}
