// Keephost opens plugins, keeps an object through the last one, and says whether the collector freed it all the same.
package main

import (
	"fmt"
	"os"
	"plugin"
	"runtime"
	"sync/atomic"
	"time"

	"example.com/shared"
)

var freed atomic.Bool

func keep(opened *plugin.Plugin) {
	f, err := opened.Lookup("Keep")
	if err != nil {
		panic(err)
	}
	kept := new([4]int) // 32 bytes: smaller ones without pointers share a block, which any of them keeps
	runtime.SetFinalizer(kept, func(*[4]int) { freed.Store(true) })
	f.(func(*int))(&kept[0])
}

func main() {
	shared.Count++
	var last *plugin.Plugin
	for _, path := range os.Args[1:] {
		if opened, err := plugin.Open(path); err == nil {
			last = opened
		}
	}
	keep(last)
	for range [20]int{} {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	f, _ := last.Lookup("Kept")
	fmt.Println("held", f.(func() *int)() != nil, "freed", freed.Load())
}
