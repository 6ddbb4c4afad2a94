// joined has knots that live on several levels: in its source, and in its heap once it waits.
package main

import (
	"fmt"
	"runtime"

	"example.com/joined/store"
)

type session struct {
	user *account
	buf  [64]byte
}

type account struct {
	name     string
	sessions []*session
}

func newSession() {
	a := &account{name: "x"}
	s := &session{user: a}
	a.sessions = append(a.sessions, s)
	runtime.SetFinalizer(s, func(s *session) { s.buf[0] = 1 })
}

// quiet looks the same to source, but nothing calls link: in the heap there is no ring.
type quiet struct {
	peer *quiet
	n    [16]int64
}

func link() *quiet {
	q := &quiet{}
	q.peer = &quiet{peer: q}
	runtime.SetFinalizer(q, func(q *quiet) { q.n[0] = 1 })
	return q
}

func worker(jobs chan int) {
	go func() {
		jobs <- 1
	}()
}

var (
	keep   []*store.Node
	quiets []*quiet
	never  bool
)

func main() {
	for i := 0; i < 20; i++ {
		newSession()
		worker(make(chan int))
		keep = append(keep, store.New())
		quiets = append(quiets, &quiet{})
	}
	if never {
		quiets = append(quiets, link())
	}
	runtime.GC()
	runtime.GC()
	fmt.Println("ready")
	fmt.Scanln()
	runtime.KeepAlive(keep)
}
