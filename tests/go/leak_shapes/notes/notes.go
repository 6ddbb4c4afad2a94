// Package notes has shapes that look like leaks to many, and are none: a note at most.
package notes

import (
	"runtime"
	"sync"

	"example.com/leakshapes/payload"
)

type parser struct {
	data    *payload.Blob
	scratch sync.Pool
}

type scratch struct {
	p   *parser
	buf []byte
}

// PoolReachesOwner puts objects that lead to the pool's owner into the pool.
//
//shape:collected
func PoolReachesOwner() {
	p := &parser{data: payload.New()}
	p.scratch.New = func() any { return &scratch{p: p} } // want pool-reaches-owner note
	s := p.scratch.Get().(*scratch)
	p.scratch.Put(s)
}

// PooledLater sets the way back before it puts the object back.
//
//shape:collected
func PooledLater() {
	p := &parser{data: payload.New()}
	s := &scratch{p: p}
	p.scratch.Put(s) // want pool-reaches-owner note
}

var shared = sync.Pool{New: func() any { return new(scratch) }}

// GlobalPool puts an object with a way to its owner into a pool of the package: emptied by the collector.
//
//shape:collected
func GlobalPool() {
	s := shared.Get().(*scratch)
	s.p = &parser{data: payload.New()}
	shared.Put(s)
}

// PoolOfBuffers has nothing that leads back.
//
//shape:collected
func PoolOfBuffers() {
	p := &parser{data: payload.New()}
	p.scratch.Put(&scratch{buf: make([]byte, 8)})
}

// PoolWithFinalizer has a finalizer on the owner, whose pooled objects lead back; the collector empties the pool.
//
//shape:leaks
func PoolWithFinalizer() {
	p := &parser{data: payload.New()}
	p.scratch.New = func() any { return &scratch{p: p} }
	runtime.SetFinalizer(p, func(*parser) {}) // want finalizer-in-ring certain
}

// PoolEmptiesRing has the ring only through what lies in the pool.
//
//shape:collected
func PoolEmptiesRing() {
	p := &parser{data: payload.New()}
	p.scratch.Put(&scratch{p: p}) // want pool-reaches-owner note
	runtime.SetFinalizer(p, func(*parser) {})
}

type cursor struct {
	data *payload.Blob
	self *cursor
	at   *int
	pos  int
}

// SelfPointer holds itself.
//
//shape:collected
func SelfPointer() {
	c := &cursor{data: payload.New()}
	c.self = c // want self-pointer note
}

// SelfInterior points into itself, as strings.Builder does.
//
//shape:collected
func SelfInterior() {
	c := &cursor{data: payload.New()}
	c.at = &c.pos // want self-pointer note
}

// SelfWithFinalizer holds itself and has a finalizer.
//
//shape:collected
func SelfWithFinalizer() {
	c := &cursor{data: payload.New()}
	c.self = c // want self-pointer note
	runtime.SetFinalizer(c, func(*cursor) {})
}

// OtherPointer holds another of its type.
//
//shape:collected
func OtherPointer() {
	c := &cursor{data: payload.New()}
	c.self = &cursor{}
}
