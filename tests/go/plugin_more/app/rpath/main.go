// Rpath needs a C library that lies beside it.
package main

/*
#cgo LDFLAGS: -L${SRCDIR}/../clib -lgoknotmore -Wl,-rpath,$ORIGIN
int goknot_beside(void);
*/
import "C"

// F calls it.
func F() int { return int(C.goknot_beside()) }

func main() {}
