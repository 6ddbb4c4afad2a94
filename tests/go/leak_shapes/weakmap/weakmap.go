//go:build go1.24

// Package weakmap has maps keyed by weak pointers whose values reach the keys, and maps done right.
package weakmap

import (
	"runtime"
	"sync"
	"weak"

	"example.com/leakshapes/payload"
)

type window struct {
	data *payload.Blob
	meta *meta
}

type meta struct {
	of   *window
	note string
}

var metas = map[weak.Pointer[window]]*meta{}

// ValueReachesKey holds the key from the value.
//
//shape:leaks
func ValueReachesKey() {
	w := &window{data: payload.New()}
	metas[weak.Make(w)] = &meta{of: w} // want weak-map-ring certain
}

var cleaned = map[weak.Pointer[window]]*meta{}
var cleanedMu sync.Mutex

func drop(p weak.Pointer[window]) {
	cleanedMu.Lock()
	defer cleanedMu.Unlock()
	delete(cleaned, p)
}

// CleanupWouldDelete has a cleanup that would delete the entry.
//
//shape:leaks
func CleanupWouldDelete() {
	w := &window{data: payload.New()}
	p := weak.Make(w)
	cleanedMu.Lock()
	cleaned[p] = &meta{of: w} // want weak-map-ring certain
	cleanedMu.Unlock()
	runtime.AddCleanup(w, drop, p)
}

var direct = map[weak.Pointer[window]]*window{}

// ValueIsKey maps to the object itself.
//
//shape:leaks
func ValueIsKey() {
	w := &window{data: payload.New()}
	direct[weak.Make(w)] = w // want weak-map-ring certain
}

var hooks = map[weak.Pointer[window]]func(){}

// ValueCapturesKey maps to a closure that captures it.
//
//shape:leaks
func ValueCapturesKey() {
	w := &window{data: payload.New()}
	hooks[weak.Make(w)] = func() { w.data.Use() } // want weak-map-ring certain
}

var lists = map[weak.Pointer[window]][]*meta{}

// ListReachesKey maps to a slice with one that leads back.
//
//shape:leaks
func ListReachesKey() {
	w := &window{data: payload.New()}
	key := weak.Make(w)
	lists[key] = append(lists[key], &meta{of: w}) // want weak-map-ring certain
}

type weakMap[K, V any] struct{ m map[weak.Pointer[K]]V }

func (w *weakMap[K, V]) set(key *K, value V) {
	w.m[weak.Make(key)] = value
	runtime.AddCleanup(key, func(p weak.Pointer[K]) { delete(w.m, p) }, weak.Make(key))
}

var attributes = weakMap[window, *meta]{m: map[weak.Pointer[window]]*meta{}}

// GenericWeakMap goes through a generic map that deletes by itself.
//
//shape:leaks
func GenericWeakMap() {
	w := &window{data: payload.New()}
	attributes.set(w, &meta{of: w}) // want weak-map-ring likely
}

var concurrent sync.Map

// SyncMap uses a sync.Map with weak keys.
//
//shape:leaks
func SyncMap() {
	w := &window{data: payload.New()}
	concurrent.Store(weak.Make(w), &meta{of: w}) // want weak-map-ring likely
}

var notes = map[weak.Pointer[window]]*meta{}

// ValueIsLeaf has values that do not lead back.
//
//shape:collected
func ValueIsLeaf() {
	w := &window{data: payload.New()}
	notes[weak.Make(w)] = &meta{note: "x"}
}

var interned = map[string]weak.Pointer[window]{}

// WeakValues has weak values under plain keys.
//
//shape:collected
func WeakValues() {
	w := &window{data: payload.New()}
	interned["main"] = weak.Make(w)
}

type weakMeta struct{ of weak.Pointer[window] }

var weakMetas = map[weak.Pointer[window]]*weakMeta{}

// ValueHoldsWeakly leads back by a weak pointer.
//
//shape:collected
func ValueHoldsWeakly() {
	w := &window{data: payload.New()}
	p := weak.Make(w)
	weakMetas[p] = &weakMeta{of: p}
}

// LocalMap is dropped with its entries.
//
//shape:collected
func LocalMap() {
	w := &window{data: payload.New()}
	m := map[weak.Pointer[window]]*meta{}
	m[weak.Make(w)] = &meta{of: w}
}

// HeldByKey has the map in the key itself.
//
//shape:collected
func HeldByKey() {
	type keyed struct {
		data *payload.Blob
		m    map[weak.Pointer[window]]*window
	}
	w := &window{data: payload.New()}
	k := &keyed{data: payload.New(), m: map[weak.Pointer[window]]*window{}}
	k.m[weak.Make(w)] = w
}

// Deleted takes the entry out again.
//
//shape:collected
func Deleted() {
	w := &window{data: payload.New()}
	p := weak.Make(w)
	metas[p] = &meta{of: w}
	defer delete(metas, p)
}

var crossed = map[weak.Pointer[window]]*window{}

// ValueIsOther maps one object to another that does not lead to it.
//
//shape:collected
func ValueIsOther() {
	a := &window{data: payload.New()}
	crossed[weak.Make(a)] = &window{}
}

// ParentHoldsWeakly is a tree with weak pointers to parents, and finalizers.
//
//shape:collected
func ParentHoldsWeakly() {
	type node struct {
		data   *payload.Blob
		parent weak.Pointer[window]
	}
	type parent struct {
		window
		child *node
	}
	p := &parent{window: window{data: payload.New()}}
	p.child = &node{data: payload.New(), parent: weak.Make(&p.window)}
	runtime.SetFinalizer(p, func(*parent) {})
}
