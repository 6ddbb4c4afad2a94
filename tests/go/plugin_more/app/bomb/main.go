// Bomb panics when it is initialised.
package main

// F is never reached.
func F() int { return 1 }

func init() { panic("bomb") }

func main() {}
