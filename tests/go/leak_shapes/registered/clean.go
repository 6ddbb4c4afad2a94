package registered

import (
	"sync"
	"sync/atomic"

	"example.com/leakshapes/bus"
	"example.com/leakshapes/payload"
)

// RemovedByDefer leaves by a deferred call.
//
//shape:collected
func RemovedByDefer() {
	id := bus.Add(&view{data: payload.New()})
	defer bus.Remove(id)
}

// Unsubscribed calls what Subscribe gave.
//
//shape:collected
func Unsubscribed() {
	v := &view{data: payload.New()}
	defer bus.Subscribe(v.Hear)()
}

// UnsubscribedByClose keeps it in a field, and Close calls it.
//
//shape:collected
func UnsubscribedByClose() {
	v := &view{data: payload.New()}
	v.off = bus.Subscribe(v.Hear)
	v.stop()
}

func (v *view) stop() { v.off() }

// LeftHub leaves.
//
//shape:collected
func LeftHub() {
	v := &view{data: payload.New()}
	theHub.join(v)
	defer theHub.leave(v)
}

// LocalHub joins a hub that is dropped with it.
//
//shape:collected
func LocalHub() {
	h := &hub{subs: map[*view]chan string{}}
	h.join(&view{data: payload.New()})
}

// LocalBus registers where there is no way back, and the bus is dropped too.
//
//shape:collected
func LocalBus() {
	b := &bus.Bus{}
	b.Add(&view{data: payload.New()})
}

var current *view

// Current replaces the one before.
//
//shape:collected
func Current() { current = &view{data: payload.New()} }

var recent [1]*view
var nRecent int

// RingBuffer overwrites the oldest.
//
//shape:collected
func RingBuffer() {
	recent[nRecent%len(recent)] = &view{data: payload.New()}
	nRecent++
}

var named = map[string]*view{}

// ConstantKey stores under one name.
//
//shape:collected
func ConstantKey() { named["main"] = &view{data: payload.New()} }

var only sync.Once
var single *view

// Singleton is made once, though the function is called often.
//
//shape:leaks unmarked: one object for the whole program
func Singleton() {
	only.Do(func() { single = &view{data: payload.New()} })
}

var closing = map[*view]struct{}{}

type door struct{ v *view }

func newDoor() *door {
	v := &view{data: payload.New()}
	closing[v] = struct{}{}
	return &door{v}
}

func (d *door) Close() { delete(closing, d.v) }

// DeletedByClose is deleted by the Close that is called.
//
//shape:collected
func DeletedByClose() { newDoor().Close() }

var filtered []*view

func removeView(v *view) {
	kept := filtered[:0:0]
	for _, other := range filtered {
		if other != v {
			kept = append(kept, other)
		}
	}
	filtered = kept
}

// FilteredOut is taken from the slice by a loop.
//
//shape:collected
func FilteredOut() {
	v := &view{data: payload.New()}
	filtered = append(filtered, v)
	removeView(v)
}

var pending []*view

// Flushed empties the whole slice.
//
//shape:collected
func Flushed() {
	pending = append(pending, &view{data: payload.New()})
	if len(pending) > 0 {
		pending = nil
	}
}

var names []string

// OnlyItsName registers a name, not the object.
//
//shape:collected
func OnlyItsName() {
	v := &view{data: payload.New(), id: 3}
	names = append(names, string(rune('a'+v.id)))
}

var loads sync.Map

// LoadAndDeleted takes it out of a sync.Map.
//
//shape:collected
func LoadAndDeleted() {
	v := &view{data: payload.New()}
	loads.Store(v, true)
	defer loads.LoadAndDelete(v)
}

var latest atomic.Pointer[view]

// Swapped replaces in an atomic pointer.
//
//shape:collected
func Swapped() { latest.Swap(&view{data: payload.New()}) }

var free = sync.Pool{New: func() any { return new(view) }}

// Pooled gives it to a sync.Pool, which the collector empties.
//
//shape:collected
func Pooled() { free.Put(&view{data: payload.New()}) }
