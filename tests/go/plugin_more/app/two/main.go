// Two is a plugin that shares packages with the host.
package main

import (
	"example.com/dep"
	"example.com/more/shared"
)

// Name is set by -ldflags=-X.
var Name = "two"

// V is a variable that the host looks up.
var V = 41

// F is a function that the host looks up.
func F() int {
	V += shared.Next() + dep.Shape{}.Area()
	return V
}

func main() {}
