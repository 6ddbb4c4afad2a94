package main

import (
	"runtime"
)

type finA struct {
	b       *finB
	payload []byte
}
type finB struct{ a *finA }
type finMethod struct {
	onClose func()
	n       int
}

func (f *finMethod) close() { f.n++ }

type finMap struct{ byName map[string]*finMap }
type finIface struct{ value any }
type finIfaceB struct{ a *finIface }
type finClosure struct{ payload []byte }
type finSame struct {
	name  string
	inner struct{ repo *finSame }
}
type finCleared struct {
	self    *[1]*finCleared
	witness *[3]uint64
}
type finHolder struct {
	ring *held
	n    int
}
type finReachable struct {
	peer    *finReachable
	payload []byte
}
type pinOwner struct {
	pinner  runtime.Pinner
	payload []byte
}
type finQueue struct{ queue chan *finQueue }

// Roots of their own, so that what is kept alive is told apart.
var keptFinalized []*finReachable

func never(shape, why string, i, ring, owned int) *plant {
	p := newPlant(shape, "special", why, i)
	p.Verdict, p.Ring, p.RingMin, p.Owned = "never-freed", ring, ring, owned
	return p
}

// plantSpecials drops objects with finalizers; expected says how many of them Go must finalize.
func plantSpecials(expected map[string]int) {
	for i := range make([]struct{}, *instant) {
		if wanted("finalizer-fields") {
			a := &finA{payload: payload(i)}
			a.b = &finB{a}
			runtime.SetFinalizer(a, func(*finA) { ran("finalizer-fields") })
			p := never("finalizer-fields", "finalizer", i, 2, 3)
			note(p, "ring", a)
			note(p, "ring", a.b)
			noteArray(p, "tail", a.payload)
		}
		if wanted("finalizer-method") {
			f := &finMethod{}
			f.onClose = f.close
			runtime.SetFinalizer(f, func(f *finMethod) { ran("finalizer-method") })
			p := never("finalizer-method", "finalizer", i, 2, 2)
			note(p, "ring", f)
			noteWord(p, "ring", "closure", &f.onClose)
		}
		if wanted("finalizer-map") {
			f := &finMap{map[string]*finMap{}}
			f.byName["self"] = f
			runtime.SetFinalizer(f, func(*finMap) { ran("finalizer-map") })
			p := never("finalizer-map", "finalizer", i, 3, 3)
			note(p, "ring", f)
			noteWord(p, "ring", "map", &f.byName)
		}
		if wanted("finalizer-iface") {
			f := &finIface{}
			b := &finIfaceB{f}
			f.value = b
			runtime.SetFinalizer(b, func(*finIfaceB) { ran("finalizer-iface") })
			p := never("finalizer-iface", "finalizer", i, 2, 2)
			note(p, "ring", f)
			note(p, "ring", b)
		}
		if wanted("finalizer-chan") {
			f := &finQueue{make(chan *finQueue, 1)}
			f.queue <- f
			runtime.SetFinalizer(f, func(*finQueue) { ran("finalizer-chan") })
			p := never("finalizer-chan", "finalizer", i, 3, 3)
			note(p, "ring", f)
			noteWord(p, "ring", "chan", &f.queue)
		}
		if wanted("finalizer-closure") { // no ring among objects: the special's function holds its own object
			f := &finClosure{payload(i)}
			fn := func(*finClosure) { ran("finalizer-closure"); f.payload[0]++ }
			runtime.SetFinalizer(f, fn)
			p := never("finalizer-closure", "finalizer", i, 2, 3)
			note(p, "ring", f)
			noteWord(p, "ring", "closure", &fn)
			noteArray(p, "tail", f.payload)
		}
		if wanted("finalizer-reachable") { // held now, and not to be freed when let go
			f := &finReachable{payload: payload(i)}
			f.peer = &finReachable{peer: f}
			runtime.SetFinalizer(f, func(*finReachable) { ran("finalizer-reachable") })
			keptFinalized = append(keptFinalized, f)
			p := never("finalizer-reachable", "finalizer", i, 2, 3)
			p.Holder = "main.keptFinalized"
			note(p, "ring", f)
			note(p, "ring", f.peer)
			noteArray(p, "tail", f.payload)
		}
		if wanted("pinner") { // runtime.Pinner carries a finalizer, its own record of pins points back
			o := &pinOwner{payload: payload(i)}
			o.pinner.Pin(o)
			p := never("pinner", "finalizer", i, 2, 3)
			note(p, "ring", o)
			noteArray(p, "tail", o.payload)
		}
		// What Go frees all the same.
		if wanted("gone-same-allocation") {
			s := &finSame{name: "same"}
			s.inner.repo = s
			runtime.SetFinalizer(s, func(*finSame) { ran("gone-same-allocation") })
			expected["gone-same-allocation"]++
		}
		if wanted("gone-finalizer-outside") {
			f := &finHolder{ring: &held{payload: payload(i)}}
			f.ring.peer = &held{peer: f.ring}
			runtime.SetFinalizer(f, func(*finHolder) { ran("gone-finalizer-outside") })
			expected["gone-finalizer-outside"]++
		}
		if wanted("gone-cleared") {
			a := &finCleared{witness: new([3]uint64)}
			a.self = &[1]*finCleared{a}
			runtime.SetFinalizer(a, func(*finCleared) {})
			runtime.SetFinalizer(a, nil)
			runtime.SetFinalizer(a.witness, func(*[3]uint64) { ran("gone-cleared") }) // finalized when the ring is freed
			expected["gone-cleared"]++
		}
	}
}
