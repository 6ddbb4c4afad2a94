// Nohost uses cgo but cannot open plugins: it does not import package plugin.
package main

import "C"

func main() {}
