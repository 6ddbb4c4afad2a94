// Package hub tells listeners what happened.
package hub

// Listener waits for news; what would stop it holds it.
type Listener struct {
	name string
	seen [64]string
	stop func()
}

var listeners = map[string]*Listener{}

// Subscribe adds a listener; nothing ever takes one out.
func Subscribe(name string) {
	l := &Listener{name: name}
	l.stop = func() { l.name = "" }
	listeners[name] = l
}
