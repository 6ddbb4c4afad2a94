// A plugin that is linked against another.
package main

// Run does nothing.
func Run() {}

func main() {}
