// Package registered has objects that a register of the program holds for ever, and objects that leave it again.
package registered

import (
	"expvar"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"

	"example.com/leakshapes/bus"
	"example.com/leakshapes/payload"
)

type view struct {
	data *payload.Blob
	id   int
	off  func()
}

func (v *view) Hear(string) { v.data.Use() }

var views []*view

func newView() *view {
	v := &view{data: payload.New()}
	views = append(views, v) // want registered-never-removed likely
	return v
}

// AppendedByConstructor is appended to a package variable that nothing is ever taken from.
//
//shape:leaks
func AppendedByConstructor() { newView() }

var open = map[*view]struct{}{}

func openView() *view {
	v := &view{data: payload.New()}
	open[v] = struct{}{} // want registered-never-removed likely
	return v
}

// Close does not take it out.
func (v *view) Close() { v.id = -1 }

// CloseForgets has a Close, which is called and forgets the register.
//
//shape:leaks
func CloseForgets() { openView().Close() }

var byID sync.Map
var lastID atomic.Int64

// SyncMap stores each under an id of its own.
//
//shape:leaks
func SyncMap() {
	v := &view{data: payload.New()}
	byID.Store(lastID.Add(1), v) // want registered-never-removed likely
}

var hooks []func()

// OnExit registers a hook.
func OnExit(f func()) { hooks = append(hooks, f) }

// ClosureRegistered registers a closure over the object, through a function.
//
//shape:leaks
func ClosureRegistered() {
	v := &view{data: payload.New()}
	OnExit(func() { v.Close() }) // want registered-never-removed likely
}

// AddedElsewhere registers with a library, and drops the id that Remove wants.
//
//shape:leaks
func AddedElsewhere() {
	bus.Add(&view{data: payload.New()}) // want registered-never-removed likely
}

// IDKept keeps the id and never removes.
//
//shape:leaks
func IDKept() {
	v := &view{data: payload.New()}
	v.id = bus.Add(v) // want registered-never-removed possible
}

// UnsubscribeDropped drops the function that would take it off.
//
//shape:leaks
func UnsubscribeDropped() {
	v := &view{data: payload.New()}
	_ = bus.Subscribe(v.Hear) // want registered-never-removed likely
}

// UnsubscribeKept keeps it and never calls it.
//
//shape:leaks
func UnsubscribeKept() {
	v := &view{data: payload.New()}
	v.off = bus.Subscribe(v.Hear) // want registered-never-removed possible
}

// NoWayBack registers where there is no way to remove.
//
//shape:leaks
func NoWayBack() {
	bus.Default.Add(&view{data: payload.New()}) // want registered-never-removed likely
}

type hub struct {
	mu   sync.Mutex
	subs map[*view]chan string
}

var theHub = &hub{subs: map[*view]chan string{}}

func (h *hub) join(v *view) chan string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ch := make(chan string, 1)
	h.subs[v] = ch
	return ch
}

func (h *hub) leave(v *view) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs, v)
}

func handle(h *hub, fail bool) {
	v := &view{data: payload.New()}
	h.join(v) // want registered-never-removed possible
	if fail {
		return
	}
	h.leave(v)
}

// LeaveSkipped leaves the hub on one path only.
//
//shape:leaks
func LeaveSkipped() { handle(theHub, true) }

// Signals never stops a notification, and its goroutine waits.
//
//shape:leaks
func Signals() {
	v := &view{data: payload.New()}
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGUSR2)
	go func() {
		for range ch { // want registered-never-removed possible
			v.Hear("signal")
		}
	}()
}

// Published publishes a variable, which expvar keeps for ever.
//
//shape:leaks
func Published() {
	v := &view{data: payload.New()}
	name := fmt.Sprintf("view%d", lastID.Add(1))
	expvar.Publish(name, expvar.Func(func() any { return v.data.Use() })) // want registered-never-removed possible
}

var memo = map[int64]*payload.Blob{}

func load(id int64) *payload.Blob {
	if b, ok := memo[id]; ok {
		return b
	}
	b := payload.New()
	memo[id] = b
	return b
}

// Cache is a cache by key without a bound: as asked for, as far as anyone can see.
//
//shape:leaks unmarked: a cache without a bound looks like a cache
func Cache() { load(lastID.Add(1)) }
