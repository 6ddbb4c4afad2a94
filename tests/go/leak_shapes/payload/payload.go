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

// Watch makes an object of another package a leaf: it must not lead to itself.
func Watch[T any](object *T) {
	counter := Current
	counter.Made.Add(1)
	runtime.SetFinalizer(object, func(*T) { counter.Freed.Add(1) })
}

var named = map[string]*Counter{}

// Named makes a leaf for a shape that makes it before it runs: in an init function.
func Named(shape string) *Blob {
	if named[shape] == nil {
		named[shape] = new(Counter)
	}
	before := Current
	defer func() { Current = before }()
	Current = named[shape]
	return New()
}

// CounterOf is the counter that the shape has from Named, or a new one.
func CounterOf(shape string) *Counter {
	if c := named[shape]; c != nil {
		return c
	}
	return new(Counter)
}
