// Cuse needs a C function that only another plugin defines.
package main

/*
#cgo LDFLAGS: -Wl,--unresolved-symbols=ignore-all
int goknot_more(void);
*/
import "C"

// F calls it.
func F() int { return int(C.goknot_more()) }

func main() {}
