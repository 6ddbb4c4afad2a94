//go:build cgo

package main

import "runtime/cgo"

// handleOwner is kept by its own handle until somebody deletes that.
type handleOwner struct {
	handle  cgo.Handle
	peer    *handleOwner
	payload []byte
}

// plantHandles: the table of handles (a package variable of runtime/cgo) holds what C was given.
func plantHandles() {
	for i := range make([]struct{}, *instant) {
		if wanted("cgo-handle") {
			cgo.NewHandle(newHeld(newPlant("cgo-handle", "cgo-handle", "cgo-handle", i)))
		}
		if wanted("cgo-handle-own") {
			p := newPlant("cgo-handle-own", "cgo-handle", "cgo-handle", i)
			o := &handleOwner{payload: payload(i)}
			o.peer = &handleOwner{peer: o}
			o.handle = cgo.NewHandle(o)
			note(p, "ring", o)
			note(p, "ring", o.peer)
			noteArray(p, "tail", o.payload)
		}
	}
}
