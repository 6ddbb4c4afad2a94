// Command pluginglobal is a plugin: what its variables hold is held until the process ends, for no plugin is unloaded.
package main

import "example.com/leakshapes/payload"

type request struct {
	data *payload.Blob
	next func()
}

var seen []*request // want plugin-global note

// Seen is appended to a variable of the plugin.
//
//shape:leaks
func Seen() { seen = append(seen, &request{data: payload.New()}) }

var byKey = map[*request]func(){} // want plugin-global note

// Hooked maps an object to a closure over it.
//
//shape:leaks
func Hooked() {
	r := &request{data: payload.New()}
	byKey[r] = func() { r.data.Use() }
}

// Local makes a ring and keeps none of it.
//
//shape:collected
func Local() {
	r := &request{data: payload.New()}
	r.next = func() { r.data.Use() }
}

// Shapes is what the host looks up.
var Shapes = map[string]func(){"pluginglobal.Seen": Seen, "pluginglobal.Hooked": Hooked, "pluginglobal.Local": Local}

func main() {}
