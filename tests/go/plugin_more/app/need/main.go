// Need is linked against the plugin inner.so (DT_NEEDED), as if that were a C library.
package main

/*
#cgo LDFLAGS: -L${SRCDIR}/../clib -l:inner.so -Wl,-rpath,$ORIGIN
int GoknotInner(void);
*/
import "C"

// G needs it.
func G() int { return int(C.GoknotInner()) }

func main() {}
