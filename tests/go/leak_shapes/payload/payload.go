// Package payload makes the witnesses: leaf objects that every shape's object holds and that tell when they die.
//
// A leaf is in no ring, so its own finalizer keeps nothing alive; it runs once whatever held the leaf is gone.
package payload

import (
	"runtime"
	"sync/atomic"
)

// Counter counts the leaves of one shape.
type Counter struct {
	Made, Freed atomic.Int64
}

// Current is the counter of the shape that runs now; the runner sets it.
var Current = new(Counter)

// Blob stands for the memory that an object is about: a buffer, a connection's state.
type Blob struct {
	bytes   [48]byte
	counter *Counter
}

// New makes a leaf for the shape that runs now.
func New() *Blob {
	b := &Blob{counter: Current}
	b.counter.Made.Add(1)
	runtime.SetFinalizer(b, func(b *Blob) { b.counter.Freed.Add(1) })
	return b
}

// Use reads the leaf, as work on a buffer does.
func (b *Blob) Use() byte { return b.bytes[0] }
