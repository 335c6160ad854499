package runner

import (
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"sync"

	"ssf"
)

// An output takes what a run prints, from several goroutines. Beyond its limit,
// and after an error of the writer behind it, it ends the run and takes what
// comes for nothing, so that nobody waits for a pipe.
type output struct {
	mu   sync.Mutex
	w    io.Writer
	hash hash.Hash
	tail []byte // the last of what was printed
	left int
	cut  bool
	err  error
	end  context.CancelCauseFunc
}

func newOutput(w io.Writer, end context.CancelCauseFunc) *output {
	if w == nil {
		w = io.Discard
	}
	return &output{w: w, hash: sha256.New(), left: maxOutput, end: end}
}

// Write never returns an error; see [output.state].
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(p)
	if o.cut || o.err != nil {
		return n, nil
	}
	if o.cut = n > o.left; o.cut {
		p = p[:o.left]
		o.end(errCut)
	}
	o.left -= len(p)
	o.hash.Write(p)
	o.tail = append(o.tail[max(0, min(len(o.tail), len(o.tail)+len(p)-maxTail)):], p[max(0, len(p)-maxTail):]...)
	if _, o.err = o.w.Write(p); o.err != nil {
		o.end(o.err)
	}
	return n, nil
}

// state tells the error of the writer, and whether the limit was reached.
func (o *output) state() (err error, cut bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err, o.cut
}

// raise lets n bytes more pass.
func (o *output) raise(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.left += n
}

func (o *output) digest() ssf.Digest {
	o.mu.Lock()
	defer o.mu.Unlock()
	return ssf.Digest(o.hash.Sum(nil))
}
