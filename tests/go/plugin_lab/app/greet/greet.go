// Greet is a plugin that shares a package with the host.
package main

import "example.com/shared"

type greeter struct{}

func (greeter) Greet(name string) string { return "hello " + name }
func (greeter) Leave() string            { return "bye" }

// Greeter is what the host looks up.
var Greeter shared.Greeter = greeter{}

// Version is a function that the host looks up.
func Version() int { return 1 }

func main() {}
