// A plugin with a C function that another needs, and that needs one of that other's.
package main

/*
#cgo LDFLAGS: -Wl,--unresolved-symbols=ignore-all
int goknot_two(void);
int goknot_one(void) { return 1; }
static int call(void) { return goknot_two(); }
*/
import "C"

// Run calls the other's.
func Run() { println(int(C.call())) }

func main() {}
