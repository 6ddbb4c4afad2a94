// Package shared is what host and plugins have in common.
package shared

// Greeter greets.
type Greeter interface{ Greet(name string) string }

// Count is one variable for the whole process.
var Count = 1
