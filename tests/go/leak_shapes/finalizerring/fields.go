// Package finalizerring has shapes with a finalizer on an object of a ring, and what only looks like it.
package finalizerring

import (
	"container/list"
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"example.com/leakshapes/payload"
)

type session struct {
	data *payload.Blob
	conn *conn
}

type conn struct {
	owner *session
	fd    int
}

func newSession() *session {
	s := &session{data: payload.New()}
	c := &conn{fd: 3}
	s.conn = c
	c.owner = s
	runtime.SetFinalizer(s, func(s *session) { s.conn.fd = -1 }) // want finalizer-in-ring certain
	return s
}

// FieldRing has two objects that hold each other by fields.
//
//shape:leaks
func FieldRing() { newSession() }

type book struct {
	data  *payload.Blob
	pages []*page
}

type page struct {
	book *book
	text string
}

func (p *page) free() { p.text = "" }

func newBook() *book {
	b := &book{data: payload.New()}
	p := &page{book: b}
	runtime.SetFinalizer(p, (*page).free) // want finalizer-in-ring certain
	b.pages = append(b.pages, p)
	return b
}

// FinalizerOnTheChild sets it on the member that is made last; the ring closes after the call, through a slice.
//
//shape:leaks
func FinalizerOnTheChild() { newBook() }

type registry struct {
	data  *payload.Blob
	users map[string]*user
}

type user struct{ in *registry }

func newRegistry() *registry {
	r := &registry{data: payload.New(), users: map[string]*user{}}
	r.users["root"] = &user{in: r}
	runtime.SetFinalizer(r, func(*registry) {}) // want finalizer-in-ring certain
	return r
}

// MapValue closes the ring through the value of a map.
//
//shape:leaks
func MapValue() { newRegistry() }

type peerSet struct {
	data  *payload.Blob
	peers map[*peer]struct{}
}

type peer struct{ set *peerSet }

// MapKey closes the ring through the key of a map.
//
//shape:leaks
func MapKey() {
	s := &peerSet{data: payload.New(), peers: make(map[*peer]struct{})}
	p := &peer{set: s}
	s.peers[p] = struct{}{}
	runtime.SetFinalizer(s, func(*peerSet) {}) // want finalizer-in-ring certain
}

type selfMap struct {
	data   *payload.Blob
	byName map[string]*selfMap
}

// OwnMap is in a map of its own: the map is another allocation.
//
//shape:leaks
func OwnMap() {
	m := &selfMap{data: payload.New(), byName: map[string]*selfMap{}}
	m.byName["."] = m
	runtime.SetFinalizer(m, func(*selfMap) {}) // want finalizer-in-ring certain
}

type ownSlice struct {
	data *payload.Blob
	path []*ownSlice
}

// OwnSlice is an element of its own slice: the backing array is another allocation.
//
//shape:leaks
func OwnSlice() {
	s := &ownSlice{data: payload.New()}
	s.path = append(s.path, s)
	runtime.SetFinalizer(s, func(*ownSlice) {}) // want finalizer-in-ring certain
}

type stage struct {
	data *payload.Blob
	next *stage
}

func newPipeline() *stage {
	first, second, third := &stage{data: payload.New()}, &stage{}, &stage{}
	first.next, second.next, third.next = second, third, first
	runtime.SetFinalizer(second, func(*stage) {}) // want finalizer-in-ring certain
	return first
}

// ThreeInARing closes over three objects, assigned in one statement.
//
//shape:leaks
func ThreeInARing() { newPipeline() }

type handler interface{ handle() }

type stream struct {
	data *payload.Blob
	h    handler
}

type logHandler struct{ s *stream }

func (l *logHandler) handle() { l.s.data.Use() }

func newStream() *stream {
	s := &stream{data: payload.New()}
	s.h = &logHandler{s: s}
	runtime.SetFinalizer(s, func(s *stream) {}) // want finalizer-in-ring certain
	return s
}

// InterfaceField holds the other member behind an interface.
//
//shape:leaks
func InterfaceField() { newStream() }

type box struct {
	data *payload.Blob
	any  any
}

// EmptyInterface holds it as any.
//
//shape:leaks
func EmptyInterface() {
	outer := &box{data: payload.New()}
	inner := &box{any: outer}
	outer.any = inner
	runtime.SetFinalizer(inner, func(*box) {}) // want finalizer-in-ring certain
}

type base struct{ owner *derived }

type derived struct {
	*base
	data *payload.Blob
}

// EmbeddedPointer closes the ring through an embedded pointer.
//
//shape:leaks
func EmbeddedPointer() {
	d := &derived{base: &base{}, data: payload.New()}
	d.owner = d
	runtime.SetFinalizer(d, func(*derived) {}) // want finalizer-in-ring certain
}

type queue struct {
	data *payload.Blob
	jobs chan *queue
}

// BufferedChannel leaves the object in the buffer of its own channel.
//
//shape:leaks
func BufferedChannel() {
	q := &queue{data: payload.New(), jobs: make(chan *queue, 1)}
	q.jobs <- q
	runtime.SetFinalizer(q, func(*queue) {}) // want finalizer-in-ring certain
}

type lruEntry struct {
	data *payload.Blob
	elem *list.Element
}

// ListElement keeps its own element of a container/list.
//
//shape:leaks
func ListElement() {
	l := list.New()
	e := &lruEntry{data: payload.New()}
	e.elem = l.PushBack(e)
	runtime.SetFinalizer(e, func(*lruEntry) {}) // want finalizer-in-ring likely
}

type ctxKey struct{}

type request struct {
	data *payload.Blob
	ctx  context.Context
}

// ContextValue puts the object into the context that it holds.
//
//shape:leaks
func ContextValue() {
	r := &request{data: payload.New()}
	r.ctx = context.WithValue(context.Background(), ctxKey{}, r)
	runtime.SetFinalizer(r, func(*request) {}) // want finalizer-in-ring likely
}

type group struct {
	data    *payload.Blob
	members sync.Map
}

type member struct{ g *group }

// SyncMap holds the other member in a sync.Map.
//
//shape:leaks
func SyncMap() {
	g := &group{data: payload.New()}
	g.members.Store("a", &member{g: g})
	runtime.SetFinalizer(g, func(*group) {}) // want finalizer-in-ring likely
}

type version struct {
	data *payload.Blob
	cur  atomic.Pointer[snapshot]
}

type snapshot struct{ of *version }

// AtomicPointer holds the other member in an atomic.Pointer.
//
//shape:leaks
func AtomicPointer() {
	v := &version{data: payload.New()}
	v.cur.Store(&snapshot{of: v})
	runtime.SetFinalizer(v, func(*version) {}) // want finalizer-in-ring likely
}

type cache[K comparable, V any] struct {
	data  *payload.Blob
	items map[K]*item[K, V]
}

type item[K comparable, V any] struct {
	cache *cache[K, V]
	value V
}

func newCache[K comparable, V any](key K, value V) *cache[K, V] {
	c := &cache[K, V]{data: payload.New(), items: map[K]*item[K, V]{}}
	c.items[key] = &item[K, V]{cache: c, value: value}
	runtime.SetFinalizer(c, func(c *cache[K, V]) { clear(c.items) }) // want finalizer-in-ring certain
	return c
}

// Generic is a ring of generic types.
//
//shape:leaks
func Generic() { newCache("a", 1) }

type ringNode struct {
	data       *payload.Blob
	prev, next *ringNode
}

func newRing(n int) *ringNode {
	nodes := make([]*ringNode, n)
	for i := range nodes {
		nodes[i] = &ringNode{data: payload.New()}
	}
	for i, node := range nodes {
		node.next = nodes[(i+1)%n]
		nodes[(i+1)%n].prev = node
	}
	runtime.SetFinalizer(nodes[0], func(*ringNode) {}) // want finalizer-in-ring possible
	return nodes[0]
}

// Loop links nodes in a loop.
//
//shape:leaks
func Loop() { newRing(4) }

type window struct {
	data *payload.Blob
	pane *pane
}

type pane struct{ window *window }

// Literal closes the ring in one composite literal and an assignment.
//
//shape:leaks
func Literal() {
	w := &window{data: payload.New(), pane: &pane{}}
	w.pane.window = w
	runtime.SetFinalizer(w.pane, func(*pane) {}) // want finalizer-in-ring certain
}

type pair struct {
	data        *payload.Blob
	left, right *half
}

type half struct{ of *pair }

// New makes with new and aliases a variable.
//
//shape:leaks
func New() {
	p := new(pair)
	p.data = payload.New()
	h := new(half)
	alias := p
	p.left, p.right = h, h
	h.of = alias
	runtime.SetFinalizer(p, func(*pair) {}) // want finalizer-in-ring certain
}

type tree struct {
	data *payload.Blob
	root *treeNode
}

type treeNode struct {
	tree     *tree
	children []*treeNode
}

func (t *tree) add() *treeNode {
	n := &treeNode{tree: t}
	if t.root == nil {
		t.root = n
	} else {
		t.root.children = append(t.root.children, n)
	}
	return n
}

// MethodLinks closes the ring in a method.
//
//shape:leaks
func MethodLinks() {
	t := &tree{data: payload.New()}
	t.add()
	runtime.SetFinalizer(t, func(*tree) {}) // want finalizer-in-ring likely
}
