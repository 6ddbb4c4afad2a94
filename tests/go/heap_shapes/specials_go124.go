//go:build go1.24

package main

import (
	"runtime"
	"unique"
	"weak"
)

type cleanA struct {
	b       *cleanB
	payload []byte
}
type cleanB struct{ a *cleanA }
type cleanBox struct{ ring *cleanA }
type weakKey struct{ payload []byte }
type weakValue struct{ key *weakKey }
type weakParent struct {
	child   *weakChild
	payload []byte
}
type weakChild struct{ parent weak.Pointer[weakParent] }
type uniqueOwner struct {
	name unique.Handle[string]
	peer *uniqueOwner
}

var (
	weakMap     = map[weak.Pointer[weakKey]]*weakValue{}
	weakParents []*weakParent
	uniques     []*uniqueOwner
	keptCleaned []*cleanA
)

// makeCleanRing returns both halves: a ring of two with a tail.
//
//go:noinline
func makeCleanRing(p *plant) *cleanA {
	a := &cleanA{payload: payload(p.Instance)}
	a.b = &cleanB{a}
	note(p, "ring", a)
	note(p, "ring", a.b)
	noteArray(p, "tail", a.payload)
	return a
}

func plantSpecials124(expected map[string]int) {
	for i := range make([]struct{}, *instant) {
		if wanted("cleanup-arg") { // the argument reaches the object
			a := makeCleanRing(never("cleanup-arg", "cleanup", i, 2, 3))
			runtime.AddCleanup(a, func(*cleanB) { ran("cleanup-arg") }, a.b)
		}
		if wanted("cleanup-closure") { // the function reaches it, over a box: 1.26 refuses the plain capture
			p := never("cleanup-closure", "cleanup", i, 2, -1)
			box := &cleanBox{makeCleanRing(p)}
			runtime.AddCleanup(box.ring, func(int) { ran("cleanup-closure"); box.ring.payload[0]++ }, 1)
		}
		if wanted("cleanup-reachable") { // held now, and not to be freed when let go
			p := never("cleanup-reachable", "cleanup", i, 2, 3)
			p.Holder = "main.keptCleaned"
			a := makeCleanRing(p)
			runtime.AddCleanup(a, func(*cleanB) { ran("cleanup-reachable") }, a.b)
			keptCleaned = append(keptCleaned, a)
		}
		if wanted("cleanup-no-ring") { // no ring among objects: the argument's box alone leads back
			p := never("cleanup-no-ring", "cleanup", i, 0, -1)
			f := &finClosure{payload(i)}
			runtime.AddCleanup(f, func(box *[2]*finClosure) { ran("cleanup-no-ring") }, &[2]*finClosure{f, nil})
			note(p, "outside", f)
		}
		if wanted("gone-cleanup") { // a ring with a cleanup that does not reach it is freed
			a := &cleanA{payload: payload(i)}
			a.b = &cleanB{a}
			runtime.AddCleanup(a, func(int) { ran("gone-cleanup") }, 5)
			expected["gone-cleanup"]++
		}
		if wanted("gone-cleanup-stopped") {
			a := &cleanA{payload: payload(i)}
			a.b = &cleanB{a}
			runtime.AddCleanup(a, func(*cleanB) {}, a.b).Stop()
			runtime.AddCleanup(a, func(int) { ran("gone-cleanup-stopped") }, 5)
			expected["gone-cleanup-stopped"]++
		}
		if wanted("gone-weak") {
			parent := &weakParent{payload: payload(i)}
			parent.child = &weakChild{weak.Make(parent)}
			runtime.AddCleanup(parent, func(int) { ran("gone-weak") }, 5)
			expected["gone-weak"]++
		}
		if wanted("weak-map") { // the value holds its own weak key
			p := never("weak-map", "weak-map", i, 0, -1)
			key := &weakKey{payload(i)}
			value := &weakValue{key}
			weakMap[weak.Make(key)] = value
			note(p, "outside", key)
			note(p, "outside", value)
		}
		if wanted("weak-back") { // child to parent is weak: no ring
			p := newPlant("weak-back", "var", "main.weakParents", i)
			p.Ring, p.RingMin, p.Owned = 0, 0, -1
			parent := &weakParent{payload: payload(i)}
			parent.child = &weakChild{weak.Make(parent)}
			weakParents = append(weakParents, parent)
			note(p, "outside", parent)
			note(p, "outside", parent.child)
		}
		if wanted("unique") {
			p := newPlant("unique", "var", "main.uniques", i)
			p.Owned = -1
			u := &uniqueOwner{name: unique.Make(string(rune('a'+i%26)) + "-name")}
			u.peer = &uniqueOwner{u.name, u}
			uniques = append(uniques, u)
			note(p, "ring", u)
			note(p, "ring", u.peer)
		}
	}
}
