// Files is built file by file, without a package path.
package main

// F is a function that the host looks up.
func F() int { return 12 }

func main() {}
