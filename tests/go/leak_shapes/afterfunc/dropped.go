//go:build go1.24

package afterfunc

import (
	"runtime"
	"time"

	"example.com/leakshapes/payload"
)

// watch counts with a cleanup: since Go 1.23 a timer and its channel are a ring, which a finalizer would keep for ever.
func watch[T any](object *T) {
	counter := payload.Current
	counter.Made.Add(1)
	runtime.AddCleanup(object, func(c *payload.Counter) { c.Freed.Add(1) }, counter)
}

// DroppedTimer drops a timer with a channel: since Go 1.23 the collector takes it.
//
//shape:collected
func DroppedTimer() { watch(time.NewTimer(time.Hour)) }

// DroppedTicker drops a ticker.
//
//shape:collected
func DroppedTicker() { watch(time.NewTicker(time.Hour)) }

// FinalizerOnTimer sets a finalizer on a timer, which is in a ring of the runtime's making.
//
//shape:leaks unmarked: the ring is the runtime's own, and nobody sets a finalizer on a timer
func FinalizerOnTimer() { payload.Watch(time.NewTimer(time.Hour)) }
