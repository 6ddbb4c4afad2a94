// Host opens the plugins it is given, in that order, and prints what plugin.Open says of each.
package main

import (
	"fmt"
	"os"
	"plugin"

	"example.com/shared"
)

func open(path string) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Printf("panic %v\n", r)
			os.Exit(3)
		}
	}()
	if _, err := plugin.Open(path); err != nil {
		fmt.Printf("error %v\n", err)
		return
	}
	fmt.Println("opens")
}

func main() {
	shared.Count++
	for _, path := range os.Args[1:] {
		open(path)
	}
}
