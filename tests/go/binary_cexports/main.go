// Functions for C, of every shape that a header tells: values, strings, slices, interfaces, several results.
package main

/*
#include <stdint.h>
typedef struct { int32_t x; double y; } point;
static int add_in_c(int a, int b) { return a + b; }
*/
import "C"

import (
	"fmt"
	"os"
)

//export Add
func Add(a, b int) int { return a + b }

//export Greet
func Greet(name string) *C.char { return C.CString("hello " + name) }

//export Split
func Split(text string, at int32) (head, tail string, ok bool) {
	if int(at) > len(text) {
		return text, "", false
	}
	return text[:at], text[at:], true
}

//export Total
func Total(values []float64) float64 {
	sum := 0.0
	for _, value := range values {
		sum += value
	}
	return sum
}

//export Describe
func Describe(value interface{}) C.int { fmt.Fprintln(os.Stderr, value); return C.add_in_c(1, 2) }

//export Norm
func Norm(p C.point) C.double { return p.y }

//export goknot_reset
func goknot_reset() {}

func main() { goknot_reset() }
