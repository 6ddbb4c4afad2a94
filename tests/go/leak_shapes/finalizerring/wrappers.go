package finalizerring

import (
	"runtime"

	"example.com/leakshapes/payload"
)

type link struct {
	data *payload.Blob
	back *link
}

func twoLinks() (*link, *link) {
	a := &link{data: payload.New()}
	b := &link{data: payload.New(), back: a}
	a.back = b
	return a, b
}

// CalleeMakesRing gets a ring from a callee with two results.
//
//shape:leaks
func CalleeMakesRing() {
	a, _ := twoLinks()
	runtime.SetFinalizer(a, func(*link) {}) // want finalizer-in-ring certain
}

func track(object, finalizer any) { runtime.SetFinalizer(object, finalizer) }

// Wrapper calls SetFinalizer in a function of its own.
//
//shape:leaks
func Wrapper() {
	a, _ := twoLinks()
	track(a, func(*link) {}) // want finalizer-in-ring likely
}

func onFree[T any](object *T, free func(*T)) {
	runtime.SetFinalizer(object, free)
}

// GenericWrapper calls it in a generic function.
//
//shape:leaks
func GenericWrapper() {
	_, b := twoLinks()
	onFree(b, func(*link) {}) // want finalizer-in-ring likely
}

var setFinalizer = runtime.SetFinalizer

// KeptInVariable calls it through a package variable, as code that can be tested does.
//
//shape:leaks
func KeptInVariable() {
	a, _ := twoLinks()
	setFinalizer(a, func(*link) {}) // want finalizer-in-ring likely
}

type tracker struct{ set func(object, finalizer any) }

// KeptInField calls it through a field.
//
//shape:leaks
func KeptInField() {
	t := tracker{set: runtime.SetFinalizer}
	a, _ := twoLinks()
	t.set(a, func(*link) {}) // want finalizer-in-ring likely
}

func join(a, b *link) {
	a.back = b
	b.back = a
}

// ParametersJoined has its ring closed by a callee that takes both.
//
//shape:leaks
func ParametersJoined() {
	a, b := &link{data: payload.New()}, &link{data: payload.New()}
	join(a, b)
	runtime.SetFinalizer(b, func(*link) {}) // want finalizer-in-ring certain
}

func identity(l *link) *link { return l }

// ParameterFlowsToResult closes it through a function that returns its argument.
//
//shape:leaks
func ParameterFlowsToResult() {
	a := &link{data: payload.New()}
	b := &link{}
	a.back = identity(b)
	b.back = identity(a)
	runtime.SetFinalizer(a, func(*link) {}) // want finalizer-in-ring certain
}

// Conn is the thin wrapper that people copy from net and sql packages, done wrong.
type Conn struct {
	data  *payload.Blob
	inner *inner
}

type inner struct {
	onEvent func(string)
	state   int
}

func (c *Conn) handle(string) { c.data.Use() }

// Dial sets the finalizer on the wrapper, and then the inner object calls back into the wrapper.
func Dial() *Conn {
	c := &Conn{data: payload.New(), inner: &inner{}}
	c.inner.onEvent = c.handle
	runtime.SetFinalizer(c, func(c *Conn) { c.inner.state = 0 }) // want finalizer-in-ring certain
	return c
}

// WrapperCalledBack is a wrapper that its inner object calls back.
//
//shape:leaks
func WrapperCalledBack() { Dial() }

type resource struct {
	data *payload.Blob
	pool *resources
}

type resources struct{ all []*resource }

func (r *resource) Close() {
	runtime.SetFinalizer(r, nil)
}

func acquire() *resource {
	p := &resources{}
	r := &resource{data: payload.New(), pool: p}
	p.all = append(p.all, r)
	runtime.SetFinalizer(r, (*resource).Close) // want finalizer-in-ring likely
	return r
}

// CloseForgotten has a Close that clears the finalizer; nobody calls it, and the finalizer that should never runs.
//
//shape:leaks
func CloseForgotten() { acquire() }

// CloseSometimes returns early before Close.
//
//shape:leaks
func CloseSometimes() {
	l := &link{data: payload.New()}
	l.back = &link{back: l}
	runtime.SetFinalizer(l, func(*link) {}) // want finalizer-in-ring likely
	if debugLeaks() {
		return
	}
	runtime.SetFinalizer(l, nil)
}
