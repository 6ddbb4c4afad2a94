// Ring2 defines a C function that ring1 needs, and needs one of ring1's.
package main

/*
#cgo LDFLAGS: -Wl,--unresolved-symbols=ignore-all
int goknot_ring1(void);
int goknot_ring2(void) { return 2; }
*/
import "C"

// F calls the other's.
func F() int { return int(C.goknot_ring1()) }

func main() {}
