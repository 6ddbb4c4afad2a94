// Package registers has handlers and loops that register what they make, in registers of every make; clean.go has those
// that take it out again.
package registers

import (
	"container/list"
	"net/http"
	"sync"

	"example.com/leakshapes/bus"
	"example.com/leakshapes/payload"
)

type session struct {
	data *payload.Blob
	id   int
	at   *list.Element
}

func (s *session) Hear(string) { s.data.Use() }

var sessions []*session

func login(http.ResponseWriter, *http.Request) {
	sessions = append(sessions, &session{data: payload.New()}) // want registered-never-removed likely
}

// Handler appends in a request handler: no Close is needed to see that it grows.
//
//shape:leaks
func Handler() { login(nil, nil) }

var registry = struct {
	sync.Mutex
	next int
	byID map[int]*session
}{byID: map[int]*session{}}

func upload(http.ResponseWriter, *http.Request) {
	registry.Lock()
	defer registry.Unlock()
	registry.next++
	registry.byID[registry.next] = &session{data: payload.New()} // want registered-never-removed likely
}

// Unnamed has a register in a struct without a name, under a counter.
//
//shape:leaks
func Unnamed() { upload(nil, nil) }

var order = list.New()

func enqueue(http.ResponseWriter, *http.Request) {
	order.PushBack(&session{data: payload.New()}) // want registered-never-removed likely
}

// Listed pushes to a list.
//
//shape:leaks
func Listed() { enqueue(nil, nil) }

func watch(http.ResponseWriter, *http.Request) {
	bus.Watchers = append(bus.Watchers, &session{data: payload.New()}) // want registered-never-removed likely
}

// OfAnother appends to a variable of another package.
//
//shape:leaks
func OfAnother() { watch(nil, nil) }

var accepted []*session

func accept(conns <-chan int) {
	for {
		id, ok := <-conns
		if !ok {
			return
		}
		keep(&session{data: payload.New(), id: id}) // want registered-never-removed likely
	}
}

func keep(s *session) { accepted = append(accepted, s) }

// Loop registers each thing that a channel brings, through a function.
//
//shape:leaks
func Loop() {
	conns := make(chan int, 1)
	conns <- 1
	close(conns)
	accept(conns)
}

var tokens = map[string]*session{}

func named(w http.ResponseWriter, r *http.Request) {
	tokens[r.Host] = &session{data: payload.New()} // want registered-never-removed possible
}

// Named stores under a name that comes with the request.
//
//shape:leaks
func Named() { named(nil, &http.Request{Host: string(rune('a' + len(tokens)))}) }

type pool struct{ idle []*session }

var shared = &pool{}

func (p *pool) add() *session {
	s := &session{data: payload.New()}
	p.idle = append(p.idle, s) // want registered-never-removed likely
	return s
}

func borrow(http.ResponseWriter, *http.Request) { shared.add().Hear("") }

// ByMethod makes and registers in a method of the register.
//
//shape:leaks
func ByMethod() { borrow(nil, nil) }

var doors []*session

func shut(s *session) {
	for i, other := range doors {
		if other == s {
			doors = append(doors[:i], doors[i+1:]...)
		}
	}
}

func enter(http.ResponseWriter, *http.Request) {
	doors = append(doors, &session{data: payload.New()}) // want registered-never-removed likely
}

// NobodyShuts has a function that would take it out, and nobody calls that.
//
//shape:leaks
func NobodyShuts() { enter(nil, nil) }

type service struct{ data *payload.Blob }

func (s *service) Shutdown() { s.data.Use() }

var atInterrupt []func()

func serve() {
	s := &service{data: payload.New()}
	atInterrupt = append(atInterrupt, s.Shutdown) // want registered-never-removed possible
}

// Served leaks if there is more than one service in a program, which is rare.
//
//shape:leaks
func Served() { serve() }
