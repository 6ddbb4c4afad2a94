// Package janitor has goroutines that hold what a finalizer on the same object would stop, and the model done right.
package janitor

import (
	"context"
	"runtime"
	"sync"
	"time"

	"example.com/leakshapes/payload"
)

type store struct {
	data *payload.Blob
	stop chan struct{}
	mu   sync.Mutex
	n    int
}

func (s *store) sweep() {
	s.mu.Lock()
	s.n++
	s.mu.Unlock()
}

func (s *store) run() {
	t := time.NewTicker(time.Minute)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			s.sweep()
		case <-s.stop:
			s.data.Use()
			return
		}
	}
}

func (s *store) Close() { close(s.stop) }

func newStore() *store {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	go s.run()
	runtime.SetFinalizer(s, (*store).Close) // want finalizer-goroutine certain
	return s
}

// MethodHolds starts a method of the object that the finalizer is on.
//
//shape:leaks
func MethodHolds() { newStore() }

// ClosureHolds captures the object in the goroutine.
//
//shape:leaks
func ClosureHolds() {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	go func() {
		<-s.stop
		s.sweep()
		s.data.Use()
	}()
	runtime.SetFinalizer(s, func(s *store) { close(s.stop) }) // want finalizer-goroutine certain
}

func watch(s *store) {
	for range s.stop {
		s.sweep()
	}
	s.data.Use()
}

// ArgumentHolds passes the object to the goroutine.
//
//shape:leaks
func ArgumentHolds() {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	runtime.SetFinalizer(s, (*store).Close) // want finalizer-goroutine certain
	go watch(s)
}

type client struct {
	data   *payload.Blob
	cancel context.CancelFunc
	conn   *connection
}

type connection struct{ of *client }

func (c *connection) pump(ctx context.Context) {
	<-ctx.Done()
	c.of.data.Use()
}

func (c *client) Close() { c.cancel() }

func newClient() *client {
	ctx, cancel := context.WithCancel(context.Background())
	c := &client{data: payload.New(), cancel: cancel}
	c.conn = &connection{of: c}
	go c.conn.pump(ctx)
	runtime.SetFinalizer(c, (*client).Close) // want finalizer-goroutine certain
	return c
}

// PartHolds runs a part that leads back to the object.
//
//shape:leaks
func PartHolds() { newClient() }

func (s *store) start() { go s.run() }

// StartedInMethod starts the goroutine in a method.
//
//shape:leaks
func StartedInMethod() {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	s.start()
	runtime.SetFinalizer(s, (*store).Close) // want finalizer-goroutine certain
}

type worker struct {
	data *payload.Blob
	jobs chan func()
}

func (w *worker) loop() {
	for job := range w.jobs {
		job()
	}
	w.data.Use()
}

// WorkQueue closes its queue in the finalizer.
//
//shape:leaks
func WorkQueue() {
	w := &worker{data: payload.New(), jobs: make(chan func())}
	for i := 0; i < 2; i++ {
		go w.loop()
	}
	runtime.SetFinalizer(w, func(w *worker) { close(w.jobs) }) // want finalizer-goroutine certain
}

// Cache is the wrapper of the well-known model: nothing inside leads to it.
type Cache struct{ *store }

// ThinWrapper has the finalizer on the wrapper, and the goroutine holds what is inside.
//
//shape:collected
func ThinWrapper() {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	go s.run()
	c := &Cache{s}
	runtime.SetFinalizer(c, func(c *Cache) { c.Close() })
}

// StopHeld gives the goroutine the channel alone.
//
//shape:collected
func StopHeld() {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	stop := s.stop
	go func() { <-stop }()
	runtime.SetFinalizer(s, (*store).Close)
}

// StopByValue passes the channel as an argument.
//
//shape:collected
func StopByValue() {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	go func(stop <-chan struct{}) { <-stop }(s.stop)
	runtime.SetFinalizer(s, (*store).Close)
}

// Closed closes it by hand, and the finalizer is for those who forget; then it must not run twice.
//
//shape:collected
func Closed() {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	go s.run()
	runtime.SetFinalizer(s, (*store).Close)
	defer func() {
		runtime.SetFinalizer(s, nil)
		s.Close()
	}()
}

// ShortLived has a goroutine that ends by itself.
//
//shape:collected
func ShortLived() {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	go s.sweep()
	runtime.SetFinalizer(s, (*store).Close)
}

// OtherHeld runs a goroutine for another object.
//
//shape:collected
func OtherHeld() {
	other := &store{data: payload.New(), stop: make(chan struct{})}
	go other.run()
	defer other.Close()
	s := &store{data: payload.New(), stop: make(chan struct{})}
	runtime.SetFinalizer(s, (*store).Close)
}

// ClosureUsesField captures a field's value, not the object.
//
//shape:collected
func ClosureUsesField() {
	s := &store{data: payload.New(), stop: make(chan struct{}), n: 3}
	n, stop := s.n, s.stop
	go func() {
		<-stop
		n++
	}()
	runtime.SetFinalizer(s, func(s *store) { close(s.stop) })
}
