// Goroutines that keep what would end them, those named stuck..., and look-alikes, named fine...
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"time"
)

const n = 7

type cache struct {
	entries map[string]int
	stop    chan struct{}
	pad     [20]int
}

func newCache() *cache { return &cache{entries: map[string]int{"a": 1}, stop: make(chan struct{})} }

func (c *cache) close() { close(c.stop) }

// with a ticker: it can be woken, but not be ended
func (c *cache) stuckSelect() {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			clear_(c.entries)
		case <-c.stop:
			return
		}
	}
}

// without: only the finalizer could send
func (c *cache) stuckReceive() { <-c.stop; clear_(c.entries) }

type queue struct {
	jobs chan func()
	pad  [20]int
}

func (q *queue) stuckRange() {
	for job := range q.jobs {
		job()
		q.pad[0]++
	}
}

type part struct{ owner *client }

type client struct {
	part part
	done chan struct{}
	pad  [20]int
}

// holds the client through an interior pointer
func (p *part) stuckPart() { <-p.owner.done; p.owner.pad[0]++ }

// the goroutine holds the inner object; the finalizer is on a wrapper that callers hold
type wrapper struct{ inner *cache }

func (c *cache) fineWrapped() { <-c.stop; clear_(c.entries) }

// a variable holds the cache as well
func (c *cache) fineHeld() { <-c.stop; clear_(c.entries) }

// others know the channel
func fineShared(c *cache, stop chan struct{}) { <-stop; clear_(c.entries) }

// the finalizer has nothing to do with the wait
type handle struct {
	fd  int
	pad [20]int
}

func fineOther(h *handle, work chan int) { <-work; h.fd++ }

func fineFile(f *os.File, work chan int) { <-work; f.Name() }

func clear_(m map[string]int) {
	for key := range m {
		delete(m, key)
	}
}

var (
	heldCaches   []*cache
	heldWrappers []*wrapper
	sharedStop   = make(chan struct{})
	sharedWork   = make(chan int)
)

func plant() {
	for i := 0; i < n; i++ {
		one := newCache()
		go one.stuckSelect()
		runtime.SetFinalizer(one, (*cache).close)

		two := newCache()
		go two.stuckReceive()
		runtime.SetFinalizer(two, func(c *cache) { close(c.stop) })

		jobs := &queue{jobs: make(chan func())}
		go jobs.stuckRange()
		runtime.SetFinalizer(jobs, func(q *queue) { close(q.jobs) })

		whole := &client{done: make(chan struct{})}
		whole.part.owner = whole
		go whole.part.stuckPart()
		runtime.SetFinalizer(whole, func(c *client) { close(c.done) })

		inner := newCache()
		go inner.fineWrapped()
		outer := &wrapper{inner}
		runtime.SetFinalizer(outer, func(w *wrapper) { close(w.inner.stop) })
		heldWrappers = append(heldWrappers, outer)

		held := newCache()
		go held.fineHeld()
		runtime.SetFinalizer(held, (*cache).close)
		heldCaches = append(heldCaches, held)

		shared := newCache()
		shared.stop = sharedStop
		go fineShared(shared, sharedStop)
		runtime.SetFinalizer(shared, (*cache).close)

		other := &handle{fd: i}
		go fineOther(other, sharedWork)
		runtime.SetFinalizer(other, func(h *handle) { h.fd = -1 })

		if file, err := os.Open(os.DevNull); err == nil {
			go fineFile(file, sharedWork)
		}
	}
}

func main() {
	plant()
	time.Sleep(50 * time.Millisecond)
	runtime.GC()
	runtime.GC()
	fmt.Printf("{\"n\": %d}\n", n)
	bufio.NewReader(os.Stdin).ReadString('\n')
	runtime.KeepAlive(heldCaches)
	runtime.KeepAlive(heldWrappers)
}
