// Quotes is a plugin that shares real modules with the host.
package main

import "rsc.io/quote"

// F is a function that the host looks up.
func F() int { return len(quote.Hello()) }

func main() {}
