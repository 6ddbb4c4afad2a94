package handles

import (
	"errors"
	"runtime/cgo"

	"example.com/leakshapes/payload"
)

func callC(user uintptr) int { return int(user & 1) }

var errC = errors.New("C failed")

func initC(uintptr) error { return errC }

// Never makes a handle and deletes it nowhere.
//
//shape:leaks
func Never() {
	data := payload.New()
	h := cgo.NewHandle(data) // want handle-never-deleted likely
	callC(uintptr(h))
}

// NeverInline has no name for it.
//
//shape:leaks
func NeverInline() {
	callC(uintptr(cgo.NewHandle(payload.New()))) // want handle-never-deleted likely
}

// EarlyReturn leaves before the deletion.
//
//shape:leaks
func EarlyReturn() {
	h := cgo.NewHandle(payload.New()) // want handle-never-deleted likely
	if err := initC(uintptr(h)); err != nil {
		return
	}
	h.Delete()
}

// Overwritten deletes the second of two.
//
//shape:leaks
func Overwritten() {
	data := payload.New()
	h := cgo.NewHandle(data) // want handle-never-deleted likely
	callC(uintptr(h))
	h = cgo.NewHandle("other")
	callC(uintptr(h))
	h.Delete()
}

type player struct {
	data   *payload.Blob
	handle cgo.Handle
	open   bool
}

// Close forgets the handle.
func (p *player) Close() { p.open = false }

// CloseForgets has a Close that does not delete.
//
//shape:leaks
func CloseForgets() {
	p := &player{data: payload.New(), open: true}
	p.handle = cgo.NewHandle(p) // want handle-never-deleted likely
	defer p.Close()
}

// LoopWithoutDelete makes one handle a turn and deletes the last.
//
//shape:leaks
func LoopWithoutDelete() {
	data := payload.New()
	var h cgo.Handle
	for i := 0; i < 3; i++ {
		h = cgo.NewHandle(data) // want handle-never-deleted possible
		callC(uintptr(h))
	}
	h.Delete()
}

type sink struct {
	data   *payload.Blob
	handle cgo.Handle
}

// Free deletes it.
func (s *sink) Free() { s.handle.Delete() }

// FreeNeverCalled has a Free that is the caller's to call.
//
//shape:leaks
func FreeNeverCalled() {
	s := &sink{data: payload.New()}
	s.handle = cgo.NewHandle(s) // want handle-never-deleted possible
}

// Deferred deletes it when it leaves.
//
//shape:collected
func Deferred() {
	h := cgo.NewHandle(payload.New())
	defer h.Delete()
	if initC(uintptr(h)) != nil {
		return
	}
	callC(uintptr(h))
}

// DeferredClosure deletes it in a deferred closure.
//
//shape:collected
func DeferredClosure() {
	h := cgo.NewHandle(payload.New())
	defer func() {
		callC(uintptr(h))
		h.Delete()
	}()
}

// EveryPath deletes it on each path.
//
//shape:collected
func EveryPath() {
	h := cgo.NewHandle(payload.New())
	if initC(uintptr(h)) != nil {
		h.Delete()
		return
	}
	callC(uintptr(h))
	h.Delete()
}

func release(h cgo.Handle) { h.Delete() }

// InCallee hands it to one that deletes.
//
//shape:collected
func InCallee() {
	h := cgo.NewHandle(payload.New())
	release(h)
}

// goReleased is what C calls back when it is done with its user pointer.
func goReleased(user uintptr) { cgo.Handle(user).Delete() }

func runC(user uintptr, done func(uintptr)) { done(user) }

// ExportedDeleter is deleted by a callback that C calls with the number.
//
//shape:collected
func ExportedDeleter() {
	h := cgo.NewHandle(payload.New())
	runC(uintptr(h), goReleased)
}

// ByMethod deletes it in a method that is called.
//
//shape:collected
func ByMethod() {
	s := &sink{data: payload.New()}
	s.handle = cgo.NewHandle(s)
	defer s.Free()
}

// AllOfASlice collects handles and deletes each.
//
//shape:collected
func AllOfASlice() {
	var hs []cgo.Handle
	for i := 0; i < 3; i++ {
		hs = append(hs, cgo.NewHandle(payload.New()))
	}
	for _, h := range hs {
		h.Delete()
	}
}

func withHandle(v any, use func(cgo.Handle)) {
	h := cgo.NewHandle(v)
	defer h.Delete()
	use(h)
}

// Scoped has a helper that makes, lends and deletes.
//
//shape:collected
func Scoped() { withHandle(payload.New(), func(h cgo.Handle) { callC(uintptr(h)) }) }
