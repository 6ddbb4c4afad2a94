package main

import (
	"fmt"
	"os"
	"plugin"
)

// open takes the shapes of a plugin.
func open(path string) {
	p, err := plugin.Open(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	found, err := p.Lookup("Shapes")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for name, shape := range *found.(*map[string]func()) {
		add(name, shape)
	}
}
