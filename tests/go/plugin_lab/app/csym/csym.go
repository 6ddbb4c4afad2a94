// Csym needs a C function that nobody defines.
package main

/*
#cgo LDFLAGS: -Wl,--unresolved-symbols=ignore-all
int goknot_nobody_defines_this(void);
*/
import "C"

// Call calls it.
func Call() int { return int(C.goknot_nobody_defines_this()) }

func main() {}
