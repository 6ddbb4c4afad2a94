// Ring1 defines a C function that ring2 needs, and needs one of ring2's.
package main

/*
#cgo LDFLAGS: -Wl,--unresolved-symbols=ignore-all
int goknot_ring2(void);
int goknot_ring1(void) { return 1; }
*/
import "C"

// F calls the other's.
func F() int { return int(C.goknot_ring2()) }

func main() {}
