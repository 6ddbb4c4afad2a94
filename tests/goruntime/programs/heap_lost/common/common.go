// Package common is in plugins alone.
package common

// Node is 64 bytes.
type Node struct {
	Next *Node
	Rest [56]byte
}

var (
	// Kept holds what was dead by the last collection.
	Kept *Node
	// Later is set after the last collection.
	Later = struct {
		Label string
		List  *Node
	}{Label: "later"}
)

// Chain makes n nodes.
func Chain(n int) *Node {
	var first *Node
	for range make([]struct{}, n) {
		first = &Node{Next: first}
	}
	return first
}
