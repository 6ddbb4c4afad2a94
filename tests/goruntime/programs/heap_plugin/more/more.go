// A plugin with variables and types of its own.
package main

type Ring struct {
	peer *Ring
	name string
	rest [4]uint64
}

// Held is the plugin's own root.
var Held = map[string]*Ring{}

// Make gives the host a ring, and keeps three itself.
func Make() any {
	for _, name := range []string{"a", "b", "c"} {
		Held[name] = ring(name)
	}
	return ring("given")
}

func ring(name string) *Ring {
	first := &Ring{name: name}
	first.peer = &Ring{peer: first, name: name}
	return first
}

func main() {}
