// Dt_a is linked to dt_b.
package main

var set = "not initialised"

func init() { set = "dt_a" }

// Call says whether its init ran.
func Call() string { return set }

func main() {}
