// Package device is a library that others make objects with: the far side of call summaries.
package device

import (
	"runtime"

	"example.com/leakshapes/payload"
)

// Device is a handle with a finalizer of the library's own.
type Device struct {
	Data  *payload.Blob
	Owner any
	fd    int
}

// Open makes a device that closes itself when it is dropped.
func Open() *Device {
	d := &Device{Data: payload.New(), fd: 7}
	runtime.SetFinalizer(d, (*Device).Close)
	return d
}

// Close releases the device.
func (d *Device) Close() {
	d.fd = -1
	runtime.SetFinalizer(d, nil)
}

// Link is one end of a link.
type Link struct {
	Data *payload.Blob
	peer *Link
	up   func()
}

// NewLinks makes two ends that know each other.
func NewLinks() *Link {
	a := &Link{Data: payload.New()}
	b := &Link{Data: payload.New(), peer: a}
	a.peer = b
	return a
}

// OnUp stores a callback.
func (l *Link) OnUp(f func()) { l.up = f }

// OnFree calls free when the object is dropped.
func OnFree(object any, free any) { runtime.SetFinalizer(object, free) }
