package finalizerring

import (
	"net/http"
	"runtime"
	"sync"

	"example.com/leakshapes/payload"
)

type file struct {
	data    *payload.Blob
	fd      int
	onClose func()
}

func (f *file) close() { f.fd = -1 }

func (f *file) onTick() {}

// FinalizerNamesObject captures the variable instead of taking the argument.
//
//shape:leaks
func FinalizerNamesObject() {
	f := &file{data: payload.New(), fd: 4}
	runtime.SetFinalizer(f, func(*file) { f.close() }) // want finalizer-in-ring certain
}

// FinalizerNamesHolder captures something that leads to the object.
//
//shape:leaks
func FinalizerNamesHolder() {
	f := &file{data: payload.New(), fd: 4}
	open := map[int]*file{4: f}
	runtime.SetFinalizer(f, func(*file) { delete(open, 4) }) // want finalizer-in-ring certain
}

func openFile() *file {
	f := &file{data: payload.New()}
	f.onClose = func() { f.close() }
	runtime.SetFinalizer(f, (*file).close) // want finalizer-in-ring certain
	return f
}

// ClosureField keeps a closure that captures the object.
//
//shape:leaks
func ClosureField() { openFile() }

// MethodValueField keeps its own method value.
//
//shape:leaks
func MethodValueField() {
	f := &file{data: payload.New()}
	f.onClose = f.onTick
	runtime.SetFinalizer(f, (*file).close) // want finalizer-in-ring certain
}

func openNamed(fd int) (f *file, err error) {
	f = &file{data: payload.New(), fd: fd}
	defer func() {
		if err == nil {
			f.onClose = f.close
		}
	}()
	runtime.SetFinalizer(f, (*file).close) // want finalizer-in-ring likely
	return f, nil
}

// NamedResult closes the ring in a deferred closure through a named result.
//
//shape:leaks
func NamedResult() { _, _ = openNamed(5) }

type option func(*server)

func withHook(hook func(*server)) option {
	return func(s *server) { s.hooks = append(s.hooks, func() { hook(s) }) }
}

type server struct {
	data  *payload.Blob
	hooks []func()
	mux   *http.ServeMux
}

func newServer(options ...option) *server {
	s := &server{data: payload.New()}
	for _, o := range options {
		o(s)
	}
	runtime.SetFinalizer(s, func(*server) {}) // want finalizer-in-ring possible
	return s
}

// FunctionalOption stores a closure over the object in an option.
//
//shape:leaks
func FunctionalOption() { newServer(withHook(func(s *server) { s.data.Use() })) }

func (s *server) index(http.ResponseWriter, *http.Request) { s.data.Use() }

// MuxHandlers registers method values with its own mux.
//
//shape:leaks
func MuxHandlers() {
	s := &server{data: payload.New(), mux: http.NewServeMux()}
	s.mux.HandleFunc("/", s.index)
	runtime.SetFinalizer(s, func(*server) {}) // want finalizer-in-ring likely
}

type lazy struct {
	data  *payload.Blob
	value func() byte
}

// OnceValue keeps a sync.OnceValue over a closure that captures the object.
//
//shape:leaks
func OnceValue() {
	l := &lazy{data: payload.New()}
	l.value = sync.OnceValue(func() byte { return l.data.Use() })
	runtime.SetFinalizer(l, func(*lazy) {}) // want finalizer-in-ring likely
}

type widget struct {
	data     *payload.Blob
	handlers map[string]func()
}

func (w *widget) on(event string, f func()) { w.handlers[event] = f }

func (w *widget) redraw() { w.data.Use() }

func newWidget() *widget {
	w := &widget{data: payload.New(), handlers: map[string]func(){}}
	w.on("resize", w.redraw)
	w.on("close", func() { w.handlers = nil })
	runtime.SetFinalizer(w, func(*widget) {}) // want finalizer-in-ring likely
	return w
}

// CallbackRegistered hands its own method value to a method that stores it.
//
//shape:leaks
func CallbackRegistered() { newWidget() }

type counter struct {
	data *payload.Blob
	bump func() int
}

// NestedClosure captures through two levels.
//
//shape:leaks
func NestedClosure() {
	c := &counter{data: payload.New()}
	c.bump = func() int {
		inner := func() int { return int(c.data.Use()) }
		return inner() + 1
	}
	runtime.SetFinalizer(c, func(*counter) {}) // want finalizer-in-ring certain
}

type visitor struct {
	data  *payload.Blob
	visit func(depth int)
}

// RecursiveClosure captures its own variable and, with it, the object.
//
//shape:leaks
func RecursiveClosure() {
	v := &visitor{data: payload.New()}
	var walk func(depth int)
	walk = func(depth int) {
		if depth > 0 {
			walk(depth - 1)
			v.data.Use()
		}
	}
	v.visit = walk
	runtime.SetFinalizer(v, func(*visitor) {}) // want finalizer-in-ring certain
}

// Deferred sets the finalizer in a defer statement.
//
//shape:leaks
func Deferred() {
	f := &file{data: payload.New()}
	defer runtime.SetFinalizer(f, (*file).close) // want finalizer-in-ring certain
	f.onClose = func() { f.fd = 0 }
}

var debugLeaks = func() bool { return true }

// Conditional sets the finalizer only in some runs.
//
//shape:leaks
func Conditional() {
	f := &file{data: payload.New()}
	f.onClose = func() { f.fd = 0 }
	if debugLeaks() {
		runtime.SetFinalizer(f, (*file).close) // want finalizer-in-ring likely
	}
}
