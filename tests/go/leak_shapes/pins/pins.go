// Package pins has objects that stay pinned, and some that do not.
package pins

import (
	"errors"
	"runtime"

	"example.com/leakshapes/payload"
)

type buffer struct {
	data *payload.Blob
	pin  runtime.Pinner
	room [64]byte
	of   *frame
}

type frame struct{ buf *buffer }

func (b *buffer) Release() { b.pin.Unpin() }

func cRead(*[64]byte) error { return errors.New("no more") }

func newBuffer() *buffer {
	b := &buffer{data: payload.New()}
	b.pin.Pin(b) // want pin-never-unpinned certain
	return b
}

// PinsItself holds the pinner that pins it; a Release that nobody calls would let go.
//
//shape:leaks
func PinsItself() { newBuffer() }

// UnpinnedByOwnFinalizer has a finalizer that would let go.
//
//shape:leaks
func UnpinnedByOwnFinalizer() {
	b := &buffer{data: payload.New()}
	b.pin.Pin(b) // want pin-never-unpinned certain
	runtime.SetFinalizer(b, (*buffer).Release)
}

// PinsInterior pins a part of itself.
//
//shape:leaks
func PinsInterior() {
	b := &buffer{data: payload.New()}
	b.pin.Pin(&b.room) // want pin-never-unpinned certain
}

// PinsHolder pins an object that leads to the pinner.
//
//shape:leaks
func PinsHolder() {
	b := &buffer{data: payload.New()}
	f := &frame{buf: b}
	b.pin.Pin(f) // want pin-never-unpinned certain
}

// PinnerByPointer keeps the pinner as an object of its own.
//
//shape:leaks
func PinnerByPointer() {
	type pinned struct {
		data *payload.Blob
		pin  *runtime.Pinner
	}
	p := &pinned{data: payload.New(), pin: new(runtime.Pinner)}
	p.pin.Pin(p) // want pin-never-unpinned certain
}

var forever runtime.Pinner

// PackageVariable pins with a pinner of the package, for ever.
//
//shape:leaks
func PackageVariable() {
	b := &buffer{data: payload.New()}
	forever.Pin(b) // want pin-never-unpinned likely
}

// Dropped drops a pinner that pins: Go ends the program for that.
//
//shape:crashes
func Dropped() {
	var pin runtime.Pinner
	b := &buffer{data: payload.New()}
	pin.Pin(b) // want pin-never-unpinned certain
	_ = cRead(&b.room)
}

// EarlyReturn leaves before Unpin.
//
//shape:crashes
func EarlyReturn() {
	var pin runtime.Pinner
	b := &buffer{data: payload.New()}
	pin.Pin(b) // want pin-never-unpinned likely
	if err := cRead(&b.room); err != nil {
		return
	}
	pin.Unpin()
}

// PinsPart pins another object and is dropped.
//
//shape:crashes
func PinsPart() {
	b := &buffer{data: payload.New()}
	part := &[64]byte{}
	b.pin.Pin(part) // want pin-never-unpinned likely
	_ = cRead(part)
}

// Deferred unpins when it leaves.
//
//shape:collected
func Deferred() {
	var pin runtime.Pinner
	defer pin.Unpin()
	b := &buffer{data: payload.New()}
	pin.Pin(b)
	_ = cRead(&b.room)
}

// Released calls the method that unpins.
//
//shape:collected
func Released() {
	b := &buffer{data: payload.New()}
	b.pin.Pin(b)
	defer b.Release()
}

// DeferredClosure unpins in a deferred closure.
//
//shape:collected
func DeferredClosure() {
	pin := new(runtime.Pinner)
	b := &buffer{data: payload.New()}
	defer func() { pin.Unpin() }()
	pin.Pin(b)
}

// ManyPins unpins all with one call.
//
//shape:collected
func ManyPins() {
	var pin runtime.Pinner
	for i := 0; i < 3; i++ {
		pin.Pin(&buffer{data: payload.New()})
	}
	pin.Unpin()
}

// LeafUnpinnedByFinalizer pins an object that does not lead back, and a finalizer lets go.
//
//shape:collected
func LeafUnpinnedByFinalizer() {
	b := &buffer{data: payload.New()}
	b.pin.Pin(&[64]byte{})
	runtime.SetFinalizer(b, (*buffer).Release)
}

func unpin(p *runtime.Pinner) { p.Unpin() }

// InCallee unpins in a callee.
//
//shape:collected
func InCallee() {
	var pin runtime.Pinner
	pin.Pin(&buffer{data: payload.New()})
	unpin(&pin)
}

var lasting runtime.Pinner

// PackageVariableUnpinned pins with a pinner of the package, and lets go.
//
//shape:collected
func PackageVariableUnpinned() {
	b := &buffer{data: payload.New()}
	lasting.Pin(b)
	defer lasting.Unpin()
	_ = cRead(&b.room)
}
