//go:build go1.24

package handles

import (
	"runtime"
	"runtime/cgo"

	"example.com/leakshapes/payload"
)

// DeletedByOwnCleanup deletes the handle in a cleanup of the object that the handle holds.
//
//shape:leaks
func DeletedByOwnCleanup() {
	d := &decoder{data: payload.New()}
	d.handle = cgo.NewHandle(d) // want cgo-handle-ring certain
	runtime.AddCleanup(d, func(h cgo.Handle) { h.Delete() }, d.handle)
}

// MethodExpressionAsCleanup gives the Delete itself.
//
//shape:leaks
func MethodExpressionAsCleanup() {
	d := &decoder{data: payload.New()}
	d.handle = cgo.NewHandle(d) // want cgo-handle-ring certain
	runtime.AddCleanup(d, cgo.Handle.Delete, d.handle)
}

// CleanupOfOther deletes it in a cleanup of an object that the handle does not hold.
//
//shape:collected
func CleanupOfOther() {
	d := &decoder{data: payload.New()}
	d.handle = cgo.NewHandle(d)
	runtime.AddCleanup(&Outer{in: d}, cgo.Handle.Delete, d.handle)
}
