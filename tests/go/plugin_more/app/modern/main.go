// Modern calls a C function that old C libraries lack (glibc 2.36).
package main

/*
#include <stdlib.h>
*/
import "C"

// F calls it.
func F() int { return int(C.arc4random()) & 1 }

func main() {}
