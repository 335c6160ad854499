package results

import (
	"strings"
	"unicode/utf8"

	"ssf"
)

// cut stands for what was left out of what a test said.
const cut = "\n[...]\n"

// half bounds the beginning and the end, in bytes.
const half = (ssf.MaxMessage - len(cut)) / 2

// A said collects what a test says: its beginning and its end, since a panic
// tells at first what it is about, and an assertion after a long log at last.
// It never holds more than about ssf.MaxMessage bytes.
type said struct {
	head, tail []byte
	lost       bool
}

func (s *said) add(text string) {
	if room := half - len(s.head); room > 0 {
		n := min(room, len(text))
		s.head, text = append(s.head, text[:n]...), text[n:]
	}
	if over := len(s.tail) + len(text) - half; over > 0 {
		s.lost = true
		if over >= len(s.tail) {
			text = text[over-len(s.tail):]
			s.tail = s.tail[:0]
		} else {
			s.tail = append(s.tail[:0], s.tail[over:]...)
		}
	}
	s.tail = append(s.tail, text...)
}

// String is at most ssf.MaxMessage bytes of UTF-8.
func (s *said) String() string {
	if !s.lost {
		return fit(string(s.head) + string(s.tail))
	}
	head, tail := s.head, s.tail
	for len(head) > 0 && !utf8.Valid(head[max(0, len(head)-utf8.UTFMax):]) { // a rune that was cut
		head = head[:len(head)-1]
		if len(s.head)-len(head) == utf8.UTFMax { // it was not even one
			head = s.head
			break
		}
	}
	for i := 0; i < utf8.UTFMax && len(tail) > 0 && !utf8.RuneStart(tail[0]); i++ {
		tail = tail[1:]
	}
	return fit(string(head) + cut + string(tail))
}

// fit is text without space at its ends and bytes that are no UTF-8, in at most
// ssf.MaxMessage bytes.
func fit(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "?"))
	if len(text) <= ssf.MaxMessage {
		return text
	}
	n := ssf.MaxMessage
	for !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
