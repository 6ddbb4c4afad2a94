// Command escapeshapes has objects that outlive their functions in every way there is: `holds KIND HOLDER` on a line says
// what goknot escape tells of an object that is made there.
package main

import (
	"fmt"
	"os"

	"example.com/escapeshapes/store"
)

type item struct {
	name  string
	owner *item
	hook  func()
}

var current *item

var table = map[string]*item{} // holds package-variable table

var (
	queue = make(chan *item, 4)
	ready bool
)

var list []*item

func setCurrent() {
	i := &item{name: "current"} // holds package-variable current
	current = i
}

func setPair() {
	a, b := &item{}, &item{name: "b"} // holds package-variable current
	b.name = a.name
	current, ready = b, true
}

func intoTable(name string) {
	table[name] = &item{name: name} // holds package-variable table[name]
}

func intoFieldOfVariable() {
	current.owner = &item{} // holds package-variable current.owner
}

func ontoList() {
	i := &item{name: "on the list"} // holds package-variable list
	list = append(list, i)
}

func otherPackage() {
	store.Default = &store.Node{Name: "x = y"} // holds package-variable store.Default
}

func send() {
	queue <- &item{name: "sent"} // holds channel queue
}

func sendTo(ch chan<- *item) {
	i := new(item) // holds channel ch
	ch <- i
}

func launch(i *item) {
	done := make(chan bool)
	n := 3      // holds goroutine launch
	go func() { // holds goroutine launch
		n++
		i.hook()
		done <- n > 3
	}()
	<-done
}

func (i *item) run() { i.hook() }

func launchMethod(i *item) {
	go i.run() // holds goroutine launchMethod
}

func deferInLoop(items []*item) {
	for _, i := range items {
		defer func() { i.hook() }()
	}
}

func newItem(name string) *item {
	return &item{name: name} // holds returned newItem
}

func newItemWithHook(name string) *item {
	i := &item{name: name}                              // holds stored i.hook
	i.hook = func() { fmt.Fprintln(os.Stderr, i.name) } // holds stored i.hook
	return i
}

func open(name string) (i *item, err error) {
	i = &item{name: name} // holds returned open
	return i, nil
}

func adopt(parent *item) {
	parent.owner = &item{name: "a = b"} // holds stored parent.owner
}

func closure() func() int {
	n := 0              // holds returned closure
	return func() int { // holds returned closure
		n++
		return n
	}
}

func stays() int {
	i := &item{name: "stays"}
	return len(i.name)
}

func printed() {
	fmt.Fprintln(os.Stdout, len(os.Args)) // holds passed fmt.Fprintln
}

func big() int {
	var room [1 << 25]byte // holds other too large for stack
	return int(room[len(os.Args)])
}

func sized(n int) int {
	return len(make([]int, n))
}

func main() {
	setCurrent()
	setPair()
	intoTable("a")
	intoFieldOfVariable()
	ontoList()
	otherPackage()
	send()
	sendTo(queue)
	launch(current)
	launchMethod(current)
	deferInLoop(list)
	adopt(newItem("a"))
	newItemWithHook("b").hook()
	_, _ = open("c")
	closure()()
	store.Add(&store.Node{})
	store.Put(&store.Node{})
	printed()
	_ = stays() + big() + sized(len(os.Args))
}
