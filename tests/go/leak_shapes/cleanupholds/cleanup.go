//go:build go1.24

// Package cleanupholds has cleanups whose function or argument leads to the object, and what only looks like it.
package cleanupholds

import (
	"runtime"

	"example.com/leakshapes/payload"
)

type file struct {
	data   *payload.Blob
	fd     int
	header header
	state  *state
	hook   func()
}

type header struct{ size, kind int }

type state struct {
	owner *file
	fd    int
}

func (f *file) close() { f.fd = -1 }

func (f *file) release(int) { f.fd = -1 }

func (s *state) close() { s.fd = -1 }

func closeFD(fd int) { println("close", fd) }

// FunctionCaptures names the object in the function.
//
//shape:leaks go<1.26
//shape:panics go>=1.26
func FunctionCaptures() {
	f := &file{data: payload.New(), fd: 3}
	runtime.AddCleanup(f, func(int) { f.close() }, 0) // want cleanup-holds-object certain
}

// FunctionIsMethodValue binds the object as the receiver.
//
//shape:leaks go<1.26
//shape:panics go>=1.26
func FunctionIsMethodValue() {
	f := &file{data: payload.New(), fd: 3}
	runtime.AddCleanup(f, f.release, f.fd) // want cleanup-holds-object certain
}

func openWithState() *file {
	f := &file{data: payload.New()}
	f.state = &state{owner: f, fd: 3}
	runtime.AddCleanup(f, (*state).close, f.state) // want cleanup-holds-object certain
	return f
}

// ArgumentReaches gives an argument that leads back.
//
//shape:leaks
func ArgumentReaches() { openWithState() }

// ArgumentIsInterior gives a pointer into the object itself.
//
//shape:leaks go<1.26
//shape:panics go>=1.26
func ArgumentIsInterior() {
	f := &file{data: payload.New()}
	runtime.AddCleanup(f, func(h *header) { h.size = 0 }, &f.header) // want cleanup-holds-object certain
}

// ArgumentIsClosure gives a function that captures the object.
//
//shape:leaks
func ArgumentIsClosure() {
	f := &file{data: payload.New()}
	runtime.AddCleanup(f, func(stop func()) { stop() }, func() { f.close() }) // want cleanup-holds-object certain
}

// FunctionCapturesMember captures another member of a ring.
//
//shape:leaks
func FunctionCapturesMember() {
	f := &file{data: payload.New()}
	s := &state{owner: f}
	f.state = s
	runtime.AddCleanup(f, func(int) { s.close() }, 0) // want cleanup-holds-object certain
}

// FunctionCapturesMap captures a map that holds the object.
//
//shape:leaks
func FunctionCapturesMap() {
	open := map[int]*file{}
	f := &file{data: payload.New(), fd: 5}
	open[f.fd] = f
	runtime.AddCleanup(f, func(fd int) { delete(open, fd) }, f.fd) // want cleanup-holds-object certain
}

// ArgumentMadeLater closes the way back after the call.
//
//shape:leaks
func ArgumentMadeLater() {
	f := &file{data: payload.New()}
	s := &state{}
	runtime.AddCleanup(f, func(s *state) { s.close() }, s) // want cleanup-holds-object certain
	s.owner = f
}

func onDrop[T, A any](object *T, free func(A), with A) { runtime.AddCleanup(object, free, with) }

// GenericWrapper calls AddCleanup in a function of its own.
//
//shape:leaks
func GenericWrapper() {
	f := &file{data: payload.New()}
	onDrop(f, func(s *state) { s.close() }, &state{owner: f}) // want cleanup-holds-object likely
}

type any1 interface{ close() }

// ThroughInterface gives the argument as an interface.
//
//shape:leaks
func ThroughInterface() {
	f := &file{data: payload.New()}
	var closer any1 = &state{owner: f}
	runtime.AddCleanup(f, func(c any1) { c.close() }, closer) // want cleanup-holds-object certain
}

// StructArgument passes a struct by value, one of its fields leads back.
//
//shape:leaks
func StructArgument() {
	f := &file{data: payload.New()}
	type work struct {
		fd   int
		from *state
	}
	s := &state{owner: f}
	runtime.AddCleanup(f, func(w work) { closeFD(w.fd) }, work{3, s}) // want cleanup-holds-object certain
}

// HookCaptures captures the object's hook, which captures the object.
//
//shape:leaks
func HookCaptures() {
	f := &file{data: payload.New()}
	f.hook = func() { f.fd = 0 }
	hook := f.hook
	runtime.AddCleanup(f, func(int) { hook() }, 0) // want cleanup-holds-object certain
}
