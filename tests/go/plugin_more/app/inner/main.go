// Inner is a plugin that another plugin is linked against.
package main

import "C"

//export GoknotInner
func GoknotInner() C.int { return 9 }

// Ready is set by an initialiser.
var Ready = map[string]int{"ready": 1}

// F is a function that the host looks up.
func F() int { return len(Ready) }

func main() {}
