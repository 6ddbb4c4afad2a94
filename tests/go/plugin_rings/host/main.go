// Host opens the plugins it is given, calls their Run if they have one, and says what happened.
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
		if run, err := opened.Lookup("Run"); err == nil {
			run.(func())()
			fmt.Println("ran", path)
		}
	}
}
