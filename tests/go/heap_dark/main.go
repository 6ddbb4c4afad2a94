// Package variables and closures whose types a stripped program says only by its code.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// leaf is what all of them lead to; nothing but typed pointers says what it is.
type leaf struct {
	next *leaf
	name string
}

type made struct{ first, second *leaf }

type searched struct {
	best *leaf
	seen []int
	left *searched
}

type shared struct {
	lock sync.Mutex
	held *leaf
}

// inner is the beginning of outer, and as large for the allocator: a method of inner may be called on an outer.
type inner struct{ a, b, c, d, e *leaf }

type outer struct {
	inner
	last *leaf
}

type failure struct {
	text  string
	cause *leaf
}

func (f *failure) Error() string { return f.text }

func (s *shared) touch() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.held = &leaf{name: "shared"}
}

//go:noinline
func (i *inner) fill() { i.a = &leaf{name: "inner"} }

var (
	byConstructor *made
	bySearch      = search(strings.Fields("a bb ccc"))
	byMap         = map[string]*leaf{}
	byFilledMap   = inverted([]string{"x", "y"})
	byAppend      []*made
	byMethod      shared
	byPointer     *shared = &byMethod
	byOuter       *outer
	byChannel           = make(chan *leaf, 4)
	byError       error = &failure{text: "static"}
	byHook        func() string
	bySync        sync.Map
	errPlain      = errors.New("plain")
)

//go:noinline
func loose() *shared { return &shared{} }

//go:noinline
func construct() *made { return &made{first: &leaf{name: "constructed"}} }

// search returns what it made before a loop, or nothing.
//
//go:noinline
func search(words []string) *searched {
	if len(words) == 0 {
		return nil
	}
	found := &searched{left: &searched{}}
	for i, word := range words {
		if len(word) > len(found.seen) {
			found.seen = append(found.seen, i)
			found.best = &leaf{name: word, next: found.best}
		}
	}
	return found
}

//go:noinline
func inverted(words []string) map[string]*leaf {
	all := make(map[string]*leaf)
	for _, word := range words {
		all[word] = &leaf{name: word}
	}
	return all
}

//go:noinline
func hook(one *leaf, two *made) func() string {
	return func() string { return one.name + two.first.name }
}

type thing struct {
	Addr string `json:"addr"`
	Type string `json:"type"`
}

func main() {
	lone := loose()
	lone.touch() // and so the program has a descriptor of shared
	byConstructor = construct()
	byMap["k"] = &leaf{name: "mapped"}
	byAppend = append(byAppend, construct(), construct())
	byMethod.touch()
	byOuter = &outer{}
	byOuter.fill()
	byChannel <- &leaf{name: "sent"}
	byError.(*failure).cause = &leaf{name: "cause"}
	byHook = hook(&leaf{name: "hooked"}, construct())
	bySync.Store("key", &leaf{name: "stored"})
	said := []thing{}
	add := func(pointer unsafe.Pointer, kind string) {
		said = append(said, thing{fmt.Sprintf("%#x", uintptr(pointer)), kind})
	}
	add(unsafe.Pointer(byConstructor), "main.made")
	add(unsafe.Pointer(byConstructor.first), "main.leaf")
	add(unsafe.Pointer(bySearch), "main.searched")
	add(unsafe.Pointer(bySearch.best), "main.leaf")
	add(unsafe.Pointer(bySearch.left), "main.searched")
	add(unsafe.Pointer(byMap["k"]), "main.leaf")
	add(unsafe.Pointer(byFilledMap["x"]), "main.leaf")
	add(unsafe.Pointer(&byAppend[0]), "[]*main.made")
	add(unsafe.Pointer(byAppend[1]), "main.made")
	add(unsafe.Pointer(byPointer.held), "main.leaf")
	add(unsafe.Pointer(byOuter), "main.outer")
	add(unsafe.Pointer(byError.(*failure).cause), "main.leaf")
	described, _ := json.Marshal(map[string]any{"things": said, "plain": errPlain.Error()})
	fmt.Println(string(described))
	bufio.NewReader(os.Stdin).ReadByte()
	runtime.KeepAlive(byHook)
}
