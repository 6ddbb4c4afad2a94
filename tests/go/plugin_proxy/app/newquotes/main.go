// Newquotes is a plugin that shares another major version.
package main

import "rsc.io/quote/v3"

// F is a function that the host looks up.
func F() int { return len(quote.HelloV3()) }

func main() {}
