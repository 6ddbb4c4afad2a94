// heap_queues leaves finalizers and cleanups in the runtime's queues: the first of each kind to run waits for ever, so
// all behind it stay queued. Nothing but the queues holds what they carry.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

type finalized struct {
	name    string
	payload *payload
}

type payload struct{ words [100]uintptr }

const n = 250 // several blocks of the runtime's

var (
	never  = make(chan int)
	buffer [1]byte
	queued = make([]uintptr, 0, 2*n) // addresses: no pointers
)

func main() {
	runtime.LockOSThread()
	flag.String("dump", "", "not written: heap dumps leave the queues out")
	flag.Parse()
	setFinalizers()
	addCleanups()
	for range make([]int, 6) {
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}
	text := fmt.Sprintf(`{"go":%q,"pid":%d,"queued":[%d`, runtime.Version(), os.Getpid(), queued[0])
	for _, addr := range queued[1:] {
		text += fmt.Sprintf(",%d", addr)
	}
	line := []byte(text + "]}\n")
	runtime.GC()
	runtime.GC()
	syscall.Write(1, line)
	for {
		if got, err := syscall.Read(0, buffer[:]); got == 0 && err == nil {
			os.Exit(0)
		}
	}
}

//go:noinline
func setFinalizers() {
	for i := 0; i < n; i++ {
		f := &finalized{"finalized", new(payload)}
		queued = append(queued, uintptr(unsafe.Pointer(f.payload)))
		runtime.SetFinalizer(f, func(f *finalized) { <-never; runtime.KeepAlive(f.payload) })
	}
}
