package main

import (
	"container/list"
	"sync"
	"sync/atomic"
	"time"

	elsewhere "heap_shapes/inner"
)

// held is what every holder holds: one half of a ring of two, with a tail.
type held struct {
	peer    *held
	payload []byte
}

func (h *held) fire() { h.payload[0]++ }

type holderStruct struct {
	count int
	inner struct{ held *held }
}
type holderIface interface{ fire() }
type timerOwner struct {
	timer   *time.Timer
	payload []byte
}

func (t *timerOwner) fire() { t.payload[0]++ }

type pooled struct {
	owner   *poolOwner
	payload []byte
}
type poolOwner struct {
	pool sync.Pool
	name string
}

var (
	gvPointer *held
	gvSlice   []*held
	gvMap     = map[string]*held{}
	gvAny     any
	gvIface   holderIface
	gvStruct  holderStruct
	gvArray   [4]*held
	gvFunc    func() *held
	gvMethod  func()
	gvChan    = make(chan *held, 64)
	gvAtomic  atomic.Pointer[held]
	gvSyncMap sync.Map
	gvList    list.List
	gvOnce    = sync.OnceValue(func() *held { return gvOnceHeld })
	gvPool    sync.Pool
	gvTimers  []*time.Timer

	gvOnceHeld *held
)

//go:noinline
func newHeld(p *plant) *held {
	h := &held{payload: payload(p.Instance)}
	h.peer = &held{peer: h}
	note(p, "ring", h)
	note(p, "ring", h.peer)
	noteArray(p, "tail", h.payload)
	return h
}

func newPlant(shape, holder, why string, i int) *plant {
	p := &plant{Shape: shape, Holder: holder, Instance: i, Verdict: "kept-alive", Why: why, Ring: 2, RingMin: 2, Owned: 3}
	plants = append(plants, p)
	return p
}

var holders = []struct {
	name, root string
	many       bool
	hold       func(h *held)
}{
	{"var-pointer", "main.gvPointer", false, func(h *held) { gvPointer = h }},
	{"var-slice", "main.gvSlice", true, func(h *held) { gvSlice = append(gvSlice, h) }},
	{"var-map", "main.gvMap", true, func(h *held) { gvMap[address3(h)] = h }},
	{"var-any", "main.gvAny", false, func(h *held) { gvAny = h }},
	{"var-iface", "main.gvIface", false, func(h *held) { gvIface = h }},
	{"var-struct", "main.gvStruct", false, func(h *held) { gvStruct.inner.held = h }},
	{"var-array", "main.gvArray", false, func(h *held) { gvArray[2] = h }},
	{"var-func", "main.gvFunc", false, func(h *held) { gvFunc = func() *held { return h } }},
	{"var-method", "main.gvMethod", false, func(h *held) { gvMethod = h.fire }},
	{"var-chan", "main.gvChan", true, func(h *held) { gvChan <- h }},
	{"var-atomic", "main.gvAtomic", false, func(h *held) { gvAtomic.Store(h) }},
	{"var-sync-map", "main.gvSyncMap", true, func(h *held) { gvSyncMap.Store(address3(h), h) }},
	{"var-list", "main.gvList", true, func(h *held) { gvList.PushBack(h) }},
	{"var-once-value", "main.gvOnceHeld", false, func(h *held) { gvOnceHeld = h; gvOnce() }},
}

func address3(h *held) string { return string(rune('a' + len(h.payload)%26)) }

func plantHolders() {
	for _, holder := range holders {
		if !wanted("held-" + holder.name) {
			continue
		}
		n := 1
		if holder.many {
			n = *instant
		}
		for i := range make([]struct{}, n) {
			holder.hold(newHeld(newPlant("held-"+holder.name, holder.name, holder.root, i)))
		}
	}
	if wanted("held-other-package") {
		for i := range make([]struct{}, *instant) {
			p := newPlant("held-other-package", "other-package", "heap_shapes/inner.held", i)
			p.Owned = -1
			a, b := elsewhere.Ring(payload(i))
			note(p, "ring", a)
			note(p, "ring", b)
			elsewhere.Hold(a)
		}
	}
	plantTimers()
}

// plantTimers: a running timer is a root (the P's heap of timers) until it fires.
func plantTimers() {
	for i := range make([]struct{}, *instant) {
		if wanted("timer-closure") {
			h := newHeld(newPlant("timer-closure", "timer", "timer", i))
			time.AfterFunc(time.Hour, func() { h.payload[0]++ })
		}
		if wanted("timer-ring") {
			p := newPlant("timer-ring", "timer", "timer", i)
			p.Ring, p.RingMin, p.Owned = 3, 3, 4
			t := &timerOwner{payload: payload(i)}
			t.timer = time.AfterFunc(time.Hour, t.fire)
			note(p, "ring", t)
			note(p, "ring", t.timer)
			noteArray(p, "tail", t.payload)
		}
		if wanted("timer-newtimer") { // since Go 1.23 timer and channel point at each other: the runtime's ring, not the user's
			p := newPlant("timer-newtimer", "var", "main.gvTimers", i)
			p.Ring, p.RingMin, p.Owned = 0, 0, -1
			t := time.NewTimer(time.Hour)
			gvTimers = append(gvTimers, t)
			note(p, "outside", t)
		}
	}
}

// plantPooled runs after the last collection: two collections empty a pool.
func plantPooled() {
	for i := range make([]struct{}, *instant) {
		if wanted("pool-item") {
			gvPool.Put(newHeld(newPlant("pool-item", "pool", "main.gvPool", i)))
		}
		if wanted("pool-owner") {
			p := newPlant("pool-owner", "pool", "runtime.allPools", i)
			p.Owned = -1
			owner := &poolOwner{name: "owner"}
			item := &pooled{owner, payload(i)}
			owner.pool.Put(item)
			p.Ring, p.RingMin = 3, 3 // owner, its pool's array of locals, item
			note(p, "ring", owner)
			note(p, "ring", item)
		}
	}
}
