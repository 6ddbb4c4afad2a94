// heap_big makes a heap of n objects with two edges each (all but the leaves), in the order of allocation or shuffled
// in memory, says in one JSON line what it made, and holds still.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"unsafe"
)

type node struct {
	left, right *node
	id          uint64
	fill        [5]uint64
}

type ringA struct{ b *ringB }
type ringB struct {
	a    *ringA
	fill [2]uint64
}

type finalized struct {
	peer *finalized
	fill [2]uint64
}

var (
	root  *node
	rings []*ringA
)

type description struct {
	Go        string `json:"go"`
	Pid       int    `json:"pid"`
	Objects   int    `json:"objects"`   // nodes, ring members and finalized ring members
	Edges     int    `json:"edges"`     // between them
	Rings     int    `json:"rings"`     // of two, held by main.rings
	Finalized int    `json:"finalized"` // rings of two, held by nothing but a finalizer
	Root      string `json:"root"`
	Shuffled  bool   `json:"shuffled"`
}

var buffer [1]byte

func main() {
	n := flag.Int("n", 1_000_000, "nodes")
	nRings := flag.Int("rings", 1000, "rings of two held by a package variable")
	nFinalized := flag.Int("finalized", 100, "rings of two with a finalizer")
	shuffled := flag.Bool("shuffled", false, "edges between places far apart in memory")
	dump := flag.String("dump", "", "write debug.WriteHeapDump to this file")
	flag.Parse()
	runtime.LockOSThread()
	debug.SetGCPercent(400)
	edges := makeNodes(*n, *shuffled)
	for i := 0; i < *nRings; i++ {
		a := &ringA{}
		a.b = &ringB{a: a}
		rings = append(rings, a)
	}
	for i := 0; i < *nFinalized; i++ {
		f := &finalized{}
		f.peer = &finalized{peer: f}
		runtime.SetFinalizer(f, func(*finalized) { panic("a ring with a finalizer was freed") })
	}
	runtime.GC()
	runtime.GC()
	debug.SetGCPercent(-1)
	text, err := json.Marshal(description{
		runtime.Version(), os.Getpid(), *n + 2**nRings + 2**nFinalized, edges + 2**nRings + 2**nFinalized, *nRings, *nFinalized,
		fmt.Sprintf("%#x", uintptr(unsafe.Pointer(root))), *shuffled,
	})
	if err != nil {
		panic(err)
	}
	if *dump != "" {
		fd, err := syscall.Open(*dump, syscall.O_CREAT|syscall.O_WRONLY|syscall.O_TRUNC, 0o600)
		if err != nil {
			panic(err)
		}
		debug.WriteHeapDump(uintptr(fd))
		syscall.Close(fd)
	}
	syscall.Write(1, append(text, '\n'))
	for {
		if got, err := syscall.Read(0, buffer[:]); got == 0 && err == nil {
			os.Exit(0)
		}
	}
}

// makeNodes links node k of a binary tree to its children, a third of the leaves to the node eight levels above, and all
// leaves to earlier leaves: two edges for nearly every node.
//
//go:noinline
func makeNodes(n int, shuffled bool) int {
	nodes := make([]*node, n)
	for i := range nodes {
		nodes[i] = &node{id: uint64(i)}
	}
	if shuffled {
		rand.New(rand.NewSource(1)).Shuffle(n, func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	}
	edges := 0
	for k := range nodes {
		if 2*k+1 < n {
			nodes[k].left = nodes[2*k+1]
			edges++
		}
		if 2*k+2 < n {
			nodes[k].right = nodes[2*k+2]
			edges++
		}
		if 2*k+1 < n || k < 2 {
			continue
		}
		nodes[k].left, nodes[k].right = nodes[k-1], nodes[k-2] // never to a later leaf: these close no ring
		if up := (k+1)>>8 - 1; k%3 == 0 && up >= 0 {
			nodes[k].left = nodes[up] // eight levels up: knots of up to 511 nodes
		}
		edges += 2
	}
	root = nodes[0]
	return edges
}
