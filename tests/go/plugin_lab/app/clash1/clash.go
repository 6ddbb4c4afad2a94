// Clash1 defines a C function that another plugin defines too.
package main

/*
int goknot_clash(void) { return 1; }
*/
import "C"

// Call calls its own, or so it thinks.
func Call() int { return int(C.goknot_clash()) }

func main() {}
