// Dt_b is linked to dt_a.
package main

var set = "not initialised"

func init() { set = "dt_b" }

// Call says whether its init ran.
func Call() string { return set }

func main() {}
