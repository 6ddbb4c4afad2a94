// If_a opens if_b while it is opened, if it is asked to.
package main

import (
	"os"
	"path/filepath"
	"plugin"
)

func init() {
	if os.Getenv("GOKNOT_RING") == "" {
		return
	}
	if _, err := plugin.Open(filepath.Join(".", "if_b.so")); err != nil {
		panic(err)
	}
}

func main() {}
