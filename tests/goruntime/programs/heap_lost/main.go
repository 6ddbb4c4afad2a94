// heap_lost opens the plugins it is given, whatever becomes of each, and keeps objects through the last.
package main

import (
	"encoding/json"
	"os"
	"plugin"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"heap_lost/shared"
)

var (
	given  []any
	freed  atomic.Bool
	buffer [1]byte
)

type opened struct {
	Path  string `json:"path"`
	Error string `json:"error"`
}

func keep(last *plugin.Plugin) {
	kept := place(last, "Kept")
	kept.Set(chain(last, 1))
	object := reflect.ValueOf(runtime.SetFinalizer)
	stop := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{kept.Type()}, nil, false), func([]reflect.Value) []reflect.Value {
		freed.Store(true)
		return nil
	})
	object.Call([]reflect.Value{kept, stop})
}

func place(from *plugin.Plugin, name string) reflect.Value {
	f, err := from.Lookup(name)
	if err != nil {
		panic(err)
	}
	return reflect.ValueOf(f).Call(nil)[0].Elem()
}

func chain(from *plugin.Plugin, n int) reflect.Value {
	f, err := from.Lookup("Chain")
	if err != nil {
		panic(err)
	}
	return reflect.ValueOf(f).Call([]reflect.Value{reflect.ValueOf(n)})[0]
}

func main() {
	runtime.LockOSThread()
	shared.Count++
	var last *plugin.Plugin
	var all []opened
	for _, path := range os.Args[1:] {
		one := opened{Path: path}
		if p, err := plugin.Open(path); err == nil {
			last = p
			f, _ := p.Lookup("Plant")
			given = append(given, f.(func() any)())
		} else {
			one.Error = err.Error()
		}
		all = append(all, one)
	}
	keep(last)
	for range [20]int{} {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	debug.SetGCPercent(-1)
	later := place(last, "Later")
	later.Set(chain(last, 7))
	line, _ := json.Marshal(map[string]any{
		"go": runtime.Version(), "pid": os.Getpid(), "plugins": all, "freed": freed.Load(),
		"kept": place(last, "Kept").Pointer(), "later": later.Pointer(),
	})
	syscall.Write(1, append(line, '\n'))
	for {
		if got, err := syscall.Read(0, buffer[:]); got == 0 && err == nil {
			os.Exit(0)
		}
	}
}
