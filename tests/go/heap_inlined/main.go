// Goroutines that wait inside calls that the compiler inlines; prints the stacks as Go itself tells them.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"runtime"
	"time"
)

type queue struct{ items chan int }

func take(c chan int) int { return <-c }

func (q *queue) next() int { return take(q.items) }

func serve(q *queue) int { return q.next() + 1 }

//go:noinline
func work(q *queue) { println(serve(q)) }

func main() {
	for i := 0; i < 3; i++ {
		go work(&queue{make(chan int)})
		go func() { println(take(make(chan int))) }()
	}
	time.Sleep(50 * time.Millisecond)
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	json.NewEncoder(os.Stdout).Encode(map[string]string{"stacks": string(stacks)})
	bufio.NewReader(os.Stdin).ReadString('\n')
}
