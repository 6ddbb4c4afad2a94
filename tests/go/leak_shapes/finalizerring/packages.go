package finalizerring

import (
	"runtime"

	"example.com/leakshapes/device"
	"example.com/leakshapes/payload"
)

// ConstructorElsewhere gets a ring from a constructor in another package.
//
//shape:leaks
func ConstructorElsewhere() {
	l := device.NewLinks()
	runtime.SetFinalizer(l, func(*device.Link) {}) // want finalizer-in-ring certain
}

type driver struct {
	data *payload.Blob
	dev  *device.Device
}

func newDriver() *driver {
	d := &driver{data: payload.New(), dev: device.Open()}
	d.dev.Owner = d // want finalizer-in-ring likely
	return d
}

// FinalizerElsewhere closes a ring around an object that a library gave a finalizer.
//
//shape:leaks
func FinalizerElsewhere() { newDriver() }

type port struct {
	data *payload.Blob
	link *device.Link
}

// CallbackElsewhere gives a library's object a callback that captures the holder.
//
//shape:leaks
func CallbackElsewhere() {
	p := &port{data: payload.New(), link: &device.Link{}}
	p.link.OnUp(func() { p.data.Use() })
	runtime.SetFinalizer(p, func(*port) {}) // want finalizer-in-ring likely
}

// WrapperElsewhere calls SetFinalizer through another package.
//
//shape:leaks
func WrapperElsewhere() {
	a, _ := twoLinks()
	device.OnFree(a, func(*link) {}) // want finalizer-in-ring likely
}

// LibraryUsedWell holds a library's object with a finalizer, and the object does not lead back.
//
//shape:collected
func LibraryUsedWell() {
	d := &driver{data: payload.New(), dev: device.Open()}
	d.dev.Owner = "driver"
}

// LibraryClosed closes the device, which clears the library's finalizer.
//
//shape:collected
func LibraryClosed() {
	d := &driver{data: payload.New(), dev: device.Open()}
	d.dev.Owner = d
	defer d.dev.Close()
}
