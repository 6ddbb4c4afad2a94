// Host opens the plugins it is given, in that order, and says what became of each.
package main

import (
	"fmt"
	"os"
	"plugin"
)

func main() {
	for _, path := range os.Args[1:] {
		opened, err := plugin.Open(path)
		if err != nil {
			fmt.Println("error", err)
			continue
		}
		fmt.Println("opens", path)
		if symbol, err := opened.Lookup("Call"); err == nil {
			fmt.Println("called", symbol.(func() string)())
		}
	}
}
