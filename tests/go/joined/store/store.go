package store

type Node struct {
	id   int
	next *Node
	prev *Node
}

func New() *Node {
	a, b := &Node{id: 1}, &Node{id: 2}
	a.next, b.prev = b, a
	b.next, a.prev = a, b
	return a
}
