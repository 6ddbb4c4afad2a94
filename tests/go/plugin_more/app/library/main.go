// Library is a C library written in Go (-buildmode=c-shared), no plugin.
package main

import "C"

//export GoknotLibrary
func GoknotLibrary() C.int { return 3 }

func main() {}
