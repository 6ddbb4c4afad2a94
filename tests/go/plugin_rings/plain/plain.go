// Plain opens.
package main

import "time"

func init() { time.Sleep(30 * time.Millisecond) }

// Call says its name.
func Call() string { return "plain" }

func main() {}
