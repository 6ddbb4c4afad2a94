// A plugin with a C function that another needs, and that needs one of that other's.
package main

/*
#cgo LDFLAGS: -Wl,--unresolved-symbols=ignore-all
int goknot_one(void);
int goknot_two(void) { return 2; }
static int call(void) { return goknot_one(); }
*/
import "C"

// Run calls the other's.
func Run() { println(int(C.call())) }

func main() {}
