// Host opens the plugins it is given, in that order, prints what plugin.Open says of each, then works with those that
// opened: calls what they export and runs the collector.
package main

import (
	"fmt"
	"os"
	"plugin"
	"runtime"

	"example.com/dep"
	"example.com/more/shared"
)

func open(path string) *plugin.Plugin {
	defer func() {
		if r := recover(); r != nil {
			fmt.Printf("panic %v\n", r)
			os.Exit(3)
		}
	}()
	opened, err := plugin.Open(path)
	if err != nil {
		fmt.Printf("error %v\n", err)
		return nil
	}
	fmt.Println("opens")
	return opened
}

func main() {
	shared.Next()
	_ = dep.Shape{}.Area() + shared.Twice(shared.Limit)
	var opened []*plugin.Plugin
	for _, path := range os.Args[1:] {
		if p := open(path); p != nil {
			opened = append(opened, p)
		}
	}
	for _, p := range opened {
		if f, err := p.Lookup("F"); err == nil {
			fmt.Println("called", f.(func() int)())
		}
	}
	for range [3]int{} {
		runtime.GC()
	}
	fmt.Println("end")
}
