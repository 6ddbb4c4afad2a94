// Cdef defines a C function that another plugin needs.
package main

/*
int goknot_more(void) { return 7; }
*/
import "C"

// F calls it.
func F() int { return int(C.goknot_more()) }

func main() {}
