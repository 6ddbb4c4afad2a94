//go:build go1.24

package janitor

import (
	"runtime"
	"weak"

	"example.com/leakshapes/payload"
)

// CleanupOnHeld stops the goroutine in a cleanup of the object that the goroutine holds.
//
//shape:leaks
func CleanupOnHeld() {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	go s.run()
	runtime.AddCleanup(s, func(stop chan struct{}) { close(stop) }, s.stop) // want finalizer-goroutine certain
}

// CleanupOnWrapper stops it in a cleanup of a wrapper.
//
//shape:collected
func CleanupOnWrapper() {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	go s.run()
	runtime.AddCleanup(&Cache{s}, func(s *store) { s.Close() }, s)
}

// CleanupChannelHeld gives the goroutine the channel alone.
//
//shape:collected
func CleanupChannelHeld() {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	go func(stop chan struct{}) { <-stop }(s.stop)
	runtime.AddCleanup(s, func(stop chan struct{}) { close(stop) }, s.stop)
}

// WeakHeld gives the goroutine a weak pointer.
//
//shape:collected
func WeakHeld() {
	s := &store{data: payload.New(), stop: make(chan struct{})}
	w, stop := weak.Make(s), s.stop
	go func() {
		<-stop
		if s := w.Value(); s != nil {
			s.sweep()
		}
	}()
	runtime.AddCleanup(s, func(stop chan struct{}) { close(stop) }, s.stop)
}
