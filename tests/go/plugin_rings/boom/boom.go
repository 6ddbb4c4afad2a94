// A plugin whose initialiser panics.
package main

func init() { panic("boom") }

func main() {}
