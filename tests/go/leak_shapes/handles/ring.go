// Package handles has cgo handles that are never deleted, among them those that only their own object would delete.
package handles

import (
	"runtime"
	"runtime/cgo"

	"example.com/leakshapes/payload"
)

type decoder struct {
	data   *payload.Blob
	handle cgo.Handle
	onRead func()
	ctx    *cContext
}

// cContext stands for the C side's struct: it is given the handle as a number.
type cContext struct{ user uintptr }

func (d *decoder) free() { d.handle.Delete() }

func newDecoder() *decoder {
	d := &decoder{data: payload.New()}
	d.handle = cgo.NewHandle(d) // want cgo-handle-ring certain
	runtime.SetFinalizer(d, (*decoder).free)
	return d
}

// DeletedByOwnFinalizer deletes the handle in a finalizer of the object that the handle holds.
//
//shape:leaks
func DeletedByOwnFinalizer() { newDecoder() }

// FinalizerClosure does so in a closure.
//
//shape:leaks
func FinalizerClosure() {
	d := &decoder{data: payload.New()}
	d.handle = cgo.NewHandle(d) // want cgo-handle-ring certain
	runtime.SetFinalizer(d, func(d *decoder) {
		d.onRead = nil
		d.handle.Delete()
	})
}

// HandleOfClosure makes a handle of a callback that captures the object.
//
//shape:leaks
func HandleOfClosure() {
	d := &decoder{data: payload.New()}
	d.handle = cgo.NewHandle(func() { d.data.Use() }) // want cgo-handle-ring certain
	runtime.SetFinalizer(d, (*decoder).free)
}

// HandleOfMethodValue makes a handle of a method value.
//
//shape:leaks
func HandleOfMethodValue() {
	d := &decoder{data: payload.New()}
	d.handle = cgo.NewHandle(d.free) // want cgo-handle-ring certain
	runtime.SetFinalizer(d, (*decoder).free)
}

type callbacks struct{ of *decoder }

// HandleOfPart makes a handle of a part that leads back.
//
//shape:leaks
func HandleOfPart() {
	d := &decoder{data: payload.New()}
	d.handle = cgo.NewHandle(&callbacks{of: d}) // want cgo-handle-ring certain
	runtime.SetFinalizer(d, (*decoder).free)
}

func newHandle(v any) cgo.Handle { return cgo.NewHandle(v) }

// Wrapper calls NewHandle in a function of its own.
//
//shape:leaks
func Wrapper() {
	d := &decoder{data: payload.New()}
	d.handle = newHandle(d) // want cgo-handle-ring likely
	runtime.SetFinalizer(d, (*decoder).free)
}

// AsNumber keeps the handle as a number for C, and deletes it from there.
//
//shape:leaks
func AsNumber() {
	d := &decoder{data: payload.New(), ctx: &cContext{}}
	d.ctx.user = uintptr(cgo.NewHandle(d)) // want cgo-handle-ring likely
	runtime.SetFinalizer(d, func(d *decoder) { cgo.Handle(d.ctx.user).Delete() })
}

// Outer is a wrapper with the finalizer, and the handle leads to it all the same.
type Outer struct{ in *decoder }

// WrapperReached has its handle's object call back into the wrapper.
//
//shape:leaks
func WrapperReached() {
	o := &Outer{in: &decoder{data: payload.New()}}
	o.in.onRead = func() { o.in = nil }
	o.in.handle = cgo.NewHandle(o.in) // want cgo-handle-ring likely
	runtime.SetFinalizer(o, func(o *Outer) { o.in.free() })
}

// WrapperNotReached has the finalizer on a wrapper that the handle does not lead to.
//
//shape:collected
func WrapperNotReached() {
	o := &Outer{in: &decoder{data: payload.New()}}
	o.in.handle = cgo.NewHandle(o.in)
	runtime.SetFinalizer(o, func(o *Outer) { o.in.free() })
}

// HandleOfLeaf makes a handle of what does not lead back.
//
//shape:collected
func HandleOfLeaf() {
	d := &decoder{data: payload.New()}
	d.handle = cgo.NewHandle(d.data)
	runtime.SetFinalizer(d, (*decoder).free)
}

// HandleOfName makes a handle of a string.
//
//shape:collected
func HandleOfName() {
	d := &decoder{data: payload.New()}
	d.handle = cgo.NewHandle("decoder")
	runtime.SetFinalizer(d, (*decoder).free)
}
