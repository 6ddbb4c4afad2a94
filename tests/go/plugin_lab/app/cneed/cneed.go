// Cneed needs a C library of its own.
package main

/*
#cgo LDFLAGS: -L${SRCDIR}/../clib -lgoknotlab
int goknot_lab(void);
*/
import "C"

// Call calls it.
func Call() int { return int(C.goknot_lab()) }

func main() {}
