// Plug is a plugin of a module named main.
package main

import "main/lib"

// F is a function that the host looks up.
func F() int { lib.Count++; return lib.Count }

func main() {}
