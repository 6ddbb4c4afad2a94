// heap_shapes plants heap rings of every shape, says in one JSON line where they are and what is to be expected of
// them, and holds still. Addresses are kept as integers only, so that the description holds nothing alive.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// object is a heap object as the program itself knows it.
type object struct {
	Addr string  `json:"addr"`
	Size uintptr `json:"size"` // unsafe.Sizeof, times N for a backing array
	Type string  `json:"type"` // element type for a backing array; function name for a closure
	Kind string  `json:"kind"` // "value", "array" (backing array), "closure", "chan", "map"
	N    int     `json:"n"`
	Role string  `json:"role"` // "ring" (a member), "tail" (kept by the ring only), "outside"
}

// plant is one instance of a shape.
type plant struct {
	Shape    string   `json:"shape"`
	Holder   string   `json:"holder"` // "none": garbage; "finalizer", "cleanup", ... : held by that alone
	Instance int      `json:"instance"`
	Verdict  string   `json:"verdict"`
	Why      string   `json:"why"`      // what makes the verdict, e.g. "finalizer"; the root's name for kept-alive
	Ring     int      `json:"ring"`     // objects in the ring; 0: no ring for the collector; -1: see ring_min
	RingMin  int      `json:"ring_min"` // at least so many (map internals differ between releases)
	Owned    int      `json:"owned"`    // objects the ring retains, itself included; -1: not said
	Objects  []object `json:"objects"`
}

// blocked is a goroutine that waits.
type blocked struct {
	Shape    string `json:"shape"`
	Goid     uint64 `json:"goid"`
	Leaked   bool   `json:"leaked"`
	Function string `json:"function"`
	Payload  string `json:"payload"` // address of an object only this goroutine holds
}

type description struct {
	Go         string         `json:"go"`
	Pid        int            `json:"pid"`
	N          int            `json:"n"`
	Plants     []*plant       `json:"plants"`
	Goroutines []*blocked     `json:"goroutines"`
	Finalized  map[string]int `json:"finalized"` // shape -> finalizers and cleanups that ran
	GoLeaked   []uint64       `json:"go_leaked"` // with -ask-go: what Go's own goroutineleak profile says
	Expected   map[string]int `json:"expected"`  // shape -> those that must run, as Go's own rules say
}

var (
	plants  []*plant
	keep    []any // the root "main.keep"
	instant = flag.Int("n", 3, "instances of each shape")
	only    = flag.String("only", "", "only shapes with one of these prefixes, comma separated")
	dump    = flag.String("dump", "", "write debug.WriteHeapDump to this file just before holding still")
	garbage = flag.Bool("garbage", true, "plant unreachable rings too")
	askGo   = flag.Bool("ask-go", false, "run the goroutineleak profile (Go 1.27, or 1.26 with the experiment); no dump then")
	long    = flag.Int("long", 500, "objects in the long ring")
)

func wanted(shape string) bool {
	if *only == "" {
		return true
	}
	for _, prefix := range strings.Split(*only, ",") {
		if strings.HasPrefix(shape, prefix) {
			return true
		}
	}
	return false
}

func address(p unsafe.Pointer) string { return fmt.Sprintf("%#x", uintptr(p)) }

func addressOf(b *byte) string { return address(unsafe.Pointer(b)) }

// note records *v.
func note[T any](p *plant, role string, v *T) {
	p.Objects = append(p.Objects, object{address(unsafe.Pointer(v)), unsafe.Sizeof(*v), reflect.TypeOf(v).Elem().String(), "value", 1, role})
}

// noteArray records the backing array of s.
func noteArray[T any](p *plant, role string, s []T) {
	var zero T
	p.Objects = append(p.Objects, object{address(unsafe.Pointer(unsafe.SliceData(s))), unsafe.Sizeof(zero) * uintptr(cap(s)), reflect.TypeOf(s).Elem().String(), "array", cap(s), role})
}

// noteWord records what the pointer-shaped value at v points to: a func's closure object, a chan, a map.
func noteWord[T any](p *plant, role, kind string, v *T) {
	word := *(*unsafe.Pointer)(unsafe.Pointer(v))
	name := reflect.TypeOf(v).Elem().String()
	if kind == "closure" {
		name = runtime.FuncForPC(*(*uintptr)(word)).Name()
	}
	p.Objects = append(p.Objects, object{address(word), 0, name, kind, 1, role})
}

func payload(i int) []byte { return make([]byte, 48+(i*37)%400) }

// garbageBoxes counts what ran; keyed by shape.
var finalized = map[string]int{}
var finalizedLock = make(chan struct{}, 1)

func ran(shape string) {
	finalizedLock <- struct{}{}
	finalized[shape]++
	<-finalizedLock
}

func settle() {
	for range [4]int{} {
		runtime.GC()
		time.Sleep(2 * time.Millisecond) // the finalizer goroutine
	}
}

func inGoroutine(f func()) {
	done := make(chan struct{})
	go func() { f(); close(done) }()
	<-done
}

var readyBuffer [1]byte

func main() {
	flag.Parse()
	runtime.LockOSThread()
	expected := map[string]int{}
	inGoroutine(func() { plantRings("keep"); plantHolders(); plantHandles() })
	inGoroutine(func() { plantSpecials(expected); plantSpecials124(expected) })
	goroutines := plantGoroutines()
	settle()
	debug.SetGCPercent(-1)
	inGoroutine(plantPooled)
	if *garbage {
		inGoroutine(func() { plantRings("none") })
	}
	var leaked []uint64
	if *askGo {
		leaked = leakedSaysGo()
	}
	text := describe(goroutines, expected, leaked)
	fd := -1
	if *dump != "" {
		var err error
		if fd, err = syscall.Open(*dump, syscall.O_CREAT|syscall.O_WRONLY|syscall.O_TRUNC, 0o600); err != nil {
			panic(err)
		}
	}
	inGoroutine(clearStack)
	if fd >= 0 {
		debug.WriteHeapDump(uintptr(fd))
		syscall.Close(fd)
	}
	for len(text) > 0 {
		n, err := syscall.Write(1, text)
		if err != nil {
			os.Exit(3)
		}
		text = text[n:]
	}
	for {
		if n, err := syscall.Read(0, readyBuffer[:]); n == 0 && err == nil {
			os.Exit(0)
		}
	}
}

//go:noinline
func clearStack() {
	var zeros [4096]uintptr
	runtime.KeepAlive(&zeros)
}

//go:noinline
func describe(goroutines []*blocked, expected map[string]int, leaked []uint64) []byte {
	finalizedLock <- struct{}{}
	text, err := json.Marshal(description{
		Go: runtime.Version(), Pid: os.Getpid(), N: *instant, Plants: plants, Goroutines: goroutines,
		Finalized: finalized, Expected: expected, GoLeaked: leaked,
	})
	<-finalizedLock
	if err != nil {
		panic(err)
	}
	plants = nil
	return append(text, '\n')
}
