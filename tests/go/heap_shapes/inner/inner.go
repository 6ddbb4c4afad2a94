// Package inner holds what main must not see: a root in another package.
package inner

// Node is one half of a ring of two.
type Node struct {
	peer    *Node
	payload []byte
}

var held []*Node

// Ring makes a ring of two.
//
//go:noinline
func Ring(payload []byte) (*Node, *Node) {
	first := &Node{payload: payload}
	first.peer = &Node{peer: first}
	return first, first.peer
}

// Hold keeps n in a package variable.
func Hold(n *Node) { held = append(held, n) }
