// C_a defines a C function that c_b calls, and calls one of c_b.
package main

/*
int goknot_ring_b(int);
int goknot_ring_a(int n) { return n > 0 ? n : goknot_ring_b(n + 1); }
*/
import "C"

// Number calls it.
func Number() int { return int(C.goknot_ring_a(0)) }

func main() {}
