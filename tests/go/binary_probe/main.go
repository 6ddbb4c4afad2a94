// A program with a function of every kind that a table of functions may hold; built as a plugin it exports some.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
)

// Counter is looked up by hosts.
var Counter = 41

// Names is a variable of a composite type.
var Names map[string][]*Node

// Node has methods with both kinds of receivers.
type Node struct {
	Next *Node
	Name string
}

func (n Node) Len() int            { return len(n.Name) }
func (n *Node) Append(other *Node) { n.Next = other }

// Weigher is met by Node.
type Weigher interface{ Len() int }

type pair[A, B any] struct {
	first  A
	second B
}

func (p pair[A, B]) String() string { return fmt.Sprint(p.first, p.second) }

//go:noinline
func largest[T int | string](values []T) (most T) {
	for _, value := range values {
		if value > most {
			most = value
		}
	}
	return most
}

func small(a, b int) int { return a*b + 1 }

func middle(a int) int { return small(a, 2) + small(2, a) }

// Twice is exported by the plugin; small and middle are inlined into it.
//
//go:noinline
func Twice(a int) int { return middle(a) + 1 }

// Describe takes and returns what is not plain.
func Describe(n *Node, more ...string) (text string, err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("%v", recovered)
		}
	}()
	sort.Slice(more, func(i, j int) bool { return more[i] < more[j] })
	return n.Name + strings.Join(more, ","), nil
}

//go:noinline
func unexported() {}

func main() {
	node := &Node{Name: strings.Repeat("x", len(os.Args))}
	node.Append(&Node{})
	var weigher Weigher = *node
	text, err := Describe(node, os.Args...)
	fmt.Println(Twice(len(os.Args)), weigher.Len(), text, err, pair[int, string]{1, "a"}, Counter, Names)
	fmt.Println(largest([]int{1, 2}), largest([]string{"a", "b"}))
	unexported()
}
