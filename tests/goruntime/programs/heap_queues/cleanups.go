//go:build go1.24

package main

import (
	"runtime"
	"unsafe"
)

//go:noinline
func addCleanups() {
	for i := 0; i < n; i++ {
		f := &finalized{name: "cleaned"}
		p := new(payload)
		queued = append(queued, uintptr(unsafe.Pointer(p)))
		runtime.AddCleanup(f, func(p *payload) { <-never; runtime.KeepAlive(p) }, p)
	}
}
