// A table that looks like the scheduler's list of processors, which is shorter; timers; processors no longer used.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

// processor begins as a runtime.p does: its index, then a status.
type processor struct {
	id     int32
	status uint32
	rest   [8]uintptr
}

var table = []*processor{
	{id: 0}, {id: 1}, {id: 2}, {id: 3}, {id: 4}, {id: 5}, {id: 6}, {id: 7}, {id: 8}, {id: 9}, {id: 10}, {id: 11},
}

var heapTable []*processor

// owner is a ring through its own timer, which is the program's.
type owner struct {
	timer *time.Timer
	name  string
}

var (
	owners  []*owner
	tickers []*time.Ticker
	numbers sync.Map
)

func main() {
	runtime.GOMAXPROCS(6)
	var all sync.WaitGroup
	for i := 0; i < 6; i++ { // timers on every processor
		all.Add(1)
		go func() {
			defer all.Done()
			mine := time.NewTimer(time.Hour)
			defer mine.Stop()
			time.Sleep(20 * time.Millisecond)
		}()
	}
	for i := 0; i < 40; i++ {
		tickers = append(tickers, time.NewTicker(time.Hour))
	}
	go func() { <-tickers[0].C }() // since Go 1.23 only a ticker that somebody waits for is in a timer heap
	for i := 0; i < 3; i++ {
		one := &owner{name: fmt.Sprint(i)}
		one.timer = time.AfterFunc(time.Hour, func() { one.name = "late" })
		owners = append(owners, one)
	}
	for i := 0; i < 300; i++ {
		heapTable = append(heapTable, &processor{id: int32(i), rest: [8]uintptr{6: 4096 * 8}})
		numbers.Store(i, i)
	}
	all.Wait()
	runtime.GOMAXPROCS(2)
	runtime.GC()
	fmt.Printf("{\"owners\": %d}\n", len(owners))
	bufio.NewReader(os.Stdin).ReadString('\n')
	runtime.KeepAlive(table)
}
