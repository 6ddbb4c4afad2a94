// Package bus is a library with a register that lives as long as the program: informers, event buses, metrics.
package bus

import "sync"

// Listener hears events.
type Listener interface{ Hear(event string) }

var (
	mu        sync.Mutex
	listeners = map[int]Listener{}
	callbacks = map[int]func(string){}
	next      int
)

// Add registers a listener until Remove.
func Add(l Listener) int {
	mu.Lock()
	defer mu.Unlock()
	next++
	listeners[next] = l
	return next
}

// Remove takes it off again.
func Remove(id int) {
	mu.Lock()
	defer mu.Unlock()
	delete(listeners, id)
	delete(callbacks, id)
}

// Subscribe registers a function and gives the one that takes it off again.
func Subscribe(f func(string)) (unsubscribe func()) {
	mu.Lock()
	defer mu.Unlock()
	next++
	id := next
	callbacks[id] = f
	return func() { Remove(id) }
}

// Watchers is for anybody to add to.
var Watchers []Listener

// Bus is a register that lives as long as its owner.
type Bus struct{ all []Listener }

// Default is the one that everybody uses.
var Default = &Bus{}

// Add registers for as long as the bus lives: there is no way back.
func (b *Bus) Add(l Listener) { b.all = append(b.all, l) }
