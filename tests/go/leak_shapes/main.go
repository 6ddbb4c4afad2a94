// Command leakshapes makes the objects of every shape, drops them, lets the collector run, and prints what is left.
//
// Without arguments it runs every shape that needs no process of its own; with names, those. An argument that ends in
// .so is a plugin with more shapes. Each line is
// `shape PACKAGE.NAME made M freed N`, or `shape PACKAGE.NAME panicked: WHY`.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"time"

	"example.com/leakshapes/payload"
)

const (
	nRuns   = 12
	nRounds = 14
)

var shapes = map[string]func(){}

var alone = map[string]bool{} // shapes that may end the process, or want it to themselves: run only when named

func add(name string, shape func()) { shapes[name] = shape }

type outcome struct {
	counter  *payload.Counter
	panicked any
}

func main() {
	var names []string
	for _, argument := range os.Args[1:] {
		if strings.HasSuffix(argument, ".so") {
			open(argument)
		} else {
			names = append(names, argument)
		}
	}
	if len(names) == 0 {
		for name := range shapes {
			if !alone[name] {
				names = append(names, name)
			}
		}
	}
	sort.Strings(names)
	outcomes := make([]outcome, len(names))
	for i, name := range names {
		outcomes[i] = run(name)
	}
	for range [nRounds]struct{}{} {
		runtime.GC()
		time.Sleep(15 * time.Millisecond) // finalizers, cleanups, timers and goroutines have their turn
	}
	for i, name := range names {
		report(name, outcomes[i])
	}
}

// run makes the objects of one shape, each time on a new goroutine: no frame of this one remembers them.
func run(name string) outcome {
	shape, known := shapes[name]
	if !known {
		fmt.Fprintf(os.Stderr, "no shape %q\n", name)
		os.Exit(2)
	}
	made := outcome{counter: payload.CounterOf(name)}
	payload.Current = made.counter
	for range [nRuns]struct{}{} {
		done := make(chan any)
		go func() {
			defer func() { done <- recover() }()
			shape()
		}()
		if why := <-done; why != nil {
			made.panicked = why
		}
	}
	time.Sleep(time.Millisecond) // a goroutine that a shape started makes its own objects in time
	payload.Current = new(payload.Counter)
	return made
}

func report(name string, made outcome) {
	if made.panicked != nil {
		fmt.Printf("shape %s panicked: %v\n", name, made.panicked)
		return
	}
	fmt.Printf("shape %s made %d freed %d\n", name, made.counter.Made.Load(), made.counter.Freed.Load())
}
