// Rings through a slice in an interface: the slice's header and the memory behind it are two objects.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
)

// node is a ring by itself: its list holds it.
type node struct {
	list any
	name string
}

// client and cluster are a ring with a finalizer; the list of nodes is another, of a lesser name and without one.
type client struct {
	cluster *cluster
	name    string
}

type cluster struct {
	nodes  any
	client *client
}

var kept []*node

func main() {
	for i := 0; i < 3; i++ {
		one := &node{name: "boxed"}
		one.list = []*node{one}
		kept = append(kept, one)
		closed(open())
	}
	runtime.GC()
	fmt.Println("{}")
	bufio.NewReader(os.Stdin).ReadByte()
	runtime.KeepAlive(kept)
}

//go:noinline
func open() *client {
	all := &cluster{}
	all.nodes = []*cluster{all}
	one := &client{cluster: all, name: "client"}
	all.client = one
	runtime.SetFinalizer(one, closed)
	return one
}

//go:noinline
func closed(one *client) {
	one.name = "closed"
}
