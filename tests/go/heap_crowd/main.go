// Thousands of goroutines that wait for one lock that is never given back, and one ring that many roots hold.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

const n = 6000

type member struct {
	next *member
	pad  [6]int
}

var (
	lock     sync.Mutex
	wide     []*member // each of its variables leads to another member first
	byFirst  *member
	bySecond *member
	byThird  *member
)

func wait() {
	lock.Lock()
	lock.Unlock()
}

func plantRing() {
	for i := 0; i < 60; i++ {
		wide = append(wide, &member{})
	}
	for i := range wide {
		wide[i].next = wide[(i+1)%len(wide)]
	}
	byFirst, bySecond, byThird = wide[10], wide[30], wide[50]
	wide = nil
}

func main() {
	plantRing()
	lock.Lock()
	for i := 0; i < n; i++ {
		go wait()
	}
	time.Sleep(2 * time.Second)
	runtime.GC()
	fmt.Printf("{\"n\": %d}\n", n)
	bufio.NewReader(os.Stdin).ReadString('\n')
	runtime.KeepAlive([]*member{byFirst, bySecond, byThird})
}
