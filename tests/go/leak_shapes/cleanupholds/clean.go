//go:build go1.24

package cleanupholds

import (
	"runtime"

	"example.com/leakshapes/payload"
)

func free(int) {}

// ByNumber gives a number, as the documentation says to.
//
//shape:collected
func ByNumber() {
	f := &file{data: payload.New(), fd: 3}
	runtime.AddCleanup(f, free, f.fd)
}

// InRing is on a member of a ring: a cleanup, unlike a finalizer, does not keep it.
//
//shape:collected
func InRing() {
	f := &file{data: payload.New()}
	f.state = &state{owner: f}
	runtime.AddCleanup(f, free, 3)
}

// OnBothMembers has one on each member of a ring.
//
//shape:collected
func OnBothMembers() {
	f := &file{data: payload.New()}
	s := &state{owner: f}
	f.state = s
	runtime.AddCleanup(f, free, 3)
	runtime.AddCleanup(s, free, 4)
}

// Stopped takes the cleanup off again.
//
//shape:collected
func Stopped() {
	f := &file{data: payload.New()}
	s := &state{owner: f}
	c := runtime.AddCleanup(f, (*state).close, s)
	defer c.Stop()
}

type guarded struct {
	*file
	cleanup runtime.Cleanup
}

func (g *guarded) Close() { g.cleanup.Stop() }

// StoppedByClose keeps it in a field, and Close stops it.
//
//shape:collected
func StoppedByClose() {
	f := &file{data: payload.New()}
	g := &guarded{file: f, cleanup: runtime.AddCleanup(f, (*state).close, &state{owner: f})}
	g.Close()
}

// CapturesField captures what a field holds.
//
//shape:collected
func CapturesField() {
	f := &file{data: payload.New(), fd: 3}
	fd := f.fd
	runtime.AddCleanup(f, func(int) { fd++ }, 0)
}

// MemberWithoutWayBack gives an inner object that does not lead back.
//
//shape:collected
func MemberWithoutWayBack() {
	f := &file{data: payload.New(), state: &state{fd: 3}}
	runtime.AddCleanup(f, (*state).close, f.state)
}

// CapturesOther captures another object of the same type.
//
//shape:collected
func CapturesOther() {
	other := &file{data: payload.New()}
	f := &file{data: payload.New()}
	runtime.AddCleanup(f, func(int) { other.close() }, 0)
}

// CapturedVariableCleared captures the variable, which holds nothing any more.
//
//shape:collected
func CapturedVariableCleared() {
	p := &file{data: payload.New()}
	s := &state{owner: p}
	runtime.AddCleanup(p, func(int) {
		if s != nil {
			s.close()
		}
	}, 0)
	s = nil
}

// WayBackCut takes the argument's way back away.
//
//shape:collected
func WayBackCut() {
	f := &file{data: payload.New()}
	s := &state{owner: f}
	runtime.AddCleanup(f, (*state).close, s)
	s.owner = nil
}

// GenericByNumber goes through the wrapper with a number.
//
//shape:collected
func GenericByNumber() {
	f := &file{data: payload.New(), fd: 3}
	onDrop(f, free, f.fd)
}

// ThinWrapper has it on a wrapper, with the ring inside as the argument.
//
//shape:collected
func ThinWrapper() {
	f := &file{data: payload.New()}
	f.state = &state{owner: f}
	w := &struct{ inner *file }{f}
	runtime.AddCleanup(w, (*file).close, f)
}

// Shadowed names its parameter as the variable outside.
//
//shape:collected
func Shadowed() {
	f := &file{data: payload.New(), fd: 3}
	runtime.AddCleanup(f, func(f int) { free(f) }, f.fd)
}
