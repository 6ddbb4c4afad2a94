// Package store keeps what others give it.
package store

// Default is used by everybody.
var Default *Node

// Node is a node.
type Node struct {
	Name string
	Next *Node
}

var all []*Node

var byName = map[string]*Node{} // holds package-variable byName

// Add keeps a node. The mark is on the parameter's line.
func Add(n *Node) { // holds package-variable all
	all = append(all, n)
}

// Put keeps it by name.
func Put(n *Node) { // holds package-variable byName["put"]
	byName["put"] = n
}
