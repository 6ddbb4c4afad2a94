package finalizerring

import (
	"runtime"

	"example.com/leakshapes/payload"
)

type repository struct {
	data    *payload.Blob
	remotes remotes
	refs    [2]refs
}

type remotes struct{ repo *repository }

type refs struct{ repo *repository }

// SameAllocation holds by value what points back: a pointer into its own allocation.
//
//shape:collected
func SameAllocation() {
	r := &repository{data: payload.New()}
	r.remotes.repo = r
	runtime.SetFinalizer(r, func(*repository) {})
}

// ArrayOfValues points back from the elements of an array inside the object.
//
//shape:collected
func ArrayOfValues() {
	r := &repository{data: payload.New()}
	for i := range r.refs {
		r.refs[i].repo = r
	}
	runtime.SetFinalizer(r, func(*repository) {})
}

type selfish struct {
	data *payload.Blob
	self any
	next *selfish
}

// SelfInterface holds itself, in an interface.
//
//shape:collected
func SelfInterface() {
	s := &selfish{data: payload.New()}
	s.self, s.next = s, s
	runtime.SetFinalizer(s, func(*selfish) {})
}

type sentinelList struct {
	data *payload.Blob
	root element
}

type element struct {
	next, prev *element
	list       *sentinelList
}

func newSentinelList() *sentinelList {
	l := &sentinelList{data: payload.New()}
	l.root.next, l.root.prev = &l.root, &l.root
	runtime.SetFinalizer(l, func(*sentinelList) {})
	return l
}

// EmptySentinel points into itself as container/list does.
//
//shape:collected
func EmptySentinel() { newSentinelList() }

// FilledSentinel has an element that points back: that is another allocation.
//
//shape:leaks
func FilledSentinel() {
	l := &sentinelList{data: payload.New()}
	e := &element{list: l}
	l.root.next = e
	runtime.SetFinalizer(l, func(*sentinelList) {}) // want finalizer-in-ring certain
}

// PlainRing has no finalizer at all.
//
//shape:collected
func PlainRing() { twoLinks() }

// Cleared takes the finalizer off again.
//
//shape:collected
func Cleared() {
	a, _ := twoLinks()
	runtime.SetFinalizer(a, func(*link) {})
	a.data.Use()
	runtime.SetFinalizer(a, nil)
}

// ClearedByDefer takes it off in a deferred call.
//
//shape:collected
func ClearedByDefer() {
	a, _ := twoLinks()
	runtime.SetFinalizer(a, func(*link) {})
	defer runtime.SetFinalizer(a, nil)
}

// ClearedByClose calls the Close that clears it.
//
//shape:collected
func ClearedByClose() {
	p := &resources{}
	r := &resource{data: payload.New(), pool: p}
	p.all = append(p.all, r)
	runtime.SetFinalizer(r, (*resource).Close)
	defer r.Close()
}

// Cut takes the ring apart before it is dropped.
//
//shape:collected
func Cut() {
	a, b := twoLinks()
	runtime.SetFinalizer(a, func(*link) {})
	b.back = nil
}

// CutInDefer takes it apart in a deferred closure.
//
//shape:collected
func CutInDefer() {
	a, b := twoLinks()
	defer func() { b.back = nil }()
	runtime.SetFinalizer(a, func(*link) {})
}

type holder struct {
	data *payload.Blob
	ring *link
}

// AboveTheRing sets it on an object that leads to a ring and is not in it.
//
//shape:collected
func AboveTheRing() {
	a, _ := twoLinks()
	h := &holder{data: payload.New(), ring: a}
	runtime.SetFinalizer(h, func(*holder) {})
}

type leaf struct{ data *payload.Blob }

type leafRing struct {
	leaf *leaf
	back *leafRing
}

// BelowTheRing sets it on a leaf that a ring leads to.
//
//shape:collected
func BelowTheRing() {
	l := &leaf{data: payload.New()}
	runtime.SetFinalizer(l, func(*leaf) {})
	a := &leafRing{leaf: l}
	b := &leafRing{leaf: l, back: a}
	a.back = b
}

// SafeConn is the thin wrapper done right: the finalizer is on what nothing inside leads to.
type SafeConn struct{ *safeInner }

type safeInner struct {
	data    *payload.Blob
	onEvent func()
}

func (c *safeInner) handle() { c.data.Use() }

// ThinWrapper has its ring inside.
//
//shape:collected
func ThinWrapper() {
	in := &safeInner{data: payload.New()}
	in.onEvent = in.handle
	c := &SafeConn{in}
	runtime.SetFinalizer(c, func(c *SafeConn) { c.onEvent = nil })
}

// Shadowed names its parameter as the variable outside.
//
//shape:collected
func Shadowed() {
	f := &file{data: payload.New()}
	runtime.SetFinalizer(f, func(f *file) { f.close() })
}

// MethodExpression has no receiver bound.
//
//shape:collected
func MethodExpression() {
	f := &file{data: payload.New()}
	runtime.SetFinalizer(f, (*file).close)
}

// CapturesField captures what a field held, not the object.
//
//shape:collected
func CapturesField() {
	f := &file{data: payload.New(), fd: 9}
	fd := f.fd
	f.onClose = func() { println(fd) }
	runtime.SetFinalizer(f, (*file).close)
}

// LocalClosure captures the object, and is not kept.
//
//shape:collected
func LocalClosure() {
	f := &file{data: payload.New(), fd: 9}
	use := func() { f.fd++ }
	use()
	runtime.SetFinalizer(f, (*file).close)
}

// ReceiverIsOther keeps a method value of another object of the same type.
//
//shape:collected
func ReceiverIsOther() {
	other := &file{data: payload.New()}
	f := &file{data: payload.New(), onClose: other.close}
	runtime.SetFinalizer(f, (*file).close)
}

// ChainOfSameType is a chain, though its type could close a ring.
//
//shape:collected
func ChainOfSameType() {
	tail := &link{data: payload.New()}
	head := &link{data: payload.New(), back: tail}
	runtime.SetFinalizer(head, func(*link) {})
	runtime.SetFinalizer(tail, func(*link) {})
}

// VariableReused gives one variable to two objects.
//
//shape:collected
func VariableReused() {
	l := &link{data: payload.New()}
	first := l
	l = &link{data: payload.New()}
	l.back = first
	runtime.SetFinalizer(l, func(*link) {})
}

type snapshotter struct {
	data *payload.Blob
	last point
	name string
}

type point struct{ x, y int }

// CopiesValue stores a copy of a value that has no pointer.
//
//shape:collected
func CopiesValue() {
	s := &snapshotter{data: payload.New(), name: "s"}
	p := &point{1, 2}
	s.last = *p
	runtime.SetFinalizer(s, func(*snapshotter) {})
}

type indexed struct {
	data   *payload.Blob
	parent int
}

// ByIndex refers to its parent by number.
//
//shape:collected
func ByIndex() {
	all := []*indexed{{data: payload.New()}, {data: payload.New(), parent: 0}}
	for _, i := range all {
		runtime.SetFinalizer(i, func(*indexed) {})
	}
}

// FieldOverwritten had a ring for a moment.
//
//shape:collected
func FieldOverwritten() {
	f := &file{data: payload.New()}
	f.onClose = f.close
	f.onClose = func() {}
	runtime.SetFinalizer(f, (*file).close)
}

// NeverLinked has the method that links, and nobody calls it.
//
//shape:collected
func NeverLinked() {
	t := &tree{data: payload.New()}
	runtime.SetFinalizer(t, func(*tree) {})
}

// DeletedFromMap took the member out of the map again.
//
//shape:collected
func DeletedFromMap() {
	m := &selfMap{data: payload.New(), byName: map[string]*selfMap{}}
	m.byName["."] = m
	runtime.SetFinalizer(m, func(*selfMap) {})
	delete(m.byName, ".")
}

// FinalizerCutsRing is on the ring's outside and cuts it, which is not even needed.
//
//shape:collected
func FinalizerCutsRing() {
	a, _ := twoLinks()
	h := &holder{data: payload.New(), ring: a}
	runtime.SetFinalizer(h, func(h *holder) { h.ring.back = nil })
}

type otherRuntime struct{}

func (otherRuntime) SetFinalizer(object, finalizer any) {}

// OtherSetFinalizer is a method of the same name that does something else.
//
//shape:collected
func OtherSetFinalizer() {
	var runtime otherRuntime
	a, _ := twoLinks()
	runtime.SetFinalizer(a, func(*link) {})
}
