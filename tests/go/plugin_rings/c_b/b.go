// C_b defines a C function that c_a calls, and calls one of c_a.
package main

/*
int goknot_ring_a(int);
int goknot_ring_b(int n) { return n > 0 ? n : goknot_ring_a(n + 1); }
*/
import "C"

// Number calls it.
func Number() int { return int(C.goknot_ring_b(0)) }

func main() {}
