package main

import (
	"container/list"
	"container/ring"
	"context"
	"sync"
	"sync/atomic"
	"unsafe"
)

type fieldA struct {
	b       *fieldB
	payload []byte
}
type fieldB struct {
	tag uint64
	a   *fieldA
}
type sliceParent struct {
	name     string
	children []*sliceChild
}
type sliceChild struct{ parent *sliceParent }
type arrayNode struct {
	pad  [2]uint64
	next [3]*arrayNode
}
type mapOwner struct{ children map[string]*mapChild }
type mapChild struct {
	owner   *mapOwner
	payload []byte
}
type keyOwner struct{ set map[*keyItem]int }
type keyItem struct {
	id    int
	owner *keyOwner
}
type bigMapOwner struct{ byID map[int]*bigMapItem }
type bigMapItem struct {
	id    int
	owner *bigMapOwner
}
type wideMapOwner struct{ byID map[int]wideValue }
type wideValue struct {
	fill  [20]uint64
	owner *wideMapOwner
}
type wideKeyOwner struct{ set map[wideKey]bool }
type wideKey struct {
	fill  [20]uint64
	owner *wideKeyOwner
}
type ifaceMapOwner struct{ byName map[string]any }
type closureOwner struct {
	callback func() int
	payload  []byte
}
type methodOwner struct {
	onClose func()
	n       int
}

func (m *methodOwner) close() { m.n++ }

type chanOwner struct {
	queue   chan *chanOwner
	payload []byte
}
type chanStructOwner struct{ queue chan chanItem }
type chanItem struct {
	n     int
	owner *chanStructOwner
}
type efaceA struct{ value any }
type efaceB struct {
	pad uint64
	a   *efaceA
}
type nexter interface{ Next() nexter }
type ifaceNode struct {
	weight float64
	next   nexter
}

func (n *ifaceNode) Next() nexter { return n.next }

type ifaceOther struct{ next nexter }

func (n *ifaceOther) Next() nexter { return n.next }

type generic[T any] struct {
	value T
	peer  *generic[T]
}
type twoParams[K comparable, V any] struct {
	index map[K]*twoParams[K, V]
	value V
}
type selfPointer struct {
	self    *selfPointer
	payload []byte
}
type outer struct {
	name    string
	remotes inner
	payload []byte
}
type inner struct {
	count int
	repo  *outer
}
type anySlice []any
type tree struct {
	parent      *tree
	left, right *tree
}
type longNode struct {
	next *longNode
	id   int
}
type headerNode struct { // over 512 bytes: a malloc header since Go 1.22
	links [100]*headerNode
	fill  [5]uint64
}
type hugeNode struct { // over 32 KiB: a span of its own
	fill  [100]uint64
	links [8000]*hugeNode
}
type bigArrayOwner struct{ items []bigArrayItem } // a backing array behind a malloc header or in a large span
type bigArrayItem struct {
	id    uint64
	name  string
	owner *bigArrayOwner
}
type interiorA struct {
	pad [3]uint64
	b   *uint64 // into the middle of interiorB
}
type interiorB struct {
	a    *interiorA
	pad  [4]uint64
	here uint64
}
type atomicNode struct {
	n    int32
	next atomic.Pointer[atomicNode]
}
type unsafeNode struct {
	next unsafe.Pointer
	pad  [3]uintptr
}
type base struct {
	owner *embedder
	id    int
}
type embedder struct {
	base
	part *part
}
type part struct{ base }
type syncMapOwner struct{ m sync.Map }
type bothA struct {
	mu  sync.Mutex
	b   *bothB
	c   func() *bothB
	any any
}
type bothB struct {
	as  []*bothA
	byA map[*bothA]struct{}
}
type funcMapOwner struct {
	handlers map[string]func() *funcMapOwner
}
type ptrPtr struct{ p **ptrPtr }
type chainHead struct { // a ring of two with a long chain hanging off it
	peer  *chainHead
	chain *chainLink
}
type chainLink struct {
	next    *chainLink
	payload []byte
}

// A maker builds instance i of a shape, notes its objects in p, and returns what holds it.
type maker struct {
	shape string
	ring  int
	make  func(i int, p *plant) any
}

var makers = []maker{
	{"fields", 2, makeFields}, {"slice", 5, makeSlice}, {"array", 2, makeArray},
	{"map-value", 4, makeMapValue}, {"map-key", 4, makeMapKey}, {"map-big", -1, makeMapBig},
	{"map-wide-value", -1, makeMapWideValue}, {"map-wide-key", -1, makeMapWideKey}, {"map-any", 3, makeMapAny},
	{"map-func", -1, makeMapFunc},
	{"closure", 2, makeClosure}, {"method-value", 2, makeMethodValue},
	{"chan", 3, makeChan}, {"chan-struct", 3, makeChanStruct},
	{"eface", 2, makeEface}, {"iface", 2, makeIface},
	{"generic", 2, makeGeneric}, {"generic-map", 3, makeGenericMap},
	{"list", 4, makeList}, {"container-ring", 5, makeContainerRing},
	{"self-pointer", 0, makeSelf}, {"same-allocation", 0, makeSameAllocation},
	{"any-slice", 2, makeAnySlice}, {"tree", 31, makeTree}, {"long", 0, makeLong},
	{"malloc-header", 2, makeHeader}, {"huge", 2, makeHuge}, {"big-array", 2, makeBigArray},
	{"interior", 2, makeInterior}, {"atomic", 3, makeAtomic}, {"unsafe", 2, makeUnsafe},
	{"embedded", 2, makeEmbedded}, {"context", 4, makeContext}, {"sync-map", -1, makeSyncMap},
	{"both", -1, makeBoth}, {"pointer-pointer", 2, makePointerPointer}, {"chain", 2, makeChain},
}

func plantRings(holder string) {
	for _, m := range makers {
		if !wanted(m.shape) {
			continue
		}
		for i := range make([]struct{}, *instant) {
			p := &plant{Shape: m.shape, Holder: holder, Instance: i, Ring: m.ring, RingMin: m.ring, Owned: -1}
			held := m.make(i, p)
			p.Verdict, p.Why = "collected", "unreachable"
			if holder == "keep" {
				p.Verdict, p.Why = "kept-alive", "main.keep"
				keep = append(keep, held)
			}
			plants = append(plants, p)
		}
	}
}

//go:noinline
func makeFields(i int, p *plant) any {
	a := &fieldA{payload: payload(i)}
	a.b = &fieldB{7, a}
	note(p, "ring", a)
	note(p, "ring", a.b)
	noteArray(p, "tail", a.payload)
	p.Owned = 3
	return a
}

//go:noinline
func makeSlice(i int, p *plant) any {
	parent := &sliceParent{name: "parent"}
	parent.children = make([]*sliceChild, 3)
	note(p, "ring", parent)
	noteArray(p, "ring", parent.children)
	for k := range parent.children {
		parent.children[k] = &sliceChild{parent}
		note(p, "ring", parent.children[k])
	}
	p.Owned = 5
	return parent
}

//go:noinline
func makeArray(i int, p *plant) any {
	first := &arrayNode{}
	first.next[2] = &arrayNode{}
	first.next[2].next[1] = first
	note(p, "ring", first)
	note(p, "ring", first.next[2])
	p.Owned = 2
	return first
}

//go:noinline
func makeMapValue(i int, p *plant) any {
	owner := &mapOwner{children: map[string]*mapChild{}}
	child := &mapChild{owner: owner, payload: payload(i)}
	owner.children["child"] = child
	note(p, "ring", owner)
	noteWord(p, "ring", "map", &owner.children)
	note(p, "ring", child)
	noteArray(p, "tail", child.payload)
	p.Owned = 5
	return owner
}

//go:noinline
func makeMapKey(i int, p *plant) any {
	owner := &keyOwner{set: map[*keyItem]int{}}
	item := &keyItem{i, owner}
	owner.set[item] = 1
	note(p, "ring", owner)
	noteWord(p, "ring", "map", &owner.set)
	note(p, "ring", item)
	p.Owned = 4
	return owner
}

//go:noinline
func makeMapBig(i int, p *plant) any {
	owner := &bigMapOwner{byID: map[int]*bigMapItem{}}
	note(p, "ring", owner)
	noteWord(p, "ring", "map", &owner.byID)
	n := []int{1500, 200, 20}[i%3]
	for id := 0; id < n; id++ {
		item := &bigMapItem{id, owner}
		owner.byID[id] = item
		note(p, "ring", item)
	}
	p.RingMin = n + 3
	return owner
}

//go:noinline
func makeMapWideValue(i int, p *plant) any {
	owner := &wideMapOwner{byID: map[int]wideValue{}}
	owner.byID[i] = wideValue{owner: owner}
	note(p, "ring", owner)
	noteWord(p, "ring", "map", &owner.byID)
	p.RingMin = 4
	return owner
}

//go:noinline
func makeMapWideKey(i int, p *plant) any {
	owner := &wideKeyOwner{set: map[wideKey]bool{}}
	owner.set[wideKey{owner: owner}] = true
	note(p, "ring", owner)
	noteWord(p, "ring", "map", &owner.set)
	p.RingMin = 4
	return owner
}

//go:noinline
func makeMapAny(i int, p *plant) any {
	owner := &ifaceMapOwner{byName: map[string]any{}}
	owner.byName["self"] = owner
	note(p, "ring", owner)
	noteWord(p, "ring", "map", &owner.byName)
	p.Owned = 3
	return owner
}

//go:noinline
func makeMapFunc(i int, p *plant) any {
	owner := &funcMapOwner{handlers: map[string]func() *funcMapOwner{}}
	owner.handlers["self"] = func() *funcMapOwner { return owner }
	handler := owner.handlers["self"]
	note(p, "ring", owner)
	noteWord(p, "ring", "map", &owner.handlers)
	noteWord(p, "ring", "closure", &handler)
	p.RingMin = 4
	return owner
}

//go:noinline
func makeClosure(i int, p *plant) any {
	owner := &closureOwner{payload: payload(i)}
	owner.callback = func() int { return len(owner.payload) }
	note(p, "ring", owner)
	noteWord(p, "ring", "closure", &owner.callback)
	noteArray(p, "tail", owner.payload)
	p.Owned = 3
	return owner
}

//go:noinline
func makeMethodValue(i int, p *plant) any {
	owner := &methodOwner{n: i}
	owner.onClose = owner.close
	note(p, "ring", owner)
	noteWord(p, "ring", "closure", &owner.onClose)
	p.Owned = 2
	return owner
}

//go:noinline
func makeChan(i int, p *plant) any {
	owner := &chanOwner{queue: make(chan *chanOwner, 4), payload: payload(i)}
	owner.queue <- owner
	note(p, "ring", owner)
	noteWord(p, "ring", "chan", &owner.queue)
	noteArray(p, "tail", owner.payload)
	p.Owned = 4
	return owner
}

//go:noinline
func makeChanStruct(i int, p *plant) any {
	owner := &chanStructOwner{queue: make(chan chanItem, 40)}
	for k := 0; k < 3; k++ {
		owner.queue <- chanItem{k, owner}
	}
	note(p, "ring", owner)
	noteWord(p, "ring", "chan", &owner.queue)
	p.Owned = 3
	return owner
}

//go:noinline
func makeEface(i int, p *plant) any {
	a := &efaceA{}
	b := &efaceB{9, a}
	a.value = b
	note(p, "ring", a)
	note(p, "ring", b)
	p.Owned = 2
	return a
}

//go:noinline
func makeIface(i int, p *plant) any {
	a := &ifaceNode{weight: 0.5}
	b := &ifaceOther{next: a}
	a.next = b
	note(p, "ring", a)
	note(p, "ring", b)
	p.Owned = 2
	return a
}

//go:noinline
func makeGeneric(i int, p *plant) any {
	if i%2 == 1 {
		first := &generic[string]{value: "x"}
		first.peer = &generic[string]{value: "y", peer: first}
		note(p, "ring", first)
		note(p, "ring", first.peer)
		p.Owned = 2
		return first
	}
	first := &generic[int]{value: i}
	first.peer = &generic[int]{peer: first}
	note(p, "ring", first)
	note(p, "ring", first.peer)
	p.Owned = 2
	return first
}

//go:noinline
func makeGenericMap(i int, p *plant) any {
	owner := &twoParams[int, *fieldA]{index: map[int]*twoParams[int, *fieldA]{}}
	owner.index[3] = owner
	note(p, "ring", owner)
	noteWord(p, "ring", "map", &owner.index)
	p.Owned = 3
	return owner
}

//go:noinline
func makeList(i int, p *plant) any {
	l := list.New()
	note(p, "ring", l)
	for k := 0; k < 3; k++ {
		note(p, "ring", l.PushBack(&[4]uint64{uint64(k)}))
	}
	p.Owned = 7
	return l
}

//go:noinline
func makeContainerRing(i int, p *plant) any {
	r := ring.New(5)
	for k := 0; k < 5; k++ {
		note(p, "ring", r)
		r = r.Next()
	}
	p.Owned = 5
	return r
}

//go:noinline
func makeSelf(i int, p *plant) any {
	s := &selfPointer{payload: payload(i)}
	s.self = s
	note(p, "outside", s)
	return s
}

//go:noinline
func makeSameAllocation(i int, p *plant) any {
	o := &outer{name: "o", payload: payload(i)}
	o.remotes.repo = o
	note(p, "outside", o)
	return o
}

//go:noinline
func makeAnySlice(i int, p *plant) any {
	s := &anySlice{nil, 1, "x"}
	(*s)[0] = s
	note(p, "ring", s)
	noteArray(p, "ring", *s)
	p.Owned = 2
	return s
}

//go:noinline
func makeTree(i int, p *plant) any {
	var grow func(parent *tree, depth int) *tree
	grow = func(parent *tree, depth int) *tree {
		t := &tree{parent: parent}
		note(p, "ring", t)
		if depth > 1 {
			t.left, t.right = grow(t, depth-1), grow(t, depth-1)
		}
		return t
	}
	p.Owned = 31
	return grow(nil, 5)
}

//go:noinline
func makeLong(i int, p *plant) any {
	first := &longNode{id: 0}
	last := first
	note(p, "ring", first)
	for k := 1; k < *long; k++ {
		last.next = &longNode{id: k}
		last = last.next
		note(p, "ring", last)
	}
	last.next = first
	p.Ring, p.RingMin, p.Owned = *long, *long, *long
	return first
}

//go:noinline
func makeHeader(i int, p *plant) any {
	a, b := &headerNode{}, &headerNode{}
	a.links[99], b.links[0] = b, a
	note(p, "ring", a)
	note(p, "ring", b)
	p.Owned = 2
	return a
}

//go:noinline
func makeHuge(i int, p *plant) any {
	a, b := &hugeNode{}, &hugeNode{}
	a.links[7999], b.links[0] = b, a
	note(p, "ring", a)
	note(p, "ring", b)
	p.Owned = 2
	return a
}

//go:noinline
func makeBigArray(i int, p *plant) any {
	owner := &bigArrayOwner{items: make([]bigArrayItem, []int{30, 900, 5000}[i%3])}
	owner.items[len(owner.items)-1].owner = owner
	note(p, "ring", owner)
	noteArray(p, "ring", owner.items)
	p.Owned = 2
	return owner
}

//go:noinline
func makeInterior(i int, p *plant) any {
	a, b := &interiorA{}, &interiorB{}
	a.b, b.a = &b.here, a
	note(p, "ring", a)
	note(p, "ring", b)
	p.Owned = 2
	return a
}

//go:noinline
func makeAtomic(i int, p *plant) any {
	a, b, c := &atomicNode{n: 1}, &atomicNode{n: 2}, &atomicNode{n: 3}
	a.next.Store(b)
	b.next.Store(c)
	c.next.Store(a)
	note(p, "ring", a)
	note(p, "ring", b)
	note(p, "ring", c)
	p.Owned = 3
	return a
}

//go:noinline
func makeUnsafe(i int, p *plant) any {
	a, b := &unsafeNode{}, &unsafeNode{}
	a.next, b.next = unsafe.Pointer(b), unsafe.Pointer(&a.pad[1])
	note(p, "ring", a)
	note(p, "ring", b)
	p.Owned = 2
	return a
}

//go:noinline
func makeEmbedded(i int, p *plant) any {
	e := &embedder{part: &part{}}
	e.part.owner = e
	note(p, "ring", e)
	note(p, "ring", e.part)
	p.Owned = 2
	return e
}

//go:noinline
func makeContext(i int, p *plant) any {
	parent, cancel := context.WithCancel(context.Background())
	child, cancelChild := context.WithCancel(parent)
	_, _ = cancel, cancelChild
	type word struct{ _, data unsafe.Pointer }
	for _, c := range []context.Context{parent, child} {
		p.Objects = append(p.Objects, object{address((*word)(unsafe.Pointer(&c)).data), 0, "context.cancelCtx", "value", 1, "ring"})
	}
	return parent
}

//go:noinline
func makeSyncMap(i int, p *plant) any {
	owner := &syncMapOwner{}
	owner.m.Store("self", owner)
	note(p, "ring", owner)
	p.RingMin = 2
	return owner
}

//go:noinline
func makeBoth(i int, p *plant) any {
	a, b := &bothA{}, &bothB{}
	a.b, a.any = b, b
	a.c = func() *bothB { return a.b }
	b.as = []*bothA{a, a}
	b.byA = map[*bothA]struct{}{a: {}}
	note(p, "ring", a)
	note(p, "ring", b)
	noteArray(p, "ring", b.as)
	noteWord(p, "ring", "map", &b.byA)
	noteWord(p, "ring", "closure", &a.c)
	p.RingMin = 6
	return a
}

//go:noinline
func makePointerPointer(i int, p *plant) any {
	first := &ptrPtr{}
	cell := new(*ptrPtr)
	*cell = first
	first.p = cell
	note(p, "ring", first)
	note(p, "ring", cell)
	p.Owned = 2
	return first
}

//go:noinline
func makeChain(i int, p *plant) any {
	head := &chainHead{}
	head.peer = &chainHead{peer: head}
	note(p, "ring", head)
	note(p, "ring", head.peer)
	for k := 0; k < 50; k++ {
		head.chain = &chainLink{head.chain, payload(k)}
		note(p, "tail", head.chain)
		noteArray(p, "tail", head.chain.payload)
	}
	p.Owned = 102
	return head
}
