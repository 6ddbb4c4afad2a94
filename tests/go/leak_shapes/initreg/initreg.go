// Package initreg registers itself in an init function with a package that calls it back: a ring at run time that the
// imports do not show, and objects that live as long as the program, as meant.
package initreg

import (
	"example.com/leakshapes/codec"
	"example.com/leakshapes/payload"
)

type jsonCodec struct{ data *payload.Blob }

// Encode calls back into the package that it is registered with.
func (j *jsonCodec) Encode() byte { return j.data.Use() + codec.Encode("raw") }

func init() {
	codec.Register("json", &jsonCodec{data: payload.Named("initreg.Registered")}) // want init-registration-ring note
}

// Registered was registered before main ran.
//
//shape:leaks
func Registered() { codec.Encode("json") }

type rawCodec struct{ data *payload.Blob }

func (r *rawCodec) Encode() byte { return r.data.Use() }

func init() {
	shared := &rawCodec{data: payload.Named("initreg.ClosureRegistered")}
	codec.RegisterFallback(func() codec.Codec { return shared }) // want init-registration-ring note
}

// ClosureRegistered registered a closure over an object.
//
//shape:leaks
func ClosureRegistered() { codec.Encode("raw") }

var table = buildTable()

func buildTable() map[string]int {
	b := payload.Named("initreg.LocalInInit")
	return map[string]int{"first": int(b.Use())}
}

// LocalInInit computes a package variable from an object that init drops.
//
//shape:collected
func LocalInInit() { _ = table["first"] }
